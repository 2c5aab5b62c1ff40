import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runCommand } from '../../src/cli/main.ts';
import { CONFIG_VARIABLES } from '../../src/server/config-variables.ts';
import { expandPaths } from '../../scripts/testing/find-files.ts';
import { allPages, rootDir, shellText } from './pages.ts';

const pages = allPages();
const scripts = Object.keys(
  (JSON.parse(readFileSync(join(rootDir, 'package.json'), 'utf8')) as { scripts: Record<string, string> }).scripts,
);
const help = new Map<string, string>();

before(async () => {
  for (const name of Object.keys(COMMANDS)) {
    let text = '';
    const add = (more: string): void => {
      text += more;
    };
    await runCommand({ out: add, note: add, environment: {}, ask: undefined }, [name, '--help']);
    help.set(name, text);
  }
});

test('every npm script that a page names exists', () => {
  for (const page of pages) {
    for (const [text, name = ''] of shellText(page).matchAll(/\bnpm (?:run )?([a-z][a-z:-]*)/gu)) {
      if (['ci', 'install', 'audit', 'outdated', 'view'].includes(name)) continue;
      assert.ok(scripts.includes(name), `${page.path}: ${text}`);
    }
  }
});

test('every test that a page names exists', () => {
  for (const page of pages) {
    for (const [, paths = ''] of shellText(page).matchAll(/\bnpm test -- ([^\n`;&|#]+)/gu)) {
      // A page that makes a connector may speak of its tests.
      const made = [...page.text.matchAll(/npm run new-connector ([a-z-]+)/gu)].map(([, id = '']) => id);
      if (made.some((id) => paths.includes(`/${id}`))) continue;
      assert.doesNotThrow(() => expandPaths(rootDir, paths.trim().split(/\s+/u)), `${page.path}: ${paths}`);
    }
  }
});

test('every command of huidan that a page names exists and takes the options shown', () => {
  for (const page of pages) {
    for (const [text, name = '', rest = ''] of shellText(page).matchAll(/\b(?:npx )?huidan ([a-z]+)([^\n`;&|#]*)/gu)) {
      if (name === 'help' || name === 'version') continue;
      const known = help.get(name);
      assert.ok(known !== undefined, `${page.path}: ${text}`);
      for (const [, option = ''] of rest.matchAll(/(?<!\S)(--[a-z][a-z-]*)/gu)) {
        assert.ok(known.includes(option) || option === '--help', `${page.path}: ${text} has no ${option}`);
      }
      const verb = /^ ([a-z][a-z-]*)/u.exec(rest)?.[1];
      if (verb === undefined) continue;
      assert.match(known, new RegExp(`huidan ${name} \\[?${verb}\\b`, 'u'), `${page.path}: ${text}`);
    }
  }
});

test('every variable that a page names is one of the hub', () => {
  const known = new Set<string>(CONFIG_VARIABLES.map(({ name }) => name));
  for (const page of pages) {
    for (const [name] of page.text.matchAll(/\bHUIDAN_[A-Z_]*[A-Z]\b/gu)) {
      assert.ok(known.has(name), `${page.path}: ${name}`);
    }
  }
});
