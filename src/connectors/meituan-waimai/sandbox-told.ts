import { parseLossless, isLosslessObject, NumberText, stringifyLossless } from '../../core/json.ts';
import type { Json, Lossless } from '../../core/json.ts';
import type { OutgoingCallback, PlatformMemory } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import type { PlayedRefund } from './sandbox-refunds.ts';

/** What is remembered of an order that the hub may ask about. A type, not an interface, so that it is JSON. */
export type NotedOrder = {
  readonly store: string;
  /** The order's JSON as a query answers it. */
  readonly order: string;
  readonly status: number;
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
