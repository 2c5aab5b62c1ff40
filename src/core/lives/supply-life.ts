import { PlanDraft } from './draft.ts';
import type { Life } from './life.ts';

/**
 * An order that waits for an audit, such as a trade or a stock-in of EM. The audit itself is the order's event
 * (`order.accepted`), once: that is the next step. Its platform cannot be asked, so a clock alarms.
 */
const auditLife = (kind: Life['kind']): Life => ({
  kind,
  followsActions: false,
  steps(view) {
    const draft = new PlanDraft(view);
    const { json, createdAt, settings } = view.order;
    const waits = json.fulfilment === 'none' && json.lifecycle === 'open' && json.mergedInto === null;
    const since = json.placedAt === null ? createdAt : Date.parse(json.placedAt);
    if (waits && draft.isDue(since + settings.auditAlarmMs)) {
      draft.raise('unaudited', { since: new Date(since).toISOString() });
    }
    return draft.plan();
  },
  // Each change: the number of audits is small, and an audit must take back the alarm.
  lookAfterChange: (_order, now) => now,
});

export const supplyLife = auditLife('supply');
export const stockInLife = auditLife('stock_in');
