import type { AttentionKind, AttentionState } from '../core/attention.ts';
import type { Json } from '../core/json.ts';
import { askerName } from './asker-name.ts';
import type { Queryable } from './pool.ts';

/** Something that wants a person's attention. */
export interface AttentionRow {
  readonly account: string;
  readonly id: string;
  readonly kind: AttentionKind;
  /** What it is about: one of a kind and subject is live at a time. */
  readonly subject: string;
  readonly state: AttentionState;
  readonly detail: Readonly<Record<string, Json>>;
  readonly orderId: string | null;
  readonly actionId: string | null;
  readonly receiptId: string | null;
  readonly endpointId: string | null;
  readonly store: string | null;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly since: Date;
  readonly openedAt: Date;
  readonly closedAt: Date | null;
  readonly dismissedAt: Date | null;
  readonly dismissedBy: string | null;
  /** Of the user or key; null also for the admin key of the configuration. */
  readonly dismissedByName: string | null;
  readonly dismissReason: string | null;
}

const COLUMNS = `i.account_id as account, i.id, i.kind, i.subject, i.state, i.detail, i.order_id as "orderId",
  i.action_id as "actionId", i.receipt_id as "receiptId", i.endpoint_id as "endpointId", i.store, i.merchant, i.shop, i.since,
  i.opened_at as "openedAt", i.closed_at as "closedAt", i.dismissed_at as "dismissedAt", i.dismissed_by as "dismissedBy",
  ${askerName('i.dismissed_by')} as "dismissedByName", i.dismiss_reason as "dismissReason"`;

/** The items of an account whose cause lasts, as far as is known: open ones and dismissed ones. */
export async function readLiveItems(db: Queryable, accountId: string): Promise<readonly AttentionRow[]> {
  const found = await db.query<AttentionRow>(
    `select ${COLUMNS} from attention_items i where i.account_id = $1 and i.state <> 'closed'`,
    [accountId],
  );
  return found.rows;
}

/** Opens items. One that is live already stays as it is; those that were opened are given back. */
export async function openItems(
  tx: Queryable,
  accountId: string,
  items: readonly Omit<
    AttentionRow,
    'account' | 'state' | 'openedAt' | 'closedAt' | 'dismissedAt' | 'dismissedBy' | 'dismissedByName' | 'dismissReason'
  >[],
  now: Date,
): Promise<readonly AttentionRow[]> {
  if (items.length === 0) return [];
  const found = await tx.query<AttentionRow>(
    `insert into attention_items as i
       (account_id, id, kind, subject, state, detail, order_id, action_id, receipt_id, endpoint_id, store, merchant, shop,
        since, opened_at, updated_at)
     select $1, n.id, n.kind, n.subject, 'open', n.detail, n."orderId", n."actionId", n."receiptId", n."endpointId", n.store,
            n.merchant, n.shop, n.since, $3, $3
       from jsonb_to_recordset($2::jsonb)
         as n (id text, kind text, subject text, detail jsonb, "orderId" text, "actionId" text, "receiptId" text,
               "endpointId" text, store text, merchant text, shop text, since timestamptz)
     on conflict (account_id, kind, subject) where state <> 'closed' do nothing
     returning ${COLUMNS}`,
    [accountId, JSON.stringify(items), now],
  );
  return found.rows;
}

/** Closes items whose cause is gone. Those that were open until now are given back; of dismissed ones nobody is told. */
export async function closeItems(
  tx: Queryable,
  accountId: string,
  ids: readonly string[],
  now: Date,
): Promise<readonly AttentionRow[]> {
  if (ids.length === 0) return [];
  const found = await tx.query<AttentionRow & { readonly was: AttentionState }>(
    `update attention_items i
        set state = 'closed', closed_at = $3, updated_at = $3
       from (select id, state from attention_items
              where account_id = $1 and id = any($2::text[]) and state <> 'closed' for update) held
      where i.account_id = $1 and i.id = held.id
     returning ${COLUMNS}, held.state as was`,
    [accountId, ids, now],
  );
  return found.rows.filter(({ was }) => was === 'open');
}

/** Writes what there is to say of a cause by now. */
export async function updateDetails(
  db: Queryable,
  accountId: string,
  items: readonly { readonly id: string; readonly detail: Readonly<Record<string, Json>> }[],
  now: Date,
): Promise<void> {
  if (items.length === 0) return;
  await db.query(
    `update attention_items i set detail = n.detail, updated_at = $3
       from jsonb_to_recordset($2::jsonb) as n (id text, detail jsonb)
      where i.account_id = $1 and i.id = n.id and i.state <> 'closed'`,
    [accountId, JSON.stringify(items), now],
  );
}

/** Dismisses an open item; `undefined`: it is not open any more. */
export async function dismissItem(
  tx: Queryable,
  { account, id }: Pick<AttentionRow, 'account' | 'id'>,
  by: string,
  reason: string,
  now: Date,
): Promise<AttentionRow | undefined> {
  const found = await tx.query<AttentionRow>(
    `update attention_items i
        set state = 'dismissed', dismissed_at = $5, dismissed_by = $3, dismiss_reason = $4, updated_at = $5
      where i.account_id = $1 and i.id = $2 and i.state = 'open'
     returning ${COLUMNS}`,
    [account, id, by, reason, now],
  );
  return found.rows[0];
}

/** Which items are wanted; null: any. The last three are limits of a key. */
export interface AttentionFilter {
  readonly account: string | null;
  readonly kind: string | null;
  readonly state: string | null;
  readonly order: string | null;
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}

const CONDITIONS = `($1::text is null or a.id = $1) and ($2::text[] is null or a.id = any($2))`;
const ITEM_CONDITIONS = `i.account_id = a.id and ($3::text is null or i.state = $3) and ($4::text is null or i.kind = $4)
  and ($5::text is null or i.order_id = $5) and ($6::text[] is null or i.merchant = any($6))
  and ($7::text[] is null or i.shop = any($7))`;
const valuesOf = ({ account, accounts, state, kind, order, merchants, shops }: AttentionFilter): readonly unknown[] => [
  account,
  accounts,
  state,
  kind,
  order,
  merchants,
  shops,
];

/** Items, the youngest first, those before `beforeId`; each with its account's platform. */
export async function listItems(
  db: Queryable,
  filter: AttentionFilter,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly (AttentionRow & { readonly platform: string })[]> {
  const found = await db.query<AttentionRow & { platform: string }>(
    `select f.*, a.platform
       from accounts a
      cross join lateral (
        select ${COLUMNS} from attention_items i
         where ${ITEM_CONDITIONS} and ($8::text is null or i.id < $8)
         order by i.id desc limit $9) f
      where ${CONDITIONS}
      order by f.id desc limit $9`,
    [...valuesOf(filter), page.beforeId, page.limit],
  );
  return found.rows;
}

/** How many items there are of each kind. */
export async function countItems(
  db: Queryable,
  filter: AttentionFilter,
): Promise<readonly { readonly kind: string; readonly count: number }[]> {
  const found = await db.query<{ kind: string; count: number }>(
    `select i.kind, count(*) as count
       from accounts a join attention_items i on ${ITEM_CONDITIONS}
      where ${CONDITIONS}
      group by i.kind order by count(*) desc, i.kind`,
    [...valuesOf(filter)],
  );
  return found.rows;
}

/** One item, of whichever account, with the account's platform. */
export async function findItem(
  db: Queryable,
  id: string,
): Promise<(AttentionRow & { readonly platform: string }) | undefined> {
  const found = await db.query<AttentionRow & { platform: string }>(
    `select f.*, a.platform
       from accounts a
      cross join lateral (select ${COLUMNS} from attention_items i where i.account_id = a.id and i.id = $1) f`,
    [id],
  );
  return found.rows[0];
}

/** Open items of the whole hub by kind. */
export async function countOpenItems(
  db: Queryable,
): Promise<readonly { readonly kind: string; readonly count: number }[]> {
  const found = await db.query<{ kind: string; count: number }>(
    `select kind, count(*) as count from attention_items where state = 'open' group by kind`,
  );
  return found.rows;
}

/** Forgets items that were closed before a time. */
export async function forgetClosedItems(db: Queryable, before: Date): Promise<void> {
  await db.query(`delete from attention_items where state = 'closed' and closed_at < $1`, [before]);
}

/** Gives accounts their first look; those that have one keep it. */
export async function insertSweeps(db: Queryable, accountIds: readonly string[], dueAt: Date): Promise<void> {
  await db.query(
    `insert into attention_sweeps (account_id, due_at) select unnest($1::text[]), $2 on conflict (account_id) do nothing`,
    [accountIds, dueAt],
  );
}

/** Lets accounts be looked at sooner. Those that are being looked at stay as they are; the others are given back. */
export async function hurrySweeps(
  db: Queryable,
  accountIds: readonly string[],
  dueAt: Date,
): Promise<readonly string[]> {
  if (accountIds.length === 0) return [];
  const found = await db.query<{ id: string }>(
    `update attention_sweeps set due_at = least(due_at, $2) where account_id = any($1::text[]) and lease is null
     returning account_id as id`,
    [accountIds, dueAt],
  );
  return found.rows.map(({ id }) => id);
}

/** Takes accounts that are due, for the time of a lease. */
export async function claimSweeps(
  db: Queryable,
  claim: { readonly now: Date; readonly leaseUntil: Date; readonly lease: string; readonly limit: number },
): Promise<readonly string[]> {
  const found = await db.query<{ id: string }>(
    `update attention_sweeps s set due_at = $2, lease = $3
       from (select account_id from attention_sweeps where due_at <= $1 order by due_at limit $4
                for update skip locked) due
      where s.account_id = due.account_id
     returning s.account_id as id`,
    [claim.now, claim.leaseUntil, claim.lease, claim.limit],
  );
  return found.rows.map(({ id }) => id);
}

export async function releaseSweep(db: Queryable, accountId: string, lease: string, dueAt: Date): Promise<void> {
  await db.query('update attention_sweeps set due_at = $3, lease = null where account_id = $1 and lease = $2', [
    accountId,
    lease,
    dueAt,
  ]);
}

export async function removeSweep(db: Queryable, accountId: string): Promise<void> {
  await db.query('delete from attention_sweeps where account_id = $1', [accountId]);
}
