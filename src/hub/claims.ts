import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { readMember } from '../store/members.ts';
import { readOrdersById } from '../store/commission-tasks.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tx } from '../store/transaction.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { followAgain } from './follow-orders.ts';
import { holdFeed } from './publish-events.ts';

export interface ClaimJson {
  readonly id: string;
  readonly account: string;
  readonly order: string;
  readonly member: string;
  readonly state: 'pending' | 'approved' | 'rejected';
  readonly reason: string | null;
  readonly decidedBy: string | null;
  readonly createdAt: string;
  readonly decidedAt: string | null;
}

interface ClaimRow extends Omit<ClaimJson, 'createdAt' | 'decidedAt'> {
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
}

const CLAIM = `id, account_id as account, order_id as "order", member_id as member, state, reason,
  decided_by as "decidedBy", created_at as "createdAt", decided_at as "decidedAt"`;

const claimJson = (row: ClaimRow): ClaimJson => ({
  id: row.id,
  account: row.account,
  order: row.order,
  member: row.member,
  state: row.state,
  reason: row.reason,
  decidedBy: row.decidedBy,
  createdAt: row.createdAt.toISOString(),
  decidedAt: row.decidedAt?.toISOString() ?? null,
});

/** Asks that an order, by any number of it, be a member's. A person decides. Errors: `claim_refused`, `member_not_found`. */
export async function createClaim(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  tx: Tx,
  wish: {
    readonly member: string;
    readonly number: string;
    readonly account?: string | undefined;
    readonly reason?: string | undefined;
  },
): Promise<ClaimJson> {
  if ((await readMember(tx, wish.member)) === undefined) throw new HuidanError('member_not_found');
  const found = await tx.query<{ account: string; order: string; member: string | null }>(
    `select o.account_id as account, o.id as "order", o.member
       from accounts a cross join lateral (
         select account_id, id, member from orders
          where account_id = a.id and kind = 'cps' and merged_into is null
            and (id = $1 or id = any(array(select order_id from order_aliases
                                            where account_id = a.id and kind in ('platform', 'display', 'merchant', 'payment') and value = $1)))) o
      where $2::text is null or a.id = $2
      limit 2`,
    [wish.number, wish.account ?? null],
  );
  const [order, another] = found.rows;
  const refuse = (field: string, message: string): HuidanError =>
    new HuidanError('claim_refused', `${field} ${message}`, { fields: [{ field, message }] });
  if (order === undefined) throw refuse('number', 'names no promoted order');
  if (another !== undefined) throw refuse('account', 'is needed: several accounts have an order of this number');
  if (order.member === wish.member) throw refuse('number', 'is an order of this member already');
  const nowMs = ctx.clock();
  const made = await tx.query<ClaimRow>(
    `insert into commission_claims (id, account_id, order_id, member_id, state, reason, created_at)
     values ($1, $2, $3, $4, 'pending', $5, $6)
     on conflict (account_id, order_id) where state = 'pending' do nothing
     returning ${CLAIM}`,
    [
      newId('clm', nowMs, ctx.randomBytes),
      order.account,
      order.order,
      wish.member,
      wish.reason ?? null,
      new Date(nowMs),
    ],
  );
  const [claim] = made.rows;
  if (claim === undefined) throw refuse('number', 'is claimed already, and nobody has decided yet');
  return claimJson(claim);
}

/** Decides a claim. Allowed, the order is the member's, and the ledger follows at once. */
export async function decideClaim(
  ctx: HubContext,
  accounts: AccountDirectory,
  tx: Tx,
  id: string,
  decision: { readonly approve: boolean; readonly reason?: string | undefined; readonly by: string },
): Promise<ClaimJson> {
  const claim = await readClaim(tx, id);
  const account = await accounts.find(claim.account);
  // The account's clock before the claim's row, as every writer of the account has it.
  const held = await holdFeed(ctx, tx, claim.account);
  const decided = await tx.query<ClaimRow>(
    `update commission_claims set state = $2, reason = coalesce($3, reason), decided_by = $4, decided_at = $5
      where id = $1 and state = 'pending' returning ${CLAIM}`,
    [id, decision.approve ? 'approved' : 'rejected', decision.reason ?? null, decision.by, held.createdAt],
  );
  const [row] = decided.rows;
  if (row === undefined) throw new HuidanError('claim_refused', 'It is decided already.');
  if (decision.approve && account !== undefined) {
    const orders = await readOrdersById(tx, ctx.sealer, row.account, [row.order]);
    await followAgain(ctx, tx, account, held, orders, `claim:${id}`, (desk) => desk.claim(row.order, row.member));
  }
  return claimJson(row);
}

export async function readClaim(db: Queryable, id: string): Promise<ClaimJson> {
  const found = await db.query<ClaimRow>(`select ${CLAIM} from commission_claims where id = $1`, [id]);
  const [row] = found.rows;
  if (row === undefined) throw new HuidanError('claim_not_found');
  return claimJson(row);
}

/** Claims, the youngest first, those before `beforeId`. */
export async function listClaims(
  db: Queryable,
  filter: { readonly state: string | null },
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly ClaimJson[]> {
  const found = await db.query<ClaimRow>(
    `select ${CLAIM} from commission_claims
      where ($1::text is null or state = $1) and ($2::text is null or id < $2) order by id desc limit $3`,
    [filter.state, page.beforeId, page.limit],
  );
  return found.rows.map(claimJson);
}
