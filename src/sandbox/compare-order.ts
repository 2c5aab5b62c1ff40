import type { ExpectedOrder } from '../core/sandbox.ts';
import { fieldsOf, listOf } from './untrusted-json.ts';
import type { Fields } from './untrusted-json.ts';

/** Where the hub's order differs from what the platform told; empty when it agrees. Only what was told is compared. */
export function compareOrder(expected: ExpectedOrder, actual: Fields): readonly string[] {
  const differences: string[] = [];
  const compare = (name: string, wanted: unknown, found: unknown): void => {
    if (wanted !== undefined && wanted !== found) differences.push(`${name} is ${show(found)}, not ${show(wanted)}`);
  };
  compare('status', expected.status, actual['status']);
  compare('payment', expected.payment, actual['payment']);
  compare('lifecycle', expected.lifecycle, actual['lifecycle']);
  compare('fulfilment', expected.fulfilment, actual['fulfilment']);
  if (expected.flags !== undefined) compare('flags', sorted(expected.flags), sorted(listOf(actual['flags'])));
  const amounts = fieldsOf(actual['amounts']);
  for (const [name, fen] of Object.entries(expected.amounts)) compare(`amounts.${name}`, fen, amounts?.[name]);
  if (expected.sid !== undefined) compare('sid', expected.sid, fieldsOf(actual['attribution'])?.['sid'] ?? null);
  return differences;
}

const sorted = (values: readonly unknown[]): string => values.map(String).sort().join(' ');

const show = (value: unknown): string => (value === undefined ? 'absent' : JSON.stringify(value));
