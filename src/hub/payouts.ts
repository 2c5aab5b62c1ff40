import { memberLedger } from '../core/commission/ledger.ts';
import type { MemberBucket } from '../core/commission/ledger.ts';
import { writeCsv } from '../core/csv.ts';
import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { fenToYuan } from '../core/money.ts';
import { appendEntries } from '../store/commission-writes.ts';
import type { EntryRow } from '../store/commission-writes.ts';
import { readBalance } from '../store/commission-lists.ts';
import { lockMember } from '../store/members.ts';
import * as store from '../store/payouts.ts';
import type { PayoutRow } from '../store/payouts.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tx } from '../store/transaction.ts';
import type { HubContext } from './context.ts';

type Deps = Pick<HubContext, 'clock' | 'randomBytes'>;

/** The account of entries that belong to no order. */
export const NO_ACCOUNT = '';

export interface PayoutJson {
  readonly id: string;
  readonly kind: PayoutRow['kind'];
  readonly state: PayoutRow['state'];
  /** How many members it pays. */
  readonly members: number;
  /** Fen: in all, and of that what is still held, paid, failed. */
  readonly amount: number;
  readonly held: number;
  readonly paid: number;
  readonly failed: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export const payoutJson = (row: PayoutRow): PayoutJson => ({
  id: row.id,
  kind: row.kind,
  state: row.state,
  members: row.members,
  amount: row.amount,
  held: row.held,
  paid: row.paid,
  failed: row.failed,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

/**
 * Makes one batch of all that is available: it leaves the balances at once and is held, so that the next batch finds
 * none of it. A member whose balance is not above zero is left out; what it owes stays and is netted by what comes.
 */
export async function createPayout(
  ctx: Deps,
  tx: Tx,
  wish: { readonly members?: readonly string[] | undefined; readonly minimum?: number | undefined },
): Promise<PayoutJson> {
  const items = await store.lockPayableMembers(tx, wish.members ?? null, Math.max(1, wish.minimum ?? 1));
  return hold(ctx, tx, 'batch', items);
}

/** Lets one member withdraw; left out, the amount is all that is available. Error: `payout_refused`, `member_not_found`. */
export async function withdraw(
  ctx: Deps,
  tx: Tx,
  member: string,
  wish: { readonly amount?: number | undefined },
): Promise<PayoutJson> {
  if ((await lockMember(tx, member)) === undefined) throw new HuidanError('member_not_found');
  const { available } = await readBalance(tx, member);
  const amount = wish.amount ?? available;
  if (amount <= 0 || amount > available)
    throw new HuidanError('payout_refused', `Available: ${available} fen.`, {
      fields: [{ field: 'amount', message: `must be from 1 to ${Math.max(0, available)}` }],
    });
  return hold(ctx, tx, 'withdrawal', [{ member, amount }]);
}

interface Item {
  readonly member: string;
  readonly amount: number;
}

async function hold(ctx: Deps, tx: Tx, kind: PayoutRow['kind'], items: readonly Item[]): Promise<PayoutJson> {
  const nowMs = ctx.clock();
  const at = new Date(nowMs);
  const id = newId('pay', nowMs, ctx.randomBytes);
  await store.insertPayout(tx, { id, kind, state: items.length === 0 ? 'done' : 'open', at });
  await store.insertPayoutItems(tx, id, items, at);
  await move(tx, id, 'hold', items, 'available', 'held', at);
  return mustRead(tx, id);
}

/** Notes that held items were paid, or were not and are available again. Items settled before stay as they are. */
export async function settlePayout(
  ctx: Deps,
  tx: Tx,
  id: string,
  outcome: {
    readonly state: 'paid' | 'failed';
    readonly reason?: string | undefined;
    readonly members?: readonly string[] | undefined;
  },
): Promise<PayoutJson> {
  if (!(await store.lockPayout(tx, id))) throw new HuidanError('payout_not_found');
  const at = new Date(ctx.clock());
  const { state, reason = null, members = null } = outcome;
  const settled = await store.settleItems(tx, id, { state, reason, members }, at);
  await move(tx, id, state, settled, 'held', state === 'paid' ? 'paid' : 'available', at);
  return mustRead(tx, id);
}

/** Moves money of members from one bucket to another: two entries a member. */
async function move(
  tx: Tx,
  payoutId: string,
  step: string,
  items: readonly Item[],
  from: MemberBucket,
  to: MemberBucket,
  at: Date,
): Promise<void> {
  const entry = (member: string, bucket: MemberBucket, amount: number): EntryRow => ({
    id: `${payoutId}-${step}-${member}-${bucket}`,
    orderId: null,
    ledger: memberLedger(member, bucket),
    member,
    bucket,
    amount,
    takenBack: 0,
    cause: `payout:${payoutId}:${step}`,
    at,
  });
  await appendEntries(
    tx,
    NO_ACCOUNT,
    items.flatMap(({ member, amount }) => [entry(member, from, -amount), entry(member, to, amount)]),
  );
}

async function mustRead(db: Queryable, id: string): Promise<PayoutJson> {
  const row = await store.readPayout(db, id);
  if (row === undefined) throw new HuidanError('payout_not_found');
  return payoutJson(row);
}

/** A payout. Error: `payout_not_found`. */
export const readPayout = (ctx: Pick<HubContext, 'pool'>, id: string): Promise<PayoutJson> => mustRead(ctx.pool, id);

/** The items of a payout as CSV for a bank or a wallet: with a byte order mark, ids as text, yuan. */
export async function payoutCsv(ctx: Pick<HubContext, 'pool'>, id: string): Promise<string> {
  await mustRead(ctx.pool, id);
  const items = await store.listPayoutItems(ctx.pool, id, { afterMember: null, limit: null });
  return writeCsv(
    ['payout', 'member', 'name', 'amount_yuan', 'state', 'reason'],
    items.map(({ member, name, amount, state, reason }) => [id, member, name, fenToYuan(amount), state, reason]),
  );
}

/** Adds to or takes from what a member has available, by hand. Error: `member_not_found`. */
export async function adjust(
  ctx: Deps,
  tx: Tx,
  input: { readonly member: string; readonly amount: number; readonly reason: string; readonly apiKeyId: string },
): Promise<{
  readonly id: string;
  readonly member: string;
  readonly amount: number;
  readonly reason: string;
  readonly at: string;
}> {
  const { member, amount, reason, apiKeyId } = input;
  if ((await lockMember(tx, member)) === undefined) throw new HuidanError('member_not_found');
  const nowMs = ctx.clock();
  const at = new Date(nowMs);
  const id = newId('adj', nowMs, ctx.randomBytes);
  await tx.query(
    `insert into commission_adjustments (id, member_id, amount, reason, api_key_id, created_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [id, member, amount, reason, apiKeyId, at],
  );
  const common = { orderId: null, takenBack: 0, cause: `adjustment:${id}`, at };
  await appendEntries(tx, NO_ACCOUNT, [
    { id: `${id}-1`, ledger: 'house', member: null, bucket: null, amount: -amount, ...common },
    { id: `${id}-2`, ledger: memberLedger(member, 'available'), member, bucket: 'available', amount, ...common },
  ]);
  return { id, member, amount, reason, at: at.toISOString() };
}

/** Payouts, the youngest first, those before `beforeId`. */
export async function listPayouts(
  ctx: Pick<HubContext, 'pool'>,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly PayoutJson[]> {
  return (await store.listPayouts(ctx.pool, page)).map(payoutJson);
}

export interface PayoutItemJson {
  readonly member: string;
  readonly name: string | null;
  readonly amount: number;
  readonly state: 'held' | 'paid' | 'failed';
  readonly reason: string | null;
  readonly updatedAt: string;
}

/** The items of a payout by member. Error: `payout_not_found`. */
export async function readPayoutItems(
  ctx: Pick<HubContext, 'pool'>,
  id: string,
  page: { readonly afterMember: string | null; readonly limit: number },
): Promise<readonly PayoutItemJson[]> {
  await mustRead(ctx.pool, id);
  const items = await store.listPayoutItems(ctx.pool, id, page);
  return items.map(({ updatedAt, ...item }) => ({ ...item, updatedAt: updatedAt.toISOString() }));
}
