import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const rootDir = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(rootDir, path), 'utf8');
const page = read('docs/connectors.md');

/** The pieces of an excerpt between its gaps, line by line without indents. */
function piecesOf(code: string): readonly string[] {
  return unindented(code)
    .split(/^\/\/ …$/mu)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');
}
const unindented = (text: string): string => text.replaceAll(/^[ \t]+/gmu, '');

test('the code on the page about connectors is cut out of the files that it names', () => {
  const blocks = [...page.matchAll(/(?:<!-- (\S+) -->\n)?```ts\n([\s\S]*?)```/gu)];
  assert.ok(blocks.length >= 5);
  for (const [, path, code = ''] of blocks) {
    assert.ok(path !== undefined, `an excerpt names no file:\n${code}`);
    const file = unindented(read(path));
    let from = 0;
    for (const piece of piecesOf(code)) {
      const place = file.indexOf(piece, from);
      assert.ok(place !== -1, `${path} has no longer:\n${piece}`);
      from = place + piece.length;
    }
  }
});

test('the page about connectors names every kind of evidence and every member of a connector', () => {
  const evidence = [...read('src/core/accept.ts').matchAll(/^export function (\w+Evidence)\(/gmu)].map(
    ([, name]) => name,
  );
  assert.ok(evidence.length >= 5);
  const contract = read('src/core/connector.ts');
  const start = contract.indexOf('export interface Connector<');
  const body = contract.slice(start, contract.indexOf('\n}\n', start));
  const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)[?(:]/gmu)].map(([, name]) => name);
  assert.ok(members.length >= 10, members.join(' '));
  for (const name of [...evidence, ...members])
    assert.ok(new RegExp(`\\b${name}\\b`, 'u').test(page), `${name} is not told of`);
});

test('the files of a connector that the page lists are the files that the template has', () => {
  const [table = ''] = /\| file \| what is in it \|[\s\S]*?\n\n/u.exec(page) ?? [];
  const listed = [...table.matchAll(/^\| `([^`]+)`/gmu)].map(([, name = '']) =>
    name.replace('<id>', 'new-platform').replace('/', ''),
  );
  assert.deepEqual(listed.sort(), readdirSync(join(rootDir, 'scripts/connector-template')).sort());
});
