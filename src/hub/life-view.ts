import { lifeSettings } from '../core/lives/life-settings.ts';
import type { LifeAction, LifeView, OrderSide } from '../core/lives/life.ts';
import { orderJson } from '../core/order-json.ts';
import type { TimeMs } from '../core/time.ts';
import { readActionsOfOrder } from '../store/order-actions.ts';
import type { ActionOfOrder } from '../store/order-actions.ts';
import { readLinks } from '../store/order-links.ts';
import type { OrderLink } from '../store/order-links.ts';
import { findWishOfOrder } from '../store/order-wishes.ts';
import { readStoredOrder } from '../store/orders.ts';
import type { Queryable } from '../store/pool.ts';
import { OVERDUE } from './act-decide.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { CREATE_CAUSE } from './checkout.ts';
import type { HubContext } from './context.ts';

/** Everything that the next steps of an order follow from, and whom it is linked with. */
export interface ReadLife {
  readonly view: LifeView;
  readonly links: readonly OrderLink[];
}

/** Reads an order with its actions, its parent and its legs. `undefined`: there is no such order. */
export async function readLife(
  ctx: Pick<HubContext, 'sealer'>,
  deps: { readonly accounts: AccountDirectory },
  db: Queryable,
  account: KnownAccount,
  orderId: string,
  now: TimeMs,
): Promise<ReadLife | undefined> {
  const order = await readSide(ctx, db, account, orderId);
  if (order === undefined) return undefined;
  const links = await readLinks(db, account.row.id, orderId);
  const legs: OrderSide[] = [];
  let parent: OrderSide | null = null;
  for (const link of links) {
    const other = await deps.accounts.find(link.account);
    const side = other === undefined ? undefined : await readSide(ctx, db, other, link.orderId);
    if (side === undefined) continue;
    if (link.role === 'leg') legs.push(side);
    else parent = side;
  }
  return { view: { now, order, parent, legs }, links };
}

async function readSide(
  ctx: Pick<HubContext, 'sealer'>,
  db: Queryable,
  { row, view, connector }: KnownAccount,
  orderId: string,
): Promise<OrderSide | undefined> {
  const stored = await readStoredOrder(db, ctx.sealer, row.id, orderId);
  if (stored === undefined) return undefined;
  const actions = await readActionsOfOrder(db, row.id, orderId);
  return {
    json: orderJson(stored.head, stored.lines),
    lines: stored.lines,
    createdAt: stored.createdAt.getTime(),
    origin: await originOf(db, row.id, orderId, actions),
    actions: actions.map((action) => lifeAction(action)),
    settings: lifeSettings(view.settings),
    can: new Set((connector.actions?.specs ?? []).map(({ name }) => name)),
  };
}

async function originOf(
  db: Queryable,
  accountId: string,
  orderId: string,
  actions: readonly ActionOfOrder[],
): Promise<OrderSide['origin']> {
  if (actions.some(({ cause }) => cause === CREATE_CAUSE)) return 'made';
  return (await findWishOfOrder(db, accountId, orderId)) === undefined ? 'heard' : 'adopted';
}

function lifeAction({ dueAt, createdAt, sentAt, finishedAt, ...action }: ActionOfOrder): LifeAction {
  return {
    action: action.action,
    cause: action.cause,
    number: action.number,
    state: action.state,
    // What is late is asked for still, but nothing waits for it.
    isOpen: dueAt !== null && action.code !== OVERDUE,
    params: action.params,
    code: action.code,
    createdAt: createdAt.getTime(),
    sentAt: sentAt?.getTime() ?? null,
    finishedAt: finishedAt?.getTime() ?? null,
  };
}
