import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { connectors } from '../connectors/registry.ts';
import type { OutgoingCallback, SandboxPlatform } from '../core/sandbox.ts';
import type { Agenda } from './agenda.ts';
import { NO_TROUBLE } from './chaos.ts';
import type { MessageRecord } from './ledger-state.ts';
import { createOutbox } from './outbox.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const played = (id: string): SandboxPlatform =>
  connectors.find((connector) => connector.id === id)?.sandbox ?? assert.fail(id);
const upTo = (minutes: number): readonly number[] =>
  Array.from({ length: minutes }, (_, index) => (index + 1) * MINUTE);
const trade = (type: string): string => JSON.stringify({ version: '3.0', type, msg: '{}' });

/** Waits of a callback that nobody takes, until the platform's patience ends. */
async function gapsOf(platform: string, body: string): Promise<readonly number[]> {
  const gaps: number[] = [];
  const agenda: Agenda = {
    after(delayMs, run) {
      // What comes after its own clock is for the sake of hurried runs alone: a hub may take minutes to start again.
      if (delayMs === 0) return;
      gaps.push(delayMs);
      setImmediate(run);
    },
    setSpeed() {},
    hurry() {},
    size: () => 0,
    stop() {},
  };
  const faults: unknown[] = [];
  let sent = 0;
  const outbox = createOutbox(1, agenda, async () => ({ kind: 'reply', status: 503, body: `refused ${(sent += 1)}` }), {
    platform: played,
    url: () => 'http://hub.invalid',
    onReceived: () => assert.fail('nobody takes it'),
    onFault: (error) => faults.push(error),
  });
  const callback: OutgoingCallback = { topic: '', headers: {}, body };
  const message: MessageRecord = { platform, account: 'a', number: 1, step: 0, callback, fate: NO_TROUBLE };
  outbox.send(message);
  for (let before = -1; before !== sent;) {
    before = sent;
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  }
  await outbox.stop();
  assert.deepEqual(faults, []);
  assert.equal(sent, gaps.length + 1);
  return gaps;
}

describe('a callback that is not taken is sent again by its platform’s own clock', () => {
  const ecpay = [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600].map((gap) => gap * SECOND);
  const clocks: readonly (readonly [string, string, string, readonly number[]])[] = [
    ['em: every 30 s for an hour', 'em', '{}', Array.from({ length: 120 }, () => 30 * SECOND)],
    [
      'douyin: 15 s to 6 h',
      'douyin',
      '{"type":"payment"}',
      [...ecpay, 3 * HOUR, 3 * HOUR, 3 * HOUR, 6 * HOUR, 6 * HOUR],
    ],
    [
      'douyin: a payment of the trade system for about 29 minutes',
      'douyin',
      trade('payment'),
      [12 * SECOND, 12 * SECOND, 33 * SECOND, ...upTo(7)],
    ],
    [
      'douyin: a refund of the trade system up to 8 minutes apart',
      'douyin',
      trade('refund'),
      [10 * SECOND, 10 * SECOND, 30 * SECOND, ...upTo(8)],
    ],
  ];
  for (const [name, platform, body, wanted] of clocks) {
    test(name, async () => assert.deepEqual(await gapsOf(platform, body), wanted));
  }
});
