import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createTestDatabase } from '../kit/database.ts';

const program = join(import.meta.dirname, '../../bin/huidan.js');

/** Runs `huidan demo` until it ends by itself, which it does only where it cannot start. */
async function refused(argv: readonly string[], databaseUrl: string): Promise<{ code: number; text: string }> {
  const child = spawn(process.execPath, [program, 'demo', ...argv], {
    env: { PATH: process.env['PATH'] ?? '', DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = await once(child, 'close');
  return { code, text };
}

test('npm start takes a port and an address, and says what to do where one cannot be had', async () => {
  const database = await createTestDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'huidan-demo-'));
  const taken = createServer();
  try {
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    const inUse = await refused(['--port', String(port), '--data-dir', folder], database.url);
    assert.equal(inUse.code, 1, inUse.text);
    assert.match(
      inUse.text,
      new RegExp(`Port ${port} is taken\\..*npm start -- --port \\d+ \\[address_in_use\\]`, 'u'),
    );
    // An address of documentation, which no machine has.
    const notHere = await refused(['--host', '192.0.2.1', '--port', '0', '--data-dir', folder], database.url);
    assert.equal(notHere.code, 1, notHere.text);
    assert.match(notHere.text, /port 0 of 192\.0\.2\.1\. \[address_refused\]/u);
    assert.doesNotMatch(notHere.text, /\n {4}at /u);
  } finally {
    await new Promise((resolve) => taken.close(resolve));
    await database.drop();
    await rm(folder, { recursive: true });
  }
});
