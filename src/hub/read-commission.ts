import { HuidanError } from '../core/errors.ts';
import * as store from '../store/commission-lists.ts';
import type { BalanceRow, WaitingOrderRow } from '../store/commission-lists.ts';
import { readMember } from '../store/members.ts';
import type { Principal } from './access.ts';
import type { HubContext } from './context.ts';

type Deps = Pick<HubContext, 'pool'>;

/** What a member has, in fen. Error: `member_not_found`. */
export async function readBalanceOf(ctx: Deps, member: string): Promise<BalanceRow> {
  const [found, balance] = await Promise.all([readMember(ctx.pool, member), store.readBalance(ctx.pool, member)]);
  if (found === undefined) throw new HuidanError('member_not_found');
  return balance;
}

export interface StatementLineJson extends BalanceRow {
  readonly day: string | null;
  readonly order: string | null;
  readonly account: string | null;
  readonly platformOrderId: string | null;
}

/** What moved in a member's balance, by day or by order, the youngest first. Error: `member_not_found`. */
export async function readStatement(
  ctx: Deps,
  member: string,
  query: { readonly by?: 'day' | 'order'; readonly from?: string; readonly to?: string },
  page: { readonly before: string | null; readonly limit: number },
): Promise<readonly StatementLineJson[]> {
  if ((await readMember(ctx.pool, member)) === undefined) throw new HuidanError('member_not_found');
  const range = {
    from: query.from === undefined ? null : new Date(query.from),
    to: query.to === undefined ? null : new Date(query.to),
  };
  const isByOrder = query.by === 'order';
  const read = isByOrder ? store.statementByOrder : store.statementByDay;
  const rows = await read(ctx.pool, member, range, page);
  return rows.map(({ key, account, platformOrderId, ...sums }) => ({
    day: isByOrder ? null : key,
    order: isByOrder && key !== '' ? key : null,
    account: account === '' ? null : account,
    platformOrderId,
    ...sums,
  }));
}

export interface EntryJson {
  readonly id: string;
  readonly order: string | null;
  readonly ledger: string;
  readonly amount: number;
  readonly cause: string;
  readonly at: string;
}

/** Lines of the ledger, those after a place; `account` is only for the place. */
export async function readEntries(
  ctx: Deps,
  principal: Principal,
  filter: { readonly order: string | null },
  page: Parameters<typeof store.listEntries>[2],
): Promise<readonly (EntryJson & { readonly account: string })[]> {
  const rows = await store.listEntries(ctx.pool, { ...filter, accounts: principal.accounts }, page);
  return rows.map(({ at, ...row }) => ({ ...row, at: at.toISOString() }));
}

/** Promoted orders that nobody's sid fits, or that no plan holds for, the youngest first. */
export function readWaitingOrders(
  ctx: Deps,
  principal: Principal,
  kind: 'unattributed' | 'unplanned',
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly WaitingOrderRow[]> {
  const list = kind === 'unattributed' ? store.listUnattributed : store.listUnplanned;
  return list(ctx.pool, principal.accounts, page);
}

/** Balances of members by id, those after `afterId`. */
export function readBalances(
  ctx: Deps,
  page: { readonly afterId: string | null; readonly limit: number },
): ReturnType<typeof store.listBalances> {
  return store.listBalances(ctx.pool, page);
}
