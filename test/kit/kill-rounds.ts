import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CRASH_POINTS } from '../../src/hub/crash-points.ts';
import { removeDataFolder } from '../../src/store/embedded/data-folders.ts';
import { PlayedPlatform, SECRET, callApi, startCrashingHub, startReceiver } from './crash-rounds.ts';
import type { Received } from './crash-rounds.ts';
import { freePort } from './free-port.ts';

/** What a push passes on its way; actions have tests of their own. */
const POINTS = CRASH_POINTS.filter((name) => !name.startsWith('act.'));
const KEY = 'hdk_chaos_test_key_0123456789abcdef';

/**
 * The hub, its PostgreSQL with it, dies by SIGKILL in every round: at each crash point in turn, then at random moments.
 * The played platform sends again what was not acknowledged, as a real one does. In the end nothing acknowledged may be
 * missing, nothing counted twice, and no order's sequence may have a gap.
 */
export async function killRounds(test: TestContext, rounds: number): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'huidan-kill-'));
  const receiver = await startReceiver();
  const platform = new PlayedPlatform();
  const port = await freePort();
  const callbackUrl = `http://127.0.0.1:${port}/callbacks/meituan-union/mtu`;
  test.after(async () => {
    await platform.close();
    await receiver.close();
    await removeDataFolder(dataDir);
  });

  const first = await startCrashingHub({ dataDir, port, adminKey: KEY });
  await callApi(first.url, KEY, '/api/v1/accounts', {
    id: 'mtu',
    platform: 'meituan-union',
    name: 'chaos',
    credentials: { appkey: 'demo', secret: 'api-secret', callbackSecret: SECRET },
  });
  await callApi(first.url, KEY, '/api/v1/endpoints', { url: receiver.url, events: ['order.*'] });
  await first.stop();

  for (let round = 0; round < rounds; round += 1) {
    if (round > 0 && round % 25 === 0) console.log(`${round} of ${rounds} deaths`);
    platform.addOrders(`8${String(round).padStart(4, '0')}`, 120);
    const point = POINTS[round % (POINTS.length + 2)];
    // Early passages find everything cold, later ones a queue; both have to hold.
    const at = point === undefined ? {} : { at: { point, passage: 1 + ((round * 7) % 12) } };
    const hub = await startCrashingHub({ dataDir, port, adminKey: KEY, ...at });
    let over = false;
    void hub.died.then(() => (over = true));
    const sending = platform.send(callbackUrl, () => over);
    if (point === undefined) await sleep(30 + ((round * 97) % 250));
    // A point that this round's traffic did not pass often enough is left by a kill from outside.
    await Promise.race([hub.died, point === undefined ? undefined : sleep(2500)]);
    hub.process.kill('SIGKILL');
    await hub.died;
    over = true;
    await sending;
  }

  const last = await startCrashingHub({ dataDir, port, adminKey: KEY });
  await platform.send(callbackUrl, () => false);
  const orders = await readOrders(last.url);
  await waitForDeliveries(orders, receiver.received);

  assert.equal(orders.length, platform.pushes.size, 'every order exists once');
  assert.deepEqual(
    orders.filter((order) => order.status !== 'completed'),
    [],
    'every acknowledged push took effect',
  );
  await checkFacts(last.url, orders);
  checkReceived(orders, receiver.received);
  await last.stop();
}

interface OrderRow {
  readonly id: string;
  readonly platformOrderId: string;
  readonly status: string;
  readonly version: number;
}

async function readOrders(url: string): Promise<readonly OrderRow[]> {
  const orders: OrderRow[] = [];
  let cursor = '';
  for (;;) {
    const page = await callApi<{ data: OrderRow[]; nextCursor: string | null }>(
      url,
      KEY,
      `/api/v1/orders?limit=500${cursor}`,
    );
    orders.push(...page.data);
    if (page.nextCursor === null) return orders;
    cursor = `&cursor=${encodeURIComponent(page.nextCursor)}`;
  }
}

/** A sample: each of the order's two pushes is one fact, however often it was sent. */
async function checkFacts(url: string, orders: readonly OrderRow[]): Promise<void> {
  for (const order of orders.filter((_, index) => index % 40 === 0)) {
    const { data } = await callApi<{ data: { kind: string }[] }>(
      url,
      KEY,
      `/api/v1/orders/${order.id}/timeline?limit=500`,
    );
    assert.equal(data.filter(({ kind }) => kind === 'fact').length, 2, `facts of ${order.platformOrderId}`);
  }
}

async function waitForDeliveries(orders: readonly OrderRow[], received: readonly Received[]): Promise<void> {
  const events = orders.reduce((sum, order) => sum + order.version, 0);
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 100) {
    if (new Set(received.map(({ webhookId }) => webhookId)).size >= events) return;
    await sleep(100);
  }
}

function checkReceived(orders: readonly OrderRow[], received: readonly Received[]): void {
  const byOrder = Map.groupBy(received, ({ order }) => order);
  for (const order of orders) {
    const events = byOrder.get(order.id) ?? [];
    const idOf = new Map<number, string>();
    let highest = 0;
    for (const { sequence, webhookId, version } of events) {
      assert.equal(version, sequence, 'a sequence is the version of its order');
      assert.ok(sequence <= highest + 1, `order ${order.id}: ${sequence} came after ${highest}`);
      highest = Math.max(highest, sequence);
      const known = idOf.get(sequence) ?? webhookId;
      assert.equal(webhookId, known, 'a repeat has the same webhook-id');
      idOf.set(sequence, webhookId);
    }
    assert.equal(highest, order.version, `order ${order.id}: all ${order.version} events came`);
  }
}
