import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectors } from '../../src/connectors/registry.ts';
import { parseChaos } from '../../src/sandbox/chaos.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { startCrashingHub } from './crash-rounds.ts';
import { createTestDatabase } from './database.ts';
import { freePort } from './free-port.ts';

const KEY = 'hdk_chaos_test_key_0123456789abcdef';
/** Around the sending of a call, and between its answer and the writing of what it said. */
const POINTS = ['act.after-send', 'act.before-outcome', 'act.before-send'] as const;
/** A round in which so many calls are not made in time is ended by a kill from outside. */
const LONGEST_ROUND_MS = 5000;
/** What a dead process had taken up stays its own for up to 150 s: the last hub comes back that much later. */
const LATER_MS = 150_000;
/**
 * A payment that was closed is asked for when its platform takes it no longer, five and a half minutes after it was made;
 * then its refund begins, of which the hub asks after two minutes; and every third answer gets lost.
 */
const DRAIN_MS = 900_000;

/**
 * A hub that makes, pays, dispenses, gives back and settles sales at the played machines and the played payment platform
 * dies by SIGKILL at a call in each round, while every third answer of theirs gets lost after the deed. In the end both
 * sides must agree, and nothing may have moved twice.
 */
export async function actingKillRounds(test: TestContext, rounds: number, seed: string): Promise<void> {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'huidan-acting-kills-'));
  const port = await freePort();
  const plan = { dataDir, port, adminKey: KEY, databaseUrl: database.url };
  let hub = await startCrashingHub(plan);
  const sandbox = await startSandbox({
    hubUrl: hub.url,
    key: KEY,
    platforms: connectors,
    playing: ['vending', 'douyin'],
    ledgerDir: join(dataDir, 'sandbox'),
    rate: 0,
    speed: 100,
    chaos: parseChaos('fault=0.3,drop=0.2'),
    seed,
  });
  const shop = (): void => {
    for (const platform of ['vending', 'vending', 'douyin']) sandbox.shop(platform).catch(() => undefined);
  };
  try {
    let kills = 0;
    for (let round = 0; round < rounds; round += 1) {
      if (round > 0 && round % 10 === 0) console.log(`${round} of ${rounds} kills`);
      await hub.stop();
      const point = POINTS[round % POINTS.length] ?? POINTS[0];
      hub = await startCrashingHub({ ...plan, at: { point, passage: 1 + ((round * 5) % 11) } });
      shop();
      await Promise.race([hub.died, sleep(LONGEST_ROUND_MS)]);
      if (hub.process.exitCode === null && hub.process.signalCode === null) hub.process.kill('SIGKILL');
      else kills += 1;
      await hub.died;
    }
    hub = await startCrashingHub({ ...plan, aheadMs: LATER_MS });
    shop();
    const left = await sandbox.drain(DRAIN_MS);
    const { orders, events, differences } = await sandbox.verify(30_000);
    test.diagnostic(`${rounds} rounds, ${kills} died at a call: ${orders} orders, ${events} events`);
    assert.deepEqual(differences, []);
    assert.deepEqual(left, { unreceived: 0, events: 0 });
    assert.ok(kills > 0 && orders > rounds, `${kills} kills, ${orders} orders`);
  } finally {
    await sandbox.stop();
    await hub.stop();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  }
}
