import type { Words } from '../core/account-fields.ts';
import type { ActionState } from '../store/actions.ts';
import { findWishOfOrder } from '../store/order-wishes.ts';
import { findOrders } from '../store/orders-by-id.ts';
import { toOrderJson } from '../store/orders.ts';
import type { OrderSqlRow } from '../store/orders.ts';
import { readUnsettledActions } from '../store/unsettled-actions.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import { OVERDUE } from './act-decide.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';

/** What can be done to an order as it stands. */
export interface PossibleActions {
  readonly order: string;
  /** Everything that its platform has; `refusal`: why it makes no sense now, null where it does. */
  readonly actions: readonly { readonly name: string; readonly refusal: Words | null }[];
  /** What was sent and nobody knows the end of; `isLate`: a person may look and say. */
  readonly unsettled: readonly {
    readonly id: string;
    readonly action: string;
    readonly state: ActionState;
    readonly isLate: boolean;
  }[];
}

const MODES: Readonly<Record<string, Words>> = {
  observe: { en: 'The account only observes.', zh: '该账号为只观察模式。' },
  paused: { en: 'The account is paused.', zh: '该账号已暂停。' },
};
const PAID_ELSEWHERE: Words = { en: 'It is paid at another account.', zh: '该订单在另一个账号收款。' };

/**
 * What can be done to these orders now, by the same rules that refuse an action when it is asked for; what a platform
 * thinks of it, it says when it is asked. Orders that are not there or not visible are left out.
 */
export async function readPossibleActions(
  ctx: Pick<HubContext, 'pool' | 'sealer'>,
  deps: { readonly accounts: AccountDirectory },
  principal: Principal,
  ids: readonly string[],
): Promise<readonly PossibleActions[]> {
  const rows = await findOrders(ctx.pool, ids);
  const byAccount = Map.groupBy(
    rows.filter(({ account_id: account, merchant, shop }) => covers(principal, { account, merchant, shop })),
    ({ account_id: account }) => account,
  );
  const found: PossibleActions[] = [];
  for (const [accountId, orders] of byAccount) {
    const account = await deps.accounts.find(accountId);
    if (account === undefined) continue;
    const unsettled = Map.groupBy(
      await readUnsettledActions(
        ctx.pool,
        accountId,
        orders.map(({ id }) => id),
      ),
      ({ orderId }) => orderId,
    );
    for (const row of orders) {
      found.push({
        order: row.id,
        actions: await actionsOf(ctx, account, row),
        unsettled: (unsettled.get(row.id) ?? []).map(({ id, action, state, code, dueAt }) => ({
          ...{ id, action, state },
          isLate: dueAt === null || code === OVERDUE,
        })),
      });
    }
  }
  return found;
}

async function actionsOf(
  ctx: Pick<HubContext, 'pool' | 'sealer'>,
  { row: account, connector }: KnownAccount,
  row: OrderSqlRow,
): Promise<PossibleActions['actions']> {
  const order = toOrderJson(ctx.sealer, row, false);
  const specs = (connector.actions?.specs ?? []).filter(({ internal = false }) => !internal);
  const answers: { readonly name: string; readonly refusal: Words | null }[] = [];
  for (const spec of specs) {
    const refusal = MODES[account.mode] ?? spec.refuses(order) ?? null;
    const isElsewhere =
      spec.name === 'paid' &&
      refusal === null &&
      ((await findWishOfOrder(ctx.pool, account.id, order.id))?.paymentAccount ?? null) !== null;
    answers.push({ name: spec.name, refusal: isElsewhere ? PAID_ELSEWHERE : refusal });
  }
  return answers;
}
