import { HuidanError } from '../core/errors.ts';
import { findAction, listActions } from '../store/actions.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import { namedActionJson } from './action-json.ts';
import type { NamedActionJson } from './action-json.ts';
import type { HubContext } from './context.ts';

/** What a list of actions is asked for; what is left out does not count. */
export interface ActionQuery {
  readonly account?: string | undefined;
  readonly order?: string | undefined;
  readonly state?: string | undefined;
  readonly action?: string | undefined;
}

/** Actions on orders that the key may see, the youngest first, those before `beforeId`. */
export async function readActions(
  ctx: Pick<HubContext, 'pool'>,
  principal: Principal,
  query: ActionQuery,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly NamedActionJson[]> {
  const { accounts, merchants, shops } = principal;
  const { account = null, order = null, state = null, action = null } = query;
  const rows = await listActions(ctx.pool, { account, order, state, action, accounts, merchants, shops }, page);
  return rows.map((row) => namedActionJson(row));
}

/** One action. Error: `action_not_found`, also where its order lies outside the key's limits. */
export async function readAction(
  ctx: Pick<HubContext, 'pool'>,
  principal: Principal,
  id: string,
): Promise<NamedActionJson> {
  const row = await findAction(ctx.pool, id);
  if (row === undefined || !covers(principal, row)) throw new HuidanError('action_not_found');
  return namedActionJson(row);
}
