import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markedPart, platformTable } from '../../scripts/docs/platform-table.ts';
import { connectors } from '../../src/connectors/registry.ts';
import { expandPaths } from '../../scripts/testing/find-files.ts';
import { fencedBlocks, markedBlock, proseOf, readPage, rootDir } from './pages.ts';

const english = readPage('README.md');
const chinese = readPage('README.zh-CN.md');
const both = [english, chinese];

/** What a reader types, without the remarks, which are in the reader's language. */
const withoutRemarks = (code: string): string => code.replaceAll(/(^|\s+)# .*$/gmu, '').replaceAll(/\n{2,}/gu, '\n');

const commandsIn = (text: string): readonly string[] =>
  [...text.matchAll(/`((?:npm|npx|node) [^`\n]+)`/gu)].map((match) => match[1] ?? '').sort();

test('both READMEs have the same sections', () => {
  const shape = (text: string): readonly string[] => [...text.matchAll(/^#+/gmu)].map(([level]) => level);
  assert.deepEqual(shape(proseOf(chinese)), shape(proseOf(english)));
});

test('both READMEs have the same blocks, but for the remarks and the words of the picture', () => {
  const blocks = both.map((page) =>
    fencedBlocks(page)
      .filter(({ language }) => language !== 'mermaid')
      .map(({ language, code }) => [language, withoutRemarks(code)]),
  );
  assert.deepEqual(blocks[1], blocks[0]);
  const arrows = both.map((page) => markedArrows(fencedBlocks(page).find(({ language }) => language === 'mermaid')));
  assert.deepEqual(arrows[1], arrows[0]);
});

function markedArrows(block: { readonly code: string } | undefined): readonly string[] {
  return (block?.code ?? '').split('\n').map((line) => line.replaceAll(/"[^"]*"/gu, '""'));
}

test('both READMEs have the same commands and links', () => {
  assert.deepEqual(commandsIn(proseOf(chinese)), commandsIn(proseOf(english)));
  const links = (text: string): readonly string[] =>
    [...text.matchAll(/\]\(([^)]+)\)/gu)]
      // Pictures of the console are in the reader's language.
      .map((match) => (match[1] ?? '').replace(/^(docs\/images\/\w+)\.(?:en|zh)\.png$/u, '$1'))
      .filter((to) => !to.startsWith('README'));
  assert.deepEqual(links(chinese.text).toSorted(), links(english.text).toSorted());
});

test('every promise has a command, and its tests exist', () => {
  const section = /^## Promises$([^]*?)^## /mu.exec(english.text)?.[1] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !/^\| (---|promise)/u.test(line));
  assert.ok(rows.length >= 10);
  for (const row of rows) {
    const command = /\| `(npm [^`]+)` \|$/u.exec(row)?.[1] ?? assert.fail(`no command shows: ${row}`);
    const paths = /^npm test -- (.+)$/u.exec(command)?.[1];
    if (paths === undefined) assert.equal(command, 'npm run bench');
    else assert.ok(expandPaths(rootDir, paths.split(' ')).length > 0);
  }
});

test('the table of platforms is the one that the registry makes', () => {
  assert.equal(markedPart(english.text).part, platformTable('en'), 'run: node scripts/docs/platform-table.ts');
  assert.equal(markedPart(chinese.text).part, platformTable('zh'), 'run: node scripts/docs/platform-table.ts');
});

test('what the start prints names the platforms that are played', () => {
  const names = connectors.map(({ label }) => label.zh).join('、');
  for (const page of both) assert.ok(page.text.includes(`signed orders of ${names} are flowing.`), page.path);
});

test('the exchange is the same push in both, signed and whole', () => {
  const pushes = both.map((page) => /-d '(\{"orderid"[^']+)'/u.exec(markedBlock(page, 'exchange'))?.[1]);
  assert.equal(pushes[0], pushes[1]);
  assert.equal(Object.keys(JSON.parse(pushes[0] ?? '') as object).length, 19);
});
