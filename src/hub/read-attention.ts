import { HuidanError } from '../core/errors.ts';
import { countItems, dismissItem, findItem, listItems } from '../store/attention.ts';
import type { AttentionFilter } from '../store/attention.ts';
import type { Tx } from '../store/transaction.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import { attentionEvents } from './attention.ts';
import { attentionJson } from './attention-json.ts';
import type { AttentionJson } from './attention-json.ts';
import type { HubContext } from './context.ts';
import { holdFeed, publishEvents } from './publish-events.ts';

/** What a list is asked for; what is left out does not count, but for the state: open. */
export interface AttentionQuery {
  readonly account?: string | undefined;
  readonly kind?: string | undefined;
  readonly state?: string | undefined;
  readonly order?: string | undefined;
}

const filterOf = (principal: Principal, { account, kind, state = 'open', order }: AttentionQuery): AttentionFilter => {
  const { accounts, merchants, shops } = principal;
  const wanted = state === 'any' ? null : state;
  return {
    account: account ?? null,
    kind: kind ?? null,
    state: wanted,
    order: order ?? null,
    accounts,
    merchants,
    shops,
  };
};

/** Items that the key may see, the youngest first, those before `beforeId`. */
export async function readAttention(
  ctx: Pick<HubContext, 'pool' | 'clock'>,
  principal: Principal,
  query: AttentionQuery,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly AttentionJson[]> {
  const rows = await listItems(ctx.pool, filterOf(principal, query), page);
  const nowMs = ctx.clock();
  return rows.map((row) => attentionJson(row, row.platform, nowMs));
}

/** How many such items there are of each kind, the most first. */
export function countAttention(
  ctx: Pick<HubContext, 'pool'>,
  principal: Principal,
  query: AttentionQuery,
): Promise<readonly { readonly kind: string; readonly count: number }[]> {
  return countItems(ctx.pool, filterOf(principal, query));
}

/** One item. Error: `attention_not_found`. */
export async function readAttentionItem(
  ctx: Pick<HubContext, 'pool' | 'clock'>,
  principal: Principal,
  id: string,
): Promise<AttentionJson> {
  const row = await visible(ctx, principal, id);
  return attentionJson(row, row.platform, ctx.clock());
}

/**
 * Says of an item that it needs nothing. It does not open again as long as its cause lasts. One that is not open stays as
 * it is. Runs in `tx`; the wake is the caller's after the commit. Error: `attention_not_found`.
 */
export async function dismissAttention(
  ctx: HubContext,
  tx: Tx,
  principal: Principal,
  id: string,
  reason: string,
): Promise<AttentionJson> {
  const row = await visible(ctx, principal, id);
  const held = await holdFeed(ctx, tx, row.account);
  const now = held.createdAt;
  const dismissed = await dismissItem(tx, row, principal.id, reason, now);
  if (dismissed === undefined) return attentionJson((await findItem(tx, id)) ?? row, row.platform, now.getTime());
  const account = { id: row.account, platform: row.platform };
  publishEvents(
    ctx,
    tx,
    row.account,
    held,
    await attentionEvents(tx, account, [dismissed], 'attention.closed', now.getTime()),
  );
  return attentionJson(dismissed, row.platform, now.getTime());
}

async function visible(ctx: Pick<HubContext, 'pool'>, principal: Principal, id: string) {
  const row = await findItem(ctx.pool, id);
  if (row === undefined || !covers(principal, row)) throw new HuidanError('attention_not_found');
  return row;
}
