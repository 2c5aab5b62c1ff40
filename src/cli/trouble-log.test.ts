import assert from 'node:assert/strict';
import { test } from 'node:test';
import { troubleLog } from './trouble-log.ts';

function told(work: (log: ReturnType<typeof troubleLog>) => void, signal = new AbortController().signal): string[] {
  const lines: string[] = [];
  work(troubleLog({ note: (text) => lines.push(text) }, signal));
  return lines;
}

test('trouble says which account it is about and why', () => {
  assert.deepEqual(
    told((log) =>
      log.warn({ account: 'waimai', host: 'api.test', reason: 'no answer', ms: 12 }, 'a platform could not be reached'),
    ),
    ['a platform could not be reached (account waimai, host api.test, ms 12): no answer'],
  );
  assert.deepEqual(
    told((log) => log.error({ err: new Error('broken'), step: 'actions' }, 'due work was interrupted')),
    ['due work was interrupted (step actions): broken'],
  );
  assert.deepEqual(
    told((log) => log.warn({}, 'something')),
    ['something'],
  );
});

test('trouble holds no nested values, and no more than a line', () => {
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f${index}`, index]));
  const [line = ''] = told((log) => log.warn({ request: { body: 'secret' }, ...many }, 'it went wrong'));
  assert.ok(!line.includes('secret'));
  assert.ok(line.length < 100, line);
});

test('while everything is being stopped warnings are not told, errors are', () => {
  const stopping = AbortSignal.abort();
  assert.deepEqual(
    told((log) => {
      log.warn({ account: 'a' }, 'a warning');
      log.info({}, 'news');
      log.error({ account: 'a' }, 'an error');
    }, stopping),
    ['an error (account a)'],
  );
});

test('the same trouble is told once a minute, another at once', () => {
  const lines: string[] = [];
  let atMs = 0;
  const log = troubleLog({ note: (text) => lines.push(text) }, new AbortController().signal, () => atMs);
  const unreachable = (host: string, ms: number): void => log.warn({ host, ms }, 'a platform could not be reached');
  unreachable('one.test', 3);
  atMs = 59_999;
  unreachable('one.test', 4);
  unreachable('two.test', 5);
  atMs = 60_000;
  unreachable('one.test', 6);
  assert.deepEqual(lines, [
    'a platform could not be reached (host one.test, ms 3)',
    'a platform could not be reached (host two.test, ms 5)',
    'a platform could not be reached (host one.test, ms 6)',
  ]);
});
