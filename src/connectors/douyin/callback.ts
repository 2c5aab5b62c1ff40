import { isSet } from '../../core/account-fields.ts';
import { jsonReply } from '../../core/replies.ts';
import type { Accepted, CallbackRequest } from '../../core/accept.ts';
import type { AccountView, Parsed, Reply } from '../../core/connector.ts';
import type { Fact, RegisterRules, Report } from '../../core/fact.ts';
import type { Json, LosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { byTime, firstOf, furthest } from '../../core/register-rules.ts';
import { REFUND_RANKS, refundLine } from '../../core/registers.ts';
import type { Lifecycle, Payment, RefundState, RegisterValues } from '../../core/registers.ts';
import { equalInConstantTime, sha256Hex } from '../../core/signing.ts';
import type { TimeMs } from '../../core/time.ts';
import { aliasesOf, factsOn, known, lookUp, told, wholeFacts } from '../../core/saying.ts';
import type { Statement, StatusRow, Table } from '../../core/saying.ts';
import { isLastSettlement, settleLine } from './order-numbers.ts';
import { callbackSignature, generationIn } from './signature.ts';

/**
 * `status` of a payment (sheet, 3.3 and 7); the end that it means by `message`, '' being any other. Guaranteed payment
 * calls back on success alone: a failure or a timeout told that way would be news, so it stays unrecognised.
 */
export const PAYMENTS: Readonly<Record<'ecpay' | 'trade', Table<PaymentRow>>> = {
  ecpay: { SUCCESS: { payment: 'paid' } },
  trade: {
    SUCCESS: { payment: 'paid' },
    CANCEL: { payment: 'unpaid', lifecycle: { USER_CANCEL: 'cancelled', TIME_OUT: 'expired', '': 'cancelled' } },
  },
};
type PaymentRow = { readonly payment: Payment; readonly lifecycle?: Table<Lifecycle> };

/** `status` of a refund. PROCESSING stands only in the text of 2021. */
export const REFUNDS: Table<RefundState> = { PROCESSING: 'requested', FAIL: 'failed', SUCCESS: 'succeeded' };

/** `status` of a settlement, the later the further; one that failed is repeated under a new number. */
export const SETTLEMENTS: Table<StatusRow> = {
  INIT: { stage: 0, says: { settlement: 'none' } },
  PROCESSING: { stage: 1, says: { settlement: 'none' } },
  FAIL: { stage: 2, says: { settlement: 'none' } },
  // Only what was paid can be settled; the notice of the payment may still be under way.
  SUCCESS: { stage: 3, says: { settlement: 'settled', payment: 'paid' } },
};

/** `status` of a withdrawal, which is the merchant's own business and belongs to no order. */
export const WITHDRAWALS: Table<true> = { SUCCESS: true, FAIL: true, PROCESSING: true, REEXCHANGE: true };

/**
 * Terminal statements never revert: a failed refund is done again under a new number. Numbers of orders and refunds say
 * nothing of their order in time.
 */
export const registers: RegisterRules = {
  ...furthest('payment', 'settlement', 'refund'),
  lifecycle: { by: 'rank', ranks: { open: 0, cancelled: 1, expired: 1, completed: 2 } },
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
const REFUND_NO = ['cp_refundno', 'out_refund_no'];
const SETTLE_NO = ['cp_settle_no', 'out_settle_no'];

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

type Read = (fields: JsonReader, account: AccountView) => Statement;

const COMMON: Table<Read> = { refund: readRefund, settle: readSettle, withdraw: readWithdraw };

/**
 * `type` of a callback. In guaranteed payment it is not signed: each reader wants fields that only its own kind of
 * message has. `settle_finish` and `transfer` are names in one SDK, without fields: shown to a person when they come.
 */
const READERS: Readonly<Record<'ecpay' | 'trade', Table<Read>>> = {
  ecpay: { ...COMMON, payment: readPayment(PAYMENTS.ecpay) },
  trade: { ...COMMON, payment: readPayment(PAYMENTS.trade), pre_create_refund: readRefundRequest },
};

/** Turns a verified callback into a report about its order, or says what in it is not known. */
export function parse({ content: envelope }: Accepted<LosslessObject>, account: AccountView): Parsed {
  const outer = new JsonReader(envelope);
  const fields = JsonReader.over(envelope.get('msg'));
  if (fields === undefined) return told(outer, outer.wrong('msg', 'is not the JSON text of an object'));
  const read = outer.oneOf('type', READERS[generationIn(envelope)]);
  if (read === undefined) return told(outer);
  const parsed = told(fields, read(fields, account));
  // Answered whatever else could not be read: the user's refund hangs on it.
  const replyData = read === readRefundRequest ? refundReply(fields, account) : undefined;
  return replyData === undefined ? parsed : { ...parsed, replyData };
}

function readPayment(statuses: Table<PaymentRow>): Read {
  return (fields, account) => {
    const row = fields.oneOf('status', statuses);
    fields.needed(MERCHANT_NO, fields.text(MERCHANT_NO));
    const total = fields.amount('total_amount') ?? fields.missing('total_amount') ?? 0;
    const discount = isSet(account, 'discountReducesPaid', false) ? 0 : (fields.amount('discount_amount') ?? 0);
    if (discount > total) fields.wrong('discount_amount', 'is more than total_amount');
    const at = timeOf(fields, 'paid_at');
    const own = keptOf(fields, 'payment');
    const isPaid = row?.payment === 'paid';
    const ends = row?.lifecycle ?? {};
    const lifecycle = lookUp(ends, fields.text('message', MAX_TEXT)) ?? ends[''];
    const facts = wholeFacts({
      payment: row?.payment,
      'money.total': total,
      platformFields: own,
      'money.paid': isPaid ? total - discount : undefined,
      paidAt: isPaid ? (at ?? undefined) : undefined,
      lifecycle,
      closedAt: lifecycle && (at ?? undefined),
    });
    return aboutOrder(fields, at, facts, Object.keys(own).length);
  };
}

function readRefund(fields: JsonReader): Statement {
  const state = fields.oneOf('status', REFUNDS);
  const number = fields.needed(REFUND_NO, fields.text([...REFUND_NO, 'refund_no', 'refund_id'], MAX_NUMBER));
  if (state === undefined) return undefined;
  const amount = fields.amount(['refund_amount', 'refund_total_amount']) ?? null;
  const refund = known({ state, amount, reason: fields.text('message', MAX_TEXT) });
  const facts = factsOn(refundLine(number), { refund, platformFields: keptOf(fields, 'refund') });
  // A failed refund has no time: the stage puts it after what was told while it was under way.
  return aboutOrder(fields, timeOf(fields, 'refunded_at'), facts, REFUND_RANKS[state]);
}

/** A user asks for money back. Unless the reply names our number for the refund, it stays stuck at the platform. */
function readRefundRequest(fields: JsonReader): Statement {
  const number = fields.needed('refund_id', requestedNumber(fields));
  const refund = { state: 'requested', amount: fields.amount('refund_total_amount') ?? null } as const;
  const facts = factsOn(refundLine(number), { refund, platformFields: keptOf(fields, 'request') });
  return aboutOrder(fields, timeOf(fields, 'create_refund_time'), facts);
}

/** Our number for a requested refund, filled in where the refund has one already. */
function requestedNumber(fields: JsonReader): string | undefined {
  const refundId = fields.text('refund_id', MAX_NUMBER);
  return refundId && (fields.text('out_refund_no', MAX_NUMBER) ?? refundNumberFor(refundId));
}

function refundReply(fields: JsonReader, { settings }: AccountView): Json | undefined {
  const number = requestedNumber(fields);
  if (number === undefined) return undefined;
  const order = { order_id: fields.text('order_id', MAX_NUMBER), out_order_no: fields.text(MERCHANT_NO, MAX_NUMBER) };
  const params = JSON.stringify({ ...order, out_refund_no: number });
  return { out_refund_no: number, order_entry_schema: { path: settings['orderEntryPath'] ?? '', params } };
}

/** Our number for a refund that the user asked for. From theirs alone, so that every repeat of the request is answered alike. */
export function refundNumberFor(refundId: string): string {
  return `hd${sha256Hex(`refund ${refundId}`).slice(0, 30)}`;
}

/** Money in transit becomes the seller's. What it cost stays on the line of the settlement: an order may have fifty. */
function readSettle(fields: JsonReader): Statement {
  const row = fields.oneOf('status', SETTLEMENTS);
  const number = fields.needed(SETTLE_NO, fields.text([...SETTLE_NO, 'settle_no', 'settle_id'], MAX_NUMBER));
  if (row === undefined) return undefined;
  const facts = [
    ...wholeFacts({ settlement: isLastSettlement(number) ? row.says.settlement : 'none' }),
    ...factsOn(settleLine(number), { platformFields: keptOf(fields, 'settle') }),
    ...wholeFacts({ payment: row.says.payment }),
  ];
  return aboutOrder(fields, timeOf(fields, 'settled_at'), facts, row.stage);
}

/** Its `order_id` is a withdrawal's, so no order may be found by it. */
function readWithdraw(fields: JsonReader): Statement {
  fields.oneOf('status', WITHDRAWALS);
  if (!fields.has('withdraw_at') && !fields.has('ch_order_id')) fields.missing('withdraw_at');
  const at = fields.time('withdraw_at') ?? null;
  return { kind: 'notice', store: null, topic: 'withdraw', data: keptOf(fields, 'withdraw'), at };
}

/** 0 is how a missing time looks, such as `refunded_at` of a failed refund. */
const timeOf = (fields: JsonReader, name: string): TimeMs | null => fields.time([name, 'event_time']) ?? null;

function aboutOrder(fields: JsonReader, at: TimeMs | null, facts: readonly Fact[], stage = 0): Report {
  const platform = fields.text('order_id', MAX_NUMBER);
  const merchant = fields.text(MERCHANT_NO, MAX_NUMBER);
  // Empty in the platform's sandbox; the length keeps a placeholder such as 0 from joining all orders into one.
  const payment = PAYMENT_NOS.flatMap((name) => fields.text(name, 128) ?? []).filter(({ length }) => length >= 10);
  fields.needed('order_id', platform ?? merchant ?? payment[0]);
  return { aliases: aliasesOf({ platform, merchant, payment }), kind: 'payment', at, stage, facts };
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
