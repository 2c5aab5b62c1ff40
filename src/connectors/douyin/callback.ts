import type { Accepted, CallbackRequest } from '../../core/accept.ts';
import { jsonReply } from '../../core/connector.ts';
import type { AccountView, Parsed, Reply } from '../../core/connector.ts';
import type { Alias, Fact, RegisterRules } from '../../core/fact.ts';
import { isLosslessObject, parseLossless } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { byTime, firstOf } from '../../core/register-rules.ts';
import { PAYMENT_RANKS, REFUND_RANKS, refundLine, SETTLEMENT_RANKS } from '../../core/registers.ts';
import type { Lifecycle, Payment, RefundState, RegisterValues, Settlement } from '../../core/registers.ts';
import { equalInConstantTime, sha256Hex } from '../../core/signing.ts';
import type { TimeMs } from '../../core/time.ts';
import { aboutOrders, aboutStores, isMissing, isUnknown, lookUp, unrecognised } from '../../core/verification.ts';
import { factsOn, wholeFacts } from '../../core/whole-facts.ts';
import { isLastSettlement, settleLine } from './order-numbers.ts';
import { callbackSignature } from './signature.ts';
import type { Envelope } from './signature.ts';

interface PaymentRow {
  readonly payment: Payment;
  /** By `message`; '' for any other. */
  readonly lifecycle?: Readonly<Record<string, Lifecycle>>;
}

/**
 * `status` of a payment (sheet, 3.3 and 7). Guaranteed payment calls back on success alone: a failure or a timeout told
 * that way would be news, so it stays unrecognised.
 */
export const PAYMENTS: Readonly<Record<Envelope['generation'], Readonly<Record<string, PaymentRow>>>> = {
  ecpay: { SUCCESS: { payment: 'paid' } },
  trade: {
    SUCCESS: { payment: 'paid' },
    CANCEL: { payment: 'unpaid', lifecycle: { USER_CANCEL: 'cancelled', TIME_OUT: 'expired', '': 'cancelled' } },
  },
};

/** `status` of a refund. PROCESSING stands only in the text of 2021. */
export const REFUNDS: Readonly<Record<string, RefundState>> = {
  PROCESSING: 'requested',
  FAIL: 'failed',
  SUCCESS: 'succeeded',
};

/** `status` of a settlement, the later the further; one that failed is repeated under a new number. */
export const SETTLEMENTS: Readonly<Record<string, { readonly settlement: Settlement; readonly stage: number }>> = {
  INIT: { settlement: 'none', stage: 0 },
  PROCESSING: { settlement: 'none', stage: 1 },
  FAIL: { settlement: 'none', stage: 2 },
  SUCCESS: { settlement: 'settled', stage: 3 },
};

/** `status` of a withdrawal, which is the merchant's own business and belongs to no order. */
export const WITHDRAWALS: ReadonlySet<string> = new Set(['SUCCESS', 'FAIL', 'PROCESSING', 'REEXCHANGE']);

/**
 * Terminal statements never revert: a failed refund is done again under a new number. Numbers of orders and refunds say
 * nothing of their order in time.
 */
export const registers: RegisterRules = {
  payment: { by: 'rank', ranks: PAYMENT_RANKS },
  lifecycle: { by: 'rank', ranks: { open: 0, cancelled: 1, expired: 1, completed: 2 } },
  settlement: { by: 'rank', ranks: SETTLEMENT_RANKS },
  refund: { by: 'rank', ranks: REFUND_RANKS },
  ...byTime('money.total', 'money.paid', 'items', 'buyer', 'placedAt', 'paidAt', 'expiresAt', 'completedAt'),
  ...firstOf('closedAt'),
  // Repeats of a payment differ only in what was filled in later (`item_id`, sheet 3.3): the fuller one has the higher stage.
  ...byTime('platformFields'),
};

const MERCHANT_NO = ['cp_orderno', 'out_order_no'];
const PAYMENT_NOS = ['payment_order_no', 'channel_no', 'channel_pay_id'];
/** Of any number: 64 characters by the sheet, always text to us. */
const MAX_NUMBER = 64;
/** The longest documented value is a cp_extra of 2048 bytes; anything much longer would swell every event. */
const MAX_TEXT = 4096;
/** Ours first: it is the number that the hub refunds under, and the one that answers a request for a refund. */
const REFUND_NO = ['cp_refundno', 'out_refund_no', 'refund_no', 'refund_id'];
const SETTLE_NO = ['cp_settle_no', 'out_settle_no', 'settle_no', 'settle_id'];

/**
 * Kept under their own names, by type. `extra` is left out: it holds the nickname of whoever promoted the order; of a
 * refund request `open_id` and the buyer's own words are.
 */
const KEPT = {
  payment: [
    'appid app_id way channel_no channel_gateway_no payment_order_no out_channel_order_no ec_pay_trade_no seller_uid item_id',
    'pay_channel channel_pay_id merchant_uid discount_amount user_bill_pay_id delivery_type order_source cp_extra message',
  ],
  refund: ['status refund_no refund_id is_all_settled refund_item_detail cp_extra message'],
  request: ['refund_id need_refund_audit refund_audit_deadline refund_source item_order_detail'],
  settle: [
    'status settle_no settle_id channel_settle_id settle_amount settle_detail rake commission is_auto_settle cp_extra message',
  ],
  withdraw: ['status message withdraw_at order_id out_order_id ch_order_id'],
};
const keptOf = (fields: JsonReader, type: keyof typeof KEPT): RegisterValues['platformFields'] =>
  fields.kept(KEPT[type].join(' ').split(' '), MAX_TEXT);

type ReadMessage = (fields: JsonReader, account: AccountView, generation: Envelope['generation']) => Parsed;

/**
 * `type` of a callback. In guaranteed payment it is not signed: each reader wants fields that only its own kind of
 * message has. `settle_finish` and `transfer` are names in one SDK, without fields: shown to a person when they come.
 */
const READERS: Readonly<Record<string, ReadMessage>> = {
  payment: readPayment,
  refund: readRefund,
  settle: readSettle,
  pre_create_refund: readRefundRequest,
  withdraw: readWithdraw,
};

/** Turns a verified callback into a report about its order, or says what in it is not known. */
export function parse({ content }: Accepted<Envelope>, account: AccountView): Parsed {
  const { generation, fields: envelope } = content;
  const msg = envelope.get('msg');
  const map = typeof msg === 'string' ? parseLossless(msg) : msg;
  if (!isLosslessObject(map)) return unrecognised('msg is not the JSON text of an object');
  const given = envelope.get('type');
  const type = typeof given === 'string' ? given : undefined;
  const read = lookUp(READERS, type);
  if (read === undefined) return isUnknown('type', type);
  const fields = new JsonReader(map);
  const { replyData, ...said } = { replyData: undefined, ...read(fields, account, generation) };
  const parsed = fields.fault === undefined ? said : unrecognised(fields.fault);
  // Answered whatever else could not be read: the user's refund hangs on it.
  return replyData === undefined ? parsed : { ...parsed, replyData };
}

function readPayment(fields: JsonReader, { settings }: AccountView, generation: Envelope['generation']): Parsed {
  const status = fields.text('status');
  const row = lookUp(PAYMENTS[generation], status);
  const total = fields.amount('total_amount');
  if (row === undefined) return isUnknown('status', status);
  if (fields.text(MERCHANT_NO) === undefined) return isMissing('cp_orderno or out_order_no');
  if (total === undefined) return isMissing('total_amount');

  const at = timeOf(fields, 'paid_at');
  const discount = settings['discountReducesPaid'] === false ? 0 : (fields.amount('discount_amount') ?? 0);
  if (discount > total) return unrecognised('discount_amount is more than total_amount');
  const own = keptOf(fields, 'payment');
  const isPaid = row.payment === 'paid';
  const lifecycle = row.lifecycle?.[fields.text('message', MAX_TEXT) ?? ''] ?? row.lifecycle?.[''];
  const facts = wholeFacts({
    payment: row.payment,
    'money.total': total,
    platformFields: own,
    'money.paid': isPaid ? total - discount : undefined,
    paidAt: isPaid ? (at ?? undefined) : undefined,
    lifecycle,
    closedAt: lifecycle && (at ?? undefined),
  });
  return aboutOrder(fields, at, facts, Object.keys(own).length);
}

function readRefund(fields: JsonReader): Parsed {
  const status = fields.text('status');
  const state = lookUp(REFUNDS, status);
  const number = fields.text(REFUND_NO, MAX_NUMBER);
  if (state === undefined) return isUnknown('status', status);
  if (number === undefined) return isMissing('cp_refundno or out_refund_no');
  const amount = fields.amount(['refund_amount', 'refund_total_amount']) ?? null;
  const reason = fields.text('message', MAX_TEXT);
  const refund = { state, amount, ...(reason === undefined ? {} : { reason }) };
  const facts = factsOn(refundLine(number), { refund, platformFields: keptOf(fields, 'refund') });
  // A failed refund has no time: the stage puts it after what was told while it was under way.
  return aboutOrder(fields, timeOf(fields, 'refunded_at'), facts, REFUND_RANKS[state]);
}

/** A user asks for money back. Unless the reply names our number for the refund, it stays stuck at the platform. */
function readRefundRequest(fields: JsonReader, { settings }: AccountView, generation: Envelope['generation']): Parsed {
  const refundId = fields.text('refund_id', MAX_NUMBER);
  if (generation !== 'trade') return isUnknown('type', 'pre_create_refund');
  if (refundId === undefined) return isMissing('refund_id');
  // Filled in where the refund has a number already.
  const number = fields.text('out_refund_no', MAX_NUMBER) ?? refundNumberFor(refundId);
  const amount = fields.amount('refund_total_amount') ?? null;
  const facts = factsOn(refundLine(number), {
    refund: { state: 'requested', amount },
    platformFields: keptOf(fields, 'request'),
  });
  const parsed = aboutOrder(fields, timeOf(fields, 'create_refund_time'), facts);
  const orderNumbers = {
    order_id: fields.text('order_id', MAX_NUMBER),
    out_order_no: fields.text(MERCHANT_NO, MAX_NUMBER),
  };
  const path = settings['orderEntryPath'] ?? '';
  const params = JSON.stringify({ ...orderNumbers, out_refund_no: number });
  return { ...parsed, replyData: { out_refund_no: number, order_entry_schema: { path, params } } };
}

/** Our number for a refund that the user asked for. From theirs alone, so that every repeat of the request is answered alike. */
export function refundNumberFor(refundId: string): string {
  return `hd${sha256Hex(`refund ${refundId}`).slice(0, 30)}`;
}

/** Money in transit becomes the seller's. What it cost stays on the line of the settlement: an order may have fifty. */
function readSettle(fields: JsonReader): Parsed {
  const status = fields.text('status');
  const row = lookUp(SETTLEMENTS, status);
  const number = fields.text(SETTLE_NO, MAX_NUMBER);
  if (row === undefined) return isUnknown('status', status);
  if (number === undefined) return isMissing('cp_settle_no or out_settle_no');
  const facts = [
    ...wholeFacts({ settlement: isLastSettlement(number) ? row.settlement : 'none' }),
    ...factsOn(settleLine(number), { platformFields: keptOf(fields, 'settle') }),
    // Only what was paid can be settled; the notice of the payment may still be under way.
    ...wholeFacts({ payment: row.settlement === 'settled' ? 'paid' : undefined }),
  ];
  return aboutOrder(fields, timeOf(fields, 'settled_at'), facts, row.stage);
}

/** Its `order_id` is a withdrawal's, so no order may be found by it. */
function readWithdraw(fields: JsonReader): Parsed {
  const status = fields.text('status');
  if (status === undefined || !WITHDRAWALS.has(status)) return isUnknown('status', status);
  if (!fields.has('withdraw_at') && !fields.has('ch_order_id')) return isMissing('withdraw_at');
  const at = fields.time('withdraw_at') ?? null;
  return aboutStores({ kind: 'notice', store: null, topic: 'withdraw', data: keptOf(fields, 'withdraw'), at });
}

/** 0 is how a missing time looks, such as `refunded_at` of a failed refund. */
const timeOf = (fields: JsonReader, name: string): TimeMs | null => fields.time([name, 'event_time']) ?? null;

function aboutOrder(fields: JsonReader, at: TimeMs | null, facts: readonly Fact[], stage = 0): Parsed {
  const named = (kind: Alias['kind'], value: string | undefined): readonly Alias[] =>
    value === undefined ? [] : [{ kind, value }];
  const [first, ...others] = [
    ...named('platform', fields.text('order_id', MAX_NUMBER)),
    ...named('merchant', fields.text(MERCHANT_NO, MAX_NUMBER)),
    // Empty in the platform's sandbox; the length keeps a placeholder such as 0 from joining all orders into one.
    ...PAYMENT_NOS.flatMap((name) => named('payment', fields.text(name, 128))).filter(
      ({ value }) => value.length >= 10,
    ),
  ];
  if (first === undefined) return isMissing('order_id');
  return aboutOrders(fields, { aliases: [first, ...others], kind: 'payment', at, stage, facts });
}

const STORED = jsonReply('{"err_no":0,"err_tips":"success"}');
const REJECTED = jsonReply('{"err_no":400,"err_tips":"signature"}');

/** HTTP 200 for both (sheet, 3.4). `data` is what a refund request waits for. */
export function reply(outcome: 'stored' | 'rejected', _request: CallbackRequest, replyData?: Json): Reply {
  if (outcome === 'rejected') return REJECTED;
  return replyData === undefined
    ? STORED
    : jsonReply(JSON.stringify({ err_no: 0, err_tips: 'success', data: replyData }));
}

/**
 * The console's check of an address: a GET with timestamp, nonce, a signature and a text to be sent back. Its exact form
 * is not published (sheet, 3.2), so the text may be `echostr` or `msg`, and either may be among what is signed.
 */
export function answerGet({ query }: CallbackRequest, account: AccountView): Reply {
  const params = new URLSearchParams(query);
  const echo = (params.get('echostr') ?? params.get('msg') ?? '').slice(0, 1000);
  const style = account.settings['urlCheck'];
  if (style === 'success') return STORED;
  const isBelieved = style === 'echo' || account.secrets('token').some(({ value }) => isSigned(params, value));
  return isBelieved ? { status: 200, contentType: 'text/plain; charset=utf-8', body: echo } : REJECTED;
}

function isSigned(params: URLSearchParams, token: string): boolean {
  const given = params.get('msg_signature') ?? params.get('signature') ?? '';
  const signed = ['timestamp', 'nonce', 'msg'];
  return [signed, [...signed, 'echostr']].some((names) => {
    const values = names.map((name): [string, string] => [name, params.get(name) ?? '']);
    const computed = callbackSignature(new Map(values), token);
    return token !== '' && computed !== undefined && equalInConstantTime(given, computed);
  });
}
