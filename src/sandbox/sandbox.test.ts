import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectors } from '../connectors/registry.ts';
import { startStandInHub } from '../../test/kit/stand-in-hub.ts';
import type { StandInFaults, StandInHub } from '../../test/kit/stand-in-hub.ts';
import { LEDGER_FILE } from './ledger-file.ts';
import type { LedgerLine } from './ledger-lines.ts';
import { parseChaos } from './chaos.ts';
import type { Sandbox, SandboxOptions } from './sandbox-contract.ts';
import { startSandbox } from './sandbox.ts';
import type { VerifyReport } from './verify.ts';

const platforms = connectors;

const cleanups: (() => Promise<void>)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

async function newDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'huidan-sandbox-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

async function newHub(faults: StandInFaults = {}): Promise<StandInHub> {
  const hub = await startStandInHub(platforms, faults);
  cleanups.push(() => hub.stop());
  return hub;
}

/** Nothing gets lost for good: the hub that stands in here asks nobody. */
const CHAOS = parseChaos('duplicate=0.4,reorder=0.4,delay=0.3');
const LOSSES = parseChaos('duplicate=0.4,reorder=0.4,delay=0.3,drop=0.1');

async function play(hub: StandInHub, ledgerDir: string, options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    hubUrl: hub.url,
    key: hub.key,
    platforms,
    ledgerDir,
    rate: 2000,
    speed: 1e6,
    chaos: CHAOS,
    seed: 'test',
    orderLimit: 60,
    ...options,
  });
  cleanups.push(() => sandbox.stop());
  return sandbox;
}

/** Places all orders, lets them live, stops. */
async function playOut(hub: StandInHub, dir: string, options: Partial<SandboxOptions> = {}): Promise<void> {
  const sandbox = await play(hub, dir, options);
  await sandbox.allPlaced;
  assert.deepEqual(await sandbox.drain(20_000), { unreceived: 0, events: 0 });
  await sandbox.stop();
}

async function verify(hub: StandInHub, dir: string, waitMs = 10_000): Promise<VerifyReport> {
  const sandbox = await play(hub, dir, { finishOnly: true, rate: 0 });
  try {
    return await sandbox.verify(waitMs);
  } finally {
    await sandbox.stop();
  }
}

async function linesOf(dir: string): Promise<LedgerLine[]> {
  const text = await readFile(join(dir, LEDGER_FILE), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LedgerLine);
}

test('a run under chaos ends with both sides agreeing', async () => {
  const hub = await newHub({ loseReplies: 20 });
  const dir = await newDir();
  await playOut(hub, dir);
  const report = await verify(hub, dir);
  assert.deepEqual(report.differences, []);
  assert.ok(report.orders >= 50 && report.events >= report.orders, JSON.stringify(report));
  const lines = await linesOf(dir);
  const messages = lines.filter((line) => line.line === 'message');
  assert.ok(messages.some(({ fate }) => fate.heldBack));
  assert.ok(hub.counts.callbacks > messages.length, 'some were sent twice');
  assert.equal(hub.counts.rejected, 0);
});

test('no step is stamped earlier than it happens, however late it comes', async () => {
  const hub = await newHub();
  const dir = await newDir();
  // Whenever it is looked at a day has passed: every step is late.
  let nowMs = Date.now();
  const clock = (): number => (nowMs += 86_400_000);
  const playing = platforms.slice(0, 1).map(({ id }) => id);
  const sandbox = await play(hub, dir, { clock, playing, orderLimit: 5 });
  await sandbox.allPlaced;
  while (sandbox.stats().living > 0) await sleep(20);
  await sandbox.stop();
  const lines = await linesOf(dir);
  const firstSteps = lines.filter((line) => line.line === 'message' && line.step === 0);
  assert.equal(firstSteps.length, 5);
  for (const line of firstSteps) {
    assert.ok(line.line === 'message');
    const order = lines.find((other) => other.line === 'order' && other.number === line.number);
    assert.ok(order?.line === 'order' && line.at - order.placedAt >= 86_400_000);
  }
});

test('verify names the callbacks that got lost for good at a hub that asks nobody', async () => {
  const hub = await newHub();
  const dir = await newDir();
  const sandbox = await play(hub, dir, { chaos: LOSSES });
  await sandbox.allPlaced;
  await sandbox.drain(2000);
  const lost = sandbox.stats().dropped;
  await sandbox.stop();
  const { differences, drops } = await verify(hub, dir, 2000);
  const missed = differences.filter(({ kind }) => kind === 'drop');
  assert.deepEqual(differences, missed, 'nothing else is wrong');
  assert.ok(missed.length > 0 && drops.lost === lost, JSON.stringify([drops, lost]));
  assert.ok(missed.some(({ detail }) => /never came, and the hub has not asked since/u.test(detail)));
  assert.ok(missed.every(({ subject }) => subject.startsWith('sandbox-')));
});

test('a sandbox that was killed goes on where its ledger ends', async () => {
  const hub = await newHub();
  const dir = await newDir();
  const first = await play(hub, dir, { speed: 20_000, orderLimit: 40 });
  await first.allPlaced;
  await sleep(100);
  await first.stop();
  // A kill in the middle of a write leaves half a line.
  await appendFile(join(dir, LEDGER_FILE), '{"line":"order","platform":"meituan-un');
  const before = (await linesOf(dir).catch(() => [])).length;
  assert.equal(before, 0, 'the torn line is no JSON');
  await playOut(hub, dir, { orderLimit: 10 });
  assert.deepEqual((await verify(hub, dir)).differences, []);
  const lines = await linesOf(dir);
  const placed = lines.filter((line) => line.line === 'order');
  // Some came to the hub instead, as customers of the merchant's own shop.
  const shoppers = new Set(
    lines.flatMap((line) => (line.line === 'shopper' ? [`${line.platform} ${line.number}`] : [])),
  );
  assert.equal(placed.length + shoppers.size, 50);
  for (const { id } of platforms) {
    const numbers = placed.filter(({ platform }) => platform === id).map(({ number }) => number);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
      id,
    );
  }
});

test('verify sends again what was never acknowledged', async () => {
  const hub = await newHub();
  const dir = await newDir();
  const sandbox = await play(hub, dir, { rate: 0, orderLimit: 10, chaos: parseChaos('none') });
  hub.faults.down = true;
  // Its stores were bound before.
  const { acknowledged } = sandbox.stats();
  // Only now: what was on its way before the hub went down would still be acknowledged.
  sandbox.setRate(2000);
  await sandbox.allPlaced;
  while (sandbox.stats().refused === 0) await sleep(20);
  assert.equal(sandbox.stats().acknowledged, acknowledged);
  await sandbox.stop();
  hub.faults.down = false;
  const report = await verify(hub, dir);
  assert.deepEqual(report.differences, []);
  const shoppers = new Set((await linesOf(dir)).flatMap((line) => (line.line === 'shopper' ? [line.number] : [])));
  assert.equal(report.orders, 10 - shoppers.size);
});

test('verify waits for events that are still under way', async () => {
  const hub = await newHub();
  const dir = await newDir();
  const sandbox = await play(hub, dir, { orderLimit: 10 });
  await sandbox.allPlaced;
  // Stopped at once: the deliveries of the last callbacks find nobody and are repeated until verify listens again.
  await sandbox.stop();
  assert.deepEqual((await verify(hub, dir)).differences, []);
});

test('verify names a planted difference in an order', async () => {
  const hub = await newHub();
  const dir = await newDir();
  await playOut(hub, dir);
  // Not every platform tells what was paid.
  const victim = [...hub.orders.values()].find(({ json }) => json.kind === 'cps')?.json.id ?? '';
  hub.faults.alter = (order) =>
    order.id === victim ? { ...order, amounts: { ...order.amounts, paid: (order.amounts.paid ?? 0) + 1 } } : order;
  const { differences } = await verify(hub, dir);
  assert.equal(differences.length, 1);
  assert.equal(differences[0]?.kind, 'order');
  assert.match(differences[0].detail, /^amounts\.paid is \d+, not \d+$/u);
});

test('verify names orders that are missing at the hub and orders that only the hub has', async () => {
  const hub = await newHub();
  const dir = await newDir();
  await playOut(hub, dir, { chaos: parseChaos('none') });
  const ids = [...hub.orders.values()].map(({ json }) => json.id);
  hub.faults.alter = (order) => (order.id === ids[3] ? { ...order, platformOrderId: '4711' } : order);
  const kinds = (await verify(hub, dir)).differences.map(({ kind }) => kind).sort();
  assert.deepEqual(kinds, ['extra', 'missing']);
});

test('verify names an event that never came, one that came late, and one under a second id', async () => {
  const seen = { skipped: 0, late: 0, renamed: 0 };
  const hub = await newHub({
    deliver(event) {
      if (event.sequence === 1) return [event];
      if (seen.skipped === 0) {
        seen.skipped = 1;
        return [];
      }
      if (seen.late === 0) {
        seen.late = 1;
        return [
          {
            ...event,
            id: `${event.id}x`,
            sequence: event.sequence + 1,
            order: { ...event.order, version: event.sequence + 1 },
          },
          event,
        ];
      }
      if (seen.renamed === 0) {
        seen.renamed = 1;
        return [event, { ...event, id: `${event.id}y` }];
      }
      return [event, event];
    },
  });
  const dir = await newDir();
  // A platform whose pushes alone say everything, so that versions come one by one.
  const playing = platforms
    .filter(({ readTruth }) => readTruth === undefined)
    .map(({ id }) => id)
    .slice(-1);
  const sandbox = await play(hub, dir, { chaos: parseChaos('none'), playing });
  await sandbox.allPlaced;
  await sandbox.drain(2000);
  await sandbox.stop();
  const { differences } = await verify(hub, dir, 500);
  const said = differences.map(({ kind, detail }) => `${kind}: ${detail}`).join('\n');
  assert.match(said, /^sequence: version is \d+, but sequence \d+ never came$/mu);
  assert.match(said, /^arrival: sequence 3 came when 1 was the last$/mu);
  assert.match(said, /^arrival: sequence 2 came after 3$/mu);
  assert.match(said, /^arrival: sequence \d+ came as evt_\d+y and before as evt_\d+$/mu);
});

test('a delivery with a forged signature is refused and reported', async () => {
  const hub = await newHub({ secret: `whsec_${Buffer.alloc(24, 9).toString('base64')}` });
  const dir = await newDir();
  const sandbox = await play(hub, dir, { orderLimit: 3 });
  await sandbox.allPlaced;
  await sandbox.drain(500);
  assert.equal(sandbox.stats().events, 0);
  await sandbox.stop();
  const { differences } = await verify(hub, dir, 0);
  assert.ok(differences.some(({ kind, detail }) => kind === 'refused' && detail.includes('the signature is wrong')));
});

test('the same seed tells the same stories and draws the same fates', async () => {
  const told = async (): Promise<unknown> => {
    const dir = await newDir();
    const sandbox = await play(await newHub(), dir, { orderLimit: 30, chaos: LOSSES });
    await sandbox.allPlaced;
    while (sandbox.stats().living > 0) await sleep(20);
    await sandbox.stop();
    const lines = await linesOf(dir);
    const placed = lines
      .filter((line) => line.line === 'order')
      .map(({ platform, number, plot }) => ({ platform, number, plot }));
    const fates = lines
      .filter((line) => line.line === 'message')
      // What an order must show depends on when the hub read the truth, too.
      .map(({ platform, number, step, fate }) => ({ name: `${platform}/${number}/${step}`, fate }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return { placed, fates };
  };
  assert.deepEqual(await told(), await told());
});

test('a hub that does not know the accounts gets a new ledger, and verify says so instead', async () => {
  const dir = await newDir();
  await playOut(await newHub(), dir, { orderLimit: 5 });
  const other = await newHub();
  await assert.rejects(verify(other, dir), /does not have the account sandbox-/u);
  const notes: string[] = [];
  await playOut(other, dir, { orderLimit: 5, onNote: (text) => notes.push(text) });
  assert.match(notes.join('\n'), /this is another hub/u);
  assert.equal((await readdir(dir)).filter((name) => name.startsWith('ledger-until-')).length, 1);
  assert.deepEqual((await verify(other, dir)).differences, []);
});

test("another sandbox's account is left alone", async () => {
  const hub = await newHub();
  const [one, two] = [await newDir(), await newDir()];
  await playOut(hub, one, { orderLimit: 5 });
  await playOut(hub, two, { orderLimit: 5 });
  const ids = platforms.map(({ id }) => `sandbox-${id}`);
  assert.deepEqual([...hub.accounts.keys()], [...ids, ...ids.map((id) => `${id}-2`)]);
  assert.deepEqual((await verify(hub, one)).differences, []);
  assert.deepEqual((await verify(hub, two)).differences, []);
});

test('a second sandbox on the same ledger is refused while the first runs, and not after its death', async () => {
  const hub = await newHub();
  const dir = await newDir();
  const first = await play(hub, dir, { orderLimit: 1 });
  await assert.rejects(play(hub, dir), /is running on/u);
  const files = await readdir(dir);
  assert.deepEqual(files.sort(), [LEDGER_FILE, 'running.json']);
  const left = await readFile(join(dir, 'running.json'));
  await first.stop();
  // As after kill -9: the file is there, its port is not.
  await appendFile(join(dir, 'running.json'), left);
  await playOut(hub, dir, { orderLimit: 1 });
});

test('a running sandbox verifies itself and goes on', async () => {
  const hub = await newHub();
  const dir = await newDir();
  const sandbox = await play(hub, dir, { speed: 2000, orderLimit: 80, rate: 400 });
  await sleep(150);
  assert.deepEqual((await sandbox.verify(10_000)).differences, []);
  await sandbox.allPlaced;
  assert.deepEqual(await sandbox.drain(20_000), { unreceived: 0, events: 0 });
  await sandbox.stop();
  assert.deepEqual((await verify(hub, dir)).differences, []);
});

test('an order is placed on request and its last callback sent once more', async () => {
  const hub = await newHub();
  const sandbox = await play(hub, await newDir(), { rate: 0, chaos: parseChaos('none') });
  const order = await sandbox.placeOrder('meituan-union');
  await sandbox.drain(5000);
  const before = hub.counts.callbacks;
  await sandbox.sendAgain(order.platformOrderId);
  while (hub.counts.callbacks === before) await sleep(5);
  assert.equal(sandbox.stats().duplicates, 1);
  await assert.rejects(sandbox.sendAgain('nobody'), /No callback of nobody/u);
});
