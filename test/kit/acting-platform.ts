import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ActionOutcome, ActionRequest, Actions } from '../../src/core/action.ts';
import { defineConnector } from '../../src/core/connector.ts';
import type { AccountView, Connector } from '../../src/core/connector.ts';
import type { Fact, Report } from '../../src/core/fact.ts';
import type { Json } from '../../src/core/json.ts';
import type { OutgoingRequest, PlatformResponse } from '../../src/core/outgoing.ts';
import { REFUND_RANKS, refundLine } from '../../src/core/registers.ts';
import { sha256Hex } from '../../src/core/signing.ts';
import { takeawayPlatform } from './takeaway-platform.ts';

const words = (text: string): { en: string; zh: string } => ({ en: text, zh: text });
const field = { label: words('f'), help: words('f') };

/** What the played platform does with the next call of a kind. */
export type Behaviour =
  | 'ok'
  /** It is done, but the line is cut before the answer. */
  | 'done-but-silent'
  /** The line is cut and nothing is done. */
  | 'lost'
  | 'busy'
  | 'token-expired'
  | 'never'
  | 'unreadable'
  /** An answer to a question: it does not know yet. */
  | 'cannot-say'
  /** An answer to a question: it was never asked for it. */
  | 'not-done';

export interface ActingServer {
  readonly url: string;
  /** Every call as it came: `POST /refund {"…"}`. */
  readonly calls: readonly { readonly path: string; readonly body: string }[];
  /** What it did, by number of the intent: how often. */
  readonly effects: ReadonlyMap<string, number>;
  /** Lines up behaviours for a path; without one it is `ok`. */
  next(path: string, ...behaviours: readonly Behaviour[]): void;
  /** Does something before each answer, such as to wait. */
  onCall: ((path: string) => Promise<void>) | undefined;
  close(): Promise<void>;
}

/** Plays the platform of `actingPlatform` over loopback HTTP. It knows a repeated number of all but `/dispense`. */
export async function startActingServer(): Promise<ActingServer> {
  const calls: { path: string; body: string }[] = [];
  const effects = new Map<string, number>();
  const lined = new Map<string, Behaviour[]>();
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const path = (request.url ?? '').split('?')[0] ?? '';
    calls.push({ path, body });
    await play.onCall?.(path);
    const { number } = JSON.parse(body) as { number: string };
    const behaviour = lined.get(path)?.shift() ?? 'ok';
    const answer = (value: Json): void => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (behaviour === 'lost') return void request.socket.destroy();
    if (behaviour === 'busy') return answer({ code: 'busy' });
    if (behaviour === 'token-expired') return answer({ code: 'token_expired' });
    if (behaviour === 'never') return answer({ code: 'never' });
    if (behaviour === 'unreadable') return void response.end('<html>');
    if (behaviour === 'cannot-say') return answer({ code: 'wait' });
    if (behaviour === 'not-done') return answer({ code: 'not_done' });
    if (path === '/asked') return answer({ code: effects.has(number) ? 'ok' : 'never' });
    const known = effects.get(number) ?? 0;
    effects.set(number, path === '/dispense' ? known + 1 : 1);
    if (behaviour === 'done-but-silent') return void request.socket.destroy();
    answer({ code: 'ok' });
  };
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const play: ActingServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    effects,
    onCall: undefined,
    next(path, ...behaviours) {
      lined.set(path, [...(lined.get(path) ?? []), ...behaviours]);
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return play;
}

function baseUrlOf({ settings }: AccountView): string {
  const { baseUrl } = settings;
  return typeof baseUrl === 'string' ? baseUrl : '';
}

function requestOf(account: AccountView, path: string, { number, order, params, at }: ActionRequest): OutgoingRequest {
  const body = JSON.stringify({ number, order: order.aliases[0]?.value ?? '', params, at });
  const key = account.secrets('signKey')[0]?.value ?? '';
  return {
    call: path.slice(1),
    method: 'POST',
    url: `${baseUrlOf(account)}${path}?sign=${sha256Hex(key + body)}`,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body,
    timeoutMs: 5000,
  };
}

function factsOf({ action, number, params }: ActionRequest): readonly Fact[] {
  if (action === 'accept') return [{ line: '', register: 'fulfilment', value: 'accepted' }];
  if (action === 'dispense') return [{ line: '', register: 'fulfilment', value: 'delivered' }];
  if (action !== 'refund') return [];
  const amount = typeof params['amount'] === 'number' ? params['amount'] : null;
  return [{ line: refundLine(number), register: 'refund', value: { state: 'succeeded', amount } }];
}

function outcomeOf(request: ActionRequest, response: PlatformResponse): ActionOutcome {
  const { code } = JSON.parse(response.body) as { code: string };
  if (code === 'wait') return { state: 'unknown', reason: 'it cannot say yet' };
  if (code !== 'ok') {
    const message = `the platform said ${code}`;
    if (code === 'not_done') return { state: 'failed', refusal: { class: 'retry', kind: code, code, message } };
    const kind = ({ busy: 'retry', token_expired: 'alert' } as const)[code] ?? 'final';
    return { state: 'failed', refusal: { class: kind, code, message } };
  }
  const facts = factsOf(request);
  const [first, ...others] = request.order.aliases;
  if (first === undefined || facts.length === 0) return { state: 'succeeded', reports: [] };
  const key = `action:${request.number}`;
  const report: Report = { aliases: [first, ...others], kind: request.order.kind, at: request.at, key, facts };
  return { state: 'succeeded', reports: [report], answer: { code } };
}

const again = { moves: 'nothing', onSilence: 'again', params: [] } as const;
const never = (): undefined => undefined;

const actions: Actions = {
  specs: [
    {
      ...again,
      name: 'accept',
      label: words('accept'),
      refuses: (order) => {
        if (order.lifecycle !== 'open' || order.payment !== 'paid') return words('The order is not to be accepted.');
        return order.fulfilment === 'none' ? undefined : words('The order is accepted already.');
      },
    },
    {
      ...again,
      name: 'assign',
      label: words('assign'),
      params: [
        { ...field, name: 'name', kind: 'text', maxLength: 20, required: true },
        { ...field, name: 'phone', kind: 'text', maxLength: 20, required: true },
      ],
      refuses: never,
    },
    {
      name: 'refund',
      label: words('refund'),
      moves: 'money',
      onSilence: 'again',
      params: [
        { ...field, name: 'amount', kind: 'integer', minimum: 1, maximum: 10_000_000, required: false },
        { ...field, name: 'reason', kind: 'text', maxLength: 50, required: true },
      ],
      refuses: never,
    },
    { name: 'dispense', label: words('dispense'), moves: 'goods', onSilence: 'ask', params: [], refuses: never },
  ],
  prepare(account, request) {
    if (request.params['reason'] === '坏') return { ok: false, faults: [{ field: 'reason', message: 'is bad' }] };
    return { ok: true, request: requestOf(account, `/${request.action}`, request) };
  },
  conclude: (_account, request, response) => outcomeOf(request, response),
  prepareQuestion: (account, request) => requestOf(account, '/asked', request),
  concludeQuestion: (_account, request, response) => outcomeOf(request, response),
};

/** A platform on which everything of the action engine can be tried. */
export const actingPlatform: Connector = defineConnector({
  ...takeawayPlatform,
  id: 'test-acting',
  account: {
    ...takeawayPlatform.account,
    settings: [
      { ...field, name: 'baseUrl', kind: 'url', required: true },
      { ...field, name: 'autoAccept', kind: 'json', default: false, required: false },
    ],
  },
  registers: {
    ...takeawayPlatform.registers,
    fulfilment: { by: 'rank', ranks: { none: 0, accepted: 1, delivered: 4 } },
    lifecycle: { by: 'rank', ranks: { open: 0, cancelled: 1 } },
    refund: { by: 'rank', ranks: REFUND_RANKS },
    'money.paid': { by: 'time' },
  },
  actions,
});

export interface ToldOrder {
  readonly number: string;
  readonly payment?: 'unpaid' | 'paid';
  readonly paid?: number;
  readonly store?: string;
  readonly isCancelled?: boolean;
  readonly at?: number;
}

/** What the platform says of an order of its own. */
export function toldOrder({ number, payment = 'paid', paid = 1000, store, isCancelled, at = 1 }: ToldOrder): Report {
  const facts: Fact[] = [
    { line: '', register: 'payment', value: payment },
    { line: '', register: 'money.paid', value: paid },
    { line: '', register: 'lifecycle', value: isCancelled === true ? 'cancelled' : 'open' },
  ];
  if (store !== undefined) facts.push({ line: '', register: 'store', value: { ref: store, name: null } });
  return { aliases: [{ kind: 'platform', value: number }], kind: 'takeaway', at, facts };
}
