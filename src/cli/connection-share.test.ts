import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_CONNECTIONS } from '../store/embedded/settings.ts';
import { UsageError } from './command.ts';
import { shareOfConnections } from './connection-share.ts';

const embedded = { databaseUrl: undefined, databaseConnections: 16 };

test('all processes together find room in the embedded PostgreSQL', () => {
  assert.equal(shareOfConnections(embedded, 1), 16);
  assert.equal(shareOfConnections(embedded, 2), 16);
  assert.equal(shareOfConnections(embedded, 3), 13);
  for (let processes = 1; processes <= 12; processes += 1) {
    const share = shareOfConnections(embedded, processes);
    const all = processes === 1 ? share : share * (processes + 1);
    // 3 are the superuser's, 2 the chores', and 1 listens for work.
    assert.ok(share >= 4 && all + 6 <= MAX_CONNECTIONS, `${processes}: ${share}`);
  }
  assert.throws(() => shareOfConnections(embedded, 13), UsageError);
});

test('fewer stay fewer, and another PostgreSQL has limits of its own', () => {
  assert.equal(shareOfConnections({ ...embedded, databaseConnections: 5 }, 3), 5);
  const external = { databaseUrl: 'postgres://huidan@db/huidan', databaseConnections: 16 };
  assert.equal(shareOfConnections(external, 20), 16);
});
