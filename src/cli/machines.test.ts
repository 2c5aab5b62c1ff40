import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ADMIN_KEY } from '../../test/kit/api.ts';
import { VendingWorld } from '../../test/kit/vending-world.ts';
import { runCommand } from './main.ts';

let world: VendingWorld;
let folder: string;
let environment: Record<string, string>;

before(async () => {
  world = await VendingWorld.open();
  await world.api.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'huidan-cli-'));
  const { port } = world.api.app.server.address() as AddressInfo;
  environment = { HUIDAN_PORT: String(port), HUIDAN_ADMIN_KEY: ADMIN_KEY, HUIDAN_DATA_DIR: folder };
});
after(async () => {
  await world.api.close();
  await rm(folder, { recursive: true });
});

async function huidan(...argv: readonly string[]): Promise<{ code: number | undefined; out: string; notes: string }> {
  let out = '';
  let notes = '';
  const cli = {
    out: (text: string) => {
      out += text;
    },
    note: (text: string) => {
      notes += text;
    },
    environment,
    ask: undefined,
  };
  return { code: await runCommand(cli, argv), out, notes };
}

async function ok(...argv: readonly string[]): Promise<string> {
  const ran = await huidan(...argv);
  assert.equal(ran.code, undefined, `${argv.join(' ')}: ${ran.notes}`);
  return ran.out;
}

test('machines are read, listed, shown and explained from the terminal', async () => {
  assert.equal(await ok('machines', 'sync', 'vm-1'), '5 machines, 30 slots, 35 changes.\n');
  const list = await ok('machines');
  assert.match(list, /^vm-1 +10000001 +online +6 +300 +0 +0 +0 .*一号机/mu);
  assert.match(list, /^vm-1 +10000004 +offline /mu);
  assert.match(list, /^vm-1 +10000005 +out of service /mu);
  assert.doesNotMatch(await ok('machines', 'list', '--online', 'false'), /10000001/u);

  const made = await world.order({ machineNo: '10000001', items: [{ productId: 121, quantity: 1 }] });
  assert.match(await ok('machines', 'show', 'vm-1', '10000001'), /^A11 +121 +可乐 +350 +60 +50 +1 +49/mu);
  const changes = await ok('machines', 'changes', 'vm-1', '10000001', '--product', '121');
  assert.match(changes, new RegExp(`A11 +121 +held +50 \\(0\\) +1 \\(\\+1\\) +${made.body.id}`, 'u'));
  assert.match(await ok('machines', 'sync', 'vm-1', '10000001'), /^A11 +121 /mu);
  const shown = JSON.parse(await ok('machines', 'show', 'vm-1', '10000001', '--json')) as {
    readonly available: number;
  };
  assert.equal(shown.available, 299);
});

test('a machine that is not there, or a word too many, is said so', async () => {
  const gone = await huidan('machines', 'show', 'vm-1', '99999999');
  assert.equal(gone.code, 1);
  assert.match(gone.notes, /machine_not_found/u);
  assert.equal((await huidan('machines', 'sync', 'vm-1', '10000001', 'more')).code, 2);
});
