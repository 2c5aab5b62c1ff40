import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { readConfig } from '../../src/server/config.ts';
import { startHub } from '../../src/server/start.ts';
import { createTestDatabase } from '../kit/database.ts';
import { allPages, markedBlock, readPage, rootDir } from './pages.ts';

const run = promisify(execFile);
// The README wants curl; a machine without it runs everything else.
const skip = spawnSync('curl', ['--version']).status === 0 ? false : 'there is no curl here';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** What every page may rely on: addresses of the API are those of the document that a hub gives of itself. */
async function checkAddresses(hubUrl: string): Promise<void> {
  const { paths } = (await (await fetch(`${hubUrl}/api/openapi.json`)).json()) as { paths: Record<string, unknown> };
  const known = new Set(Object.keys(paths).map((path) => path.replaceAll(/\{[^}]+\}/gu, '*')));
  for (const page of allPages().filter(({ path }) => !path.startsWith('docs/decisions/'))) {
    for (const [, address = ''] of page.text.matchAll(/(\/api\/v1\/[A-Za-z0-9_/{}$-]*)/gu)) {
      const wanted = address
        .replaceAll(/\{[^}]+\}|\$[A-Z]+|(?<=\/)ord_\w+|(?<=members\/)zhang/gu, '*')
        .replace(/\/$/u, '');
      assert.ok(known.has(wanted), `${page.path}: ${address}`);
    }
  }
}

interface Shown {
  readonly [name: string]: unknown;
}

for (const path of ['README.md', 'README.zh-CN.md']) {
  test(`the exchange of ${path} works as it stands, and the order is the one shown`, { skip }, async () => {
    const page = readPage(path);
    const database = await createTestDatabase();
    const folder = await mkdtemp(join(tmpdir(), 'huidan-exchange-'));
    const hub = await startHub(
      readConfig({
        HUIDAN_PORT: '0',
        HUIDAN_DATA_DIR: join(folder, 'data'),
        DATABASE_URL: database.url,
        HUIDAN_ALLOW_PRIVATE_TARGETS: 'true',
        HUIDAN_LOG_LEVEL: 'silent',
      }),
    );
    try {
      // Only the two ports differ from what a reader pastes: here others may be at work.
      const script = markedBlock(page, 'exchange')
        .replaceAll('http://127.0.0.1:8420', hub.url ?? '')
        .replaceAll('9100', String(await freePort()));
      const { stdout } = await run('sh', ['-c', script], {
        cwd: folder,
        timeout: 30_000,
        env: { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, NO_PROXY: '*', no_proxy: '*' },
      });
      // The event may arrive while an answer is being printed, even between its end and its line break.
      const [received] = /evt_[0-9A-Za-z]+ v1,\S+ \{.*\}\n/u.exec(stdout) ?? [];
      const [account, endpoint, pushed, orders, timeline] = stdout
        .replace(received ?? '', '')
        .trim()
        .split('\n');

      const { callbacks } = JSON.parse(account ?? '') as { callbacks: readonly { url: string }[] };
      assert.equal(callbacks[0]?.url, `${hub.url}/callbacks/meituan-union/mtu-main`);
      assert.match((JSON.parse(endpoint ?? '') as { secret: string }).secret, /^whsec_/u);
      assert.equal(pushed, '{"errcode":"0","errmsg":"ok"}');
      assert.ok(page.text.includes(`\`${pushed}\``));

      const [order] = (JSON.parse(orders ?? '') as { data: readonly Shown[] }).data;
      const shown = JSON.parse(markedBlock(page, 'exchange-order')) as Shown;
      // The order may grow, as the contract says; what is shown must be so.
      const same = Object.fromEntries(Object.entries(order ?? {}).filter(([name]) => Object.hasOwn(shown, name)));
      assert.deepEqual({ ...same, id: shown['id'], updatedAt: shown['updatedAt'] }, shown);
      const entries = (JSON.parse(timeline ?? '') as { data: readonly { kind: string }[] }).data;
      for (const kind of ['callback', 'fact', 'event'])
        assert.ok(
          entries.some((entry) => entry.kind === kind),
          kind,
        );

      const [, id, body] = /^(evt_\S+) v1,\S+ (\{.*\})\n$/u.exec(received ?? '') ?? [];
      const event = JSON.parse(body ?? '') as { id: string; type: string; data: Shown };
      assert.equal(event.id, id);
      assert.equal(event.type, 'order.paid');
      assert.deepEqual(event.data, { sequence: 1, previousSequence: null, previousStatus: null, order });
      await checkAddresses(hub.url ?? '');
      const setUp = script.slice(0, script.indexOf('# 1.'));
      const commission = markedBlock(readPage('docs/commission.md'), 'commission');
      const answers = await run('sh', ['-c', `${setUp}${commission}`], {
        cwd: folder,
        timeout: 30_000,
        env: process.env,
      });
      const [member, plan, preview, balance] = answers.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Shown);
      assert.deepEqual([member?.['id'], plan?.['version']], ['zhang', 1]);
      assert.equal((preview?.['shares'] as readonly { amount: number }[] | undefined)?.[0]?.amount, 73);
      assert.equal(balance?.['estimated'], 0);
    } finally {
      await hub.stop();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

test('the receiver of docs/events.md takes what is signed with its secret and refuses the rest', async () => {
  const secret = `whsec_${Buffer.from('a key of 32 bytes for this test..').toString('base64')}`;
  const port = await freePort();
  const receiver = spawn(
    process.execPath,
    ['--input-type=module', '-e', markedBlock(readPage('docs/events.md'), 'verify')],
    { cwd: rootDir, env: { WEBHOOK_SECRET: secret, PORT: String(port) }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    let printed = '';
    receiver.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    const body = '{"id":"evt_1","type":"order.paid","data":{"sequence":1,"order":{"id":"ord_1"}}}';
    const at = new Date();
    const signature = new Webhook(secret).sign('evt_1', at, body);
    const post = async (text: string): Promise<number> => {
      const response = await fetch(`http://127.0.0.1:${port}/`, {
        method: 'POST',
        headers: {
          'webhook-id': 'evt_1',
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': signature,
        },
        body: text,
      });
      return response.status;
    };
    await listening(port);
    assert.equal(await post(body), 200);
    assert.equal(await post(body.replace('paid', 'void')), 401);
    assert.equal(printed, 'order.paid 1 ord_1\n');
  } finally {
    receiver.kill();
  }
});

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (open === true) return;
    await sleep(25);
  }
  assert.fail('nobody listens');
}
