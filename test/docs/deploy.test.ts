import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { validate } from 'dockerfile-utils';
import { parseDocument } from 'yaml';
import { CONFIG_VARIABLES } from '../../src/server/config-variables.ts';

const root = join(import.meta.dirname, '..', '..');
const textOf = (name: string): string => readFileSync(join(root, name), 'utf8');

test('the Dockerfile is one that a builder takes, and copies only what exists', () => {
  const dockerfile = textOf('Dockerfile');
  assert.deepEqual(
    validate(dockerfile).map(({ message, range }) => `${range.start.line + 1}: ${JSON.stringify(message)}`),
    [],
  );
  const copied = dockerfile
    .split('\n')
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(' ').slice(1, -1));
  copied.push(...[...dockerfile.matchAll(/^RUN node (\S+)/gmu)].map(([, name]) => name ?? ''));
  assert.ok(copied.length >= 5);
  for (const name of copied) assert.ok(existsSync(join(root, name)), `${name} is copied and not there`);
});

test('the compose file names only settings that exist, and every secret comes from outside', () => {
  const document = parseDocument(textOf('compose.yaml'), { strict: true });
  assert.deepEqual(document.errors, []);
  const { services } = document.toJS() as {
    readonly services: Readonly<Record<string, { readonly environment: Readonly<Record<string, string>> }>>;
  };
  assert.deepEqual(Object.keys(services), ['postgres', 'huidan']);
  const environment = services['huidan']?.environment ?? {};
  const known = new Set<string>(CONFIG_VARIABLES.map(({ name }) => name));
  for (const name of Object.keys(environment)) assert.ok(known.has(name), `${name} is no setting`);
  for (const [name, value] of Object.entries({ ...environment, ...services['postgres']?.environment })) {
    if (/KEY|PASSWORD/u.test(name)) assert.match(value, /^\$\{[A-Z_]+:\?/u, `${name} has a value of its own`);
  }
});

test('the example of the environment names only settings that exist', () => {
  const known = new Set<string>([...CONFIG_VARIABLES.map(({ name }) => name), 'POSTGRES_PASSWORD']);
  const named = [...textOf('deploy/env.example').matchAll(/^([A-Z_]+)=/gmu)].map(([, name]) => name ?? '');
  assert.ok(named.length >= 3);
  for (const name of named) assert.ok(known.has(name), name);
});

test('systemd takes the unit', (t) => {
  const version = spawnSync('systemd-analyze', ['--version']);
  if (version.status !== 0) {
    t.skip('this machine has no systemd-analyze');
    return;
  }
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', join(root, 'deploy', 'huidan.service')], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /Unknown|Failed to parse|Invalid/u);
});
