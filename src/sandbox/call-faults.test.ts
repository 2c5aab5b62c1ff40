import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IncomingCall, SandboxFault } from '../core/sandbox.ts';
import { CallFaults } from './call-faults.ts';
import { seededRandom } from './seeded-random.ts';

const call = (path: string): IncomingCall => ({ method: 'POST', path, query: '', headers: {}, body: '', at: 0 });
const soldOut: SandboxFault = {
  name: 'sold_out',
  applies: ({ path }) => path === '/orders',
  answer: () => ({ status: 200, contentType: 'application/json', body: '{"code":60003}' }),
};
const random = (name: string) => seededRandom(`seed/${name}`);

test('a fault that was asked for meets so many calls that it can happen to, and no others', () => {
  const faults = new CallFaults();
  faults.ask('vending', [soldOut], 'sold_out', 2);
  const fateOf = (path: string): string => faults.fateOf('vending', [soldOut], call(path), 0, random).name;
  assert.deepEqual(
    ['/ping', '/orders', '/ping', '/orders', '/orders'].map((path) => fateOf(path)),
    ['none', 'sold_out', 'none', 'sold_out', 'none'],
  );
  assert.equal(faults.fateOf('other', [soldOut], call('/orders'), 0, random).name, 'none');
});

test('an unknown fault and a wrong number of times are refused by name', () => {
  const faults = new CallFaults();
  assert.throws(() => faults.ask('vending', [soldOut], 'jam', 1), /lost_answer.*sold_out, not 'jam'/u);
  assert.throws(() => faults.ask('vending', [soldOut], 'sold_out', 0), /whole number/u);
});

test('faults by chance meet their share, are the same for a seed, and none of another call', () => {
  const draw = (): readonly string[] => {
    const faults = new CallFaults();
    return Array.from({ length: 2000 }, () => faults.fateOf('vending', [soldOut], call('/pay'), 0.2, random).name);
  };
  const names = draw();
  assert.deepEqual(draw(), names);
  const hit = names.filter((name) => name !== 'none');
  assert.ok(hit.length > 300 && hit.length < 500, String(hit.length));
  assert.deepEqual([...new Set(hit)].sort(), ['lost_answer', 'lost_request', 'server_error', 'server_error_done']);
});
