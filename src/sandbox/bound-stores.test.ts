import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connectors } from '../connectors/registry.ts';
import { startStandInHub } from '../../test/kit/stand-in-hub.ts';
import { NO_CHAOS } from './chaos.ts';
import { LEDGER_FILE } from './ledger-file.ts';
import type { LedgerLine } from './ledger-lines.ts';
import { applyLine, emptyLedgerState } from './ledger-state.ts';
import { startSandbox } from './sandbox.ts';
import { readPlatformTruth } from './platform-truth.ts';
import { compareWithHub, eventsOutstanding } from './verify.ts';

const cleanups: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

test('the demo stores of every platform are bound by a click, once and not again by the next run', async () => {
  const hub = await startStandInHub(connectors);
  const dir = await mkdtemp(join(tmpdir(), 'huidan-bound-stores-'));
  cleanups.push(
    () => rm(dir, { recursive: true, force: true }),
    () => hub.stop(),
  );
  const notes: string[] = [];
  const boundLines = async (): Promise<readonly string[]> => {
    const sandbox = await startSandbox({
      ...{ hubUrl: hub.url, key: hub.key, platforms: connectors, ledgerDir: dir, rate: 0, speed: 1, chaos: NO_CHAOS },
      onNote: (text) => notes.push(text),
    });
    await sandbox.stop();
    const lines = (await readFile(join(dir, LEDGER_FILE), 'utf8')).trimEnd().split('\n');
    return lines
      .map((line) => JSON.parse(line) as LedgerLine)
      .flatMap((line) => (line.line === 'bound' ? [`${line.account} ${line.store ?? ''}`] : []));
  };
  const wanted = connectors.flatMap(({ id, binding, sandbox }) => {
    if (binding === undefined) return [];
    const stores = binding.style === 'link' ? (sandbox.demoStores ?? []).map(({ store }) => store) : [''];
    return stores.map((store) => `sandbox-${id} ${store}`);
  });
  const bound = await boundLines();
  assert.ok(wanted.length >= 2);
  assert.deepEqual(bound.toSorted(), wanted.toSorted());
  assert.deepEqual(await boundLines(), bound);
  assert.deepEqual(notes, []);
  for (const account of hub.accounts.values()) {
    const own = wanted.filter((name) => name.startsWith(`${account.id} `)).length;
    assert.ok((account.stores?.tokens.size ?? 0) >= own, account.id);
  }
});

test('an order that was folded into another is neither waited for nor missed, unless it did not say so', () => {
  const state = emptyLedgerState();
  const event = { line: 'event', account: 'a', platformOrderId: null, status: 'paid' } as const;
  applyLine(state, { ...event, order: 'ord_1', sequence: 1, previousSequence: null, id: 'evt_1' });
  applyLine(state, { ...event, order: 'ord_2', sequence: 1, previousSequence: null, id: 'evt_2' });
  const hubOrders = new Map([
    ['ord_1', { id: 'ord_1', account: 'a', platformOrderId: null, version: 1, status: 'paid' }],
  ]);
  const faults = (): readonly string[] =>
    compareWithHub(state, hubOrders, readPlatformTruth(state, new Map())).differences.flatMap(({ kind, detail }) =>
      kind === 'event' ? [detail] : [],
    );
  assert.equal(eventsOutstanding(state, hubOrders), 1);
  assert.deepEqual(faults(), ['sent events, but is not in the list of orders']);
  const folded = { ...event, order: 'ord_2', sequence: 2, previousSequence: 1, id: 'evt_3' };
  applyLine(state, { ...folded, mergedInto: 'ord_1' });
  assert.equal(eventsOutstanding(state, hubOrders), 0);
  assert.deepEqual(faults(), []);
  hubOrders.clear();
  assert.ok(faults().includes('became a part of ord_1, which is not in the list of orders'));
});
