import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CONFIG_VARIABLES } from './config-variables.ts';
import { settingsTable } from './settings-table.ts';

const page = readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8');

test('docs/settings.md has the table that the variables make', () => {
  const held = /<!-- settings: [^>]*-->\n(.*)\n<!-- \/settings -->/su.exec(page)?.[1];
  assert.equal(held, settingsTable());
});

test('docs/settings.md speaks of no variable that does not exist', () => {
  const known = new Set<string>(CONFIG_VARIABLES.map(({ name }) => name));
  for (const [name] of page.matchAll(/HUIDAN_[A-Z_]*[A-Z]/gu)) assert.ok(known.has(name), name);
});
