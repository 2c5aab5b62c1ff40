import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTestDatabase } from '../../test/kit/database.ts';
import { freePort } from '../../test/kit/free-port.ts';
import { endWithOutput } from './closed-output.ts';

const program = join(import.meta.dirname, '../../bin/huidan.js');

/** Starts a command whose output nobody reads. */
function unread(argv: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [program, ...argv], {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  child.stdout.destroy();
  return { child, errors: () => errors };
}

test('a command whose reader has gone ends without a word', async () => {
  for (const argv of [['help'], ['config'], ['stores', '--help']]) {
    const { child, errors } = unread(argv);
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    assert.deepEqual([code, signal, errors()], [0, null, ''], argv.join(' '));
  }
});

test('a hub whose output nobody reads serves on, and stops when it is told to', async () => {
  const database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'huidan-unread-'));
  const port = String(await freePort());
  const environment = { DATABASE_URL: database.url, HUIDAN_DATA_DIR: folder, HUIDAN_LOG_LEVEL: 'error' };
  const { child, errors } = unread(['serve', '--port', port], environment);
  try {
    let isUp = false;
    for (let tries = 0; !isUp && tries < 300; tries += 1) {
      assert.equal(child.exitCode, null, errors());
      isUp = await fetch(`http://127.0.0.1:${port}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
      await sleep(50);
    }
    assert.ok(isUp, errors());
    // It has said by now where it listens, and nobody heard.
    await sleep(200);
    assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
    child.kill('SIGTERM');
    const [code] = (await once(child, 'close')) as [number | null];
    assert.deepEqual([code, errors()], [0, '']);
  } finally {
    child.kill('SIGKILL');
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  }
});

test('only what prints ends with its reader, and other troubles of the output are told', () => {
  const broken = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
  for (const [command, ends] of [
    ['orders', 1],
    [undefined, 1],
    ['serve', 0],
    ['demo', 0],
    ['sandbox', 0],
  ] as const) {
    const [output, errorOutput] = [new EventEmitter(), new EventEmitter()];
    let ended = 0;
    endWithOutput(command, output, errorOutput, () => (ended += 1));
    output.emit('error', broken);
    errorOutput.emit('error', broken);
    assert.equal(ended, ends, command);
    assert.throws(() => output.emit('error', new Error('no space left')), /no space left/u);
  }
});
