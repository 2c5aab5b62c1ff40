import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Connector } from '../core/connector.ts';
import { connectors, findConnector } from './registry.ts';

const rootDir = join(import.meta.dirname, '..', '..');
const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/**
 * Where a word that is a platform's id means something of the order model: a kind of order that the platform's own
 * folder is named after. The words of the model are part of the contract, whatever platforms there are, so the list of
 * kinds, the life of each kind and what asks for orders of some kinds hold it. By its text and not by the file: beside
 * it the name is the platform's there, too.
 */
const WORDS_OF_THE_MODEL: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  vending: {
    'src/core/fact.ts': ["| 'vending' |"],
    'src/server/api/order-shape.ts': ["'payment', 'vending', 'supply'"],
    'src/core/lives/lives.ts': ["'./vending-life.ts'", 'vending: vendingLife'],
    'src/core/lives/vending-life.ts': ["kind: 'vending'"],
    'src/store/attention-causes.ts': ["o.kind in ('takeaway', 'payment', 'vending')"],
    'src/store/migrations/0010_attention.sql': ["kind in ('takeaway', 'payment', 'vending')"],
    'src/store/schema.txt': ["kind = ANY (ARRAY['takeaway'::text, 'payment'::text, 'vending'::text])"],
  },
};

/** What makes the code of a platform a platform's: its id, its constant and its names in both languages. */
function namesOf({ id, label }: Connector): readonly string[] {
  return [id, id.replaceAll(/-(.)/gu, (_, letter: string) => letter.toUpperCase()), label.en, label.zh];
}

/**
 * The file without its comments: a comment may tell which platform a rule was made for. Everything else counts, text as
 * well as code, so a variable or a message with such a word in it is to be named otherwise.
 */
function withoutComments(text: string): string {
  return text
    .replaceAll(/(^|[\s;{}(),])\/\*[\s\S]*?\*\//gmu, '$1')
    .replaceAll(/(^|[\s;{}),])\/\/.*$/gmu, '$1')
    .replaceAll(/^\s*--.*$/gmu, '');
}

/** What is no part of the inbound half: calls, the played platform, the doctor's data, and settings of calls alone. */
const OTHER_HALF = /^(?:outbound|sandbox|doctor|\w+-settings)\.ts$/u;

/** The inbound half of a connector: what its manifest reaches by imports without the other half, with the text of each. */
function inboundFiles(folder: string, file = 'index.ts', found = new Map<string, string>()): Map<string, string> {
  if (found.has(file) || OTHER_HALF.test(file)) return found;
  const text = readFileSync(join(folder, file), 'utf8');
  found.set(file, text);
  for (const [, next = ''] of text.matchAll(/from '\.\/([^']+)'/gu)) inboundFiles(folder, next, found);
  return found;
}

/** True where the name stands for itself and is no part of a longer word. */
function holds(text: string, name: string): boolean {
  const letter = /^[\w-]+$/u.test(name) ? String.raw`[\w-]` : String.raw`\w`;
  return new RegExp(`(?<!${letter})${RegExp.escape(name)}(?!${letter})`, 'u').test(text);
}

/** Files of `src/` that are no connector's, with what they say. Tests may name whom they please. */
const shared = globSync('src/**/*.{ts,sql,txt}', { cwd: rootDir })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => !/^src\/connectors\/(?:[^/]+\/|registry\.ts$)/u.test(path) && !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: withoutComments(readFileSync(join(rootDir, path), 'utf8')) }));

describe('the registry', () => {
  test('has a line for each folder and a folder for each line, under the same id', () => {
    assert.deepEqual(connectors.map(({ id }) => id).sort(), folders.sort());
    for (const connector of connectors) assert.equal(findConnector(connector.id), connector);
    assert.equal(findConnector('constructor'), undefined);
  });

  test('every folder has the files that a connector is read by', () => {
    const wanted = ['index.ts', 'account.ts', 'signature.ts', 'callback.ts', 'sandbox.ts', 'fixtures', 'README.md'];
    for (const folder of folders) {
      const present = new Set(readdirSync(join(import.meta.dirname, folder)));
      assert.deepEqual(
        [...wanted, `${folder}.test.ts`].filter((name) => !present.has(name)),
        [],
        folder,
      );
    }
  });

  for (const folder of folders) {
    test(`the inbound half of ${folder} stays under 400 lines of code`, () => {
      const files = inboundFiles(join(import.meta.dirname, folder));
      assert.ok(files.size >= 4, [...files.keys()].join(' '));
      const lines = [...files.values()].flatMap((text) => withoutComments(text).split('\n'));
      const count = lines.filter((line) => line.trim() !== '').length;
      assert.ok(count < 400, `${count} lines in ${[...files.keys()].join(', ')}`);
    });
  }

  for (const connector of connectors) {
    test(`nothing outside its folder but the registry line knows the name of ${connector.id}`, () => {
      const words = WORDS_OF_THE_MODEL[connector.id] ?? {};
      const found = shared.flatMap(({ path, text }) => {
        const rest = (words[path] ?? []).reduce((left, word) => left.replaceAll(word, ''), text);
        return namesOf(connector)
          .filter((name) => holds(rest, name))
          .map((name) => `${path}: ${name}`);
      });
      assert.deepEqual(found, []);
    });
  }

  test('each word of the model stands where it is said to stand', () => {
    for (const words of Object.values(WORDS_OF_THE_MODEL)) {
      for (const [path, texts] of Object.entries(words)) {
        const text = shared.find((file) => file.path === path)?.text ?? '';
        assert.deepEqual(
          texts.filter((word) => !text.includes(word)),
          [],
          path,
        );
      }
    }
  });

  test('a name is found in text and in code, and not in a comment or within a longer word', () => {
    const has = (text: string, name: string): boolean => holds(withoutComments(text), name);
    for (const text of [
      "if (platform === 'em')",
      "glob('**/*.ts', 'em', '*/')",
      '`/callbacks/em/${id}`',
      'const em = 1;',
      "x = 1; y('em') // then",
    ]) {
      assert.ok(has(text, 'em'), text);
    }
    for (const text of [
      '// em',
      'f(); // em sends it',
      '/** em */',
      '-- em',
      "'item'",
      "'em-main'",
      "'them'",
      'system',
    ]) {
      assert.equal(has(text, 'em'), false, text);
    }
    assert.ok(has("label: '饿了么'", '饿了么') && has("const url = 'https://em';", 'em'));
    assert.ok(shared.length > 50);
  });
});
