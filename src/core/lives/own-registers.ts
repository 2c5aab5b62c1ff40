import type { RegisterRules } from '../fact.ts';
import { PAYMENT_RANKS, REFUND_RANKS } from '../registers.ts';

/**
 * The order of values for what the hub itself may say of any order. A connector's own rules go before these: they hold
 * only for registers that its platform never speaks of.
 */
export const OWN_REGISTERS: RegisterRules = {
  payment: { by: 'rank', ranks: PAYMENT_RANKS },
  lifecycle: { by: 'rank', ranks: { open: 0, cancelled: 1, expired: 2, completed: 3 } },
  fulfilment: { by: 'time' },
  refund: { by: 'rank', ranks: REFUND_RANKS },
  'money.paid': { by: 'time' },
  'flag.cancel_requested': { by: 'time' },
  paidAt: { by: 'time' },
  completedAt: { by: 'time' },
  closedAt: { by: 'time' },
  expiresAt: { by: 'time' },
};
