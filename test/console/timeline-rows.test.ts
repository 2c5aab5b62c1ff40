import assert from 'node:assert/strict';
import { test } from 'node:test';

// By its address: the console is checked with the types of a browser, which these tests do not have.
const { timelineRows } = (await import(
  new URL('../../console/src/pages/order/timeline-rows.ts', import.meta.url).href
)) as { timelineRows(entries: readonly object[]): readonly { readonly key: string }[] };

const at = (ms: number): string => new Date(Date.UTC(2026, 10, 21, 12, 0, 0, ms)).toISOString();
const callback = (id: string, ms: number) => ({ kind: 'callback', id, at: at(ms), verdict: 'applied' });
const event = (sequence: number, ms: number, from: string | null) => ({
  ...{ kind: 'event', id: `evt_${sequence}`, at: at(ms), sequence, type: 'order.changed' },
  callback: from,
});

test('rows follow each other as the versions do, also where a callback came before what was applied first', () => {
  const rows = timelineRows([
    callback('rcp_1', 0),
    event(1, 1, 'rcp_1'),
    callback('rcp_3', 65),
    callback('rcp_same', 66),
    event(2, 67, null),
    event(3, 68, 'rcp_3'),
    callback('rcp_4', 700),
    event(4, 701, 'rcp_4'),
  ]);
  assert.deepEqual(
    rows.map(({ key }) => key),
    ['callback rcp_1', 'callback rcp_same', 'event evt_2', 'callback rcp_3', 'callback rcp_4'],
  );
});
