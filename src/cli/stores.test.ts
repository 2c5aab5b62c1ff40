import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ADMIN_KEY, createTestApi } from '../../test/kit/api.ts';
import type { TestApi } from '../../test/kit/api.ts';
import { addPlayedAccount, playPlatform, sendCallback } from '../../test/kit/played-platform.ts';
import type { PlayedPlatform } from '../../test/kit/played-platform.ts';
import { meituanWaimai } from '../connectors/meituan-waimai/index.ts';
import { parseForm } from '../core/form.ts';
import { runDueStoreTasks } from '../hub/store-tasks.ts';
import { runCommand } from './main.ts';

let api: TestApi;
let platform: PlayedPlatform;
let folder: string;
let environment: Record<string, string>;

before(async () => {
  api = await createTestApi({}, { allowPrivateTargets: true });
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'huidan-cli-'));
  const { port } = api.app.server.address() as AddressInfo;
  environment = { HUIDAN_PORT: String(port), HUIDAN_ADMIN_KEY: ADMIN_KEY, HUIDAN_DATA_DIR: folder };
  platform = await playPlatform(meituanWaimai);
  for (const id of ['wm', 'wm-2']) {
    await addPlayedAccount(api, 'meituan-waimai', id, {
      ...platform,
      settings: { ...platform.settings, bindUrl: platform.url },
    });
  }
});
after(async () => {
  await platform.close();
  await api.close();
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

let token = '';

test('a store is bound, shown, released and taken over from the terminal', async () => {
  const url = (
    await ok('stores', 'bind', '--account', 'wm', '--store', '8859', '--name', '湘北人家', '--option', 'netStore=1')
  ).trim();
  assert.equal(new URL(url).searchParams.get('netStore'), '1');
  await platform.visit(url, true);
  for (const callback of platform.takeCallbacks()) {
    token = parseForm(callback.body)?.get('appAuthToken') ?? '';
    await sendCallback(api, 'meituan-waimai', 'wm', callback);
  }
  await runDueStoreTasks(api.hub.ctx, { accounts: api.hub.accounts });
  assert.match(await ok('stores'), /wm\s+8859\s+bound/u);
  const shown = await ok('stores', 'show', 'wm', '8859');
  assert.match(shown, /state\s+bound/u);
  assert.match(shown, /token_received/u);
  assert.ok(!shown.includes(token));
  assert.match(await ok('stores', 'bindings', '--account', 'wm'), /bnd_\S+\s+wm\s+8859\s+done/u);
  assert.match(await ok('stores', 'release', 'wm', '8859'), /releasebinding/u);
});

test('addresses for many stores come as CSV, and tokens go in as CSV', async () => {
  const file = join(folder, 'stores.csv');
  await writeFile(file, '\uFEFFstore,name\n0001,一店\n0002,二店\n');
  const csv = await ok('stores', 'bind-many', file, '--account', 'wm');
  assert.ok(csv.startsWith('\uFEFFstore,name,url,id,state,expiresAt\r\n"\t0001",一店,http://127.0.0.1'));
  const [id] = /bnd_\w+/u.exec(csv) ?? [];
  await ok('stores', 'cancel', id ?? '');
  const tokens = join(folder, 'tokens.csv');
  await writeFile(tokens, `ePoiId,appAuthToken\n8859,${token}\n1Z1,wrong\n`);
  const ran = await huidan('stores', 'import', tokens, '--account', 'wm-2');
  assert.match(ran.out, /2\s+8859\s+bound/u);
  assert.match(ran.out, /3\s+1Z1\s+refused/u);
  assert.equal(ran.notes, '1 bound, 0 unchanged, 1 refused, 0 failed.\n');
  assert.equal((await huidan('stores', 'import', join(folder, 'none.csv'), '--account', 'wm')).code, 2);
});

test('a store is asked about, opened, closed and given its hours from the terminal', async () => {
  assert.match(await ok('stores', 'act', 'wm-2', '8859', 'info'), /ePoiId\s+8859/u);
  const closed = await huidan('stores', 'act', 'wm-2', '8859', 'close');
  assert.deepEqual([closed.code, closed.out, closed.notes], [undefined, '', 'close: done.\n']);
  assert.match(await ok('stores', 'act', 'wm-2', '8859', 'info'), /isOpen\s+3/u);
  await ok('stores', 'act', 'wm-2', '8859', 'open');
  const hours = ['stores', 'act', 'wm-2', '8859', 'hours'];
  await ok(...hours, '--field', 'openTime=09:00-14:00,17:00-22:00');
  await ok(...hours, '--params', '{"openTime":"10:00-20:00"}');
  const info = JSON.parse(await ok('stores', 'act', 'wm-2', '8859', 'info', '--json')) as {
    answer: { openTime: string };
  };
  assert.equal(info.answer.openTime, '10:00-20:00');
  assert.equal((await huidan(...hours, '--field', 'openTime=late')).code, 1);
  assert.equal((await huidan(...hours, '--field', 'openTime')).code, 2);
  assert.match((await huidan('stores', 'act', 'wm-2', '8859', 'dance')).notes, /open, close, hours, info/u);
  assert.match((await huidan('stores', 'act', 'wm-2', '8859')).notes, /ACTION is missing/u);
});

test('merchants and shops are kept from the terminal', async () => {
  assert.equal(await ok('merchants', 'add', '--id', 'wang', '--name', '老王'), 'wang\n');
  await ok('merchants', 'rename', 'wang', '--name', '老王餐饮');
  assert.match(await ok('merchants'), /wang.*老王餐饮/u);
  await ok('shops', 'add', '--id', 's1', '--name', '学正街店', '--merchant', 'wang', '--store', 'wm/8859');
  assert.match(await ok('shops', 'join', 's1', 'wm-2/8859'), /wm-2\/8859 bound/u);
  assert.match(await ok('shops'), /s1\s+wang\s+学正街店\s+wm\/8859 wm-2\/8859/u);
  await ok('shops', 'leave', 's1', 'wm-2/8859');
  assert.match(await ok('shops', 'change', 's1', '--no-merchant'), /merchant\s+-/u);
  assert.equal((await huidan('shops', 'remove', 's1')).code, 1);
  await ok('shops', 'leave', 's1', 'wm/8859');
  await ok('shops', 'remove', 's1');
  await ok('merchants', 'remove', 'wang');
  assert.equal((await huidan('shops', 'join', 's1', 'wm')).code, 2);
});
