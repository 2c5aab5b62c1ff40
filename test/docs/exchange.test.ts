import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { readConfig } from '../../src/server/config.ts';
import { startHub } from '../../src/server/start.ts';
import { createTestDatabase } from '../kit/database.ts';
import { markedBlock, readPage } from './pages.ts';

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
      // The event may arrive while the order is still being read.
      const lines = stdout.trim().split('\n');
      const received = lines.find((line) => line.startsWith('evt_'));
      const [account, endpoint, pushed, orders, timeline] = lines.filter((line) => line !== received);

      const { callbacks } = JSON.parse(account ?? '') as { callbacks: readonly { url: string }[] };
      assert.equal(callbacks[0]?.url, `${hub.url}/callbacks/meituan-union/mtu-main`);
      assert.match((JSON.parse(endpoint ?? '') as { secret: string }).secret, /^whsec_/u);
      assert.equal(pushed, '{"errcode":"0","errmsg":"ok"}');
      assert.ok(page.text.includes(`\`${pushed}\``));

      const [order] = (JSON.parse(orders ?? '') as { data: readonly Shown[] }).data;
      const shown = JSON.parse(markedBlock(page, 'exchange-order')) as Shown;
      assert.deepEqual({ ...order, id: shown['id'], updatedAt: shown['updatedAt'] }, shown);
      assert.deepEqual(Object.keys(order ?? {}), Object.keys(shown));
      const entries = (JSON.parse(timeline ?? '') as { data: readonly { kind: string }[] }).data;
      for (const kind of ['callback', 'fact', 'event'])
        assert.ok(
          entries.some((entry) => entry.kind === kind),
          kind,
        );

      const [, id, body] = /^(evt_\S+) v1,\S+ (\{.*\})$/u.exec(received ?? '') ?? [];
      const event = JSON.parse(body ?? '') as { id: string; type: string; data: Shown };
      assert.equal(event.id, id);
      assert.equal(event.type, 'order.paid');
      assert.deepEqual(event.data, { sequence: 1, previousSequence: null, previousStatus: null, order });
    } finally {
      await hub.stop();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    }
  });
}
