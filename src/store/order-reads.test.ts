import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createTestDatabase } from '../../test/kit/database.ts';
import type { TestDatabase } from '../../test/kit/database.ts';
import { newId } from '../core/ids.ts';
import { listOrders } from './order-reads.ts';
import type { OrderFilter } from './order-reads.ts';

interface Row {
  readonly id: string;
  readonly account: string;
  readonly kind: string;
  readonly status: string;
  readonly flags: readonly string[];
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly phoneTail: number;
  readonly placedMs: number | null;
  readonly parent: string | null;
}

const HOUR_MS = 3_600_000;
const startMs = Date.UTC(2026, 0, 1);
let database: TestDatabase;
let rows: readonly Row[];

// The same numbers in each run.
let seed = 7;
const random = (): number => {
  seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
  return seed / 2_147_483_648;
};
const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
const randomBytes = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => random() * 256);

const MERCHANT_OF: Readonly<Record<string, string>> = { north: 'wang', south: 'wang', east: 'li' };

before(async () => {
  database = await createTestDatabase();
  rows = Array.from({ length: 600 }, (_, nth) => {
    const createdMs = startMs + nth * HOUR_MS;
    const account = pick(['a', 'b', 'c']);
    const shop = account === 'c' ? null : pick(['north', 'south', 'east', null]);
    // Heard of at once, late by hours or weeks, exactly at the edges, and before it was placed.
    const late = pick([
      0,
      1000,
      60_000,
      2 * HOUR_MS,
      2 * HOUR_MS + 1,
      20 * 24 * HOUR_MS,
      -600_000,
      -600_001,
      -30 * HOUR_MS,
    ]);
    return {
      id: newId('ord', createdMs, randomBytes),
      account,
      kind: account === 'c' ? 'cps' : 'takeaway',
      status: pick(['paid', 'completed', 'completed', 'failed']),
      flags: pick([[], [], [], ['risk'], ['doubt', 'risk']]),
      merchant: shop === null ? null : (MERCHANT_OF[shop] ?? null),
      shop,
      phoneTail: Math.floor(random() * 5),
      placedMs: random() < 0.1 ? null : createdMs - late,
      parent: random() < 0.1 ? 'ord_other' : null,
    };
  });
  const now = new Date(startMs);
  for (const id of ['a', 'b', 'c', 'none']) {
    await database.pool.query(
      `insert into accounts (id, platform, name, created_at, updated_at) values ($1, $2, $1, $3, $3)`,
      [id, id === 'c' ? 'meituan-union' : 'custom', now],
    );
  }
  for (const [nth, row] of rows.entries()) {
    await database.pool.query(
      `insert into orders (account_id, id, platform, kind, status, payment, fulfilment, lifecycle, settlement, flags, merchant, shop,
                           parent, phone_tail_hash, placed_at, created_at, updated_at, version, lines)
       values ($1, $2, 'p', $3, $4, 'paid', 'none', 'open', 'none', $5, $6, $7, $8, $9, $10, $11, $11, 1, '{}')`,
      [
        row.account,
        row.id,
        row.kind,
        row.status,
        row.flags,
        row.merchant,
        row.shop,
        row.parent,
        Buffer.from([row.phoneTail]),
        row.placedMs === null ? null : new Date(row.placedMs),
        new Date(startMs + nth * HOUR_MS),
      ],
    );
  }
  await database.pool.query('insert into account_kinds select distinct account_id, kind from orders');
});
after(() => database.drop());

const ANY: OrderFilter = {
  ...{ account: null, platform: null, status: null, kind: null, platformOrderId: null, merchantOrderId: null },
  ...{ merchant: null, shop: null, store: null, sid: null, member: null, flag: null, parent: null },
  ...{ placedFrom: null, placedTo: null, search: null, legs: false, accounts: null, merchants: null, shops: null },
};

function fits(row: Row, filter: OrderFilter): boolean {
  const { placedFrom, placedTo, search } = filter;
  const same = (name: 'account' | 'status' | 'kind' | 'merchant' | 'shop'): boolean =>
    filter[name] === null || row[name] === filter[name];
  const within = (name: 'merchant' | 'shop', limit: readonly string[] | null): boolean =>
    limit === null || limit.includes(row[name] ?? '');
  return (
    same('account') &&
    same('status') &&
    same('kind') &&
    same('merchant') &&
    same('shop') &&
    (filter.flag === null || row.flags.includes(filter.flag)) &&
    (placedFrom === null || (row.placedMs !== null && row.placedMs >= placedFrom.getTime())) &&
    (placedTo === null || (row.placedMs !== null && row.placedMs < placedTo.getTime())) &&
    (filter.legs || row.parent === null) &&
    (search === null || row.phoneTail === search.phoneTailHash?.[0]) &&
    within('merchant', filter.merchants) &&
    within('shop', filter.shops)
  );
}

function randomFilter(): OrderFilter {
  const maybe = <T>(chance: number, value: () => T): T | null => (random() < chance ? value() : null);
  const someTime = (): Date => {
    const row = pick(rows);
    return new Date((row.placedMs ?? startMs) + pick([-1, 0, 1, 5 * HOUR_MS]));
  };
  return {
    ...ANY,
    account: maybe(0.2, () => pick(['a', 'b', 'c', 'none'])),
    status: maybe(0.3, () => pick(['paid', 'completed', 'failed', 'refunded'])),
    kind: maybe(0.2, () => pick(['takeaway', 'cps', 'vending'])),
    merchant: maybe(0.15, () => pick(['wang', 'li', 'zhao'])),
    shop: maybe(0.15, () => pick(['north', 'east', 'west'])),
    flag: maybe(0.3, () => pick(['risk', 'doubt', 'late_payment'])),
    placedFrom: maybe(0.4, someTime),
    placedTo: maybe(0.4, someTime),
    legs: random() < 0.3,
    merchants: maybe(0.2, () => pick([['wang'], ['wang', 'li'], []])),
    shops: maybe(0.2, () => pick([['north'], ['south', 'east'], []])),
    search: maybe(0.2, () => ({
      ...{ number: null, phoneHash: null, daySequence: null, name: null },
      phoneTailHash: Buffer.from([pick([0, 1, 2, 9])]),
    })),
  };
}

test('whatever the filter, page by page, the list has every order that fits and no other, the youngest first', async () => {
  for (let nth = 0; nth < 150; nth += 1) {
    const filter = nth === 0 ? ANY : randomFilter();
    const wanted = rows
      .filter((row) => fits(row, filter))
      .map(({ id }) => id)
      .toSorted()
      .toReversed();
    const limit = pick([1, 7, 50, 500]);
    const found: string[] = [];
    for (let page = 0; page < 3; page += 1) {
      const read = await listOrders(database.pool, filter, { beforeId: found.at(-1) ?? null, limit });
      found.push(...read.map(({ id }) => id));
      if (read.length < limit) break;
    }
    assert.deepEqual(found, wanted.slice(0, 3 * limit), JSON.stringify(filter));
  }
});
