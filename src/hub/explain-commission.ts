import { postingsBetween, sharesOf, NOTHING } from '../core/commission/ledger.ts';
import type { Basis, Posting, ShareLine } from '../core/commission/ledger.ts';
import { HuidanError } from '../core/errors.ts';
import type { OrderJson } from '../core/order-json.ts';
import { listBookings } from '../store/commission-lists.ts';
import { toOrderJson } from '../store/orders.ts';
import type { Principal } from './access.ts';
import type { HubContext } from './context.ts';
import { readOrders, readVisibleOrder } from './read-orders.ts';

/** One step of the ledger of an order: why, from what, and what was written. */
export interface ExplainedBooking {
  readonly booking: number;
  /** `fact:<key>`, `member:…`, `plan:…`, `claim:…` or `available:…`. */
  readonly cause: string;
  readonly at: string;
  readonly orderVersion: number;
  readonly phase: Basis['phase'];
  readonly parts: Basis['parts'];
  readonly people: Basis['people'];
  readonly plan: Basis['plan'];
  readonly shares: readonly ShareLine[];
  readonly entries: readonly Posting[];
}

export interface Explanation {
  readonly order: string;
  readonly account: string;
  readonly platformOrderId: string | null;
  readonly status: OrderJson['status'];
  readonly sid: string | null;
  readonly member: string | null;
  /** What keeps the order from being split, in words; null: nothing. */
  readonly waitsFor: string | null;
  readonly bookings: readonly ExplainedBooking[];
}

/** The whole reasoning about an order, by its id or any number of it. Error: `order_not_found`. */
export async function explainCommission(ctx: HubContext, principal: Principal, number: string): Promise<Explanation> {
  const [named] = number.startsWith('ord_')
    ? []
    : await readOrders(ctx, principal, { q: number, kind: 'cps' }, { beforeId: null, limit: 1 }, {});
  const row = await readVisibleOrder(ctx, principal, named?.id ?? number);
  const order = toOrderJson(ctx.sealer, row);
  if (order.kind !== 'cps') throw new HuidanError('order_not_found', 'It is no promoted order.');
  const bookings = await listBookings(ctx.pool, order.account, order.id);
  const last = bookings.at(-1)?.basis ?? NOTHING;
  return {
    order: order.id,
    account: order.account,
    platformOrderId: order.platformOrderId,
    status: order.status,
    sid: order.attribution?.sid ?? null,
    member: order.attribution?.member ?? null,
    waitsFor: waitsFor(order, last),
    bookings: bookings.map(({ booking, cause, orderVersion, basis, at }, index) => ({
      booking,
      cause,
      at: at.toISOString(),
      orderVersion,
      phase: basis.phase,
      parts: basis.parts,
      people: basis.people,
      plan: basis.plan,
      shares: sharesOf(basis),
      entries: postingsBetween(bookings[index - 1]?.basis ?? NOTHING, basis),
    })),
  };
}

function waitsFor(order: OrderJson, { plan, parts }: Basis): string | null {
  const { sid = null, member = null } = order.attribution ?? {};
  if (member === null)
    return sid === null ? 'The order carries no sid.' : `No member has the sid ${JSON.stringify(sid)}.`;
  if (plan === null) return 'No plan holds for the order.';
  return parts.length === 0 ? 'The platform has not said what the order earns.' : null;
}
