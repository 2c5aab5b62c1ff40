import type { Connector } from '../core/connector.ts';
import type { Json } from '../core/json.ts';
import { orderJson } from '../core/order-json.ts';
import type { OrderJson } from '../core/order-json.ts';
import { OPEN_STATUSES, readRestingOrders, setMissingClocks } from '../store/repair-reads.ts';
import type { KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';

/** The hub's own question beside those of the connectors: which orders rest for longer than they should. */
export const OVERDUE_POLL = 'overdue';
/** The doubt of an order that rests too long. */
export const OVERDUE_DOUBT = 'overdue';
export const OVERDUE_SECONDS = 60;

/** Orders in one look: one statement and one piece of work for the event loop. */
const PORTION = 500;

/** Where a platform can be asked about an order, and says how long one may rest. */
export const asksForOverdue = ({ restMs, readTruth }: Connector): boolean =>
  restMs !== undefined && readTruth !== undefined;

interface Place {
  readonly status: number;
  readonly afterId: string;
}

const placeOf = (page: Json): Place => (page === null ? { status: 0, afterId: '' } : (page as unknown as Place));

/**
 * Looks through a portion of an account's open orders for those that rest too long, and sets each a clock by which the
 * platform is asked about it. One that waits for its answer already keeps its clock; one that was to rest for longer and
 * has changed since is asked about now. Returns where to go on, null: all
 * were looked at, and how many clocks were set.
 */
export async function lookForOverdue(
  ctx: Pick<HubContext, 'pool' | 'sealer' | 'clock'>,
  account: KnownAccount,
  page: Json,
): Promise<{ readonly next: Json; readonly found: number }> {
  const { status: index, afterId } = placeOf(page);
  const status = OPEN_STATUSES[index];
  if (status === undefined) return { next: null, found: 0 };
  const accountId = account.row.id;
  const orders = await readRestingOrders(ctx.pool, ctx.sealer, accountId, { status, afterId, limit: PORTION });
  const now = new Date(ctx.clock());
  const overdue = orders.filter(({ head, lines }) => {
    const dueMs = overdueAt(account, orderJson(head, lines));
    return dueMs !== undefined && dueMs <= now.getTime();
  });
  const due = overdue.map(({ head }) => ({ id: head.id, dueAt: now, changedAt: new Date(head.updatedAtMs) }));
  const found = await setMissingClocks(ctx.pool, accountId, `doubt:${OVERDUE_DOUBT}`, due, now);
  const last = orders.at(-1)?.head.id;
  const isThrough = orders.length < PORTION || last === undefined;
  const next = isThrough ? { status: index + 1, afterId: '' } : { status: index, afterId: last };
  return { next: next.status >= OPEN_STATUSES.length ? null : next, found };
}

/** When the platform is to be asked about an order that stays as it is; undefined: never. */
export function overdueAt({ connector, view }: KnownAccount, order: OrderJson): number | undefined {
  if (order.mergedInto !== null) return undefined;
  const restMs = connector.restMs?.(order, view);
  return restMs === undefined ? undefined : Date.parse(order.updatedAt) + restMs;
}
