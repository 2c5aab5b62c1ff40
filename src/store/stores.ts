import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** `unbound`: known by its orders, a shop or a message only. `proving`: a token came and is not proved yet. */
export type StoreState = 'unbound' | 'pending' | 'proving' | 'bound' | 'released';

/** A store of an account. Written as a whole, behind the account's clock. */
export interface StoreRow {
  readonly account: string;
  /** The number that the platform's messages name it by. */
  readonly ref: string;
  readonly name: string | null;
  readonly platformStoreId: string | null;
  readonly state: StoreState;
  /** What keeps it from being what it should be, in words. */
  readonly reason: string | null;
  /** The token that opens it; null unless it is bound. */
  readonly tokenId: string | null;
  readonly openState: string | null;
  readonly openStateAt: Date | null;
  /** Of the shop that joined it; null: the account's merchant counts. */
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly boundAt: Date | null;
  readonly releasedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A store with what its account says. */
export interface ListedStoreRow extends StoreRow {
  readonly platform: string;
  readonly accountMerchant: string | null;
  readonly tokenExpiresAt: Date | null;
  /** Orders that are yet to be told of its shop; null: none. */
  readonly relabelDone: number | null;
  readonly relabelTotal: number | null;
}

const COLUMNS = `s.account_id as account, s.ref, s.name, s.platform_store_id as "platformStoreId", s.state, s.reason,
  s.token_id as "tokenId", s.open_state as "openState", s.open_state_at as "openStateAt", s.merchant, s.shop,
  s.bound_at as "boundAt", s.released_at as "releasedAt", s.created_at as "createdAt", s.updated_at as "updatedAt"`;

/** One store; `undefined` when the account has none of that number. */
export async function readStore(db: Queryable, accountId: string, ref: string): Promise<StoreRow | undefined> {
  const found = await db.query<StoreRow>(`select ${COLUMNS} from stores s where s.account_id = $1 and s.ref = $2`, [
    accountId,
    ref,
  ]);
  return found.rows[0];
}

/** The stores that a token opens. */
export async function readStoresOfToken(
  db: Queryable,
  accountId: string,
  tokenId: string,
): Promise<readonly StoreRow[]> {
  const found = await db.query<StoreRow>(
    `select ${COLUMNS} from stores s where s.account_id = $1 and s.token_id = $2 order by s.ref`,
    [accountId, tokenId],
  );
  return found.rows;
}

/** Inserts or replaces a store. True when it is new to the account. */
export async function putStore(tx: Queryable, row: StoreRow): Promise<boolean> {
  const written = await tx.query<{ is_new: boolean }>(
    `insert into stores (account_id, ref, name, platform_store_id, state, reason, token_id, open_state, open_state_at,
                         merchant, shop, bound_at, released_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     on conflict (account_id, ref) do update
        set name = excluded.name, platform_store_id = excluded.platform_store_id, state = excluded.state,
            reason = excluded.reason, token_id = excluded.token_id, open_state = excluded.open_state,
            open_state_at = excluded.open_state_at, merchant = excluded.merchant, shop = excluded.shop,
            bound_at = excluded.bound_at, released_at = excluded.released_at, updated_at = excluded.updated_at
     returning xmax = 0 as is_new`,
    [
      row.account,
      row.ref,
      row.name,
      row.platformStoreId,
      row.state,
      row.reason,
      row.tokenId,
      row.openState,
      row.openStateAt,
      row.merchant,
      row.shop,
      row.boundAt,
      row.releasedAt,
      row.createdAt,
      row.updatedAt,
    ],
  );
  return written.rows[0]?.is_new ?? false;
}

/**
 * Notes that stores of an account wait for their bind callback: those that are new or not bound. Returns the ones that
 * this changed.
 */
export async function markStoresPending(
  tx: Queryable,
  accountId: string,
  stores: readonly { readonly ref: string; readonly name: string | null }[],
  now: Date,
): Promise<readonly StoreRow[]> {
  const changed = await tx.query<StoreRow>(
    `insert into stores as s (account_id, ref, name, state, created_at, updated_at)
     select $1, ref, name, 'pending', $4, $4 from unnest($2::text[], $3::text[]) as given (ref, name)
     on conflict (account_id, ref) do update
        set state = 'pending', reason = null, name = coalesce(s.name, excluded.name), updated_at = excluded.updated_at
      where s.state in ('unbound', 'released')
     returning ${COLUMNS}`,
    [accountId, stores.map(({ ref }) => ref), stores.map(({ name }) => name), now],
  );
  return changed.rows;
}

const insertUnboundStatement = sql(
  'insert_unbound_stores',
  `with fresh as (
     insert into stores (account_id, ref, name, state, created_at, updated_at)
     select $1, ref, name, 'unbound', $4, $4 from unnest($2::text[], $3::text[]) as given (ref, name)
     on conflict (account_id, ref) do nothing
     returning 1
   )
   update accounts set stores_version = stores_version + 1 where id = $1 and exists (select from fresh)`,
);

/** Notes stores that are known by their orders only, so that they are listed and what is said of them is looked into. */
export async function insertUnboundStores(
  tx: Queryable,
  accountId: string,
  stores: readonly { readonly ref: string; readonly name: string | null }[],
  now: Date,
): Promise<void> {
  if (stores.length === 0) return;
  await tx.query(
    insertUnboundStatement(
      accountId,
      stores.map(({ ref }) => ref),
      stores.map(({ name }) => name),
      now,
    ),
  );
}

/** Tells everyone who keeps them in memory that the account's stores or its open bindings are others now. */
export async function touchStores(tx: Queryable, accountId: string): Promise<void> {
  await tx.query('update accounts set stores_version = stores_version + 1 where id = $1', [accountId]);
}

/** Wipes every token and closes every binding of an account that is deleted; its stores are released. */
export async function wipeStores(tx: Queryable, accountId: string, now: Date): Promise<void> {
  await tx.query(
    `update store_tokens
        set state = 'retired', sealed = null, task = null, due_at = null, updated_at = $2
      where account_id = $1 and state in ('candidate', 'active')`,
    [accountId, now],
  );
  await tx.query(
    `update bindings set state = 'cancelled', sealed_url = null, updated_at = $2
      where account_id = $1 and state in ('pending', 'exchanging')`,
    [accountId, now],
  );
  await tx.query(
    `update stores
        set state = case when bound_at is null then 'unbound' else 'released' end, token_id = null, reason = null,
            released_at = case when bound_at is null then null else $2::timestamptz end, updated_at = $2
      where account_id = $1 and state in ('pending', 'proving', 'bound')`,
    [accountId, now],
  );
}

/** Whose a store's orders are. */
export interface StoreLabel {
  readonly merchant: string | null;
  readonly shop: string | null;
}

const readLabelsStatement = sql(
  'read_store_labels',
  'select ref, merchant, shop from stores where account_id = $1 and ref = any($2::text[])',
);

/** Merchant and shop of the stores that are known, by their numbers. */
export async function readStoreLabels(
  db: Queryable,
  accountId: string,
  refs: readonly string[],
): Promise<ReadonlyMap<string, StoreLabel>> {
  const found = await db.query<StoreLabel & { readonly ref: string }>(readLabelsStatement(accountId, refs));
  return new Map(found.rows.map(({ ref, merchant, shop }) => [ref, { merchant, shop }]));
}

/** Numbers of the account's stores, and of those that wait for their bind callback until the given times. */
export interface StoreNumbers {
  readonly known: readonly string[];
  readonly pending: readonly { readonly store: string; readonly until: Date }[];
}

/**
 * Bindings that are done count for a while longer: the platform sends a bind callback again whose answer it did not
 * hear, and that repeat must not be refused.
 */
export async function readStoreNumbers(db: Queryable, accountId: string, doneSince: Date): Promise<StoreNumbers> {
  const [known, pending] = await Promise.all([
    db.query<{ ref: string }>('select ref from stores where account_id = $1', [accountId]),
    db.query<{ store: string; until: Date }>(
      `select store, max(expires_at) as until
         from bindings
        where account_id = $1 and store is not null and (state = 'pending' or (state = 'done' and updated_at > $2))
        group by store`,
      [accountId, doneSince],
    ),
  ]);
  return { known: known.rows.map(({ ref }) => ref), pending: pending.rows };
}

/** Which stores are wanted; null: any. Limits are those of the key. */
export interface StoreFilter {
  readonly account: string | null;
  readonly platform: string | null;
  readonly state: string | null;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly search: string | null;
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}

const LISTED = `${COLUMNS}, a.platform, a.merchant as "accountMerchant", t.expires_at as "tokenExpiresAt",
  r.done as "relabelDone", r.total as "relabelTotal"`;

const JOINS = `stores s
  join accounts a on a.id = s.account_id
  left join store_tokens t on t.account_id = s.account_id and t.id = s.token_id
  left join relabel_tasks r on r.account_id = s.account_id and r.store = s.ref and r.due_at is not null`;

/** Stores by account and number, those after a place. */
export async function listStores(
  db: Queryable,
  filter: StoreFilter,
  page: { readonly after: { readonly account: string; readonly ref: string } | null; readonly limit: number },
): Promise<readonly ListedStoreRow[]> {
  const found = await db.query<ListedStoreRow>(
    `select ${LISTED}
       from ${JOINS}
      where ($1::text is null or s.account_id = $1)
        and ($2::text is null or a.platform = $2)
        and ($3::text is null or s.state = $3)
        and ($4::text is null or coalesce(s.merchant, a.merchant) = $4)
        and ($5::text is null or s.shop = $5)
        and ($6::text is null or s.ref = $6 or s.platform_store_id = $6 or strpos(s.name, $6) > 0)
        and ($7::text[] is null or s.account_id = any($7))
        and ($8::text[] is null or coalesce(s.merchant, a.merchant) = any($8))
        and ($9::text[] is null or s.shop = any($9))
        and ($10::text is null or (s.account_id, s.ref) > ($10, $11))
      order by s.account_id, s.ref
      limit $12`,
    [
      filter.account,
      filter.platform,
      filter.state,
      filter.merchant,
      filter.shop,
      filter.search,
      filter.accounts,
      filter.merchants,
      filter.shops,
      page.after?.account ?? null,
      page.after?.ref ?? null,
      page.limit,
    ],
  );
  return found.rows;
}

/** One store with what its account says. */
export async function findListedStore(
  db: Queryable,
  accountId: string,
  ref: string,
): Promise<ListedStoreRow | undefined> {
  const found = await db.query<ListedStoreRow>(
    `select ${LISTED} from ${JOINS} where s.account_id = $1 and s.ref = $2`,
    [accountId, ref],
  );
  return found.rows[0];
}

/** The stores of shops. */
export async function readStoresOfShops(db: Queryable, shops: readonly string[]): Promise<readonly ListedStoreRow[]> {
  const found = await db.query<ListedStoreRow>(
    `select ${LISTED} from ${JOINS} where s.shop = any($1::text[]) order by s.shop, s.account_id, s.ref`,
    [shops],
  );
  return found.rows;
}
