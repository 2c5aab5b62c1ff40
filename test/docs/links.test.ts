import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { allPages, proseOf, readPage, rootDir } from './pages.ts';

const pages = allPages();

test('every link to a page or a file of the repository leads somewhere', () => {
  for (const page of pages) {
    for (const [, to = ''] of proseOf(page).matchAll(/\]\(([^)\s]+)\)/gu)) {
      if (/^[a-z]+:/u.test(to)) continue;
      const [path = '', heading] = to.split('#');
      const target = path === '' ? page.path : join(dirname(page.path), path);
      assert.ok(existsSync(join(rootDir, target)), `${page.path}: ${to}`);
      if (heading !== undefined) assert.ok(headingsOf(target).includes(heading), `${page.path}: ${to}`);
    }
  }
});

/** The anchors that headings get on the usual sites. */
function headingsOf(path: string): readonly string[] {
  return [...proseOf(readPage(path)).matchAll(/^#+ (.+)$/gmu)].map(([, words = '']) =>
    words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/gu, '-'),
  );
}

test('every source file that the documentation names exists', () => {
  for (const page of pages.filter(({ path }) => !path.startsWith('src/'))) {
    for (const [, path = ''] of page.text.matchAll(
      /`((?:src|bin|test|scripts|bench|docs)\/[\w./-]+\.(?:ts|js|sql|md|txt|json))`/gu,
    )) {
      assert.ok(existsSync(join(rootDir, path)), `${page.path}: ${path}`);
    }
  }
});

test('every decision is in the list, numbered without a gap', () => {
  const list = readPage('docs/decisions/README.md').text;
  const decisions = pages.filter(({ path }) => /^docs\/decisions\/\d{4}-/u.test(path));
  for (const [index, { path, text }] of decisions.entries()) {
    const name = path.slice('docs/decisions/'.length);
    const number = String(index + 1).padStart(4, '0');
    assert.ok(name.startsWith(`${number}-`), `${name} is not number ${number}`);
    const title = /^# (.+)$/mu.exec(text)?.[1] ?? '';
    assert.ok(list.includes(`[${title}](${name})`), `the list has no "[${title}](${name})"`);
  }
});
