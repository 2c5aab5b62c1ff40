import type { ActionRequest } from '../../core/action.ts';
import type { Fact, Report } from '../../core/fact.ts';
import { NumberText } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { topicLine, WHOLE } from '../../core/registers.ts';
import { CANCEL_REASONS } from './action-specs.ts';
import { readCancel, readDelivery } from './callback.ts';
import { ORDER_STATUSES } from './order-push.ts';

/** The code of a cancellation; what is left out is 'other'. */
export const reasonCodeOf = ({ params }: ActionRequest): string =>
  typeof params['reasonCode'] === 'string' ? params['reasonCode'] : '2007';

/** Its words; what is left out are those of the code. */
export const cancelReasonOf = (request: ActionRequest): string => {
  const { reason } = request.params;
  return typeof reason === 'string' ? reason : (CANCEL_REASONS.get(reasonCodeOf(request)) ?? '其他原因');
};

/**
 * What a successful action says of its order, before its callback says the same: in the words of that callback, so that
 * both have one key where the platform gives no time, and the same winners where it does.
 */
export function actionReports(request: ActionRequest): readonly Report[] {
  const { action, order, params, at } = request;
  const orderId = order.aliases.find(({ kind }) => kind === 'platform')?.value ?? '';
  const head = { aliases: [{ kind: 'platform', value: orderId }], kind: 'takeaway' } as const;
  const heard = { store: order.store ?? undefined };
  const message = (said: Readonly<Record<string, Lossless>>): JsonReader =>
    new JsonReader(new Map<string, Lossless>(Object.entries({ orderId: new NumberText(orderId), ...said })));
  const delivery = (status: number): readonly Report[] => {
    const report = readDelivery(
      message({
        shippingStatus: new NumberText(String(status)),
        time: new NumberText(String(Math.floor(at / 1000))),
        ...(typeof params['name'] === 'string' ? { dispatcherName: params['name'] } : {}),
        ...(typeof params['phone'] === 'string' ? { dispatcherMobile: params['phone'] } : {}),
      }),
      heard,
    );
    return report === undefined ? [] : [report];
  };
  switch (action) {
    case 'accept': {
      // Without a time, as in the push of the confirmed order: what riders say is younger.
      const facts: readonly Fact[] = [{ line: WHOLE, register: 'fulfilment', value: 'accepted', at: null }];
      return [{ ...head, at: null, stage: ORDER_STATUSES['4']?.stage ?? 0, facts }];
    }
    case 'cancel': {
      return [readCancel(message({ reason: cancelReasonOf(request), reasonCode: reasonCodeOf(request) }), heard)];
    }
    case 'agree-refund':
    case 'reject-refund': {
      // Which refund it was and how much it gives back only the platform's list tells: the same doubt as the push raises.
      const facts: readonly Fact[] = [{ line: WHOLE, register: 'flag.doubt', value: true }];
      return [{ ...head, at, doubt: 'refund', facts }];
    }
    case 'ready': {
      const value = { preparationMealComplete: true };
      return [{ ...head, at, facts: [{ line: topicLine('ready'), register: 'platformFields', value }] }];
    }
    case 'assign':
      return delivery(10);
    case 'picked-up':
      return delivery(20);
    case 'delivered':
      return delivery(40);
    default:
      return [];
  }
}
