import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { findConnector } from '../../src/connectors/registry.ts';
import { fencedBlocks, proseOf, readPage, rootDir } from './pages.ts';
import type { Page } from './pages.ts';

/** The guides, and the platforms whose names each may use. Their commands run in test/e2e/guides.test.ts. */
const GUIDES = [
  { name: 'cps', platforms: ['meituan-union'] },
  { name: 'restaurant', platforms: ['meituan-waimai', 'eleme'] },
  { name: 'supplier', platforms: ['em'] },
  { name: 'vending', platforms: ['vending', 'douyin'] },
  { name: 'mini-program', platforms: ['douyin'] },
] as const;

const pagesOf = (name: string): readonly [en: Page, zh: Page] => [
  readPage(`docs/guide/en/${name}.md`),
  readPage(`docs/guide/zh/${name}.md`),
];

const withoutRemarks = (code: string): string => code.replaceAll(/(^|\s+)# .*$/gmu, '').replaceAll(/\n{2,}/gu, '\n');
const sorted = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? '').sort();

test('every guide is in both languages, with the same commands, addresses, tables and links', () => {
  const files = globSync('docs/guide/{en,zh}/*.md', { cwd: rootDir });
  assert.equal(files.length, GUIDES.length * 2);
  for (const { name } of GUIDES) {
    const [en, zh] = pagesOf(name);
    const shape = ({ text }: Page): unknown => ({
      blocks: fencedBlocks({ path: '', text }).map(({ code }) => withoutRemarks(code)),
      headings: sorted(proseOf({ path: '', text }), /^(#+) /gmu),
      rows: text.split('\n').filter((line) => line.startsWith('|')).length,
      // Names and commands; what stands between words of a language is the language's.
      code: sorted(proseOf({ path: '', text }), /`([^`\n]+)`/gu),
      addresses: sorted(text, /^ {4}(https:\S+)/gmu),
      links: sorted(text, /\]\(([^)#]+)/gu).filter((to) => !/^\.\.\/(?:en|zh)\//u.test(to)),
    });
    assert.deepEqual(shape(zh), shape(en), name);
  }
});

test('the words of the console that a guide names are in the console', () => {
  const dictionaries = globSync('console/src/**/{words,pages}.ts', { cwd: rootDir })
    .map((path) => readFileSync(join(rootDir, path), 'utf8'))
    .join('\n');
  let count = 0;
  for (const { name } of GUIDES) {
    const [en, zh] = pagesOf(name);
    const words = [...sorted(proseOf(en), /\*\*([^*\n]+)\*\*/gu), ...sorted(proseOf(zh), /「([^」]+)」/gu)];
    for (const word of words) {
      // Names of platforms are set in bold too.
      if (['Meituan', 'Ele.me'].includes(word)) continue;
      count += 1;
      assert.ok(dictionaries.includes(`'${word}'`), `${name}: the console has no "${word}"`);
    }
  }
  assert.ok(count >= 40);
});

test('the credentials, settings, callback addresses and actions that a guide names are those of its platforms', () => {
  for (const { name, platforms } of GUIDES) {
    const connectors = platforms.map((id) => findConnector(id) ?? assert.fail(id));
    const fields = connectors.flatMap(({ account }) => [...account.credentials, ...account.settings]);
    const actions = new Set(connectors.flatMap(({ actions: book }) => book?.specs.map((spec) => spec.name) ?? []));
    for (const page of pagesOf(name)) {
      const tables = page.text.matchAll(
        /^\| (?:[^|]*(?:credential|setting|凭据|设置)[^|]*)\|.*\n\| ---.*\n((?:\|.*\n)+)/gmu,
      );
      let rows = 0;
      for (const [, body = ''] of tables) {
        for (const row of body.trim().split('\n')) {
          rows += 1;
          for (const field of sorted(row.split('|')[1] ?? '', /`([^`]+)`/gu))
            assert.ok(
              fields.some((known) => known.name === field),
              `${page.path}: no field ${field}`,
            );
        }
      }
      assert.ok(rows >= 2, page.path);
      for (const [, setting = ''] of page.text.matchAll(/--setting '?(\w+)=/gu))
        assert.ok(
          fields.some((known) => known.name === setting),
          `${page.path}: no setting ${setting}`,
        );
      for (const [address, platform = '', topic] of page.text.matchAll(
        /\/callbacks\/([a-z-]+)\/[\w-]+(?:\/([a-z-]+))?/gu,
      )) {
        const topics = connectors.find(({ id }) => id === platform)?.topics ?? assert.fail(`${page.path}: ${address}`);
        if (topic !== undefined)
          assert.ok(topics !== 'token' && topics.some((known) => known.name === topic), `${page.path}: ${address}`);
      }
      for (const [, action = ''] of page.text.matchAll(/actions act (?:ord_…|\$ORDER) ([a-z-]+)/gu))
        assert.ok(actions.has(action), `${page.path}: no action ${action}`);
    }
  }
});

test('the kinds of attention that a guide names are in the queue', () => {
  const known = sorted(readPage('docs/attention.md').text, /^\| `(\w+)` \|/gmu);
  let count = 0;
  for (const { name } of GUIDES)
    for (const page of pagesOf(name))
      for (const [, kind = ''] of page.text.matchAll(/(?:attention|待办) `(\w+)`/gu)) {
        count += 1;
        assert.ok(known.includes(kind), `${page.path}: ${kind}`);
      }
  assert.ok(count >= 6);
});
