import { HuidanError } from '../core/errors.ts';
import { timeOfId } from '../core/ids.ts';
import { findEvent } from '../store/event-reads.ts';
import { covers } from './access.ts';
import type { Limits } from './access.ts';
import type { HubContext } from './context.ts';
import { eventText } from './webhook-request.ts';

/** An id is made a moment before its row, on the clock of another process perhaps. */
const MINUTE_MS = 60_000;

/** One event as JSON text, masked as in the feed. Error: `event_not_found`, also outside the limits. */
export async function readEvent(ctx: Pick<HubContext, 'pool'>, limits: Limits, id: string): Promise<string> {
  const madeAtMs = timeOfId('evt', id);
  const event =
    madeAtMs === undefined
      ? undefined
      : await findEvent(ctx.pool, id, new Date(madeAtMs - MINUTE_MS), new Date(madeAtMs + MINUTE_MS));
  if (event === undefined || !covers(limits, event)) throw new HuidanError('event_not_found');
  return eventText(event, event.sequence > 1 ? event.sequence - 1 : null);
}
