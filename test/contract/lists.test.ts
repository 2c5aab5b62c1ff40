import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';

let api: TestApi;
before(async () => {
  api = await createTestApi();
});
after(() => api.close());

interface Parameter {
  readonly name: string;
  readonly in: string;
}

/** Goes through the orders page by page and answers how many differ, not a list. */
const NO_LIST = '/api/v1/commission/recompute';

/** Addresses of all lists that need nothing but a key, as the hub's own document has them. */
async function lists(): Promise<readonly { readonly path: string; readonly hasCursor: boolean }[]> {
  const { body } = await api.call('GET', '/api/openapi.json');
  const paths: [string, { get?: { parameters?: readonly Parameter[] } }][] = Object.entries(body.paths);
  const found = paths.flatMap(([path, { get }]) => {
    const names = new Set((get?.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name));
    return path.includes('{') || path === NO_LIST || !names.has('limit')
      ? []
      : [{ path, hasCursor: names.has('cursor') }];
  });
  assert.ok(found.length > 20, `${found.length} lists`);
  return found;
}

test('every list takes a limit to 500, written as a whole number', async () => {
  for (const { path } of await lists()) {
    for (const limit of ['1', '500']) {
      const { status, text } = await api.call('GET', `${path}?limit=${limit}`);
      assert.equal(status, 200, `${path} ${limit}: ${text}`);
    }
    for (const limit of ['0', '501', '-1', '1.5', '1e2', '0x10', 'ten', '']) {
      const { status, body } = await api.call('GET', `${path}?limit=${limit}`);
      assert.deepEqual([status, body.code, body.fields[0].field], [400, 'malformed_request', 'limit'], path);
    }
  }
});

test('every list has data and nextCursor, and refuses a cursor and a filter that it does not know', async () => {
  for (const { path, hasCursor } of await lists()) {
    const { body } = await api.call('GET', path);
    assert.ok(Array.isArray(body.data) && 'nextCursor' in body, path);
    const unknown = await api.call('GET', `${path}?nonsense=1`);
    assert.deepEqual([unknown.status, unknown.body.code], [400, 'malformed_request'], path);
    const foreign = await api.call('GET', `${path}?${hasCursor ? 'cursor' : 'after'}=nonsense`);
    assert.deepEqual([foreign.status, foreign.body.code], [400, 'malformed_cursor'], path);
  }
});
