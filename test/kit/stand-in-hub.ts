import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountView, Connector } from '../../src/core/connector.ts';
import { orderEventType } from '../../src/core/event.ts';
import { applyReport, mergeLines, reportKey } from '../../src/core/fact.ts';
import type { Alias, Lines, Report } from '../../src/core/fact.ts';
import { looksTheSame, orderJson } from '../../src/core/order-json.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import type { CallPlatform } from '../../src/core/outgoing.ts';
import { secretFingerprint } from '../../src/core/signing.ts';
import type { StoreToken } from '../../src/core/store-binding.ts';
import { signWebhook } from '../../src/sandbox/webhook-signature.ts';

/** Faults to plant; each may be changed while the hub runs. */
export interface StandInFaults {
  /** Answers callbacks with 503 and stores nothing. */
  down?: boolean;
  /** Stores callbacks and then breaks the connection, so often. */
  loseReplies?: number;
  /** Changes an order on its way to the list. */
  alter?: (order: OrderJson) => OrderJson | undefined;
  /** Changes what is delivered: an event left out, twice, under another id. */
  deliver?: (event: StandInEvent) => readonly StandInEvent[];
  secret?: string;
}

export interface StandInEvent {
  readonly id: string;
  readonly sequence: number;
  readonly order: OrderJson;
  readonly type: string;
}

interface StoredOrder {
  aliases: readonly Alias[];
  lines: Lines;
  json: OrderJson;
  readonly keys: Set<string>;
  sending: Promise<void>;
}

/** What binding needs of an account: the stores that wait, and the tokens that came. */
interface Stores {
  readonly pending: Set<string>;
  readonly tokens: Map<string, StoreToken>;
}

interface Account {
  readonly id: string;
  readonly platform: string;
  readonly name: string;
  readonly credentials: Readonly<Record<string, string>>;
  settings: AccountView['settings'];
  stores?: Stores;
}

/**
 * The documented API and the core's own rules over plain memory. The sandbox knows a hub by HTTP alone, so its tests can
 * do without a database, and plant faults that a real hub cannot be talked into. It reads the truth where a message
 * raises a doubt, and binds stores without proving their tokens.
 */
export async function startStandInHub(connectors: readonly Connector[], faults: StandInFaults = {}) {
  const accounts = new Map<string, Account>();
  const orders = new Map<string, StoredOrder>();
  const endpoints = new Map<string, { url: string; accounts: readonly string[] }>();
  const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
  const counts = { callbacks: 0, rejected: 0 };
  const doubts = new Map<StoredOrder, ReadonlySet<string>>();
  let nextId = 0;
  let stopped = false;
  let base = '';

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  base = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', base);
    const parts = url.pathname.split('/').slice(1);
    if (parts[0] === 'callbacks') {
      takeCallback(parts[2] ?? '', parts[3] ?? '', request, response, body);
      return;
    }
    if (parts[0] === 'bindings') {
      response.writeHead((await takeCode(parts[1] ?? '', url.searchParams.get('code') ?? '')) ? 200 : 400);
      response.end();
      return;
    }
    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(value));
    };
    const input = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
    const [, , room, id] = parts;
    if (request.headers.authorization !== 'Bearer test-key') return send(401, { code: 'unauthorized' });
    if (room === 'accounts' && request.method === 'POST') {
      if (accounts.has(input.id)) return send(409, { code: 'conflict' });
      accounts.set(input.id, input);
      return send(201, show(input));
    }
    if (room === 'accounts') {
      const account = accounts.get(id ?? '');
      if (account !== undefined && request.method === 'PATCH') {
        account.settings = { ...account.settings, ...input.settings };
      }
      return account === undefined ? send(404, { code: 'account_not_found' }) : send(200, show(account));
    }
    if (room === 'endpoints' && request.method === 'POST') {
      const made = `ep_${(nextId += 1)}`;
      endpoints.set(made, input);
      return send(201, { id: made, secret });
    }
    if (room === 'endpoints') {
      const endpoint = endpoints.get(id ?? '');
      if (endpoint === undefined) return send(404, { code: 'endpoint_not_found' });
      Object.assign(endpoint, input);
      return send(200, { id, ...endpoint });
    }
    if (room === 'orders') return send(200, page(url.searchParams));
    if (room === 'stores' && request.method === 'POST') {
      const made = bindingAddress(input.account, input.store, input.name);
      return made === undefined ? send(404, { code: 'account_not_found' }) : send(201, { url: made });
    }
    if (room === 'stores') {
      const bound = storesOf(url.searchParams.get('account') ?? '').tokens;
      return send(200, {
        data: [...bound.keys()].map((number) => ({ store: number, state: 'bound' })),
        nextCursor: null,
      });
    }
    return send(404, { code: 'not_found' });
  }

  function storesOf(accountId: string): Stores {
    const account = accounts.get(accountId);
    const stores = account?.stores ?? { pending: new Set(), tokens: new Map() };
    if (account !== undefined) account.stores = stores;
    return stores;
  }

  function bindingAddress(accountId: string, number = '', name = ''): string | undefined {
    const account = accounts.get(accountId);
    if (account === undefined) return undefined;
    storesOf(accountId).pending.add(number);
    const { binding } = connectors.find(({ id }) => id === account.platform) ?? {};
    const [returnUrl, callbackUrl] = [`${base}/bindings/${accountId}/return`, ''];
    return binding?.bindUrl(viewOf(account), {
      ...{ store: number, name, state: accountId, returnUrl, callbackUrl, options: {}, at: Date.now() },
    });
  }

  /** A merchant comes back from the platform's page with a code. */
  async function takeCode(accountId: string, code: string): Promise<boolean> {
    const account = accounts.get(accountId);
    const { binding } = connectors.find(({ id }) => id === account?.platform) ?? {};
    if (account === undefined || binding === undefined) return false;
    const returnUrl = `${base}/bindings/${accountId}/return`;
    const view = viewOf(account);
    const token = await binding.exchangeCode?.(view, callPlatform, code, returnUrl, Date.now());
    if (token?.ok !== true) return false;
    const shops = await binding.prove(view, callPlatform, '', token.value, Date.now());
    for (const { platformStoreId } of shops.ok ? shops.value : [])
      storesOf(accountId).tokens.set(platformStoreId ?? '', token.value);
    return shops.ok;
  }

  const show = (account: Account): unknown => ({
    id: account.id,
    platform: account.platform,
    name: account.name,
    callbacks: topicsOf(account.platform).map((topic) => ({
      topic,
      url: `${base}/callbacks/${account.platform}/${account.id}${topic === '' ? '' : `/${topic}`}`,
    })),
  });

  function topicsOf(platform: string): readonly string[] {
    const topics = connectors.find(({ id }) => id === platform)?.topics ?? [];
    if (topics === 'token') return [];
    return topics.map(({ name }) => name);
  }

  function page(query: URLSearchParams): unknown {
    const all = [...orders.values()]
      .map(({ json }) => (faults.alter === undefined ? json : faults.alter(json)))
      .filter((json) => json?.account === query.get('account'));
    // Small pages, so that a few orders are enough to need the cursor.
    const from = Number(query.get('cursor') ?? 0);
    return { data: all.slice(from, from + 7), nextCursor: from + 7 < all.length ? String(from + 7) : null };
  }

  function takeCallback(
    accountId: string,
    topic: string,
    request: IncomingMessage,
    response: ServerResponse,
    body: Buffer,
  ): void {
    counts.callbacks += 1;
    const account = accounts.get(accountId);
    const connector = connectors.find(({ id }) => id === account?.platform);
    if (faults.down === true || account === undefined || connector === undefined) {
      response.writeHead(503);
      response.end();
      return;
    }
    const callback = {
      method: 'POST' as const,
      topic,
      query: '',
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body,
      receivedAt: Date.now(),
    };
    const view = viewOf(account);
    const verified = connector.verify(callback, view);
    if (verified.ok) {
      const parsed = connector.parse(verified.accepted, view);
      if (parsed.kind === 'reports') {
        for (const report of parsed.reports) store(connector, account, report);
        for (const notice of parsed.stores ?? []) {
          if (notice.kind === 'bound') storesOf(accountId).tokens.set(notice.store, notice.token);
        }
      }
    } else counts.rejected += 1;
    if (faults.loseReplies !== undefined && faults.loseReplies > 0) {
      faults.loseReplies -= 1;
      response.destroy();
      return;
    }
    const reply = connector.reply(verified.ok ? 'stored' : 'rejected', callback);
    response.writeHead(reply.status, { 'content-type': reply.contentType });
    response.end(reply.body);
  }

  const named = (order: StoredOrder, alias: Alias): boolean =>
    order.aliases.some(({ kind, value }) => kind === alias.kind && value === alias.value);

  /** The order of a report; two that turn out to be one become the older. */
  function orderOf(connector: Connector, account: Account, report: Report): StoredOrder | undefined {
    const [first, ...rest] = [...orders.values()].filter(
      (order) => order.json.account === account.id && report.aliases.some((alias) => named(order, alias)),
    );
    for (const order of rest) {
      if (first === undefined) break;
      first.lines = mergeLines(first.lines, order.lines, connector.registers);
      first.aliases = [...first.aliases, ...order.aliases];
      orders.delete(order.json.id);
      showChange(order, { ...order.json, mergedInto: first.json.id, version: order.json.version + 1 }, order.json);
    }
    return first;
  }

  function store(connector: Connector, account: Account, report: Report): void {
    const before = orderOf(connector, account, report);
    if (before?.keys.has(reportKey(report)) === true) return;
    const lines = applyReport(before?.lines ?? {}, report, connector.registers);
    const aliases = [...(before?.aliases ?? []), ...report.aliases];
    const number = (kind: Alias['kind']): string | null => aliases.find((alias) => alias.kind === kind)?.value ?? null;
    const head = {
      id: before?.json.id ?? `ord_${(nextId += 1)}`,
      account: account.id,
      platform: account.platform,
      kind: report.kind,
      merchant: null,
      shop: null,
      parent: null,
      member: null,
      platformOrderId: number('platform'),
      displayId: number('display'),
      merchantOrderId: number('merchant'),
      mergedInto: null,
      updatedAtMs: Date.now(),
      version: (before?.json.version ?? 0) + 1,
    };
    const json = orderJson(head, lines);
    const changed = before === undefined || !looksTheSame(before.json, json);
    const stored: StoredOrder = before ?? { aliases, lines, json, keys: new Set(), sending: Promise.resolve() };
    stored.keys.add(reportKey(report));
    stored.lines = lines;
    stored.aliases = aliases;
    const old = before?.json;
    orders.set(json.id, stored);
    if (report.doubt !== undefined) readLater(connector, account, stored, report.doubt);
    if (changed) showChange(stored, json, old);
  }

  function showChange(stored: StoredOrder, json: OrderJson, old: OrderJson | undefined): void {
    stored.json = json;
    const event = { id: `evt_${(nextId += 1)}`, sequence: json.version, order: json, type: orderEventType(old, json) };
    stored.sending = stored.sending.then(async () => {
      for (const one of faults.deliver?.(event) ?? [event]) await deliver(one);
    });
  }

  /** Asks the platform until it answers: one read at a time for an order, for all doubts that wait. */
  function readLater(connector: Connector, account: Account, order: StoredOrder, doubt: string): void {
    const waiting = doubts.get(order);
    doubts.set(order, new Set([...(waiting ?? []), doubt]));
    if (waiting !== undefined || connector.readTruth === undefined) return;
    const read = async (): Promise<void> => {
      // Without end: the platform may be away for as long as a killed sandbox takes to come back.
      for (let waitMs = 5; !stopped; waitMs = Math.min(200, waitMs * 2)) {
        await sleep(waitMs);
        const asked = [...(doubts.get(order) ?? [])];
        doubts.set(order, new Set());
        const { store: ref, kind, platformFields } = order.json;
        const storeToken = storesOf(account.id).tokens.get(ref ?? '') ?? null;
        const toRead = { aliases: order.aliases, kind, store: ref, storeToken, doubts: asked, platformFields };
        const truth = await connector
          .readTruth?.(viewOf(account), callPlatform, toRead, Date.now())
          .catch(() => undefined);
        for (const report of truth?.ok === true ? truth.value : []) store(connector, account, report);
        if (truth?.ok === true && doubts.get(order)?.size === 0) break;
        if (truth?.ok !== true) doubts.set(order, new Set([...asked, ...(doubts.get(order) ?? [])]));
      }
      doubts.delete(order);
    };
    read().catch(() => undefined);
  }

  async function deliver(event: StandInEvent): Promise<void> {
    const { sequence, order } = event;
    const body = JSON.stringify({
      id: event.id,
      type: event.type,
      timestamp: new Date().toISOString(),
      data: { sequence, previousSequence: sequence === 1 ? null : sequence - 1, previousStatus: null, order },
    });
    for (const endpoint of endpoints.values()) {
      if (!endpoint.accounts.includes(order.account)) continue;
      while (!stopped) {
        const timestamp = String(Math.floor(Date.now() / 1000));
        const signature = signWebhook(faults.secret ?? secret, event.id, timestamp, body);
        const headers = { 'webhook-id': event.id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
        const status = await fetch(endpoint.url, { method: 'POST', headers, body }).then(
          (response) => response.status,
          () => 0,
        );
        if (status >= 200 && status < 300) break;
        if (faults.secret !== undefined) return;
        await sleep(25);
      }
    }
  }

  return {
    url: base,
    key: 'test-key',
    accounts,
    orders,
    endpoints,
    counts,
    faults,
    async stop(): Promise<void> {
      stopped = true;
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type StandInHub = Awaited<ReturnType<typeof startStandInHub>>;

const callPlatform: CallPlatform = async ({ url, method, headers, body }) => {
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
};

function viewOf(account: Account): AccountView {
  return {
    id: account.id,
    platform: account.platform,
    secrets(name) {
      const value = account.credentials[name];
      return value === undefined ? [] : [{ name, value, fingerprint: secretFingerprint(value) }];
    },
    credential: (name) => account.credentials[name],
    settings: account.settings,
    pendingBindings: account.stores?.pending ?? new Set(),
  };
}
