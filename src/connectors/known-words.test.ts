import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PAYMENTS, REFUNDS, SETTLEMENTS, WITHDRAWALS } from './douyin/callback.ts';
import { CANCEL_TYPES } from './eleme/action-specs.ts';
import { TYPES } from './eleme/callback.ts';
import { NOTICES, STATUSES as EM_STATUSES } from './em/callback.ts';
import { STATUSES as UNION_STATUSES } from './meituan-union/callback.ts';
import { DELIVERY_STATUSES, PART_REFUND_NOTICES, REFUND_NOTICES, STORE_STATES } from './meituan-waimai/callback.ts';
import { meituanWaimai } from './meituan-waimai/index.ts';
import { ORDER_STATUSES as WAIMAI_STATUSES } from './meituan-waimai/order-push.ts';
import { ORDER_STATUSES, RECORD_STATUSES, REPORT_RESULTS } from './vending/statuses.ts';

const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
const words = (text: string): readonly string[] => text.split(' ');

/**
 * The words that the platforms' documents have, written down from them and not from the tables: a row that is missing in
 * a table would be missing in every test that goes through the table's own rows.
 */
const KNOWN: readonly (readonly [of: string, table: object, documented: readonly string[]])[] = [
  ['union: status and refundType', UNION_STATUSES, ['1/', '1/2', '8/', '8/2', '9/', '9/1', '9/2', '9/3']],
  ['waimai: order status', WAIMAI_STATUSES, words('1 2 3 4 6 8 9')],
  ['waimai: delivery status', DELIVERY_STATUSES, words('0 5 10 15 20 40 100')],
  ['waimai: refund', REFUND_NOTICES, words('apply agree reject cancelRefund cancelRefundComplaint')],
  ['waimai: partial refund', PART_REFUND_NOTICES, words('part agree reject')],
  ['waimai: store', STORE_STATES, words('18 19 120 121')],
  [
    'waimai: topics',
    topicsOf(meituanWaimai.topics),
    words(
      'bind unbind order confirmed completed cancelled refund partial-refund delivery store-status settlement reminder privacy heartbeat',
    ),
  ],
  [
    'eleme: message types',
    TYPES,
    [
      ...words('10 12 14 15 17 18'),
      ...[...numbers(20, 26), ...numbers(30, 36), '45', ...numbers(51, 76)],
      ...words('91 93 100 105 217 218 221 222'),
    ],
  ],
  [
    'eleme: reasons to cancel',
    Object.fromEntries(CANCEL_TYPES),
    words(
      'others fakeOrder contactUserFailed foodSoldOut restaurantClosed distanceTooFar restaurantTooBusy forceRejectOrder deliveryFault notSatisfiedDeliveryRequirement',
    ),
  ],
  ['douyin: payment', PAYMENTS.ecpay, ['SUCCESS']],
  ['douyin: payment of the trade system', PAYMENTS.trade, words('SUCCESS CANCEL')],
  ['douyin: refund', REFUNDS, words('SUCCESS FAIL PROCESSING')],
  ['douyin: settlement', SETTLEMENTS, words('INIT PROCESSING SUCCESS FAIL')],
  ['douyin: withdrawal', WITHDRAWALS, words('SUCCESS FAIL PROCESSING REEXCHANGE')],
  ['em: notices', NOTICES, words('OUT_TRADE_AUDIT IN_STOCK_AUDIT')],
  ['em: status', EM_STATUSES, words('1 2')],
  [
    'vending: order',
    ORDER_STATUSES,
    words('NOTPAY SUCCESS REFUND CLOSED REVOKED USERPAYING PAYERROR PICKUPCODE TESTPAY'),
  ],
  [
    'vending: record',
    RECORD_STATUSES,
    words(
      'WAITING_PICKED_UP IS_DELIVERING IS_SUCCESS IS_FAILED IS_TIMEOUT IS_PICKED_UP IS_REFUND 未取货 已取货 订单取消',
    ),
  ],
  ['vending: report', REPORT_RESULTS, words('0 1')],
];

function topicsOf(topics: typeof meituanWaimai.topics): object {
  return topics === 'token' ? {} : Object.fromEntries(topics.map(({ name }) => [name, true]));
}

describe('every word that the documents have is known, and no other is guessed at', () => {
  for (const [of, table, documented] of KNOWN) {
    test(of, () => assert.deepEqual(Object.keys(table).toSorted(), documented.toSorted()));
  }
});
