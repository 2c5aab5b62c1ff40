import assert from 'node:assert/strict';
import type { AccountView, Connector } from '../../src/core/connector.ts';
import type { Report } from '../../src/core/fact.ts';
import type { CallPlatform } from '../../src/core/outgoing.ts';
import type { PlatformMemory } from '../../src/core/sandbox.ts';
import type { StoreToken } from '../../src/core/store-binding.ts';
import type { TimeMs } from '../../src/core/time.ts';
import type { OrderModel } from './order-model.ts';

/** A token of a store, taken from the played platform the way a merchant would give it. */
export type TakeStoreToken = (store: string, account: AccountView, memory: PlatformMemory) => StoreToken;

/** Calls that reach the platform as its sandbox plays it, without a network. */
export function playedCall(
  connector: Connector,
  account: AccountView,
  memory: PlatformMemory,
  at: TimeMs,
): CallPlatform {
  return async (request) => {
    const url = new URL(request.url);
    const { baseUrl } = account.settings;
    const base = new URL(typeof baseUrl === 'string' ? baseUrl : url.origin).pathname.replace(/\/$/u, '');
    const answer = connector.sandbox.answer?.(
      {
        method: request.method,
        path: url.pathname.slice(base.length),
        query: url.search.slice(1),
        headers: request.headers,
        body: request.body ?? '',
        at,
      },
      account,
      memory,
    );
    assert.ok(answer !== undefined, 'the sandbox answers no calls');
    return { status: answer.status, headers: { 'content-type': answer.contentType }, body: answer.body };
  };
}

/** Does what the hub does about doubts: asks the platform once for all of them and lets the answer take effect. */
export async function settleDoubts(
  connector: Connector,
  model: OrderModel,
  number: string,
  reports: readonly Report[],
  world: {
    readonly account: AccountView;
    readonly memory: PlatformMemory;
    readonly at: TimeMs;
    readonly takeToken?: TakeStoreToken | undefined;
  },
): Promise<void> {
  const raised = reports.filter((report) => report.doubt !== undefined);
  const [first] = raised;
  if (first === undefined || connector.readTruth === undefined) return;
  const { account, memory, at, takeToken } = world;
  const store = model.order(number)?.store ?? null;
  const storeToken = store === null ? null : (takeToken?.(store, account, memory) ?? null);
  const doubts = [...new Set(raised.flatMap(({ doubt }) => (doubt === undefined ? [] : [doubt])))];
  const platformFields = model.order(number)?.platformFields ?? {};
  const order = { aliases: first.aliases, kind: first.kind, store, storeToken, doubts, platformFields };
  const truth = await connector.readTruth(account, playedCall(connector, account, memory, at), order, at);
  assert.ok(truth.ok, JSON.stringify(truth));
  for (const report of truth.value) model.take(report);
}
