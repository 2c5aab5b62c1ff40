import type { ActionRequest } from '../../core/action.ts';
import type { Alias, AliasKind, Fact, Report } from '../../core/fact.ts';
import type { Fen } from '../../core/money.ts';
import { partLine, refundLine, topicLine, WHOLE } from '../../core/registers.ts';
import { currentOrderId, revivedOrderId, revivedTradeId } from './revival.ts';

/** A number of the order that has the form, if it has one. */
export function aliasOf({ order }: ActionRequest, wanted: AliasKind, form?: RegExp): string | undefined {
  const fits = order.aliases.filter(({ kind, value }) => kind === wanted && form?.test(value) !== false);
  // The merchant's own, where the order was made once more under another.
  const own = fits.find(({ value }) => wanted === 'merchant' && value === order.json.merchantOrderId);
  return (own ?? fits[0])?.value;
}

export function textParam({ params }: ActionRequest, name: string): string | undefined {
  const value = params[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What an action of ours says about its order; its key is the action's number, so a repeat counts once. */
function report(request: ActionRequest, facts: readonly Fact[], orderId = aliasOf(request, 'platform')): Report {
  const numbers: Alias[] = [];
  if (orderId !== undefined) numbers.push({ kind: 'platform', value: orderId });
  const tradeId = aliasOf(request, 'merchant');
  if (tradeId !== undefined) numbers.push({ kind: 'merchant', value: tradeId });
  const [first, ...others] = numbers;
  if (first === undefined) throw new TypeError('an order without a number was acted on');
  return { aliases: [first, ...others], kind: 'vending', key: `act:${request.number}`, at: request.at, facts };
}

export function createdReport(request: ActionRequest, orderId: string): Report {
  const facts: Fact[] = [{ line: WHOLE, register: 'lifecycle', value: 'open' }];
  if (request.action !== 'revive') return report(request, facts, orderId);
  facts.push({ line: topicLine('revival'), register: 'platformFields', value: { revived_order_id: orderId } });
  const made = report(request, facts, orderId);
  const tradeId = aliasOf(request, 'merchant');
  // The machine's reports come in under it.
  const also: Alias[] = tradeId === undefined ? [] : [{ kind: 'merchant', value: revivedTradeId(tradeId) }];
  return { ...made, aliases: [...made.aliases, ...also] };
}

/** The user has paid, whatever the platform makes of it. */
export function paidReport(request: ActionRequest): Report {
  const { amount } = request.params;
  const [channel, reference] = [textParam(request, 'channel'), textParam(request, 'reference')];
  const fields = {
    ...(channel === undefined ? {} : { paid_channel: channel }),
    ...(reference === undefined ? {} : { paid_reference: reference }),
    ...(revivedOrderId(request.order.json.platformFields) === undefined
      ? {}
      : { paid_order_id: currentOrderId(request) ?? null }),
  };
  const facts: Fact[] = [
    { line: WHOLE, register: 'payment', value: 'paid' },
    { line: WHOLE, register: 'paidAt', value: request.at },
  ];
  if (typeof amount === 'number') facts.push({ line: WHOLE, register: 'money.paid', value: amount });
  if (Object.keys(fields).length > 0) {
    facts.push({ line: topicLine('payment'), register: 'platformFields', value: fields });
  }
  return report(request, facts);
}

export const closedReport = (request: ActionRequest): Report =>
  report(request, [
    { line: WHOLE, register: 'lifecycle', value: request.params['as'] === 'expired' ? 'expired' : 'cancelled' },
    { line: WHOLE, register: 'closedAt', value: request.at },
  ]);

/** Somebody wants out: the order's life asks for the payment, then closes. */
export function cancelReport(request: ActionRequest): Report {
  const reason = textParam(request, 'reason');
  const facts: Fact[] = [{ line: WHOLE, register: 'flag.cancel_requested', value: true }];
  if (reason !== undefined) {
    facts.push({ line: topicLine('cancel'), register: 'platformFields', value: { cancel_reason: reason } });
  }
  return report(request, facts);
}

/** The platform's word changes; that money went back is said by whoever gave it. */
export const turnedToRefundReport = (request: ActionRequest): Report =>
  report(request, [{ line: topicLine('refund'), register: 'platformFields', value: { turned_to_refund: true } }]);

/** The platform will not dispense this record any more. */
export const givenUpReport = (request: ActionRequest, code: string): Report => {
  const line = partLine(textParam(request, 'record') ?? '');
  return report(request, [
    { line, register: 'fulfilment', value: 'failed' },
    { line, register: 'platformFields', value: { refused: code } },
  ]);
};

/** Money that the shop gave back by its own means. */
export function refundDoneReport(request: ActionRequest, amount: Fen): Report {
  const [reason, reference] = [textParam(request, 'reason'), textParam(request, 'reference')];
  const line = refundLine(request.number);
  const value = { state: 'succeeded' as const, amount, ...(reason === undefined ? {} : { reason }) };
  const facts: Fact[] = [{ line, register: 'refund', value }];
  if (reference !== undefined) {
    const fields = { refund_reference: reference };
    facts.push({ line: topicLine(`refund ${request.number}`), register: 'platformFields', value: fields });
  }
  return report(request, facts);
}
