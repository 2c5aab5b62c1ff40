import { parseLossless, isLosslessObject, NumberText, stringifyLossless } from '../../core/json.ts';
import type { Json, Lossless } from '../../core/json.ts';
import type { OutgoingCallback, PlatformMemory } from '../../core/sandbox.ts';
import { beijingDay } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { orderText } from './sandbox-orders.ts';
import type { PlayedOrder } from './sandbox-orders.ts';
import { refundsAfter } from './sandbox-refunds.ts';
import type { PlayedRefund } from './sandbox-refunds.ts';

/** What is remembered of an order that the hub may ask about. A type, not an interface, so that it is JSON. */
export type NotedOrder = {
  readonly store: string;
  /** The order's JSON as a query answers it. */
  readonly order: string;
  readonly status: number;
  readonly placedAt: TimeMs;
  readonly refunds: readonly PlayedRefund[];
  /** Steps of the merchant's own delivery that were told: `ready`, `assigned`, `left`, `delivered`. */
  readonly steps?: readonly string[];
};

export const orderKey = (orderId: string): string => `order ${orderId}`;

export const recallOrder = (memory: PlatformMemory, orderId: string): NotedOrder | undefined =>
  memory[orderKey(orderId)] as unknown as NotedOrder | undefined;

export function rememberOrder(memory: PlatformMemory, orderId: string, noted: NotedOrder): void {
  memory[orderKey(orderId)] = noted as unknown as Json;
}

/** Where an order is found by its number of the day. */
export const sequenceKey = (store: string, day: string, daySeq: number): string => `seq ${store} ${day} ${daySeq}`;

/** A step of a life, as far as queries show it. */
export interface NotedStep {
  readonly kind: string;
  readonly status?: number;
  readonly notifyType?: string;
}

/** Notes what a step did to an order, so that queries show it from then on. */
export function noteOrder(memory: PlatformMemory, order: PlayedOrder, step: NotedStep, atMs: TimeMs): void {
  const held = recallOrder(memory, order.id);
  const told = step.kind === 'order' ? (step.status ?? 2) : step.kind === 'cancel' ? 9 : 0;
  // What the merchant did meanwhile is not undone by a life that was written before it.
  const status = Math.max(told, held?.status ?? (told === 0 ? 2 : 0));
  const earlier = held?.refunds ?? [];
  memory[sequenceKey(order.store.ePoiId, beijingDay(order.placedAt), order.daySeq)] = order.id;
  rememberOrder(memory, order.id, {
    ...held,
    store: order.store.ePoiId,
    placedAt: order.placedAt,
    order: orderText(order, status, atMs, 'query'),
    status,
    refunds:
      step.kind === 'refund' || step.kind === 'part'
        ? refundsAfter(earlier, { kind: step.kind, notifyType: step.notifyType ?? '' }, order.totalFen, atMs)
        : earlier,
  });
}

/** What a merchant's call did, in the words of the scenes of a life. */
export type ActedScene = { readonly at: TimeMs } & (
  | { readonly kind: 'order'; readonly status: number }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'delivery'; readonly status: number }
  | { readonly kind: 'refund' }
);

/** What the hub has read of an order, the last of each kind. */
export type Reading = {
  readonly order?: { readonly at: TimeMs; readonly status: number };
  /** The furthest status before a cancellation, which says nothing of what was before it. */
  readonly reached?: number;
  /** `steps`, `acts`: how many there had been by then; a sped-up order is ahead of the clock that reads are made by. */
  readonly refunds?: { readonly steps: number; readonly acts: number; readonly list: readonly PlayedRefund[] };
};

const recall = <T>(memory: PlatformMemory, name: string, otherwise: T): T =>
  (memory[name] as T | undefined) ?? otherwise;

/** When each step of an order's own life was taken. */
export const timesOf = (memory: PlatformMemory, orderId: string): readonly TimeMs[] =>
  recall<readonly TimeMs[]>(memory, `times ${orderId}`, []);

export function noteTime(memory: PlatformMemory, orderId: string, step: number, atMs: TimeMs): void {
  const times = [...timesOf(memory, orderId)];
  times[step] ??= atMs;
  memory[`times ${orderId}`] = times;
}

export const actsOf = (memory: PlatformMemory, orderId: string): readonly ActedScene[] =>
  recall<readonly ActedScene[]>(memory, `acts ${orderId}`, []);

export function addActs(memory: PlatformMemory, orderId: string, acts: readonly ActedScene[]): void {
  if (acts.length > 0) memory[`acts ${orderId}`] = [...actsOf(memory, orderId), ...acts];
}

/** Orders that a merchant's call has changed. */
export const actedOrders = (memory: PlatformMemory): readonly string[] =>
  Object.keys(memory)
    .filter((name) => name.startsWith('acts '))
    .map((name) => name.slice('acts '.length));

export const readingOf = (memory: PlatformMemory, orderId: string): Reading =>
  recall<Reading>(memory, `read ${orderId}`, {});

const CANCELLED = 9;

export function noteReading(memory: PlatformMemory, orderId: string, reading: Reading): void {
  const held = readingOf(memory, orderId);
  const status = reading.order?.status ?? CANCELLED;
  const reached = status === CANCELLED ? held.reached : Math.max(status, held.reached ?? 0);
  const next: Reading = { ...held, ...reading, ...(reached === undefined ? {} : { reached }) };
  memory[`read ${orderId}`] = next as unknown as Json;
}

/** All orders that exist. */
export const notedOrders = (memory: PlatformMemory): readonly (readonly [string, NotedOrder])[] =>
  Object.keys(memory)
    .filter((name) => name.startsWith('order '))
    .map((name) => [name.slice('order '.length), memory[name] as unknown as NotedOrder]);

/** The order's JSON in another state. */
export function orderInState(order: string, status: number, atMs: TimeMs): string {
  const fields = new Map(fieldsOf(order));
  fields.set('status', new NumberText(String(status))).set('uTime', new NumberText(String(Math.floor(atMs / 1000))));
  return stringifyLossless(fields);
}

/** The same order with the names that a push has. */
export function pushedOrder(order: string): string {
  const names: Readonly<Record<string, string>> = { cTime: 'ctime', uTime: 'utime' };
  const fields = [...fieldsOf(order)].map(([name, value]): [string, Lossless] => [
    names[name] ?? name,
    name === 'daySeq' && value instanceof NumberText ? value.text : value,
  ]);
  return stringifyLossless(new Map(fields));
}

export function fieldsOf(order: string): ReadonlyMap<string, Lossless> {
  const fields = parseLossless(order);
  return isLosslessObject(fields) ? fields : new Map();
}

/** An answer in the words of both generations. */
export interface Told {
  readonly first: string;
  readonly second: string;
  /** Orders whose truth it tells. */
  readonly tellsOf?: readonly string[];
  /** What the call sets off. */
  readonly callbacks?: readonly OutgoingCallback[];
}

const TRACE = '"traceId":"sandbox"';
/** Codes and messages of errors are made up: no list of them is public. */
export const fault = (code: string, message: string): Told => ({
  first: JSON.stringify({ error: { code, error_type: code, message } }),
  second: `{"code":${JSON.stringify(code)},"msg":${JSON.stringify(message)},${TRACE}}`,
});
/** `data` is JSON text, so that 19-digit ids pass through. */
export const fine = (data: string, tellsOf: readonly string[] = []): Told => ({
  first: `{"data":${data}}`,
  second: `{"code":"OP_SUCCESS","msg":"成功",${TRACE},"data":${data}}`,
  tellsOf,
});
