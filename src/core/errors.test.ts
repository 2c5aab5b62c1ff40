import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ERRORS, HuidanError } from './errors.ts';
import type { ErrorEntry } from './errors.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

function errorsTable(): string {
  const rows = Object.entries<ErrorEntry>(ERRORS).map(
    ([code, { status, message, retry }]) => `| \`${code}\` | ${status} | ${message} | ${retry ? 'again' : ''} |`,
  );
  return ['| code | status | meaning | |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

test('docs/errors.md has every error of the table and no other', () => {
  const held = /<!-- errors: [^>]*-->\n(.*)\n<!-- \/errors -->/su.exec(page)?.[1];
  assert.equal(held, errorsTable());
});

test('an error says what its table entry says and adds what only this case knows', () => {
  assert.equal(new HuidanError('conflict').message, ERRORS.conflict.message);
  const error = new HuidanError('conflict', 'More.', { fields: [{ field: 'id', message: 'is taken' }] });
  assert.equal(error.message, `${ERRORS.conflict.message} More.`);
  assert.deepEqual(error.fields, [{ field: 'id', message: 'is taken' }]);
});

test('every 503 may succeed later, and what nobody foresaw is logged loudly', () => {
  for (const [code, { status, level, retry }] of Object.entries<ErrorEntry>(ERRORS)) {
    if (status === 503) assert.ok(retry, code);
    if (code === 'internal') assert.equal(level, 'error');
  }
});
