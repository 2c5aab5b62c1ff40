import { words } from '../../core/field-builders.ts';
import type { Report } from '../../core/fact.ts';
import type { Poll } from '../../core/poll.ts';
import { ask } from './client.ts';
import { refundFacts, refundsOfAll } from './truth.ts';

/** Orders in one call. The call takes a list and names no limit (sheet, 5.3): an assumption on the safe side. */
const AT_ONCE = 20;
/** A user asks for money back within hours; who takes longer than three days does it at the service desk. */
const RECENT_MS = 3 * 86_400_000;

interface Walk {
  readonly index: number;
  readonly afterId: string | null;
}

/**
 * Store by store the refunds of the orders of the last days. A refund has its own callbacks and shows in no other answer:
 * of an order that is over nothing else would ask, and one that waits for its answer has three hours.
 */
export const refundPoll: Poll = {
  name: 'refunds',
  label: words('Refunds of recent orders', '近期订单的退款'),
  everySeconds: 1800,
  async run(account, call, { at, page, stores, recentOrders }) {
    const walk = (page ?? { index: 0, afterId: null }) as unknown as Walk;
    const entry = stores[walk.index];
    const isLast = walk.index + 1 >= stores.length;
    const nextStore = isLast ? null : { index: walk.index + 1, afterId: null };
    const token = entry?.token?.accessToken;
    if (entry === undefined || token === undefined)
      return { ok: true, value: { reports: [], next: nextStore, mark: null } };
    const orders = await recentOrders(entry.store, at - RECENT_MS, { afterId: walk.afterId, limit: AT_ONCE });
    const last = orders.at(-1);
    if (last === undefined) return { ok: true, value: { reports: [], next: nextStore, mark: null } };
    const numbers = orders.map(({ platformOrderId }) => platformOrderId);
    const answer = await ask(account, call, refundsOfAll(numbers, token), at);
    if (!answer.ok && answer.refusal.class === 'retry') return answer;
    // The token of one store is that store's trouble; the others are asked all the same.
    if (!answer.ok) return { ok: true, value: { reports: [], next: nextStore, mark: null } };
    const reports = numbers.flatMap((number): readonly Report[] => {
      const facts = refundFacts(answer.value, number);
      return facts.length === 0
        ? []
        : [{ aliases: [{ kind: 'platform', value: number }], kind: 'takeaway', at, facts }];
    });
    const next = orders.length < AT_ONCE ? nextStore : { index: walk.index, afterId: last.id };
    return { ok: true, value: { reports, next, mark: null } };
  },
};
