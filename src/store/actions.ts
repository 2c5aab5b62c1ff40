import type { Json } from '../core/json.ts';
import { askerName } from './asker-name.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

export const ACTION_STATES = ['queued', 'sent', 'succeeded', 'failed', 'unknown'] as const;
export type ActionState = (typeof ACTION_STATES)[number];

/** What of a request may be seen: no header, no query, no body. */
export interface ShownRequest {
  readonly call: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
}

/** A stored intent. */
export interface ActionRow {
  readonly account: string;
  readonly id: string;
  readonly orderId: string;
  readonly action: string;
  readonly number: string;
  readonly cause: string | null;
  readonly askedBy: string | null;
  /** Personal values masked. */
  readonly params: Readonly<Record<string, Json>>;
  readonly sealedParams: Buffer | null;
  readonly amountFen: number | null;
  readonly state: ActionState;
  readonly sealedRequest: Buffer | null;
  readonly requestAt: Date | null;
  readonly request: ShownRequest | null;
  readonly attempts: number;
  readonly silences: number;
  readonly questions: number;
  readonly answer: Json;
  /** For the caller alone. */
  readonly sealedHandOver: Buffer | null;
  readonly tokenRefusals: number;
  readonly code: string | null;
  readonly reason: string | null;
  readonly durationMs: number | null;
  readonly dueAt: Date | null;
  readonly createdAt: Date;
  readonly sentAt: Date | null;
  readonly finishedAt: Date | null;
  readonly updatedAt: Date;
}

const NAMES = {
  account_id: 'account',
  id: 'id',
  order_id: 'orderId',
  action: 'action',
  number: 'number',
  cause: 'cause',
  asked_by: 'askedBy',
  params: 'params',
  sealed_params: 'sealedParams',
  amount_fen: 'amountFen',
  state: 'state',
  sealed_request: 'sealedRequest',
  request_at: 'requestAt',
  request: 'request',
  attempts: 'attempts',
  silences: 'silences',
  questions: 'questions',
  answer: 'answer',
  sealed_hand_over: 'sealedHandOver',
  token_refusals: 'tokenRefusals',
  code: 'code',
  reason: 'reason',
  duration_ms: 'durationMs',
  due_at: 'dueAt',
  created_at: 'createdAt',
  sent_at: 'sentAt',
  finished_at: 'finishedAt',
  updated_at: 'updatedAt',
} as const satisfies Record<string, keyof ActionRow>;

export const actionColumns = (table: string): string =>
  Object.entries(NAMES)
    .map(([column, name]) => `${table}.${column} as "${name}"`)
    .join(', ');

/** An intent as it begins. One that is `succeeded` already was done on the spot. */
export type NewAction = Pick<
  ActionRow,
  | 'account'
  | 'id'
  | 'orderId'
  | 'action'
  | 'number'
  | 'cause'
  | 'askedBy'
  | 'params'
  | 'sealedParams'
  | 'amountFen'
  | 'answer'
> & {
  readonly state: 'queued' | 'succeeded';
  readonly dueAt: Date | null;
  readonly sealedHandOver?: Buffer | null;
};

/** Stores an intent. False when the order has one of that cause already: then nothing was stored. */
export async function insertAction(tx: Queryable, row: NewAction, now: Date): Promise<boolean> {
  const inserted = await tx.query(
    `insert into actions (account_id, id, order_id, action, number, cause, asked_by, params, sealed_params, amount_fen,
                          answer, state, due_at, created_at, finished_at, updated_at, sealed_hand_over)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $14, $16)
     on conflict (account_id, order_id, cause) where cause is not null do nothing`,
    [
      row.account,
      row.id,
      row.orderId,
      row.action,
      row.number,
      row.cause,
      row.askedBy,
      JSON.stringify(row.params),
      row.sealedParams,
      row.amountFen,
      JSON.stringify(row.answer),
      row.state,
      row.dueAt,
      now,
      row.state === 'queued' ? null : now,
      row.sealedHandOver ?? null,
    ],
  );
  return inserted.rowCount === 1;
}

/** The action of an order by its cause. */
export async function findActionByCause(
  db: Queryable,
  accountId: string,
  orderId: string,
  cause: string,
): Promise<ActionRow | undefined> {
  const found = await db.query<ActionRow>(
    `select ${actionColumns('a')} from actions a where account_id = $1 and order_id = $2 and cause = $3`,
    [accountId, orderId, cause],
  );
  return found.rows[0];
}

/** Whether an action of this name and with these (masked) params is under way for an order, or nobody knows its end. */
export async function isUnderWay(
  db: Queryable,
  accountId: string,
  orderId: string,
  wanted: Pick<NewAction, 'action' | 'params'>,
): Promise<boolean> {
  const found = await db.query(
    `select from actions
      where account_id = $1 and order_id = $2 and action = $3 and params = $4::jsonb
        and state in ('queued', 'sent', 'unknown')
      limit 1`,
    [accountId, orderId, wanted.action, JSON.stringify(wanted.params)],
  );
  return found.rowCount === 1;
}

/** One action of an account. */
export async function readActionRow(db: Queryable, accountId: string, id: string): Promise<ActionRow | undefined> {
  const found = await db.query<ActionRow>(
    sql('read_action', `select ${actionColumns('a')} from actions a where account_id = $1 and id = $2`)(accountId, id),
  );
  return found.rows[0];
}

const insertAutomaticStatement = sql(
  'insert_automatic_actions',
  `insert into actions (account_id, id, order_id, action, number, cause, state, due_at, created_at, updated_at)
   select $1, unnest($2::text[]), unnest($3::text[]), $4::text, unnest($5::text[]), $6::text, 'queued', $7::timestamptz,
          $7::timestamptz, $7::timestamptz
   on conflict do nothing`,
);

/** Stores automatic intents without parameters: one an order and cause, whatever comes again. */
export async function insertAutomaticActions(
  tx: Queryable,
  accountId: string,
  kind: { readonly action: string; readonly cause: string },
  rows: readonly { readonly id: string; readonly orderId: string; readonly number: string }[],
  now: Date,
): Promise<void> {
  await tx.query(
    insertAutomaticStatement(
      accountId,
      rows.map(({ id }) => id),
      rows.map(({ orderId }) => orderId),
      kind.action,
      rows.map(({ number }) => number),
      kind.cause,
      now,
    ),
  );
}

/** What may change of an action while a worker holds it. */
export type ActionPatch = Partial<
  Pick<
    ActionRow,
    | 'state'
    | 'sealedRequest'
    | 'requestAt'
    | 'request'
    | 'attempts'
    | 'silences'
    | 'questions'
    | 'answer'
    | 'sealedHandOver'
    | 'tokenRefusals'
    | 'code'
    | 'reason'
    | 'durationMs'
    | 'dueAt'
    | 'sentAt'
    | 'finishedAt'
  >
>;

const JSON_COLUMNS: ReadonlySet<string> = new Set(['request', 'answer']);

/**
 * Changes an action under its lease; one that is given a new due time, or none, gives the lease back. False when the lease
 * is another's by now: then nothing was written.
 */
export async function patchAction(
  tx: Queryable,
  key: Pick<ActionRow, 'account' | 'id'>,
  lease: string,
  patch: ActionPatch,
  now: Date,
): Promise<boolean> {
  const values: unknown[] = [key.account, key.id, lease, now];
  const sets = Object.entries(NAMES).flatMap(([column, name]) => {
    if (!Object.hasOwn(patch, name)) return [];
    const value = patch[name as keyof ActionPatch];
    values.push(JSON_COLUMNS.has(column) ? JSON.stringify(value) : value);
    return [`${column} = $${values.length}`];
  });
  if (Object.hasOwn(patch, 'dueAt')) sets.push('lease = null');
  const changed = await tx.query(
    `update actions set ${[...sets, 'updated_at = $4'].join(', ')} where account_id = $1 and id = $2 and lease = $3`,
    values,
  );
  return changed.rowCount === 1;
}

/** Refunds of an order that were asked for through us and are not known to have failed. */
export async function readReservedRefunds(
  tx: Queryable,
  accountId: string,
  orderId: string,
): Promise<readonly { readonly number: string; readonly amountFen: number }[]> {
  const found = await tx.query<{ number: string; amountFen: number }>(
    `select number, amount_fen as "amountFen" from actions
      where account_id = $1 and order_id = $2 and amount_fen is not null and state <> 'failed'`,
    [accountId, orderId],
  );
  return found.rows;
}

/** Turns the actions of an order that was folded into another to the surviving one. */
export async function moveActions(
  tx: Queryable,
  accountId: string,
  fromOrderId: string,
  toOrderId: string,
): Promise<void> {
  // What both were to have by the same cause stays behind with the order that is gone: it is under way already.
  await tx.query(
    `update actions a set order_id = $3
      where account_id = $1 and order_id = $2
        and not exists (select from actions b where b.account_id = $1 and b.order_id = $3 and b.cause = a.cause)`,
    [accountId, fromOrderId, toOrderId],
  );
}

/** An action with what says who may see it, and who asked. */
export interface ListedAction extends ActionRow {
  readonly platform: string;
  readonly merchant: string | null;
  readonly shop: string | null;
  /** Of the user or the stored key. */
  readonly askedByName: string | null;
}

export interface ActionFilter {
  readonly account: string | null;
  readonly order: string | null;
  readonly state: string | null;
  readonly action: string | null;
  /** Limits of the key. */
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}

/** Actions, the youngest first, those before `beforeId`; read account by account, as `listOrders` does. */
export async function listActions(
  db: Queryable,
  filter: ActionFilter,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly ListedAction[]> {
  const values: unknown[] = [];
  const value = (given: unknown): string => `$${values.push(given)}`;
  const conditions = ['t.account_id = a.id'];
  if (filter.order !== null) conditions.push(`t.order_id = ${value(filter.order)}`);
  if (filter.state !== null) conditions.push(`t.state = ${value(filter.state)}`);
  if (filter.action !== null) conditions.push(`t.action = ${value(filter.action)}`);
  if (filter.merchants !== null) conditions.push(`o.merchant = any(${value(filter.merchants)}::text[])`);
  if (filter.shops !== null) conditions.push(`o.shop = any(${value(filter.shops)}::text[])`);
  if (page.beforeId !== null) conditions.push(`t.id < ${value(page.beforeId)}`);
  const accounts = ['true'];
  if (filter.account !== null) accounts.push(`a.id = ${value(filter.account)}`);
  if (filter.accounts !== null) accounts.push(`a.id = any(${value(filter.accounts)}::text[])`);
  const limit = value(page.limit);
  const found = await db.query<ListedAction>(
    `select t.*
       from accounts a
      cross join lateral (
        select ${actionColumns('t')}, o.platform, o.merchant, o.shop, ${askerName('t.asked_by')} as "askedByName"
          from actions t join orders o on o.account_id = t.account_id and o.id = t.order_id
         where ${conditions.join('\n           and ')}
         order by t.id desc
         limit ${limit}) t
      where ${accounts.join(' and ')}
      order by t.id desc
      limit ${limit}`,
    values,
  );
  return found.rows;
}

/** One action by its id, of whichever account. */
export async function findAction(db: Queryable, id: string): Promise<ListedAction | undefined> {
  const found = await db.query<ListedAction>(
    `select t.* from accounts a
      cross join lateral (
        select ${actionColumns('t')}, o.platform, o.merchant, o.shop, ${askerName('t.asked_by')} as "askedByName"
          from actions t join orders o on o.account_id = t.account_id and o.id = t.order_id
         where t.account_id = a.id and t.id = $1) t`,
    [id],
  );
  return found.rows[0];
}
