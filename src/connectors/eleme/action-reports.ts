import type { ActionRequest } from '../../core/action.ts';
import type { Fact, Report } from '../../core/fact.ts';
import { topicLine } from '../../core/registers.ts';
import { whole } from '../../core/saying.ts';
import { endFacts } from './order.ts';

/**
 * What a successful action says of its order before its message says the same. The platform's times are whole seconds,
 * so the action's is cut to them: its message, never earlier, wins with the same value. What only the platform knows
 * (when it ended, how much was given back) is left to the message.
 */
export function actionReports(request: ActionRequest): readonly Report[] {
  const { action, order, params } = request;
  const number = order.aliases.find(({ kind }) => kind === 'platform')?.value ?? '';
  const head = { aliases: [{ kind: 'platform', value: number }], kind: 'takeaway' } as const;
  const at = Math.floor(request.at / 1000) * 1000;
  const isCancel = order.json.flags.includes('cancel_requested');
  const onTheWay = (fulfilment: 'delivering' | 'delivered', stage: number): readonly Report[] => {
    const facts: Fact[] = [whole('flag.delivery_trouble', false), whole('fulfilment', fulfilment)];
    if (fulfilment === 'delivered') facts.push(whole('flag.reminder', false));
    return [{ ...head, at, stage, final: false, facts }];
  };
  switch (action) {
    case 'accept':
      // Without a time: whatever a rider did came later, even within the second of the request.
      return [{ ...head, at: null, stage: 1, final: false, facts: [whole('fulfilment', 'accepted')] }];
    case 'cancel':
      return [
        {
          ...head,
          at,
          stage: 9,
          facts: [whole('lifecycle', 'cancelled'), whole('flag.refund_requested', false), ...endFacts()],
        },
      ];
    case 'agree-refund':
      if (!isCancel) return [{ ...head, at, stage: 5, facts: [whole('flag.refund_requested', false)] }];
      return [
        {
          ...head,
          at,
          stage: 5,
          facts: [whole('lifecycle', 'cancelled'), whole('payment', 'refunded'), ...endFacts()],
        },
      ];
    case 'reject-refund':
      return isCancel
        ? [{ ...head, at, stage: 3, final: false, facts: [whole('flag.cancel_requested', false)] }]
        : [{ ...head, at, stage: 3, facts: [whole('flag.refund_requested', false)] }];
    case 'ready': {
      const value = { setOrderPrepared: true };
      return [{ ...head, at, facts: [{ line: topicLine('ready'), register: 'platformFields', value }] }];
    }
    case 'assign': {
      const { name, phone } = params;
      if (typeof name !== 'string' || typeof phone !== 'string') return [];
      return [{ ...head, at, stage: 4, final: false, facts: [whole('rider', { name, phone })] }];
    }
    case 'picked-up':
      return onTheWay('delivering', 6);
    case 'delivered':
      return onTheWay('delivered', 9);
    default:
      return [];
  }
}
