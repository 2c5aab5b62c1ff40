import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

const rootDir = join(import.meta.dirname, '..');
const COPIED = ['package.json', 'tsconfig.json', '.oxlintrc.json', '.oxfmtrc.json', 'src', 'test/kit', 'scripts'];
let copyDir = '';

before(() => {
  copyDir = mkdtempSync(join(tmpdir(), 'new-connector-'));
  for (const path of COPIED) cpSync(join(rootDir, path), join(copyDir, path), { recursive: true });
  symlinkSync(join(rootDir, 'node_modules'), join(copyDir, 'node_modules'), 'dir');
});
after(() => rmSync(copyDir, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly text: string;
}

function run(...args: readonly string[]): Ended {
  // A test that is started by a test would report to its parent instead of to the terminal.
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copyDir, env, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}
const generate = (...args: readonly string[]): Ended => run('scripts/new-connector.ts', ...args);
const tool = (path: string, ...args: readonly string[]): Ended => run(join('node_modules', path), ...args);
const registry = (): string => readFileSync(join(copyDir, 'src/connectors/registry.ts'), 'utf8');

suite('npm run new-connector', () => {
  test('writes a folder that passes the shared suite, compiles and is linted and formatted as it stands', () => {
    const folder = 'src/connectors/acme-shop-2';
    const written = generate('acme-shop-2');
    assert.equal(written.status, 0, written.text);
    assert.match(written.text, /npm test -- src\/connectors\/acme-shop-2/u);
    const names = ['README.md', 'account.ts', 'acme-shop-2.test.ts', 'callback.ts', 'fixtures', 'index.ts'];
    assert.deepEqual(readdirSync(join(copyDir, folder)).sort(), [...names, 'sandbox.ts', 'signature.ts']);

    const tested = run('--test', '--test-reporter=tap', `${folder}/acme-shop-2.test.ts`);
    assert.equal(tested.status, 0, tested.text);
    assert.match(tested.text, /^# fail 0$/mu);
    assert.ok(Number(/^# pass (\d+)$/mu.exec(tested.text)?.[1]) >= 15, tested.text);

    const ofItsOwn = (text: string): readonly string[] =>
      text.split('\n').filter((line) => /acme-shop-2|connectors\/registry/u.test(line));
    assert.deepEqual(ofItsOwn(tool('typescript/bin/tsc', '-p', 'tsconfig.json').text), []);
    const files = [folder, 'src/connectors/registry.ts'];
    const lint = tool('oxlint/bin/oxlint', '--type-aware', '--deny-warnings', ...files);
    assert.equal(lint.status, 0, lint.text);
    const format = tool('oxfmt/bin/oxfmt', '--check', ...files);
    assert.equal(format.status, 0, format.text);
  });

  test('adds one line to the registry, and the hub then finds the platform by its id', () => {
    assert.match(registry(), /^import \{ acmeShop2 \} from '\.\/acme-shop-2\/index\.ts';$/mu);
    const script =
      "import { connectors, findConnector } from './src/connectors/registry.ts';" +
      'const ids = connectors.map(({ id }) => id);' +
      "console.log(ids.at(-1), findConnector('acme-shop-2').label.en, new Set(ids).size === ids.length);";
    assert.equal(run('--input-type=module', '--eval', script).text.trim(), 'acme-shop-2 Acme shop 2 true');
  });

  test('nothing of the template stays behind', () => {
    const folder = join(copyDir, 'src/connectors/acme-shop-2');
    for (const file of readdirSync(folder).filter((name) => name !== 'fixtures')) {
      const text = readFileSync(join(folder, file), 'utf8');
      assert.doesNotMatch(text, /new-platform|newPlatform|New platform|'\.\.\/\.\.\/src\/|\bTODO\b/u, file);
    }
  });

  test('a second one stands beside the first, before and after it', () => {
    for (const id of ['a', 'zz-top']) assert.equal(generate(id).status, 0, id);
    const folders = [...registry().matchAll(/from '\.\/([^/]+)\//gu)].map((match) => match[1] ?? '');
    assert.deepEqual(folders.slice(0, 2), ['a', 'acme-shop-2']);
    assert.equal(folders.at(-1), 'zz-top');
    assert.match(registry(), /acmeShop2,\s+a,\s+zzTop,?\s*\]/u);
  });

  test('an id that is none, is taken, or is missing changes nothing and says so', () => {
    const untouched = registry();
    for (const args of [[], ['Acme'], ['acme_shop'], ['-acme'], ['acme--shop'], ['../acme'], ['2acme'], ['new']]) {
      const refused = generate(...args);
      assert.equal(refused.status, 1, args.join(' '));
      assert.match(refused.text, /usage|is no platform id|is a word of the language/u);
    }
    const taken = generate('acme-shop-2');
    assert.deepEqual([taken.status, taken.text.trim()], [1, 'src/connectors/acme-shop-2 exists already.']);
    assert.equal(registry(), untouched);
  });
});
