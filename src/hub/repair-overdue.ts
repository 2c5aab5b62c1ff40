import type { Connector } from '../core/connector.ts';
import { newId } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import { orderJson } from '../core/order-json.ts';
import type { OrderJson } from '../core/order-json.ts';
import { OPEN_STATUSES, readOrdersWithClock, readRestingOrders, setMissingClocks } from '../store/repair-reads.ts';
import type { KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';

/** The hub's own question beside those of the connectors: which orders rest for longer than they should. */
export const OVERDUE_POLL = 'overdue';
/** The doubt of an order that rests too long. */
export const OVERDUE_DOUBT = 'overdue';
export const OVERDUE_SECONDS = 60;

/** Orders in one look: one statement and one piece of work for the event loop. */
const PORTION = 500;
/** So many of a portion are asked about at once; more are spread over the time that an order may rest. */
const AT_ONCE = 20;

const REFUNDED = 'refunded';
/** All the money went back, and the order may still be open: its end was told apart, and can have got lost. */
const STATUSES = [...OPEN_STATUSES, REFUNDED] as const;
/** Those add up over the years, and one that is older is of no interest to anybody. */
const REFUNDED_MS = 3 * 86_400_000;
const idAt = (ms: number): string => newId('ord', ms, (size) => new Uint8Array(size));

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
  const { connector, view } = account;
  const { status: place, afterId } = placeOf(page);
  const status = STATUSES[place];
  if (status === undefined) return { next: null, found: 0 };
  const accountId = account.row.id;
  const now = new Date(ctx.clock());
  const from = status === REFUNDED && afterId === '' ? idAt(now.getTime() - REFUNDED_MS) : afterId;
  const orders = await readRestingOrders(ctx.pool, ctx.sealer, accountId, { status, afterId: from, limit: PORTION });
  const overdue = orders.filter(({ head, lines }) => {
    const dueMs = overdueAt(account, orderJson(head, lines));
    return dueMs !== undefined && dueMs <= now.getTime();
  });
  const kind = `doubt:${OVERDUE_DOUBT}`;
  const ids = overdue.map(({ head }) => head.id);
  const waiting = await readOrdersWithClock(ctx.pool, accountId, kind, ids);
  // A thousand orders at once would keep the doubts that messages raise waiting behind them for hours.
  const fresh = overdue.filter(({ head }) => !waiting.has(head.id)).length;
  const haste = hasteOf(connector, view.settings);
  let nth = 0;
  const due = overdue.map(({ head, lines }) => {
    const isSpread = fresh > AT_ONCE && !waiting.has(head.id);
    const restMs = isSpread ? (connector.restMs?.(orderJson(head, lines), view) ?? 0) * haste : 0;
    const waitMs = isSpread ? Math.floor((restMs * nth++) / fresh) : 0;
    return { id: head.id, dueAt: new Date(now.getTime() + waitMs), changedAt: new Date(head.updatedAtMs) };
  });
  const found = await setMissingClocks(ctx.pool, accountId, kind, due, now);
  const last = orders.at(-1)?.head.id;
  const isThrough = orders.length < PORTION || last === undefined;
  const next = isThrough ? { status: place + 1, afterId: '' } : { status: place, afterId: last };
  return { next: next.status >= STATUSES.length ? null : next, found };
}

/** When the platform is to be asked about an order that stays as it is; undefined: never. */
export function overdueAt({ connector, view }: KnownAccount, order: OrderJson): number | undefined {
  if (order.mergedInto !== null) return undefined;
  const restMs = connector.restMs?.(order, view);
  return restMs === undefined ? undefined : Date.parse(order.updatedAt) + restMs * hasteOf(connector, view.settings);
}

/** An account whose repair asks more often than its platform's polls do by themselves waits so much less for an order. */
function hasteOf({ polls = [] }: Connector, { repairSeconds }: KnownAccount['view']['settings']): number {
  const usual = polls.length === 0 ? OVERDUE_SECONDS : Math.min(...polls.map(({ everySeconds }) => everySeconds));
  return typeof repairSeconds === 'number' ? Math.min(1, repairSeconds / usual) : 1;
}
