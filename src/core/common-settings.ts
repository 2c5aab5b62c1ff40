import type { AccountField, Words } from './account-fields.ts';

/**
 * Settings of the contract that mean the same at every platform. A connector lists those that it has a use for, so that
 * name, range and default never differ from one platform to the next.
 */

const seconds = (
  name: string,
  range: { readonly minimum: number; readonly maximum: number; readonly default?: number },
  label: Words,
  help: Words,
): AccountField => ({ name, kind: 'integer', ...range, required: false, label, help });

const YEAR_SECONDS = 31_536_000;
const DAY_SECONDS = 86_400;

/** How fast a platform is called and when it is left alone for a while: for every connector that has actions. */
export const CALL_SETTINGS: readonly AccountField[] = [
  {
    name: 'callsPerSecond',
    kind: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 10,
    required: false,
    label: { en: 'Calls a second', zh: '每秒调用次数上限' },
    help: {
      en: 'Of actions, in each process of the hub; up to a second’s worth may go at once.',
      zh: '操作类调用的上限（每个进程分别计算），瞬时最多一秒的量。',
    },
  },
  {
    name: 'breakerFailures',
    kind: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 5,
    required: false,
    label: { en: 'Failures before a pause', zh: '连续失败几次后暂停' },
    help: {
      en: 'Calls without an answer, one after the other, after which the platform is left alone for a while.',
      zh: '连续多少次调用没有应答后，暂停调用该平台一段时间。',
    },
  },
  seconds(
    'breakerSeconds',
    { minimum: 1, maximum: DAY_SECONDS, default: 30 },
    { en: 'Length of the pause (seconds)', zh: '暂停时长（秒）' },
    {
      en: 'After it one call goes through to see whether the platform is back.',
      zh: '暂停结束后先放行一次调用，确认平台是否恢复。',
    },
  ),
];

/** For connectors with polls. No default: each poll has an interval of its own. */
export const REPAIR_SECONDS = seconds(
  'repairSeconds',
  { minimum: 1, maximum: DAY_SECONDS },
  { en: 'Interval of the repair polls (seconds)', zh: '补单轮询间隔（秒）' },
  {
    en: 'How often the platform is asked for what its pushes failed to tell. Empty: each poll’s own interval.',
    zh: '多久向平台查询一次可能漏推的订单；留空则使用各轮询的默认间隔。',
  },
);

/** For connectors at which orders are made that hold goods or wait for a payment. */
export const HOLD_SECONDS = seconds(
  'holdSeconds',
  { minimum: 1, maximum: DAY_SECONDS, default: 1200 },
  { en: 'Hold (seconds)', zh: '保留时长（秒）' },
  {
    en: 'How long an unpaid order keeps its goods; then the payment is asked for once more, and it is closed if unpaid.',
    zh: '未支付订单保留商品的时长；到期后先查询支付结果，确认未支付才关闭订单。',
  },
);

/** For connectors whose actions hand out goods. */
export const DISPENSE_TIMEOUT_SECONDS = seconds(
  'dispenseTimeoutSeconds',
  { minimum: 1, maximum: DAY_SECONDS, default: 120 },
  { en: 'Time to dispense (seconds)', zh: '出货超时（秒）' },
  {
    en: 'How long the outcome of a dispensing is asked for before a person must look.',
    zh: '出货结果未知时持续查询多久；超时后转人工处理。',
  },
);

/** For connectors whose orders are paid at another account. No default: the payment's own account has one. */
export const SETTLE_PAYMENT_AFTER_SECONDS = seconds(
  'settleAfterSeconds',
  { minimum: 0, maximum: YEAR_SECONDS },
  { en: 'Settle payments after (seconds)', zh: '支付多久后结算（秒）' },
  {
    en: 'For payments of its orders at another account, from the completion of the order. Empty: as that account says.',
    zh: '适用于在其他账号支付的本账号订单，自订单完成起计算；留空则按支付账号的设置。',
  },
);

/** For connectors at which payments are settled. */
export const SETTLE_AFTER_SECONDS = seconds(
  'settleAfterSeconds',
  { minimum: 0, maximum: YEAR_SECONDS, default: 604_800 },
  { en: 'Settle after (seconds)', zh: '多久后结算（秒）' },
  {
    en: 'Counted from the completion of the order; what is refunded before is not settled.',
    zh: '自订单完成起计算；此前已退款的部分不参与结算。',
  },
);

/** For connectors whose orders expire. */
export const LATE_PAYMENT: AccountField = {
  name: 'latePayment',
  kind: 'choice',
  choices: ['refund', 'revive', 'ask'],
  default: 'refund',
  required: false,
  label: { en: 'Payment after the end', zh: '超时或取消后到账的处理方式' },
  help: {
    en: 'refund: it is given back; revive: the order goes on as paid; ask: a person decides.',
    zh: 'refund：自动退款；revive：恢复订单并继续履约；ask：转人工处理。',
  },
};

/** For connectors of machines; `one-item-rule.ts` says what its value may be. */
export const ONE_ITEM_PER_DISPENSE: AccountField = {
  name: 'oneItemPerDispense',
  kind: 'json',
  default: true,
  required: false,
  label: { en: 'One item a dispensing', zh: '每次只出一件' },
  help: {
    en: 'true: each item is dispensed and confirmed by itself; false: all of a product together. {"10000001": false, "default": true} says it by machine.',
    zh: 'true：逐件出货并逐件确认；false：同一商品一次出完。也可按设备设置：{"10000001": false, "default": true}。',
  },
};
