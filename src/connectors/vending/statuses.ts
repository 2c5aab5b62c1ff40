import type { Fulfilment, Lifecycle, Payment } from '../../core/registers.ts';

export interface OrderStatusRow {
  readonly payment?: Payment;
  readonly lifecycle: Lifecycle;
  /** What the user has paid here. `nothing`: a test. Left out: not said, by a code for instance. */
  readonly paid?: 'amount' | 'nothing';
  /** The money goes, or went, back: the account's setting says which. */
  readonly refund?: true;
}

/** `status` of an order's query (sheet, 4.3). */
export const ORDER_STATUSES: Readonly<Record<string, OrderStatusRow>> = {
  NOTPAY: { payment: 'unpaid', lifecycle: 'open', paid: 'nothing' },
  SUCCESS: { payment: 'paid', lifecycle: 'open', paid: 'amount' },
  // The money itself is the merchant's business: this is what the merchant told the platform.
  REFUND: { lifecycle: 'open', paid: 'amount', refund: true },
  // By the merchant or after 20 minutes; the platform does not say which, nor whether it was paid before.
  CLOSED: { lifecycle: 'cancelled' },
  REVOKED: { lifecycle: 'cancelled' },
  USERPAYING: { payment: 'unpaid', lifecycle: 'open', paid: 'nothing' },
  PAYERROR: { payment: 'unpaid', lifecycle: 'cancelled', paid: 'nothing' },
  PICKUPCODE: { payment: 'paid', lifecycle: 'open' },
  TESTPAY: { payment: 'paid', lifecycle: 'open', paid: 'nothing' },
};

export interface RecordStatusRow {
  readonly fulfilment: Fulfilment;
  /** The word hides whether it was tried: a report of the machine then stands. */
  readonly vague?: true;
}

/** `status` of a record, which is there only once the order is paid. The words are an older generation's. */
export const RECORD_STATUSES: Readonly<Record<string, RecordStatusRow>> = {
  WAITING_PICKED_UP: { fulfilment: 'none' },
  IS_DELIVERING: { fulfilment: 'delivering' },
  IS_SUCCESS: { fulfilment: 'delivered' },
  IS_FAILED: { fulfilment: 'failed' },
  IS_TIMEOUT: { fulfilment: 'failed' },
  IS_PICKED_UP: { fulfilment: 'delivered' },
  IS_REFUND: { fulfilment: 'failed' },
  未取货: { fulfilment: 'none', vague: true },
  已取货: { fulfilment: 'delivered' },
  订单取消: { fulfilment: 'failed' },
};

/** `deliver_status` of a report. A zero may be left out (protobuf rule). */
export const REPORT_RESULTS: Readonly<Record<string, Fulfilment>> = {
  '0': 'failed',
  '1': 'delivered',
};
