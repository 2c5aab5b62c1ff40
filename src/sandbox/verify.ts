import type { PlatformOrder } from '../core/sandbox.ts';
import type { TimeMs } from '../core/time.ts';
import { compareOrder } from './compare-order.ts';
import { missingSequences } from './event-book.ts';
import type { HubClient } from './hub-client.ts';
import type { LostCount } from './lost-callbacks.ts';
import { orderKey } from './ledger-state.ts';
import type { LedgerState } from './ledger-state.ts';
import type { PlatformTruth } from './platform-truth.ts';
import { fieldsOf, integerOf, listOf, textOf } from './untrusted-json.ts';
import type { Fields } from './untrusted-json.ts';

export const DIFFERENCE_KINDS = [
  'unacknowledged',
  'missing',
  'extra',
  'order',
  'money',
  'goods',
  'stock',
  'attention',
  'drop',
  'sequence',
  'arrival',
  'event',
  'refused',
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

export interface Difference {
  readonly kind: DifferenceKind;
  /** Which order, by the numbers that help to find it. */
  readonly subject: string;
  readonly detail: string;
}

export interface VerifyReport {
  /** Orders that the platforms told of. */
  readonly orders: number;
  /** Distinct events received. */
  readonly events: number;
  readonly differences: readonly Difference[];
  readonly drops: LostCount;
}

/** All orders of the accounts at the hub, by the hub's id. Reads every page. */
export async function readHubOrders(
  hub: HubClient,
  accounts: readonly string[],
  onPage: (orders: number) => void = () => undefined,
): Promise<ReadonlyMap<string, Fields>> {
  const orders = new Map<string, Fields>();
  for (const account of accounts) {
    let cursor: string | undefined;
    do {
      const page = await hub.orders(account, cursor);
      for (const order of page.orders) orders.set(textOf(order['id']) ?? '', order);
      onPage(orders.size);
      // A cursor that does not move would turn for ever.
      cursor = page.nextCursor === cursor ? undefined : page.nextCursor;
    } while (cursor !== undefined);
  }
  return orders;
}

/** Actions of the accounts that the hub goes on with by itself: each will change its order. */
export async function countOpenActions(hub: HubClient, accounts: readonly string[]): Promise<number> {
  let open = 0;
  for (const account of accounts) {
    for (const state of ['queued', 'sent', 'unknown']) {
      const query = new URLSearchParams({ account, state, limit: '500' });
      const answer = await hub.call('GET', `/api/v1/actions?${query.toString()}`);
      const actions = listOf(answer.fields['data']).map(fieldsOf);
      open += actions.filter((action) => textOf(action?.['nextAt']) !== undefined).length;
    }
  }
  return open;
}

/**
 * How many events of these orders the receiver has yet to get. An order about which the hub still has to ask its
 * platform counts as one: the answer will change it. So does one that was folded into another and did not say so yet.
 */
export function eventsOutstanding(state: LedgerState, hubOrders: ReadonlyMap<string, Fields>): number {
  let outstanding = doubtsOutstanding(state, hubOrders);
  for (const [id, known] of state.events.orders) {
    if (!hubOrders.has(id) && known.mergedInto === undefined) outstanding += 1;
  }
  for (const [id, order] of hubOrders) {
    const known = state.events.orders.get(id);
    outstanding += missingSequences(known, integerOf(order['version']) ?? 0).length;
  }
  return outstanding;
}

function doubtsOutstanding(state: LedgerState, hubOrders: ReadonlyMap<string, Fields>): number {
  const platformOf = new Map([...state.accounts.values()].map(({ id, platform }) => [id, platform]));
  let doubts = 0;
  for (const order of hubOrders.values()) {
    const waiting = listOf(order['flags']).filter((flag) => flag === 'doubt' || flag === 'provisional_money');
    if (waiting.length === 0) continue;
    const platform = platformOf.get(textOf(order['account']) ?? '') ?? '';
    const record = state.byPlatformOrderId.get(orderKey(platform, textOf(order['platformOrderId']) ?? ''));
    // Some stay in doubt for good, and the story says so.
    const { expected } = record ?? {};
    if (expected && waiting.some((flag) => expected.flags?.includes(flag) !== true)) doubts += 1;
  }
  return doubts;
}

/** The hold of the sandbox's own accounts is a third of it; nobody waits for those of 20 minutes. */
const SHORT_HOLD_MS = 60_000;

/** Orders whose hold is over in a moment: what then becomes of them belongs to the run. */
function holdsOutstanding(hubOrders: ReadonlyMap<string, Fields>, nowMs: TimeMs): number {
  const isHeld = (order: Fields): boolean => {
    const untilMs = Date.parse(textOf(order['expiresAt']) ?? '');
    return order['lifecycle'] === 'open' && order['payment'] === 'unpaid' && untilMs - nowMs < SHORT_HOLD_MS;
  };
  return [...hubOrders.values()].filter(isHeld).length;
}

/** A read of the truth is due a second after its message, and takes effect a moment after it was answered. */
export const SETTLED_MS = 3000;

/**
 * How much there is to wait for, call after call: events, doubts, and orders that differ while anything still happens.
 * Not every question that the hub is about to ask shows in a flag of the order, so a difference counts as one of them
 * until it has outlived a while in which nothing came and nothing was asked.
 */
export function createOutstanding(
  state: LedgerState,
  truth: () => PlatformTruth,
  settledMs: number = SETTLED_MS,
  judge: (
    hubOrders: ReadonlyMap<string, Fields>,
    differences: readonly Difference[],
  ) => readonly Difference[] = () => [],
  now: () => TimeMs = Date.now,
): (hubOrders: ReadonlyMap<string, Fields>) => number {
  let seen = -1;
  let sinceMs = 0;
  return (hubOrders) => {
    const happened = state.events.totals.events + state.totals.reads;
    if (happened !== seen) [seen, sinceMs] = [happened, performance.now()];
    const outstanding = eventsOutstanding(state, hubOrders) + holdsOutstanding(hubOrders, now());
    if (outstanding > 0 || performance.now() - sinceMs > settledMs) return outstanding;
    const { differences } = compareWithHub(state, hubOrders, truth());
    const wrong = differences.flatMap(({ kind, subject }) => (kind === 'order' || kind === 'money' ? [subject] : []));
    return new Set([...wrong, ...judge(hubOrders, differences).map(({ subject }) => subject)]).size;
  };
}

const NONE: ReadonlySet<string> = new Set();

/**
 * Compares the platforms' own ledger with the hub's orders, and both with what the receiver got. `leftover`: orders in
 * the attention queue.
 */
export function compareWithHub(
  state: LedgerState,
  hubOrders: ReadonlyMap<string, Fields>,
  truth: PlatformTruth,
  leftover: ReadonlySet<string> = NONE,
): Omit<VerifyReport, 'drops'> {
  const differences: Difference[] = [];
  const add: Add = (kind, subject, detail) => {
    differences.push({ kind, subject, detail });
  };
  const byNumber = new Map<string, [string, Fields][]>();
  for (const entry of hubOrders) {
    const key = numberKey(textOf(entry[1]['account']), textOf(entry[1]['platformOrderId']));
    byNumber.set(key, [...(byNumber.get(key) ?? []), entry]);
  }

  let told = 0;
  for (const record of state.orders.values()) {
    const { order, open } = record;
    const expected = truth.expected(record);
    const subject = `${order.account} ${order.platformOrderId} (${order.plot})`;
    const key = numberKey(order.account, order.platformOrderId);
    const found = byNumber.get(key) ?? [];
    byNumber.delete(key);
    if (open.size > 0) add('unacknowledged', subject, `${open.size} callbacks were never received`);
    const [first, ...more] = found;
    for (const [id] of more) add('extra', subject, `is there twice, also as ${id}`);
    if (expected === null) {
      if (first !== undefined) add('extra', subject, `is there as ${first[0]}, but no callback of it was ever sent`);
      continue;
    }
    told += 1;
    if (first === undefined) {
      // With a callback outstanding that is the fault, and it is named already.
      if (open.size === 0) add('missing', subject, 'is not at the hub');
      continue;
    }
    for (const detail of compareOrder(expected, first[1])) add('order', `${subject} ${first[0]}`, detail);
  }
  told += compareMade(state, hubOrders, byNumber, truth, add);
  for (const found of byNumber.values()) {
    for (const [id, order] of found) {
      // It was refused before it had a number, or nobody can tell what became of it; the hub says so.
      if (order['platformOrderId'] === null && (order['lifecycle'] !== 'open' || leftover.has(id))) continue;
      const subject = `${textOf(order['account']) ?? '?'} ${textOf(order['platformOrderId']) ?? '?'} ${id}`;
      add('extra', subject, 'is at the hub, but the platform has no such order');
    }
  }
  compareEvents(state, hubOrders, add);
  for (const reason of state.refused) add('refused', 'a delivery', reason);
  return { orders: told, events: state.events.totals.events, differences };
}

type Add = (kind: DifferenceKind, subject: string, detail: string) => void;

/** Orders that the hub made at a platform, and what money and goods moved for any. Returns how many it made. */
function compareMade(
  state: LedgerState,
  hubOrders: ReadonlyMap<string, Fields>,
  byNumber: Map<string, [string, Fields][]>,
  truth: PlatformTruth,
  add: Add,
): number {
  const platformOf = new Map([...state.accounts.values()].map(({ id, platform }) => [id, platform]));
  let made = 0;
  for (const [account, orders] of truth.orders) {
    for (const order of orders.values()) {
      const subject = `${account} ${order.platformOrderId}`;
      for (const [record, items] of Object.entries(order.dispensed ?? {})) {
        if (items > 1) add('goods', subject, `${record} left the machine ${items} times`);
      }
      const isTold = state.byPlatformOrderId.has(orderKey(platformOf.get(account) ?? '', order.platformOrderId));
      if (isTold || order.expected === undefined) continue;
      made += 1;
      const key = numberKey(account, order.platformOrderId);
      const [first, ...more] = byNumber.get(key) ?? [];
      byNumber.delete(key);
      for (const [id] of more) add('extra', subject, `is there twice, also as ${id}`);
      if (first === undefined) {
        if (!isUnnamed(account, order, hubOrders)) add('missing', subject, 'is not at the hub');
        continue;
      }
      const ways = [order.expected, ...(order.orElse ?? [])].map((way) => compareOrder(way, first[1]));
      const isOne = ways.some((details) => details.length === 0);
      for (const detail of isOne ? [] : (ways[0] ?? [])) add('order', `${subject} ${first[0]}`, detail);
      const returned = Object.values(order.refunds ?? {}).reduce((sum, fen) => sum + fen, 0);
      const shown = fieldsOf(first[1]['amounts'])?.['refunded'];
      if (order.refunds !== undefined && shown !== returned)
        add('money', `${subject} ${first[0]}`, `${returned} fen went back, the order says ${String(shown)}`);
    }
  }
  return made;
}

/** Every answer that named it got lost, and the hub has given it up under the shop's number: nothing moved for it. */
function isUnnamed(account: string, { ownNumber, expected }: PlatformOrder, hubOrders: ReadonlyMap<string, Fields>) {
  return (
    ownNumber !== undefined &&
    expected?.payment === 'unpaid' &&
    [...hubOrders.values()].some(
      (order) =>
        order['account'] === account &&
        order['merchantOrderId'] === ownNumber &&
        order['platformOrderId'] === null &&
        order['payment'] === 'unpaid' &&
        order['lifecycle'] !== 'open',
    )
  );
}

const numberKey = (account: string | undefined, platformOrderId: string | undefined): string =>
  JSON.stringify([account ?? null, platformOrderId ?? null]);

function compareEvents(state: LedgerState, hubOrders: ReadonlyMap<string, Fields>, add: Add): void {
  for (const [id, order] of hubOrders) {
    const known = state.events.orders.get(id);
    const subject = `${textOf(order['account']) ?? '?'} ${textOf(order['platformOrderId']) ?? '?'} ${id}`;
    const version = integerOf(order['version']);
    if (version === undefined || version < 1) {
      add('sequence', subject, 'has no version');
      continue;
    }
    const missing = missingSequences(known, version);
    if (missing.length > 0) {
      const some = missing.slice(0, 10).join(', ');
      add(
        'sequence',
        subject,
        `version is ${version}, but sequence ${some}${missing.length > 10 ? ', …' : ''} never came`,
      );
    }
    if (known === undefined) continue;
    if (known.last > version) add('sequence', subject, `sequence ${known.last} came, but version is ${version}`);
    if (known.last === version && known.lastStatus !== order['status']) {
      add('event', subject, `the last event says ${known.lastStatus}, the order ${String(order['status'])}`);
    }
  }
  for (const [id, known] of state.events.orders) {
    const subject = `${known.account} ${known.platformOrderId ?? '?'} ${id}`;
    const { mergedInto } = known;
    if (mergedInto !== undefined) {
      const target = foldedInto(state, mergedInto);
      if (hubOrders.has(id))
        add('event', subject, `says that it is a part of ${mergedInto}, but is in the list of orders`);
      else if (!hubOrders.has(target))
        add('event', subject, `became a part of ${target}, which is not in the list of orders`);
    } else if (!hubOrders.has(id)) add('event', subject, 'sent events, but is not in the list of orders');
    for (const { detail } of known.faults) add('arrival', subject, detail);
  }
}

/** Where an order is to be found that was folded, by whatever many folds. */
function foldedInto(state: LedgerState, id: string): string {
  const passed = new Set<string>();
  let at = id;
  for (let next = state.events.orders.get(at)?.mergedInto; next !== undefined && !passed.has(at);) {
    passed.add(at);
    at = next;
    next = state.events.orders.get(at)?.mergedInto;
  }
  return at;
}
