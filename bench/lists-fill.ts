import pg from 'pg';
import { createSealer } from '../src/store/seal.ts';
import { ensurePartitions } from '../src/store/partitions.ts';
import { phoneHashes } from '../src/store/order-writes.ts';

/** Orders that were really played; each is copied many times, with times, numbers and people of its own. */
export const YEAR_MS = 365 * 86_400_000;
const WEEK_MS = 7 * 86_400_000;
/** `HUIDAN_RETENTION_DAYS` as it is set by default: older receipts, events and attempts would be gone. */
const KEPT_MS = 180 * 86_400_000;
const CHUNK = 50_000;
const WRITERS = 2;
/** Every order of the last week has its receipts, facts, events and deliveries; of the rest one in so many. */
const HISTORY_OF_ONE_IN = 50;

export const STORES = 500;
export const SHOPS = 200;
export const SIDS = 20_000;
export const MEMBERS = 5000;
/** People whose phones can be asked for; each has an order in so many. */
export const PHONES = 200;
const ORDERS_A_PHONE = 50_000;

export const phoneOf = (nth: number): string => `139${String(10_000_000 + nth * 7919).slice(-8)}`;
export const tailOf = (nth: number): string => String(nth).padStart(4, '0');

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** The same ids as `newId` makes, with `n` in place of chance: the parser inlines it, and it takes 2 µs. */
const ID_FUNCTION = `
  create or replace function bench_id(prefix text, ms bigint, n bigint) returns text language sql immutable parallel safe as $$
    select prefix || '_' || ${[45, 40, 35, 30, 25, 20, 15, 10, 5, 0]
      .map((shift) => `substr('${ALPHABET}', ((ms >> ${shift}) & 31)::int + 1, 1)`)
      .join(' || ')} || substr(md5(n::text), 1, 16)
  $$`;

/** Takes what the sandbox left as the patterns to copy, and lets nothing of it go on by itself. */
export async function makePatterns(url: string): Promise<number> {
  return withClient(url, async (client) => {
    await client.query(ID_FUNCTION);
    await client.query(`
      update accounts set mode = 'paused';
      update endpoints set state = 'disabled';
      truncate order_clocks, delivery_heads, repair_polls, machine_syncs, actions, order_links;
      create table bench_patterns as
        select row_number() over (partition by o.status in ('pending', 'paid', 'accepted', 'fulfilling')
                                  order by md5(o.id)) - 1 as nth,
               o.status in ('pending', 'paid', 'accepted', 'fulfilling') as is_open, o.*
          from orders o where o.merged_into is null and o.parent is null;
      create table bench_aliases as
        select distinct on (p.id, a.kind) p.id as pattern, a.kind
          from bench_patterns p join order_aliases a on a.account_id = p.account_id and a.order_id = p.id;
      create table bench_facts as
        select f.* from bench_patterns p join facts f on f.account_id = p.account_id and f.order_id = p.id;
      create table bench_receipts as
        select row_number() over (partition by p.id order by r.id) as k, p.id as pattern, r.*
          from bench_patterns p join receipts r on r.account_id = p.account_id and r.order_ids[1] = p.id;
      create table bench_events as
        select row_number() over (partition by p.id order by e.feed) as k, e.*
          from bench_patterns p join events e on e.account_id = p.account_id and e.subject = p.id;
      create table bench_attempts as
        select row_number() over (partition by p.id order by d.id) as k, d.*
          from bench_patterns p join delivery_attempts d on d.account_id = p.account_id and d.subject = p.id;
      truncate orders, order_aliases, order_days, order_conditions, facts, receipts, events, delivery_attempts, hour_stats,
               attention_items, commission_tasks;
      create table bench_tails (nth int primary key, hash bytea not null);
      create table bench_phones (nth int primary key, hash bytea not null, tail bytea not null)`);
    const found = await client.query<{ n: number }>('select count(*)::int as n from bench_patterns');
    return found.rows[0]?.n ?? 0;
  });
}

/** Fills a copy of the database with so many orders of the year before `nowMs`, evenly spread. */
export async function fill(
  url: string,
  masterKey: Uint8Array,
  orders: number,
  nowMs: number,
  onProgress: (done: number) => void,
): Promise<void> {
  const startMs = nowMs - YEAR_MS;
  await withClient(url, async (client) => {
    await writePhones(client, masterKey);
    for (let ms = nowMs - KEPT_MS; ms < nowMs; ms += WEEK_MS) await ensurePartitions(client, ms);
    await client.query(
      `insert into members select 'm' || n, null, now(), now() from generate_series(0, $1 - 1) n on conflict do nothing`,
      [MEMBERS],
    );
  });
  const indexes = await withClient(url, dropIndexes);
  let next = 1;
  let done = 0;
  const writer = (): Promise<void> =>
    withClient(url, async (client) => {
      // The rows can be made again: no wait for the disk after each chunk.
      await client.query(`set synchronous_commit = off`);
      while (next <= orders) {
        const [from, to] = [next, Math.min(next + CHUNK - 1, orders)];
        next = to + 1;
        await writeChunk(client, { from, to, orders, startMs, nowMs });
        done += to - from + 1;
        onProgress(done);
      }
    });
  await Promise.all(Array.from({ length: WRITERS }, writer));
  await withClient(url, async (client) => {
    await client.query(`set maintenance_work_mem = '1GB'`);
    for (const index of indexes) await client.query(index);
    await client.query(SUMS);
    await client.query(HOURS, [new Date(startMs), new Date(nowMs - 3_600_000)]);
    await client.query(
      `insert into account_clocks select account_id, max(feed) from events group by 1
           on conflict (account_id) do update set feed = excluded.feed`,
    );
    await client.query(
      `insert into hub_state values ('hours_counted_until', $1)
                            on conflict (name) do update set value = excluded.value`,
      [new Date(nowMs).toISOString()],
    );
    // What autovacuum does in the course of a year.
    await client.query('vacuum (analyze)');
  });
}

async function writePhones(client: pg.Client, masterKey: Uint8Array): Promise<void> {
  const sealer = createSealer(masterKey);
  const tails = Array.from({ length: 10_000 }, (_, nth) => phoneHashes(sealer, `1380000${tailOf(nth)}`).tail);
  await client.query(
    'insert into bench_tails select nth - 1, hash from unnest($1::bytea[]) with ordinality t (hash, nth)',
    [tails],
  );
  const phones = Array.from({ length: PHONES }, (_, nth) => phoneHashes(sealer, phoneOf(nth)));
  await client.query(
    `insert into bench_phones select nth - 1, hash, tail
       from unnest($1::bytea[], $2::bytea[]) with ordinality t (hash, tail, nth)`,
    [phones.map(({ whole }) => whole), phones.map(({ tail }) => tail)],
  );
}

/** Takes away what can be built quicker at the end, and returns how. */
async function dropIndexes(client: pg.Client): Promise<readonly string[]> {
  const found = await client.query<{ name: string; definition: string }>(
    `select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
       from pg_index where indrelid in ('orders'::regclass, 'order_aliases'::regclass) and not indisprimary`,
  );
  for (const { name } of found.rows) await client.query(`drop index ${name}`);
  return found.rows.map(({ definition }) => definition);
}

interface Chunk {
  readonly from: number;
  readonly to: number;
  readonly orders: number;
  readonly startMs: number;
  readonly nowMs: number;
}

/** Columns of an order that are not its pattern's. */
const CHANGED: Readonly<Record<string, string>> = {
  account_id: 'c.account_id',
  id: 'c.order_id',
  platform_order_id: `case when p.platform_order_id is not null then c.number::text end`,
  display_id: `case when p.display_id is not null then 'D' || c.number end`,
  merchant_order_id: `case when p.merchant_order_id is not null then 'M' || c.number end`,
  // One order in 200 000 is of a merchant, a shop and a store that have next to none.
  store: `case when p.store is null then null when c.n % 200000 = 7 then 'store-rare' else 'store-' || c.who % ${STORES} end`,
  shop: `case when p.store is null then null when c.n % 200000 = 7 then 'shop-rare' else 'shop-' || c.who % ${SHOPS} end`,
  merchant: `case when p.store is null then null when c.n % 200000 = 7 then 'merchant-rare' else 'merchant-' || c.who % 20 end`,
  sid: `case when p.kind = 'cps' then 'sid-' || c.who % ${SIDS} end`,
  // Member m0 is a channel that brings in a tenth.
  member: `case when p.kind <> 'cps' or c.who % 10 >= 7 then null when c.who % 10 = 0 then 'm0' else 'm' || c.who % ${MEMBERS} end`,
  day_sequence: `case when p.day_sequence is not null then c.who % 300 + 1 end`,
  phone_hash: `case when p.phone_hash is not null then coalesce(f.hash, substring(decode(md5(c.who::text), 'hex') for 12)) end`,
  phone_tail_hash: `case when p.phone_tail_hash is not null then coalesce(f.tail, l.hash) end`,
  placed_at: `case when p.placed_at is not null then c.placed_at end`,
  paid_at: `case when p.paid_at is not null then c.placed_at + interval '20 seconds' end`,
  created_at: 'c.created_at',
  updated_at: `c.created_at + (p.updated_at - p.created_at)`,
};

/** One order in 400 was found late, by asking: it has the id of the day on which it was found. */
const COPIES = `
  copies as materialized (
    select g.n, ms.created, p.account_id, p.id as pattern, bench_id('ord', ms.created, g.n) as order_id,
           900000000000000000 + g.n as number, abs(hashint8(g.n)::bigint) as who,
           to_timestamp(ms.created / 1000.0) as created_at,
           to_timestamp((ms.created - case when g.n % 400 = 3 then (8 + g.n % 50) * 86400000 else 1000 + g.n % 90000 end) / 1000.0)
             as placed_at,
           ms.created > $5 or g.n % ${HISTORY_OF_ONE_IN} = 0 and ms.created > $6 as has_history
      from generate_series($1::bigint, $2::bigint) g (n)
     cross join lateral (select $3::bigint + (g.n * ${YEAR_MS}.0 / $4::bigint)::bigint as created) ms
      join bench_patterns p
        on p.is_open = (ms.created > $7)
       and p.nth = abs(hashint8(g.n + 5)::bigint) % case when ms.created > $7 then $8::bigint else $9::bigint end
  )`;

async function writeChunk(client: pg.Client, { from, to, orders, startMs, nowMs }: Chunk): Promise<void> {
  const counts = await client.query<{ open: number; over: number }>(
    `select count(*) filter (where is_open)::int as open, count(*) filter (where not is_open)::int as over from bench_patterns`,
  );
  const { open = 0, over = 0 } = counts.rows[0] ?? {};
  // An order is open for some hours.
  const openFromMs = nowMs - 6 * 3_600_000;
  const values = [from, to, startMs, orders, nowMs - WEEK_MS, nowMs - KEPT_MS + 86_400_000, openFromMs, open, over];
  const columns = await client.query<{ name: string }>(
    `select column_name as name from information_schema.columns where table_name = 'orders' order by ordinal_position`,
  );
  const names = columns.rows.map(({ name }) => name);
  await client.query(
    `with ${COPIES}, written as (
       insert into orders (${names.join(', ')})
       select ${names.map((name) => CHANGED[name] ?? `p.${name}`).join(', ')}
         from copies c
         join bench_patterns p on p.id = c.pattern
         left join bench_tails l on l.nth = c.who % 10000
         left join bench_phones f on f.nth = c.n / 7 % ${ORDERS_A_PHONE} and f.nth < ${PHONES}
        order by c.n
     ), named as (
       insert into order_aliases (account_id, kind, value, order_id)
       select c.account_id, a.kind,
              case a.kind when 'platform' then '' when 'display' then 'D' when 'merchant' then 'M' else upper(left(a.kind, 2)) end
                || c.number, c.order_id
         from copies c join bench_aliases a on a.pattern = c.pattern
        order by a.kind, c.n
     ), said as (
       insert into facts (${['account_id', 'order_id', 'key', ...FACTS].join(', ')}, said_at, stored_at)
       select f.account_id, c.order_id, f.key, ${FACTS.map((name) => `f.${name}`).join(', ')}, c.placed_at,
              c.created_at + (f.stored_at - p.created_at)
         from copies c join bench_patterns p on p.id = c.pattern join bench_facts f on f.order_id = c.pattern
        where c.has_history
     ), received as (
       insert into receipts (account_id, id, received_at, order_ids, processed_at, ${RECEIPTS.join(', ')})
       select r.account_id, bench_id('rcp', c.created, c.n * 64 + r.k), c.created_at, array[c.order_id], c.created_at,
              ${RECEIPTS.map((name) => `r.${name}`).join(', ')}
         from copies c join bench_receipts r on r.pattern = c.pattern
        where c.has_history
     ), told as (
       insert into events (account_id, feed, id, subject, created_at, ${EVENTS.join(', ')})
       select e.account_id, c.n * 64 + e.k, bench_id('evt', c.created, c.n * 64 + e.k), c.order_id, c.created_at,
              ${EVENTS.map((name) => `e.${name}`).join(', ')}
         from copies c join bench_events e on e.subject = c.pattern
        where c.has_history
     ), raised as (
       insert into order_conditions (account_id, order_id, name, detail, raised_at)
       select account_id, order_id, 'bench', '{}', created_at from copies where has_history and n % 20000 = 0
     )
     insert into delivery_attempts (account_id, id, at, subject, event_id, ${ATTEMPTS.join(', ')})
     select d.account_id, bench_id('dlv', c.created, c.n * 64 + d.k), c.created_at, c.order_id,
            bench_id('evt', c.created, c.n * 64 + d.sequence), ${ATTEMPTS.map((name) => `d.${name}`).join(', ')}
       from copies c join bench_attempts d on d.subject = c.pattern
      where c.has_history`,
    values,
  );
}

const FACTS = [
  'source',
  'receipt_id',
  'final',
  'generation',
  'facts',
  'sealed_personal',
  'verdict',
  'version',
  'stage',
];
const RECEIPTS = [
  'method',
  'topic',
  'raw',
  'body_bytes',
  'verdict',
  'reason',
  'evidence',
  'secret_fingerprint',
  'reply_status',
  'reply_body',
];
const EVENTS = ['sequence', 'type', 'previous_status', 'merchant', 'shop', 'receipt_id', 'body'];
const ATTEMPTS = [
  'endpoint_id',
  'lane',
  'sequence',
  'event_type',
  'attempt',
  'outcome',
  'status_code',
  'error',
  'response',
  'duration_ms',
];

/** As the hub sums days up while it takes orders in. */
const SUMS = `
  insert into order_days (account_id, day, merchant, shop, orders, paid_fen, refunded_fen, commission_fen)
  select account_id, (coalesce(placed_at, created_at) at time zone 'Asia/Shanghai')::date, coalesce(merchant, ''),
         coalesce(shop, ''), count(*), coalesce(sum(paid_fen), 0), coalesce(sum(refunded_fen), 0), coalesce(sum(commission_fen), 0)
    from orders where merged_into is null and parent is null group by 1, 2, 3, 4`;

const HOURS = `
  insert into hour_stats (account_id, hour, verdicts, lags, repaired, delivered, failed, dead)
  select a.id, h.hour, '{"applied": 120, "duplicate": 9, "stale": 2}', array_fill(10, array[14]), 3, 130, 2, 0
    from accounts a cross join generate_series(date_trunc('hour', $1::timestamptz), $2::timestamptz, interval '1 hour') h (hour)
      on conflict do nothing`;

export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
