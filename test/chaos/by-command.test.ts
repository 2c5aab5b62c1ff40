import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CHAOS } from '../kit/chaos-run.ts';
import { createTestDatabase } from '../kit/database.ts';
import type { TestDatabase } from '../kit/database.ts';

// As a reader of docs/sandbox.md runs it: a hub and a sandbox that know each other by HTTP alone.
const program = join(import.meta.dirname, '../../bin/huidan.js');
/** Ten simulated minutes at this speed take so many seconds. */
const [SPEED, SECONDS] = [120, 5];
const STARTS_WITHIN_MS = 60_000;

let database: TestDatabase;
let folder: string;
const started = new Set<ChildProcess>();

before(async () => {
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'huidan-by-command-'));
});
after(async () => {
  for (const child of started) child.kill('SIGKILL');
  await database.drop();
  await rm(folder, { recursive: true });
});

function huidan(argv: readonly string[]) {
  const child = spawn(process.execPath, [program, ...argv], {
    env: {
      PATH: process.env['PATH'] ?? '',
      DATABASE_URL: database.url,
      HUIDAN_DATA_DIR: folder,
      HUIDAN_ALLOW_PRIVATE_TARGETS: 'true',
      HUIDAN_LOG_LEVEL: 'warn',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.add(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => {
    // Not 'exit': what it wrote last may still be on its way then.
    child.once('close', (code) => {
      started.delete(child);
      resolve(code);
    });
  });
  return { child, ended, output: () => text };
}

test('hub, sandbox and verify by command: ten simulated minutes of chaos end with both sides agreeing', async (t) => {
  const hub = huidan(['serve', '--port', '0']);
  let url: string | undefined;
  for (let waitedMs = 0; url === undefined && waitedMs < STARTS_WITHIN_MS; waitedMs += 50) {
    assert.equal(hub.child.exitCode, null, hub.output());
    url = /listens at (http:\S+)/u.exec(hub.output())?.[1];
    await sleep(50);
  }
  assert.ok(url !== undefined, hub.output());
  const run = ['--chaos', CHAOS, '--seed', '32', '--speed', `${SPEED}`, '--rate', '6', '--seconds', `${SECONDS}`];
  const played = huidan(['sandbox', '--hub', url, ...run]);
  assert.equal(await played.ended, 0, played.output());
  const verified = huidan(['sandbox', 'verify']);
  const code = await verified.ended;
  t.diagnostic(verified.output());
  assert.equal(code, 0, verified.output());
  assert.match(verified.output(), /^verify: ok\. \d+ orders agree/mu);
  assert.match(verified.output(), /^Of \d+ lost callbacks \d+ found by asking/mu);
  hub.child.kill('SIGTERM');
  assert.equal(await hub.ended, 0);
});
