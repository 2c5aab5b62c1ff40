import type { OrderJson } from '../order-json.ts';
import type { TimeMs } from '../time.ts';
import { PlanDraft } from './draft.ts';
import type { Life } from './life.ts';

/**
 * How long before a deadline somebody is told. An order must be accepted within some five minutes, a request to cancel
 * be answered within 15, one to refund within three hours: a minute and five leave time to reach for the phone.
 */
const ACCEPT_LEAD_MS = 60_000;
const ANSWER_LEAD_MS = 300_000;
const LOOK_AGAIN_MS = 15_000;

interface Deadline {
  readonly name: 'accept_deadline' | 'answer_deadline';
  readonly by: string;
  readonly alarmAt: TimeMs;
  /** Nobody has done yet what must be done by then. */
  readonly isOpen: boolean;
}

function deadlinesOf(order: OrderJson): readonly Deadline[] {
  const { acceptBy, answerBy } = order;
  const deadlines: Deadline[] = [];
  const isAlive = order.mergedInto === null && order.lifecycle === 'open';
  if (acceptBy !== null) {
    const isOpen = isAlive && order.fulfilment === 'none' && order.payment !== 'refunded';
    deadlines.push({ name: 'accept_deadline', by: acceptBy, alarmAt: Date.parse(acceptBy) - ACCEPT_LEAD_MS, isOpen });
  }
  if (answerBy !== null) {
    // Shown only while a request is open; a refund may be asked for after the order's end.
    const isOpen = order.mergedInto === null;
    deadlines.push({ name: 'answer_deadline', by: answerBy, alarmAt: Date.parse(answerBy) - ANSWER_LEAD_MS, isOpen });
  }
  return deadlines;
}

/**
 * A takeaway order: what must be done in time is shown (`acceptBy`, `answerBy`) and alarmed. It is accepted by itself in
 * the transaction that brings it (`autoAccept`), not here: the platform's clock runs.
 */
export const takeawayLife: Life = {
  kind: 'takeaway',
  followsActions: false,
  steps(view) {
    const draft = new PlanDraft(view);
    for (const { name, by, alarmAt, isOpen } of deadlinesOf(view.order.json)) {
      if (!isOpen || !draft.isDue(alarmAt)) continue;
      draft.raise(name, { by });
      // Looked at again so that it goes when its cause goes, the less often the longer nobody cared.
      draft.isDue(view.now + Math.max(LOOK_AGAIN_MS, (view.now - alarmAt) / 8));
    }
    return draft.plan();
  },
  /** At the next alarm. What is raised already goes by itself. */
  lookAfterChange(order, now) {
    const alarms = deadlinesOf(order).flatMap(({ isOpen, alarmAt }) => (isOpen ? [alarmAt] : []));
    return alarms.length === 0 ? undefined : Math.max(now, Math.min(...alarms));
  },
};
