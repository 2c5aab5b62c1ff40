// node bench/commission.ts   how fast the ledger answers over 100 000 orders of 10 000 members
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  listBalances,
  listEntries,
  readBalance,
  statementByDay,
  statementByOrder,
} from '../src/store/commission-lists.ts';
import { removeDataFolder } from '../src/store/embedded/data-folders.ts';
import { startEmbeddedPostgres } from '../src/store/embedded/start.ts';
import { migrate } from '../src/store/migrate.ts';
import { createPool, silentLog } from '../src/store/pool.ts';

const ORDERS = 100_000;
const MEMBERS = 10_000;
const ROUNDS = 20;

const dataDir = await mkdtemp(join(tmpdir(), 'huidan-bench-commission-'));
await chmod(dataDir, 0o755);
const server = await startEmbeddedPostgres({ dataDir, log: silentLog, durability: 'test' });
const pool = createPool({ url: server.url, statementTimeoutMs: 0 });
try {
  await migrate(pool);
  await fill();
  const page = { limit: 500 };
  const range = { from: null, to: null };
  // Member m0 has every tenth order: a channel that brings in most.
  for (const member of ['m77', 'm0']) {
    await measure(`balance of ${member}`, () => readBalance(pool, member));
    await measure(`statement by day of ${member}`, () =>
      statementByDay(pool, member, range, { before: null, ...page }),
    );
    await measure(`statement by order of ${member}`, () =>
      statementByOrder(pool, member, range, { before: null, ...page }),
    );
  }
  await measure('balances, 500 a page', () => listBalances(pool, { afterId: null, ...page }));
  await measure('balances, a page in the middle', () => listBalances(pool, { afterId: 'm5', ...page }));
  const order = 'o00050000';
  await measure('entries of an order', () => listEntries(pool, { order, accounts: null }, { after: null, ...page }));
} finally {
  await pool.end();
  await server.stop();
  await removeDataFolder(dataDir);
}

async function fill(): Promise<void> {
  const now = new Date();
  await pool.query(
    `insert into accounts (id, platform, name, created_at, updated_at) values ('a', 'meituan-union', 'a', $1, $1)`,
    [now],
  );
  await pool.query(`insert into members select 'm' || n, null, $2, $2 from generate_series(0, $1 - 1) n`, [
    MEMBERS,
    now,
  ]);
  await pool.query(
    `insert into orders (account_id, id, platform, kind, status, payment, fulfilment, lifecycle, settlement, flags,
                         platform_order_id, sid, member, created_at, updated_at, version, lines)
     select 'a', 'o' || lpad(n::text, 8, '0'), 'meituan-union', 'cps', 'completed', 'paid', 'none', 'completed', 'none', '{}',
            n::text, 's', case when n % 10 = 0 then 'm0' else 'm' || n % $2 end, $3, $3, 1, '{}'
       from generate_series(1, $1) n`,
    [ORDERS, MEMBERS, now],
  );
  // What a life of estimate, confirmation and release leaves: three bookings of three people, the house and the platform.
  await pool.query(
    `insert into commission_entries (account_id, id, order_id, ledger, member_id, bucket, amount, cause, at)
     select 'a', o.id || '-' || s.n || '-' || p.n || b.bucket, o.id, 'member:' || p.member || ':' || b.bucket, p.member, b.bucket,
            b.amount, 'fact:' || s.n, $1::timestamptz - make_interval(hours => (right(o.id, 5)::int / 50))
       from orders o cross join generate_series(1, 3) s (n)
      cross join lateral (values (1, o.member), (2, 'm' || right(o.id, 3)::int), (3, 'm' || right(o.id, 2)::int)) p (n, member)
      cross join lateral (select bucket, amount from (values (1, 'estimated', 100), (2, 'estimated', -100), (2, 'confirmed', 100),
                                (3, 'confirmed', -100), (3, 'available', 100)) v (n, bucket, amount) where v.n = s.n) b`,
    [now],
  );
  await pool.query(
    `insert into commission_balances (account_id, member_id, available)
     select 'a', member_id, sum(amount) from commission_entries group by member_id`,
  );
  await pool.query('analyze');
  const counted = await pool.query<{ count: number }>('select count(*)::int as count from commission_entries');
  process.stdout.write(`${ORDERS} orders, ${MEMBERS} members, ${counted.rows[0]?.count} entries\n`);
}

async function measure(what: string, work: () => Promise<unknown>): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedMs = performance.now();
    await work();
    times.push(performance.now() - startedMs);
  }
  times.sort((a, b) => a - b);
  const [median = 0, worst = 0] = [times[times.length >> 1], times.at(-1)];
  process.stdout.write(
    `${what.padEnd(34)} median ${median.toFixed(1).padStart(7)} ms  worst ${worst.toFixed(1).padStart(7)} ms\n`,
  );
}
