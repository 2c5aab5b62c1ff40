import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createBodyReader } from './bounded-body.ts';

const of = (bytes: number): PassThrough => {
  const stream = new PassThrough({ highWaterMark: 1_048_576 });
  stream.write(Buffer.alloc(bytes, 120));
  return stream;
};

test('a body is read whole, up to its limit and not a byte beyond', async () => {
  const read = createBodyReader({ bodyLimitBytes: 1000 });
  for (const length of [0, 1, 999, 1000]) {
    const body = new PassThrough();
    body.end(Buffer.alloc(length, 120));
    assert.equal((await read(body, undefined)).length, length);
  }
  const long = new PassThrough();
  long.end(Buffer.alloc(1001, 120));
  await assert.rejects(read(long, undefined), { statusCode: 413 });
  await assert.rejects(read(new PassThrough(), '1001'), { statusCode: 413 });
});

test('bodies that are never finished hold no more than the bound together, and small ones still come in', async () => {
  const read = createBodyReader({ bodyLimitBytes: 1_000_000, readingLimitBytes: 300_000 });
  const slow = Array.from({ length: 10 }, () => of(100_000));
  const outcomes = slow.map((body) =>
    read(body, undefined).then(
      () => 'read',
      (error: unknown) => (error as { readonly statusCode: number }).statusCode,
    ),
  );
  await turn();
  await turn();
  const small = new PassThrough();
  small.end(Buffer.alloc(16_000, 120));
  assert.equal((await read(small, undefined)).length, 16_000);
  for (const body of slow) body.destroy();
  const refused = (await Promise.all(outcomes)).filter((outcome) => outcome === 503).length;
  // 3 of 83 616 counted bytes fit.
  assert.equal(refused, 7);
  const after = of(100_000);
  after.end();
  assert.equal((await read(after, undefined)).length, 100_000, 'what broke off is counted no more');
});

test('a body that breaks off is a mistake of the sender', async () => {
  const read = createBodyReader({ bodyLimitBytes: 1000 });
  const body = of(10);
  const outcome = assert.rejects(read(body, undefined), { statusCode: 400 });
  body.destroy();
  await outcome;
});
