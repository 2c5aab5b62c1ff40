import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ADMIN_KEY, createTestApi } from '../../test/kit/api.ts';
import type { TestApi } from '../../test/kit/api.ts';
import { unionOrder, unionPush } from '../../test/kit/union-push.ts';
import { runCommand } from './main.ts';

let api: TestApi;
let folder: string;
let environment: Record<string, string>;

const CALLBACK = 'callback-secret-of-cli';
const API = 'api-secret-of-cli';

before(async () => {
  api = await createTestApi();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'huidan-doctor-'));
  const { port } = api.app.server.address() as AddressInfo;
  environment = { HUIDAN_PORT: String(port), HUIDAN_ADMIN_KEY: ADMIN_KEY, HUIDAN_DATA_DIR: folder };
  await api.hub.addAccount('union', 'meituan-union', { appkey: 'a', secret: API, callbackSecret: CALLBACK });
});
after(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

interface Ran {
  readonly code: number | string | null | undefined;
  readonly out: string;
  readonly notes: string;
}

async function doctor(...argv: readonly string[]): Promise<Ran> {
  let out = '';
  let notes = '';
  const cli = {
    out: (text: string): void => {
      out += text;
    },
    note: (text: string): void => {
      notes += text;
    },
    environment,
    ask: undefined,
  };
  const code = (await runCommand(cli, ['doctor', ...argv])) ?? process.exitCode;
  // What a command sets there is the test runner's as well.
  process.exitCode = undefined;
  return { code, out, notes };
}

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test('a callback in a file is explained in both languages, and its secrets stay away from the terminal', async () => {
  const body = await file('push.json', unionPush(unionOrder('1', '8'), API));
  const headers = await file('headers.txt', 'POST /callbacks HTTP/1.1\r\nContent-Type: application/json\r\n\r\n');
  const { code, out } = await doctor('--account', 'union', '--body-file', body, '--headers-file', headers);
  assert.equal(code, undefined, out);
  assert.match(out, /This matches your API secret, not the callback secret\./u);
  assert.match(out, /签名相符的是您的接口 secret/u);
  assert.match(out, /scheme +meituan-union push\nsecret +secret fp-secret, current/u);
  assert.match(out, /hashed +\*\*\*modTime/u);
  assert.match(out, /\d+ tried in \d+ ms/u);
  assert.ok(!out.includes(API) && !out.includes(CALLBACK));
});

test('a stored callback is asked about by its id', async () => {
  const payload = unionPush(unionOrder('2', '8'), API);
  await api.app.inject({ method: 'POST', url: '/callbacks/meituan-union/union', payload });
  const { body } = await api.call('GET', '/api/v1/callbacks?verdict=rejected');
  const { code, out } = await doctor('--callback', body.data[0].id, '--json');
  assert.equal(code, undefined, out);
  assert.equal(JSON.parse(out).matches[0].secret.name, 'secret');
});

test('a secret can be given in a file, several of one name too', async () => {
  const body = await file('pasted.json', unionPush(unionOrder('3', '8'), 'the-pasted-one'));
  const secret = await file('secret.txt', 'the-pasted-one\n');
  const { out } = await doctor(
    '--platform',
    'meituan-union',
    '--body-file',
    body,
    '--secret',
    'callbackSecret=other',
    '--secret',
    `callbackSecret=@${secret}`,
  );
  assert.match(out, /This verifies as it is, with the pasted secret "callbackSecret"/u);
});

test('where nothing matches the exit code is 1 and the nearest things are listed', async () => {
  const body = await file(
    'odd.json',
    unionPush(unionOrder('4', '8'), 'nobody').replace('"orderid"', '"orderId"').replace('test', 'te&amp;st'),
  );
  const { code, out } = await doctor('--account', 'union', '--body-file', body);
  assert.equal(code, 1);
  assert.match(out, /`orderId` stands where `orderid` belongs/u);
  assert.match(out, /Also 此外:\n {2}`smstitle` is HTML-escaped/u);
});

test('a wrong command line says what is wrong', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /what is to be looked at/u],
    [['--body-file', '/no/such/file'], /ENOENT/u],
    [['--query', 'a=1', '--direction', 'up'], /in or out/u],
    [['--query', 'a=1', '--secret', 'x'], /NAME=VALUE/u],
  ];
  for (const [argv, pattern] of cases) {
    const { code, notes } = await doctor(...argv);
    assert.equal(code, 2, argv.join(' '));
    assert.match(notes, pattern);
  }
});
