import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ADMIN_KEY, createTestApi } from '../../test/kit/api.ts';
import type { TestApi } from '../../test/kit/api.ts';
import { unionOrder, unionPush } from '../../test/kit/union-push.ts';
import { makeDueExport } from '../hub/make-exports.ts';
import { VERSION } from '../server/version.ts';
import { COMMANDS } from './commands.ts';
import type { Cli } from './command.ts';
import { runCommand } from './main.ts';

let api: TestApi;
let folder: string;
let environment: Record<string, string>;

before(async () => {
  api = await createTestApi();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  folder = await mkdtemp(join(tmpdir(), 'huidan-cli-'));
  const { port } = api.app.server.address() as AddressInfo;
  environment = { HUIDAN_PORT: String(port), HUIDAN_ADMIN_KEY: ADMIN_KEY, HUIDAN_DATA_DIR: folder };
});
after(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

interface Ran {
  readonly code: number | undefined;
  readonly out: string;
  readonly notes: string;
}

async function huidan(argv: readonly string[], overrides: Partial<Cli> = {}): Promise<Ran> {
  let out = '';
  let notes = '';
  const code = await runCommand(
    {
      out: (text) => {
        out += text;
      },
      note: (text) => {
        notes += text;
      },
      environment,
      ask: undefined,
      ...overrides,
    },
    argv,
  );
  return { code, out, notes };
}

const CREDENTIALS = ['--credential', 'appkey=a', '--credential', 'secret=b', '--credential', 'callbackSecret=c'];
const add = (id: string, ...more: readonly string[]): Promise<Ran> =>
  huidan(['account', 'add', '--platform', 'meituan-union', '--id', id, ...CREDENTIALS, ...more]);

test('help names every command, and each command has help of its own', async () => {
  const { code, out } = await huidan(['help']);
  assert.equal(code, undefined);
  for (const [name, { summary }] of Object.entries(COMMANDS)) {
    assert.ok(out.includes(name) && out.includes(summary), name);
    // These two speak to the process itself.
    if (name === 'demo' || name === 'sandbox') continue;
    const own = await huidan([name, '--help']);
    assert.equal(own.code, undefined, name);
    assert.match(own.out, new RegExp(`huidan ${name}`, 'u'));
  }
  assert.deepEqual((await huidan(['version'])).out, `${VERSION}\n`);
});

test('the commands that bring a summary of their own are listed with it', async () => {
  for (const { summary, load } of Object.values(COMMANDS)) {
    const module = (await load()) as { readonly summary?: string };
    if (module.summary !== undefined) assert.equal(module.summary, summary);
  }
});

test('a wrong command line ends with 2 and says what is wrong', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /huidan <command>/u],
    [['acount'], /did you mean 'account'\?/u],
    [['toString'], /there is no command/u],
    [['account', 'frobnicate'], /knows list, show/u],
    [['account', 'constructor'], /knows list, show/u],
    [['account', 'show'], /ID is missing/u],
    [['account', 'show', 'a', 'b'], /what is 'b'\?/u],
    [['account', 'add', '--id', 'x'], /--platform is missing/u],
    [['account', 'add', '--platform', 'ebay', '--id', 'x'], /--platform is one of meituan-union/u],
    [['account', 'add', '--platform', 'meituan-union', '--id', 'x', '--credential', 'secret'], /NAME=VALUE/u],
    [
      ['account', 'add', '--platform', 'meituan-union', '--id', 'x', '--credential', 'secret=@/no/such/file'],
      /ENOENT/u,
    ],
    [['orders', '--colour', 'red'], /--colour/u],
    [['replay', '--endpoint', 'ep_x'], /either --event or --from/u],
    [['serve', '--role', 'king'], /--role is one of/u],
    [['serve', '--processes', '0'], /--processes is a whole number/u],
    [['keys', 'add', '--name', 'x'], /--right is missing/u],
    [['users', 'add', 'x'], /--role is missing/u],
    [['users', 'add', '--role', 'viewer'], /USERNAME is missing/u],
    [['users', 'link', 'x', 'y'], /what is 'y'/u],
  ];
  for (const [argv, pattern] of cases) {
    const { code, notes, out } = await huidan(argv);
    assert.equal(code, 2, argv.join(' '));
    assert.match(notes, pattern);
    assert.equal(out, '');
  }
});

test('an account is added, shown, changed and removed', async () => {
  const made = await add('cli-1', '--name', '我的联盟', '--setting', 'generation=g2');
  assert.equal(made.code, undefined, made.notes);
  assert.match(made.out, /callback +http:\/\/hub\.test\/callbacks\/meituan-union\/cli-1/u);
  assert.match((await huidan(['account'])).out, /cli-1 +meituan-union +live +- +我的联盟/u);
  const changed = await huidan([
    'account',
    'change',
    'cli-1',
    '--mode',
    'observe',
    '--credential',
    'callbackSecret=d',
    '--old-secrets-valid-seconds',
    'forever',
    '--json',
  ]);
  const account = JSON.parse(changed.out);
  assert.equal(account.mode, 'observe');
  const values = account.secrets.filter(({ field }: { field: string }) => field === 'callbackSecret');
  assert.deepEqual(
    values.map(({ validUntil }: { validUntil: string | null }) => validUntil),
    [null, null],
  );
  assert.equal(
    (await huidan(['account', 'remove-secret', 'cli-1', 'callbackSecret', values[1].fingerprint])).code,
    undefined,
  );
  assert.equal((await huidan(['account', 'remove', 'cli-1'])).code, undefined);
  const gone = await huidan(['account', 'show', 'cli-1']);
  assert.equal(gone.code, 1);
  assert.match(gone.notes, /There is no such account\. \[account_not_found\]/u);
});

test('credentials that are missing are asked for, hidden, and one that is not needed may stay empty', async () => {
  const asked: [string, boolean][] = [];
  const ask = async (question: string, hidden: boolean): Promise<string> => {
    asked.push([question, hidden]);
    return question.includes('callbackSecret') ? '' : 'typed';
  };
  const argv = [
    'account',
    'add',
    '--platform',
    'meituan-union',
    '--id',
    'cli-asked',
    '--credential',
    'appkey=a',
    '--json',
  ];
  const { code, out, notes } = await huidan(argv, { ask });
  assert.equal(code, undefined, notes);
  assert.deepEqual(
    asked.map(([, hidden]) => hidden),
    [true, true],
  );
  assert.match(asked[1]?.[0] ?? '', /may stay empty/u);
  assert.deepEqual(
    JSON.parse(out).secrets.map(({ field }: { field: string }) => field),
    ['appkey', 'secret'],
  );
});

test('without a person to ask, the hub says what is missing', async () => {
  const { code, notes } = await huidan([
    'account',
    'add',
    '--platform',
    'meituan-union',
    '--id',
    'cli-x',
    '--credential',
    'appkey=a',
  ]);
  assert.equal(code, 1);
  assert.match(notes, /credentials\.secret is missing/u);
  assert.match(notes, /\[credentials_invalid\]/u);
});

test('a value can come from a file', async () => {
  await writeFile(join(folder, 'secret.txt'), 'from-a-file\n');
  await huidan([
    'account',
    'add',
    '--platform',
    'meituan-union',
    '--id',
    'cli-file',
    '--credential',
    'appkey=a',
    '--credential',
    `secret=@${folder}/secret.txt`,
    '--credential',
    'callbackSecret=@@x',
  ]);
  const account = await api.hub.accounts.find('cli-file');
  assert.equal(account?.view.credential('secret'), 'from-a-file');
  assert.equal(account?.view.credential('callbackSecret'), '@x');
});

test('orders, callbacks and events are listed and shown, also as JSON', async () => {
  await add('cli-flow');
  for (const status of ['1', '8']) {
    const body = unionPush(unionOrder('CLI-1', status), 'c');
    assert.equal((await api.call('POST', '/callbacks/meituan-union/cli-flow', { key: null, body })).status, 200);
  }
  const listed = await huidan(['orders', '--account', 'cli-flow']);
  assert.match(listed.out, /cli-flow +CLI-1 +completed +30\.50/u);
  const [order] = (await huidan(['orders', 'list', '--q', 'CLI-1', '--json'])).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.match((await huidan(['orders', 'show', order.id])).out, /status +completed/u);
  const timeline = await huidan(['orders', 'timeline', order.id]);
  assert.match(timeline.out, /event +evt_\w+ +type=order\.completed sequence=2/u);
  const callbacks = (await huidan(['callbacks', '--account', 'cli-flow', '--json'])).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(callbacks.length, 2);
  const shown = await huidan(['callbacks', 'show', callbacks[0].id]);
  assert.match(shown.out, /verdict +applied/u);
  assert.ok(shown.out.includes('"orderid":"CLI-1"'));
  assert.equal((await huidan(['callbacks', 'redrive', callbacks[0].id])).out, 'duplicate\n');
  const events = await huidan(['events', '--account', 'cli-flow', '--types', 'order.completed']);
  assert.match(events.out, /order\.completed +2 +ord_/u);
  assert.match(events.notes, /--after/u);
});

test('orders are written to a file as the hub makes it', async () => {
  const making = setInterval(() => void makeDueExport(api.hub.ctx), 100);
  const file = join(folder, 'orders.csv');
  const written = await huidan([
    'orders',
    'export',
    file,
    '--account',
    'cli-flow',
    '--columns',
    'platformOrderId,paid',
  ]);
  clearInterval(making);
  assert.equal(written.out, `1 orders in ${file}\n`, written.notes);
  assert.equal(await readFile(file, 'utf8'), '\u{FEFF}platformOrderId,paid\r\nCLI-1,30.50\r\n');
  assert.equal((await huidan(['orders', 'export', file, '--columns', 'secrets'])).code, 1);
});

test('a list says how it goes on, and --all reads it to the end', async () => {
  for (const id of ['many-1', 'many-2', 'many-3']) await add(id, '--merchant', 'm-many');
  const first = await huidan(['account', 'list', '--merchant', 'm-many', '--limit', '2']);
  const cursor = /--cursor (\S+)/u.exec(first.notes)?.[1] ?? '';
  const second = await huidan(['account', 'list', '--merchant', 'm-many', '--limit', '2', '--cursor', cursor]);
  assert.match(second.out, /many-3/u);
  assert.equal(second.notes, '');
  const all = await huidan(['account', 'list', '--merchant', 'm-many', '--limit', '1', '--all', '--json']);
  assert.equal(all.out.trim().split('\n').length, 3);
  assert.equal((await huidan(['account', 'list', '--merchant', 'nobody'])).notes, 'There are none.\n');
});

test('endpoints, deliveries, replays and keys have their commands', async () => {
  const made = await huidan([
    'endpoints',
    'add',
    '--url',
    'https://example.com/hook',
    '--retry',
    'every 30 s for 1 h',
    '--json',
  ]);
  assert.equal(made.code, undefined, made.notes);
  const { id, secret } = JSON.parse(made.out);
  assert.match(secret, /^whsec_/u);
  assert.match((await huidan(['endpoints'])).out, new RegExp(id, 'u'));
  assert.match((await huidan(['endpoints', 'show', id])).out, /waiting +0/u);
  assert.match((await huidan(['endpoints', 'change', id, '--events', 'order.paid', '--disable'])).out, /disabled/u);
  assert.match((await huidan(['endpoints', 'rotate', id])).out, /whsec_/u);
  assert.match(
    (await huidan(['replay', '--endpoint', id, '--from', '2020-01-01T00:00:00Z', '--preview'])).out,
    /events would be sent/u,
  );
  assert.equal((await huidan(['deliveries'])).code, undefined);
  assert.equal((await huidan(['endpoints', 'remove', id])).code, undefined);
  const key = await huidan(['keys', 'add', '--name', 'tablet', '--right', 'read', '--accounts', 'many-1,many-2']);
  assert.match(key.out, /^hdk_\S+\n$/u);
  const limited = await huidan(['account', '--key', key.out.trim()]);
  assert.ok(limited.out.includes('many-2') && !limited.out.includes('many-3'));
  const keys = await huidan(['keys']);
  assert.match(keys.out, /read +accounts=many-1,many-2/u);
  assert.equal((await huidan(['keys', 'revoke', /^(key_\S+) .*tablet$/mu.exec(keys.out)?.[1] ?? ''])).code, undefined);
  const refused = await huidan(['account', '--key', key.out.trim()]);
  assert.match(refused.notes, /\[unauthorized\]/u);
});

test('where no hub answers, that is said', async () => {
  const { code, notes } = await huidan(['orders', '--hub', 'http://127.0.0.1:1']);
  assert.equal(code, 1);
  assert.match(notes, /No hub answers there\..*At http:\/\/127\.0\.0\.1:1: .*\[hub_unreachable\]/u);
});

test('the key comes from the option, else from the environment, else from the data folder', async () => {
  const { HUIDAN_ADMIN_KEY: _, ...bare } = environment;
  const none = await huidan(['account'], { environment: bare });
  assert.match(none.notes, /\[key_needed\]/u);
  await writeFile(join(folder, 'admin-key'), `${ADMIN_KEY}\n`);
  assert.equal((await huidan(['account'], { environment: bare })).code, undefined);
});

test('config shows every value with its source, masks secrets, and fails on a bad one', async () => {
  const { out, code } = await huidan(['config']);
  assert.equal(code, undefined);
  assert.match(out, /HUIDAN_ADMIN_KEY +\*{8} +environment/u);
  assert.ok(!out.includes(ADMIN_KEY));
  const json = JSON.parse((await huidan(['config', '--json'])).out);
  assert.deepEqual(json.HUIDAN_HOST, { value: '127.0.0.1', source: 'default' });
  const bad = await huidan(['config'], { environment: { HUIDAN_PORT: 'x', HUIDAN_PROT: '1' } });
  assert.equal(bad.code, 1);
  assert.match(bad.notes, /HUIDAN_PORT must be.*\n.*|HUIDAN_PROT/u);
  assert.match(bad.notes, /did you mean HUIDAN_PORT\?/u);
});

test('what a platform wrote cannot steer the terminal', async () => {
  await add('cli-evil', '--name', 'x');
  await api.hub.ctx.pool.query(`update accounts set name = E'red \\u001b[31m text' where id = 'cli-evil'`);
  const { out } = await huidan(['account']);
  assert.ok(!out.includes('\u001b'));
  assert.match(out, /red {2}?\[31m text/u);
});

test('users are added, listed, linked and removed by commands', async () => {
  const first = await huidan(['users', 'link']);
  assert.match(first.out, /^http:\/\/hub\.test\/console\/welcome#[\w-]{43}\n$/u, first.notes);
  const added = await huidan([
    'users',
    'add',
    'xiao.li',
    '--role',
    'operator',
    '--name',
    '小李',
    '--shops',
    'north,south',
  ]);
  assert.match(added.out, /welcome#[\w-]{43}\n$/u);
  assert.match(added.notes, /works once/u);
  assert.match((await huidan(['users'])).out, /xiao\.li +operator \+reveal +shops=north,south .*小李/u);
  const again = await huidan(['users', 'link', 'Xiao.Li', '--json']);
  assert.notEqual((JSON.parse(again.out) as { url: string }).url, added.out.trim());
  assert.equal((await huidan(['users', 'link'])).code, 1, 'there are users');
  assert.match((await huidan(['users', 'link', 'nobody'])).notes, /user_not_found/u);
  assert.equal((await huidan(['users', 'remove', 'xiao.li'])).code, undefined);
  assert.ok(!(await huidan(['users'])).out.includes('xiao.li'));
});
