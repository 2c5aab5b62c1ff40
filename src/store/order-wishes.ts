import type { Queryable } from './pool.ts';

/** What somebody wanted made or taken in, by the merchant's own number. */
export interface OrderWishRow {
  readonly account: string;
  readonly merchantOrderId: string;
  /** Keyed hash of what was wanted. */
  readonly hash: Buffer;
  readonly orderId: string;
  /** The action that makes it at the platform; null: nothing has to be made. */
  readonly actionId: string | null;
  /** Where it is paid, when at another account. */
  readonly paymentAccount: string | null;
  readonly plannedAt: Date;
  readonly expiresAt: Date | null;
  /** The API key or the user that asked. */
  readonly askedBy: string;
}

const COLUMNS = `account_id as account, merchant_order_id as "merchantOrderId", hash, order_id as "orderId",
  action_id as "actionId", payment_account as "paymentAccount", planned_at as "plannedAt", expires_at as "expiresAt",
  asked_by as "askedBy"`;

export async function findWish(
  db: Queryable,
  accountId: string,
  merchantOrderId: string,
): Promise<OrderWishRow | undefined> {
  const found = await db.query<OrderWishRow>(
    `select ${COLUMNS} from order_wishes where account_id = $1 and merchant_order_id = $2`,
    [accountId, merchantOrderId],
  );
  return found.rows[0];
}

/** The wish that an order came of. */
export async function findWishOfOrder(
  db: Queryable,
  accountId: string,
  orderId: string,
): Promise<OrderWishRow | undefined> {
  const found = await db.query<OrderWishRow>(
    `select ${COLUMNS} from order_wishes where account_id = $1 and order_id = $2 order by planned_at limit 1`,
    [accountId, orderId],
  );
  return found.rows[0];
}

export async function insertWish(tx: Queryable, row: OrderWishRow): Promise<void> {
  await tx.query(
    `insert into order_wishes (account_id, merchant_order_id, hash, order_id, action_id, payment_account, planned_at,
                               expires_at, asked_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      row.account,
      row.merchantOrderId,
      row.hash,
      row.orderId,
      row.actionId,
      row.paymentAccount,
      row.plannedAt,
      row.expiresAt,
      row.askedBy,
    ],
  );
}
