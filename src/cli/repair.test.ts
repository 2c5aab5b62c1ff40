import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ADMIN_KEY, createTestApi } from '../../test/kit/api.ts';
import type { TestApi } from '../../test/kit/api.ts';
import { takeawayPlatform } from '../../test/kit/takeaway-platform.ts';
import type { Report } from '../core/fact.ts';
import { createActGate } from '../hub/act-gate.ts';
import { sweepAccount } from '../hub/attention.ts';
import { createRegistry } from '../hub/context.ts';
import { reconcileDueDay } from '../hub/reconcile.ts';
import { createRepair } from '../hub/repair.ts';
import { runCommand } from './main.ts';

const NOW = Date.UTC(2026, 10, 20, 4);
const DAY_BEFORE = NOW - 86_400_000;
let api: TestApi;
let folder: string;
let environment: Record<string, string>;

const said = (number: string, at: number): Report => ({
  aliases: [{ kind: 'platform', value: number }],
  kind: 'takeaway',
  at,
  facts: [
    { line: '', register: 'payment', value: 'paid' },
    { line: '', register: 'placedAt', value: at },
  ],
});

const platform = {
  ...takeawayPlatform,
  polls: [
    {
      name: 'list',
      label: { en: 'List', zh: '列表' },
      everySeconds: 600,
      run: async () =>
        ({ ok: true, value: { reports: [said('9000000000000000001', DAY_BEFORE)], next: null, mark: null } }) as const,
    },
  ],
  readDay: async () =>
    ({
      ok: true,
      value: {
        reports: [said('9000000000000000001', DAY_BEFORE), said('9000000000000000002', DAY_BEFORE)],
        next: null,
      },
    }) as const,
};

before(async () => {
  api = await createTestApi({ clock: () => NOW, registry: createRegistry([platform]) });
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'huidan-cli-repair-'));
  const { port } = api.app.server.address() as AddressInfo;
  environment = { HUIDAN_PORT: String(port), HUIDAN_ADMIN_KEY: ADMIN_KEY, HUIDAN_DATA_DIR: folder };
  await api.hub.addAccount('shop', platform.id, { developerId: '1', signKey: 'k' });
  await api.hub.database.pool.query(`update accounts set created_at = '2026-01-01'`);
});
after(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

async function huidan(...argv: readonly string[]): Promise<string> {
  let out = '';
  let notes = '';
  const cli = {
    out: (text: string) => void (out += text),
    note: (text: string) => void (notes += text),
    environment,
    ask: undefined,
  };
  assert.equal(await runCommand(cli, argv), undefined, notes);
  return out;
}

test('what is asked, what was found by it and what is wrong show in a terminal', async () => {
  const { ctx, accounts, commits } = api.hub;
  const deps = { accounts, commits, gate: createActGate(), sleep: async () => {} };
  assert.equal(await huidan('repair', 'run', 'shop', '--poll', 'list'), 'list due\n');
  const repair = createRepair(ctx, deps);
  await repair.run();
  // What takes longer than a second goes on beside the step.
  await repair.stop();
  const list = await huidan('repair', 'list', '--account', 'shop');
  assert.match(list, /NEVER CAME/u);
  assert.match(list, /shop +list +\S+ \S+ +1 +24 h/u);
  assert.match(await huidan('repair', 'orders', 'shop'), /9000000000000000001 +- +paid +list/u);
});

test('a day is reconciled, shown and written as a file that spreadsheets read', async () => {
  const { ctx, accounts } = api.hub;
  const day = '2026-11-19';
  const made = JSON.parse(await huidan('reconcile', 'run', 'shop', day, '--json')) as { readonly id: string };
  await reconcileDueDay(ctx, { accounts, gate: createActGate(), sleep: async () => {} });
  assert.match(await huidan('reconcile', 'list', '--account', 'shop'), /2026-11-19 +done +1 +1 +0 +0 +0/u);
  const shown = await huidan('reconcile', 'show', made.id);
  assert.match(shown, /only there +1/u);
  assert.match(shown, /only_there +9000000000000000002/u);
  const file = join(folder, 'day.csv');
  await huidan('reconcile', 'csv', made.id, '--out', file);
  const bytes = await readFile(file);
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  assert.match(bytes.toString('utf8'), /\t9000000000000000002/u);
});

test('the attention queue is listed, shown with what to do, and dismissed', async () => {
  await sweepAccount(api.hub.ctx, 'shop');
  const list = await huidan('attention');
  const [, id = ''] = /^(atn_\S+) .*Unknown order/mu.exec(list) ?? [];
  assert.match(id, /^atn_/u, list);
  const shown = await huidan('attention', 'show', id);
  assert.match(shown, /未知订单/u);
  assert.match(shown, /to do +The hub knows of it/u);
  assert.equal(await huidan('attention', 'dismiss', id, '--reason', 'a test order'), `${id} dismissed\n`);
  assert.doesNotMatch(await huidan('attention', 'list'), new RegExp(id, 'u'));
});
