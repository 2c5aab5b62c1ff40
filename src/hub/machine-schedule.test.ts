import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { VendingWorld } from '../../test/kit/vending-world.ts';
import { runDueMachineSyncs } from './machine-schedule.ts';

let world: VendingWorld;
before(async () => {
  world = await VendingWorld.open({ machineSyncSeconds: 60 });
});
after(() => world.api.close());

const run = (): Promise<number> => runDueMachineSyncs(world.api.hub.ctx, { accounts: world.api.hub.accounts });
const listed = (): number => world.calls.filter((call) => call === 'machines').length;

async function state(): Promise<{ readonly attempts: number; readonly code: string | null; readonly waitMs: number }> {
  const found = await world.api.hub.database.pool.query<{ attempts: number; code: string | null; due_at: Date }>(
    'select attempts, code, due_at from machine_syncs',
  );
  const [row] = found.rows;
  assert.ok(row !== undefined);
  return { attempts: row.attempts, code: row.code, waitMs: row.due_at.getTime() - world.now };
}

test('machines are read when an account is new, then at its interval', async () => {
  assert.equal(await run(), 1);
  assert.equal(listed(), 1);
  assert.deepEqual(await state(), { attempts: 0, code: null, waitMs: 60_000 });
  assert.equal(await run(), 0);
  world.now += 59_999;
  assert.equal(await run(), 0);
  world.now += 1;
  assert.equal(await run(), 1);
  assert.equal(listed(), 2);
});

test('a platform that is away is asked again, ever later up to the interval, and says why', async () => {
  const waits: number[] = [];
  for (let nth = 0; nth < 4; nth += 1) {
    world.now += (await state()).waitMs;
    world.next.set('machines', 'lost');
    await run();
    const { waitMs, code } = await state();
    waits.push(waitMs);
    assert.equal(code, 'unreachable');
  }
  assert.deepEqual(waits, [15_000, 30_000, 60_000, 60_000]);
  world.now += 60_000;
  await run();
  assert.deepEqual(await state(), { attempts: 0, code: null, waitMs: 60_000 });
});

test('a paused account is not read, a machine that fails keeps what is known', async () => {
  await world.api.call('PATCH', '/api/v1/accounts/vm-1', { body: { mode: 'paused' } });
  world.now += 60_000;
  assert.equal(await run(), 0);
  await world.api.call('PATCH', '/api/v1/accounts/vm-1', { body: { mode: 'observe' } });
  world.next.set('products', 'lost');
  assert.equal(await run(), 1);
  assert.equal((await state()).code, 'unreachable');
  assert.equal(await world.slot('10000001', '121'), '50 0 50');
});

test('two processes do not read the same account at a time', async () => {
  world.now += 60_000;
  const taken = await Promise.all([run(), run(), run()]);
  assert.deepEqual(
    taken.toSorted((a, b) => a - b),
    [0, 0, 1],
  );
});
