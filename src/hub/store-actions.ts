import { paramFaults } from '../core/action-params.ts';
import { HuidanError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import { NO_STORE_TOKEN } from '../core/store-action.ts';
import { findTokenOfStore } from '../store/store-tokens.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory } from './account-directory.ts';
import { requireLive } from './act.ts';
import type { HubContext } from './context.ts';
import { visibleStore } from './read-stores.ts';
import { openToken } from './store-desk.ts';

/**
 * Does something to a store at its platform and returns what the platform answered. Errors: `store_not_found`,
 * `action_unknown`, `action_params_invalid` naming the fields, `account_observes`, `account_paused`, `store_not_bound`,
 * `platform_unreachable`, `platform_refused`.
 */
export async function actOnStore(
  ctx: HubContext,
  accounts: AccountDirectory,
  principal: Principal,
  wish: {
    readonly account: string;
    readonly store: string;
    readonly action: string;
    readonly params: Readonly<Record<string, Json>>;
  },
): Promise<Json> {
  const row = await visibleStore(ctx, principal, wish.account, wish.store);
  const account = await accounts.find(row.account);
  if (account === undefined) throw new HuidanError('account_not_found');
  const { storeActions } = account.connector;
  const spec = storeActions?.specs.find(({ name }) => name === wish.action);
  if (storeActions === undefined || spec === undefined) {
    const names = (storeActions?.specs ?? []).map(({ name }) => name).join(', ');
    throw new HuidanError('action_unknown', names === '' ? 'Its stores take none.' : `Its stores take ${names}.`);
  }
  const faults = paramFaults(spec.params, wish.params);
  if (faults.length > 0) {
    const fields = faults.map(({ field, message }) => ({ field: `params.${field}`, message }));
    throw new HuidanError('action_params_invalid', undefined, { fields });
  }
  if (spec.asks !== true || account.row.mode === 'paused') requireLive(account);
  const held = await findTokenOfStore(ctx.pool, row.account, row.ref);
  const token = held === undefined ? null : openToken(ctx.sealer, held);
  const request = { action: wish.action, params: wish.params, store: row.ref, token, at: ctx.clock() };
  const answer = await storeActions.run(account.view, ctx.callPlatform, request).catch((error: unknown) => {
    if (!(error instanceof PlatformUnreachable)) throw error;
    throw new HuidanError('platform_unreachable', 'The platform did not answer.', { cause: error });
  });
  if (answer.ok) return answer.value;
  const { code, message } = answer.refusal;
  if (code === NO_STORE_TOKEN) throw new HuidanError('store_not_bound');
  throw new HuidanError('platform_refused', `${code}: ${message}`);
}
