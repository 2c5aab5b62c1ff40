import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessTokens } from '../../src/core/access-token.ts';
import type { ActionOutcome, ActionRequest, Actions, ActionSpec } from '../../src/core/action.ts';
import { CALL_SETTINGS, HOLD_SECONDS } from '../../src/core/common-settings.ts';
import { defineConnector } from '../../src/core/connector.ts';
import type { AccountView, Connector } from '../../src/core/connector.ts';
import type { Creation } from '../../src/core/creation.ts';
import type { Fact, OrderKind, RegisterRules, Report } from '../../src/core/fact.ts';
import type { Json } from '../../src/core/json.ts';
import type { OutgoingRequest, PlatformResponse } from '../../src/core/outgoing.ts';
import { PAYMENT_RANKS, REFUND_RANKS, refundLine } from '../../src/core/registers.ts';
import { takeawayPlatform } from './takeaway-platform.ts';

const words = (text: string): { en: string; zh: string } => ({ en: text, zh: text });
const field = { label: words('f'), help: words('f') };

/** What the played platform does with the next call of a kind. */
export type MakingBehaviour =
  | 'done-but-silent'
  | 'lost'
  | 'busy'
  | 'too-often'
  | 'sold-out'
  /** It answers with the number of the first order that it made. */
  | 'first-number'
  | 'token-refused'
  /** It answers, but only after 300 ms. */
  | 'slow'
  /** After 300 ms the line is cut; it is done. */
  | 'slow-and-silent'
  /** It never answers, until the server is closed. */
  | 'hang';

export interface MakingServer {
  readonly url: string;
  readonly calls: readonly { readonly path: string; readonly body: string }[];
  /** Orders it made, by the merchant's number: how often it was asked to and what state they are in. */
  readonly orders: Map<string, { asked: number; state: 'open' | 'closed'; body: Json }>;
  /** Access tokens it sold; only the last one is good. */
  readonly tokens: readonly string[];
  /** Lines up behaviours for a path; without one it is done. */
  next(path: string, ...behaviours: readonly MakingBehaviour[]): void;
  close(): Promise<void>;
}

/** Plays a platform at which orders are made. It knows a repeat by the merchant's number and takes its last token only. */
export async function startMakingServer(): Promise<MakingServer> {
  const calls: { path: string; body: string }[] = [];
  const orders: MakingServer['orders'] = new Map();
  const tokens: string[] = [];
  const lined = new Map<string, MakingBehaviour[]>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const path = (request.url ?? '').split('?')[0] ?? '';
    calls.push({ path, body: text });
    const body = JSON.parse(text) as { merchantOrderId?: string; token?: string; wantsToken?: boolean };
    const behaviour = lined.get(path)?.shift();
    const answer = (value: Json): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (behaviour === 'slow' || behaviour === 'slow-and-silent') await sleep(300);
    if (behaviour === 'hang') return;
    if (behaviour === 'lost') return void request.socket.destroy();
    if (behaviour === 'busy' || behaviour === 'too-often') return answer({ code: behaviour });
    if (behaviour === 'sold-out') return answer({ code: '60003' });
    if (path === '/token') {
      tokens.push(`token-${tokens.length + 1}`);
      return answer({ code: 'ok', token: tokens.at(-1) ?? '' });
    }
    if (behaviour === 'token-refused' || (body.wantsToken === true && body.token !== tokens.at(-1))) {
      return answer({ code: 'token' });
    }
    const number = body.merchantOrderId ?? '';
    const known = orders.get(number);
    if (path === '/create') orders.set(number, { asked: (known?.asked ?? 0) + 1, state: 'open', body });
    if (path === '/close' && known !== undefined) known.state = 'closed';
    if (behaviour === 'done-but-silent' || behaviour === 'slow-and-silent') return void request.socket.destroy();
    const named = behaviour === 'first-number' ? orders.keys().next().value : number;
    answer({ code: 'ok', orderId: `P${named ?? ''}` });
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    orders,
    tokens,
    next(path, ...behaviours) {
      lined.set(path, [...(lined.get(path) ?? []), ...behaviours]);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const registers: RegisterRules = {
  ...takeawayPlatform.registers,
  payment: { by: 'rank', ranks: PAYMENT_RANKS },
  fulfilment: { by: 'rank', ranks: { none: 0, delivered: 4 } },
  lifecycle: { by: 'rank', ranks: { open: 0, cancelled: 1, completed: 2 } },
  refund: { by: 'rank', ranks: REFUND_RANKS },
  'money.paid': { by: 'time' },
  'money.total': { by: 'time' },
  items: { by: 'time' },
  expiresAt: { by: 'time' },
  closedAt: { by: 'time' },
  paidAt: { by: 'time' },
};

const spec = (name: string, more: Partial<ActionSpec> = {}): ActionSpec => ({
  name,
  label: words(name),
  params: [],
  moves: 'nothing',
  onSilence: 'again',
  refuses: () => undefined,
  ...more,
});

function baseUrlOf({ settings }: AccountView): string {
  const { baseUrl } = settings;
  return typeof baseUrl === 'string' ? baseUrl : '';
}

function requestOf(account: AccountView, request: ActionRequest, wantsToken: boolean): OutgoingRequest {
  const { action, order, params, number, accessToken, callbackBase } = request;
  const merchantOrderId = order.json.merchantOrderId ?? '';
  const body = { merchantOrderId, number, params, notifyUrl: callbackBase ?? null };
  const token = wantsToken ? { wantsToken, token: accessToken ?? null } : {};
  return {
    call: action,
    method: 'POST',
    url: `${baseUrlOf(account)}/${action}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...body, ...token }),
    timeoutMs: 5000,
  };
}

function reportOf({ order, number, at }: ActionRequest, facts: readonly Fact[], platformId?: string): Report {
  const [first, ...others] = order.aliases;
  if (first === undefined) throw new Error('an order without a number');
  const named = platformId === undefined ? [] : [{ kind: 'platform' as const, value: platformId }];
  return { aliases: [first, ...others, ...named], kind: order.kind, key: `action:${number}`, at, facts };
}

function outcomeOf(request: ActionRequest, response: PlatformResponse, handsOver: boolean): ActionOutcome {
  const { code, orderId } = JSON.parse(response.body) as { code: string; orderId?: string };
  if (code === 'token') {
    return { state: 'failed', refusal: { class: 'alert', kind: 'token', code: '28001003', message: 'no such token' } };
  }
  if (code !== 'ok') {
    const message = `the platform said ${code}`;
    if (code === 'too-often') return { state: 'failed', refusal: { class: 'retry', kind: 'rate', code, message } };
    if (code === '60003') return { state: 'failed', refusal: { class: 'final', kind: 'sold_out', code, message } };
    return { state: 'failed', refusal: { class: code === 'busy' ? 'retry' : 'final', code, message } };
  }
  const facts: Fact[] = request.action === 'close' ? [{ line: '', register: 'lifecycle', value: 'cancelled' }] : [];
  const reports = [reportOf(request, facts, request.action === 'create' ? orderId : undefined)];
  const handOver =
    handsOver && request.action === 'create' ? { orderId: orderId ?? '', orderToken: 'tok-secret' } : undefined;
  return { state: 'succeeded', reports, answer: { code }, ...(handOver === undefined ? {} : { handOver }) };
}

const actionsWith = (wantsToken: boolean): Actions => ({
  specs: [
    spec('create', {
      internal: true,
      params: [{ ...field, name: 'wish', kind: 'json', required: true }],
      ...(wantsToken ? { needsAccessToken: true } : {}),
    }),
    spec('close', { internal: true }),
    spec('adopt', { internal: true }),
    spec('accept'),
    spec('refund', {
      moves: 'money',
      params: [
        { ...field, name: 'amount', kind: 'integer', minimum: 1, maximum: 10_000_000, required: false },
        { ...field, name: 'reason', kind: 'text', maxLength: 50, required: true },
      ],
    }),
    spec('dispense', {
      moves: 'goods',
      onSilence: 'ask',
      params: [{ ...field, name: 'record', kind: 'text', maxLength: 20, required: true }],
    }),
    spec('paid', {
      atOnce: true,
      params: [{ ...field, name: 'amount', kind: 'integer', minimum: 1, maximum: 10_000_000, required: true }],
      refuses: ({ payment }) => (payment === 'unpaid' ? undefined : words('It is paid already.')),
    }),
  ],
  prepare: (account, request) => ({
    ok: true,
    request: requestOf(account, request, wantsToken && request.action === 'create'),
  }),
  doAtOnce(_account, request) {
    const amount = request.params['amount'];
    if (amount === 13) return { ok: false, faults: [{ field: 'amount', message: 'is unlucky' }] };
    const facts: Fact[] = [
      { line: '', register: 'payment', value: 'paid' },
      { line: '', register: 'money.paid', value: Number(amount) },
    ];
    return { ok: true, reports: [reportOf(request, facts)], answer: { booked: true } };
  },
  conclude: (_account, request, response) => outcomeOf(request, response, wantsToken),
  whenDone: (_account, request) =>
    request.action === 'refund'
      ? [
          reportOf(request, [
            {
              line: refundLine(request.number),
              register: 'refund',
              value: { state: 'succeeded', amount: Number(request.params['amount']) },
            },
          ]),
        ]
      : [],
});

function creationOf(kind: OrderKind): Creation {
  const wanted = kind === 'vending' ? (['machineNo'] as const) : (['subject'] as const);
  const fields = [
    ...wanted.map((name) => ({ ...field, name, kind: 'text' as const, maxLength: 20, required: true })),
    { ...field, name: 'amount', kind: 'integer' as const, minimum: 1, maximum: 1_000_000, required: false },
    { ...field, name: 'items', kind: 'json' as const, required: false },
  ];
  const plan: Creation['plan'] = (_account, wish) => {
    const { amount, items } = wish.fields;
    if (!/^\d{20,32}$/u.test(wish.merchantOrderId)) {
      return { ok: false, faults: [{ field: 'merchantOrderId', message: 'must have 20 to 32 digits' }] };
    }
    const facts: Fact[] = [
      { line: '', register: 'payment', value: 'unpaid' },
      { line: '', register: 'lifecycle', value: 'open' },
    ];
    if (typeof amount === 'number') facts.push({ line: '', register: 'money.total', value: amount });
    if (Array.isArray(items) && kind === 'vending') {
      const value = items.map((_item, index) => ({
        line: String(index + 1),
        sku: null,
        name: 'cola',
        quantity: 1,
        price: 350,
        total: 350,
      }));
      facts.push({ line: '', register: 'items', value });
    }
    const report: Report = { aliases: [{ kind: 'merchant', value: wish.merchantOrderId }], kind, at: wish.at, facts };
    return { ok: true, order: { report, params: { wish: { ...wish.fields, holdMs: wish.holdMs } } } };
  };
  return {
    fields,
    plan,
    planAdopted: (account, wish) => {
      const planned = plan(account, wish);
      return planned.ok ? { ok: true, order: { report: planned.order.report, params: {} } } : planned;
    },
  };
}

const accessTokens: AccessTokens = {
  refreshEarlyMs: 600_000,
  async fetch(account, call, at) {
    const url = `${baseUrlOf(account)}/token`;
    const response = await call({ call: 'token', method: 'POST', url, headers: {}, body: '{}' });
    const { code, token } = JSON.parse(response.body) as { code: string; token?: string };
    if (token !== undefined) return { ok: true, value: { token, expiresAt: at + 7_200_000 } };
    return { ok: false, refusal: { class: code === 'busy' ? 'retry' : 'alert', code, message: `it said ${code}` } };
  },
};

const platform = (id: string, kind: OrderKind): Connector =>
  defineConnector({
    ...takeawayPlatform,
    id,
    orderKinds: [kind],
    account: {
      ...takeawayPlatform.account,
      settings: [
        { ...field, name: 'baseUrl', kind: 'url', required: true },
        ...CALL_SETTINGS,
        ...(kind === 'vending' ? [HOLD_SECONDS] : []),
      ],
    },
    registers,
    actions: actionsWith(kind === 'payment'),
    creation: creationOf(kind),
    ...(kind === 'payment' ? { accessTokens } : {}),
  });

/** Sells goods that it holds for `holdSeconds`. */
export const machinePlatform: Connector = platform('test-machine', 'vending');
/** Takes payments; its calls carry an access token, and what it makes hands over a checkout. */
export const payPlatform: Connector = platform('test-pay', 'payment');
