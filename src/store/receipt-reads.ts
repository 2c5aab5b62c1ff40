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
  if (filter.merchants !== null) accounts.push(`a.merchant = any(${value(filter.merchants)}::text[])`);
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
