import { matchesEventPattern } from '../core/event.ts';
import { newId } from '../core/ids.ts';
import { markDue, readSubscriptions } from '../store/due-deliveries.ts';
import type { DueHead, Subscription } from '../store/due-deliveries.ts';
import { insertEvents, lockClock, moveClock } from '../store/events.ts';
import type { EventRow } from '../store/events.ts';
import { defer } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { HubContext } from './context.ts';

/** An event about to be numbered in its account's feed. */
export type NewEvent = Omit<EventRow, 'feed' | 'id'>;

/** The account's feed as the transaction holds it, and who is to be told. */
export interface HeldFeed {
  /** The last feed number given before. */
  readonly feed: number;
  readonly createdAt: Date;
  readonly subscriptions: readonly Subscription[];
}

/** Locks the account's clock and reads who is to be told, in one round trip. */
export async function holdFeed(ctx: Pick<HubContext, 'clock'>, tx: Tx, accountId: string): Promise<HeldFeed> {
  const [feed, subscriptions] = await Promise.all([lockClock(tx, accountId), readSubscriptions(tx)]);
  return { feed, createdAt: new Date(ctx.clock()), subscriptions };
}

/** Writes events of one account in their order and marks them as due. Once a transaction. */
export function publishEvents(
  ctx: Pick<HubContext, 'randomBytes'>,
  tx: Tx,
  accountId: string,
  held: HeldFeed,
  news: readonly NewEvent[],
): void {
  const { feed, createdAt, subscriptions } = held;
  if (news.length === 0) return;
  const events = news.map((event, index): EventRow => ({
    ...event,
    feed: feed + index + 1,
    id: newId('evt', createdAt.getTime(), ctx.randomBytes),
  }));
  defer(tx, insertEvents(tx, accountId, events, createdAt));
  defer(tx, markDue(tx, accountId, dueHeads(accountId, events, subscriptions), createdAt));
  defer(tx, moveClock(tx, accountId, feed + events.length));
}

function dueHeads(
  accountId: string,
  events: readonly EventRow[],
  subscriptions: readonly Subscription[],
): readonly DueHead[] {
  const heads = new Map<string, DueHead>();
  const allows = (limit: readonly string[] | null, value: string | null): boolean =>
    limit === null || (value !== null && limit.includes(value));
  for (const subscription of subscriptions) {
    if (!allows(subscription.accounts, accountId)) continue;
    for (const event of events) {
      if (!matchesEventPattern(subscription.events, event.type)) continue;
      if (!allows(subscription.merchants, event.merchant) || !allows(subscription.shops, event.shop)) continue;
      const key = `${subscription.id} ${event.subject}`;
      const firstSequence = heads.get(key)?.firstSequence ?? event.sequence;
      heads.set(key, {
        endpointId: subscription.id,
        subject: event.subject,
        firstSequence,
        lastSequence: event.sequence,
      });
    }
  }
  return [...heads.values()];
}
