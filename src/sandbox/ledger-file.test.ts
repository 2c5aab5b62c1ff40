import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { LEDGER_FILE, openLedgerFile } from './ledger-file.ts';
import type { LedgerLine } from './ledger-lines.ts';

let root: string;
let dir: string;
let path: string;
let count = 0;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'huidan-ledger-'));
});
beforeEach(() => {
  count += 1;
  dir = join(root, String(count));
  path = join(dir, LEDGER_FILE);
});
after(() => rm(root, { recursive: true, force: true }));

const refused = (reason: string): LedgerLine => ({ line: 'refused', at: 1, reason });

async function reasons(): Promise<string[]> {
  const found: string[] = [];
  const file = await openLedgerFile(dir, (line) => line.line === 'refused' && found.push(line.reason));
  await file.close();
  return found;
}

test('lines come back in the order of their writing, also those longer than a read', async () => {
  const file = await openLedgerFile(dir, () => assert.fail('the ledger is new'));
  const long = '汇单🍜'.repeat(400_000);
  const places = await Promise.all(['a', long, '"\\\n', 'b'].map((reason) => file.append(refused(reason))));
  assert.deepEqual(await file.read(places[2] ?? assert.fail()), refused('"\\\n'));
  await file.close();
  assert.deepEqual(await reasons(), ['a', long, '"\\\n', 'b']);
});

test('whatever byte a write was torn at, the whole lines before it stay and new ones follow', async () => {
  const whole = `${JSON.stringify(refused('first'))}\n`;
  const torn = Buffer.from(`${JSON.stringify(refused('汇单'))}\n`);
  for (let length = 0; length < torn.length; length += 1) {
    dir = join(root, `torn-${length}`);
    path = join(dir, LEDGER_FILE);
    await (await openLedgerFile(dir, () => undefined)).close();
    await writeFile(path, whole);
    await appendFile(path, torn.subarray(0, length));
    const file = await openLedgerFile(dir, () => undefined);
    await file.append(refused('next'));
    await file.close();
    assert.deepEqual(await reasons(), ['first', 'next'], `torn after ${length} bytes`);
  }
});

test('a spoilt line in the middle is no torn write: it is named and the file left as it is', async () => {
  await (await openLedgerFile(dir, () => undefined)).close();
  const text = `${JSON.stringify(refused('first'))}\n{"line":\n${JSON.stringify(refused('last'))}\n`;
  await writeFile(path, text);
  await assert.rejects(reasons(), /ledger\.jsonl:2 is not a line/u);
  assert.equal(await readFile(path, 'utf8'), text);
});

test(
  'nobody else may read the ledger: it holds the secrets of the accounts',
  { skip: process.platform === 'win32' },
  async () => {
    await (await openLedgerFile(dir, () => undefined)).close();
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal((await stat(dir)).mode & 0o777, 0o700);
  },
);
