import type { Order } from '../../api/orders.ts';
import type { Translated } from '../../app/language.ts';
import { yuanText } from '../../parts/money.tsx';
import { clockText } from '../../parts/time.tsx';
import type { orderWords } from './words.ts';

type Words = Translated<(typeof orderWords)['zh']>;

/** Why the order has its status: the first rule of the design's table that holds for it, in a sentence; then its flags. */
export function whySentences(order: Order, words: Words): readonly string[] {
  const flagSentences: Readonly<Record<string, string>> = words.flagSentences;
  return [
    statusSentence(order, words.whySentences),
    ...partSentence(order, words.whySentences),
    ...order.flags.flatMap((flag) => flagSentences[flag] ?? []),
  ];
}

/** The status says nothing of a part that was given back. */
function partSentence({ status, payment, amounts }: Order, say: Words['whySentences']): readonly string[] {
  const isSaid = status === 'completed' || status === 'refunded';
  return payment !== 'partially_refunded' || isSaid || amounts.refunded === null || amounts.refunded === 0
    ? []
    : [say.partly(yuanText(amounts.refunded))];
}

function statusSentence(order: Order, say: Words['whySentences']): string {
  const { status, amounts, kind, fulfilment, acceptBy } = order;
  const paid = yuanText(amounts.paid ?? amounts.total ?? 0);
  const isAudit = kind === 'supply' || kind === 'stock_in';
  switch (status) {
    case 'refunded':
      return amounts.refunded === null || amounts.refunded === 0
        ? say.refundedWhole
        : say.refunded(yuanText(amounts.refunded), paid);
    case 'cancelled':
      return order.payment === 'paid' && (amounts.paid ?? 0) > 0 ? say.cancelledPaid(paid) : say.cancelled;
    case 'expired':
      return say.expired;
    case 'failed':
      return say.failed;
    case 'completed':
      return amounts.refunded !== null && amounts.refunded > 0
        ? say.completedPartly(yuanText(amounts.refunded))
        : say.completed;
    case 'fulfilling':
      return fulfilment === 'delivering' ? say.delivering : fulfilment === 'delivered' ? say.delivered : say.preparing;
    case 'accepted':
      return isAudit ? say.acceptedAudit : say.accepted;
    case 'paid':
      if (kind !== 'takeaway') return say.paid(paid);
      return acceptBy === null ? say.paidTakeaway(paid) : say.paidTakeawayBy(paid, clockText(Date.parse(acceptBy)));
    case 'pending':
      return isAudit ? say.pendingAudit : say.pending;
  }
}
