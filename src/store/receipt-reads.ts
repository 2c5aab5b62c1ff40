import type { Verdict } from './receipts.ts';
import type { Queryable } from './pool.ts';

/** A stored callback without its bytes. */
export interface ReceiptSqlRow {
  readonly account_id: string;
  readonly id: string;
  readonly received_at: Date;
  readonly method: string;
  readonly topic: string;
  readonly body_bytes: number;
  readonly verdict: Verdict;
  readonly reason: string | null;
  readonly evidence: string | null;
  readonly secret_fingerprint: string | null;
  readonly reply_status: number;
  readonly reply_body: string;
  readonly order_ids: readonly string[];
  readonly processed_at: Date;
  readonly platform: string;
  readonly merchant: string | null;
}

const COLUMNS = `account_id, id, received_at, method, topic, body_bytes, verdict, reason, evidence, secret_fingerprint,
  reply_status, reply_body, order_ids, processed_at`;

export interface ReceiptFilter {
  readonly account: string | null;
  readonly platform: string | null;
  readonly verdict: string | null;
  readonly order: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
  /** Limits of the key. */
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}

/** Callbacks, the youngest first, those before `beforeId`; read account by account, as `listOrders` does. */
export async function listReceipts(
  db: Queryable,
  filter: ReceiptFilter,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly ReceiptSqlRow[]> {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const conditions = ['r.account_id = a.id'];
  if (filter.verdict !== null) conditions.push(`r.verdict = ${value(filter.verdict)}`);
  if (filter.from !== null) conditions.push(`r.received_at >= ${value(filter.from)}`);
  if (filter.to !== null) conditions.push(`r.received_at < ${value(filter.to)}`);
  if (filter.order !== null) conditions.push(ofOrder('a.id', value(filter.order)));
  if (page.beforeId !== null) conditions.push(`r.id < ${value(page.beforeId)}`);
  const accounts = ['true'];
  if (filter.account !== null) accounts.push(`a.id = ${value(filter.account)}`);
  if (filter.platform !== null) accounts.push(`a.platform = ${value(filter.platform)}`);
  if (filter.accounts !== null) accounts.push(`a.id = any(${value(filter.accounts)}::text[])`);
  if (filter.merchants !== null || filter.shops !== null) {
    conditions.push(withinLimits(`${value(filter.merchants)}::text[]`, `${value(filter.shops)}::text[]`));
  }
  const limit = value(page.limit);
  const found = await db.query<ReceiptSqlRow>(
    `select r.*, a.platform, a.merchant
       from accounts a
      cross join lateral (
        select ${COLUMNS}
          from receipts r
         where ${conditions.join('\n           and ')}
         order by r.id desc
         limit ${limit}) r
      where ${accounts.join(' and ')}
      order by r.id desc
      limit ${limit}`,
    values,
  );
  return found.rows;
}

/**
 * Whether a callback lies within limits on merchants and shops: as its orders do, every one of them; one that names none
 * as its account does, which is of no shop. Accounts may hold the stores of many merchants.
 */
const withinLimits = (merchants: string, shops: string): string =>
  `case when cardinality(r.order_ids) = 0 then ${shops} is null and (${merchants} is null or a.merchant = any(${merchants}))
        else not exists (
          select from unnest(r.order_ids) as named (id)
            left join orders o on o.account_id = r.account_id and o.id = named.id
           where o.id is null
              or (${merchants} is not null and (o.merchant = any(${merchants})) is not true)
              or (${shops} is not null and (o.shop = any(${shops})) is not true)) end`;

/** Whether a callback lies within limits on merchants and shops. */
export async function isReceiptWithin(
  db: Queryable,
  receipt: Pick<ReceiptSqlRow, 'account_id' | 'id' | 'received_at'>,
  limits: Pick<ReceiptFilter, 'merchants' | 'shops'>,
): Promise<boolean> {
  const found = await db.query(
    `select from receipts r join accounts a on a.id = r.account_id
      where r.account_id = $1 and r.id = $2 and r.received_at = $3 and ${withinLimits('$4::text[]', '$5::text[]')}`,
    [receipt.account_id, receipt.id, receipt.received_at, limits.merchants, limits.shops],
  );
  return found.rowCount === 1;
}

/**
 * Callbacks of an order: those that name it first, by their index, and those whose facts it holds. A repeat of a
 * callback that names several orders is found at the first of them only.
 */
export function ofOrder(account: string, order: string): string {
  return `(r.order_ids[1] = ${order} or r.id = any(array(
             select f.receipt_id from facts f where f.account_id = ${account} and f.order_id = ${order} and f.receipt_id is not null)))`;
}

/** One callback by its id with its sealed bytes, of whichever account. */
export async function findReceipt(
  db: Queryable,
  id: string,
): Promise<(ReceiptSqlRow & { readonly raw: Buffer }) | undefined> {
  const found = await db.query<ReceiptSqlRow & { raw: Buffer }>(
    `select r.*, a.platform, a.merchant
       from accounts a
      cross join lateral (select ${COLUMNS}, raw from receipts r where r.account_id = a.id and r.id = $1) r`,
    [id],
  );
  return found.rows[0];
}
