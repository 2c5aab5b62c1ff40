import assert from 'node:assert/strict';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { embeddedBench, forRoot } from '../../../test/kit/embedded.ts';
import { listStateFolders, removeDataFolder, removeStateFolder, tellForsaken } from './data-folders.ts';

const bench = embeddedBench();
const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A state folder with a database in it, and the data folder that leads there unless `isForsaken`. */
async function stateFolder(isForsaken: boolean) {
  const stateDirectory = await bench.makeFolder();
  const dataDir = join(await bench.makeFolder(), 'data');
  const name = 'data-0123abcd-4567cdef';
  const path = join(stateDirectory, name);
  await mkdir(join(path, 'cluster'), { recursive: true });
  await writeFile(join(path, 'cluster', 'PG_VERSION'), 'x'.repeat(3_000_000));
  await writeFile(join(path, 'belongs-to'), `${join(dataDir, 'postgres')}\n`);
  await mkdir(join(dataDir, 'postgres'), { recursive: true });
  if (!isForsaken) await writeFile(join(dataDir, 'postgres', 'location'), `${path}\n`);
  return { stateDirectory, dataDir, name, path };
}

test('a database whose data folder leads to it is not forsaken, and is refused to be removed alone', async () => {
  const { stateDirectory, dataDir, name, path } = await stateFolder(false);
  await mkdir(join(stateDirectory, 'postgres-18-of-all'));
  assert.deepEqual(await listStateFolders(stateDirectory), [{ name, path, dataDir, isForsaken: false }]);
  await assert.rejects(removeStateFolder(name, stateDirectory), /is the database of .* delete that folder first/u);
  const lines: string[] = [];
  await tellForsaken({ warn: (_fields, line) => lines.push(line) }, stateDirectory);
  assert.deepEqual(lines, []);
});

test('databases that nothing leads to are told in one line, with their size and how to delete them', async () => {
  const { stateDirectory, name, path } = await stateFolder(true);
  const lines: string[] = [];
  await tellForsaken({ warn: (_fields, line) => lines.push(line) }, stateDirectory);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /\(3 MB\)\. To delete: npx huidan data remove data-0123abcd-4567cdef$/u);
  await removeStateFolder(name, stateDirectory);
  assert.equal(await isThere(path), false);
  await assert.rejects(removeStateFolder(name, stateDirectory), /holds no database/u);
});

test('a name that leads elsewhere is no database', async () => {
  const { stateDirectory } = await stateFolder(true);
  for (const name of ['..', '../data-0123abcd-4567cdef', '.', ''])
    await assert.rejects(removeStateFolder(name, stateDirectory), /holds no database/u);
});

test('a forsaken database that still runs is not removed', forRoot, async () => {
  const closed = await bench.makeClosedFolder();
  const dataDir = join(closed, 'data');
  const stateDirectory = await bench.makeFolder();
  const server = await bench.start(dataDir, { stateDirectory, durability: 'test' });
  await rm(dataDir, { recursive: true });
  const [folder] = await listStateFolders(stateDirectory);
  assert.equal(folder?.isForsaken, true);
  await assert.rejects(removeStateFolder(folder.name, stateDirectory), { code: 'embedded_postgres_in_use' });
  await server.stop();
  await removeStateFolder(folder.name, stateDirectory);
  assert.deepEqual(await listStateFolders(stateDirectory), []);
});

test('a data folder goes with the database that it leads to, and with no other', async () => {
  const own = await stateFolder(false);
  const other = await stateFolder(false);
  // Copied by hand: the note is another folder's.
  await writeFile(join(own.dataDir, 'nested.txt'), '');
  await mkdir(join(own.dataDir, 'copy', 'postgres'), { recursive: true });
  await writeFile(join(own.dataDir, 'copy', 'postgres', 'location'), `${other.path}\n`);
  await removeDataFolder(own.dataDir);
  assert.equal(await isThere(own.dataDir), false);
  assert.equal(await isThere(own.path), false);
  assert.equal(await isThere(other.path), true);
  await removeDataFolder(own.dataDir);
});
