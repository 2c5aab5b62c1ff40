import type { Accepted, CallbackRequest } from '../../core/accept.ts';
import { jsonReply } from '../../core/connector.ts';
import type { AccountView, Parsed, Reply } from '../../core/connector.ts';
import type { Alias, Fact, RegisterRules, Report } from '../../core/fact.ts';
import { isLosslessObject, parseLossless } from '../../core/json.ts';
import type { Json, LosslessObject } from '../../core/json.ts';
import { PAYMENT_RANKS, REFUND_RANKS, refundLine, SETTLEMENT_RANKS, WHOLE } from '../../core/registers.ts';
import type { Lifecycle, Payment, RefundState, Settlement } from '../../core/registers.ts';
import { equalInConstantTime, sha256Hex } from '../../core/signing.ts';
import { MsgFields } from './fields.ts';
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
  'money.total': { by: 'time' },
  'money.paid': { by: 'time' },
  paidAt: { by: 'time' },
  closedAt: { by: 'rank', ranks: 'lowest' },
  // Repeats of a payment differ only in what was filled in later (`item_id`, sheet 3.3): the fuller one has the higher stage.
  platformFields: { by: 'time' },
  items: { by: 'time' },
  buyer: { by: 'time' },
  placedAt: { by: 'time' },
  expiresAt: { by: 'time' },
  completedAt: { by: 'time' },
};

const ORDER_ID = ['order_id'];
const MERCHANT_NO = ['cp_orderno', 'out_order_no'];
const PAYMENT_NOS = [['payment_order_no'], ['channel_no'], ['channel_pay_id']];
/** Ours first: it is the number that the hub refunds under, and the one that answers a request for a refund. */
const REFUND_NO = ['cp_refundno', 'out_refund_no', 'refund_no', 'refund_id'];
const SETTLE_NO = ['cp_settle_no', 'out_settle_no', 'settle_no', 'settle_id'];
const TIMES = {
  payment: ['paid_at', 'event_time'],
  refund: ['refunded_at', 'event_time'],
  settle: ['settled_at', 'event_time'],
};

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
const kept = (type: keyof typeof KEPT): readonly string[] => KEPT[type].join(' ').split(' ');

/** Turns a verified callback into a report about its order, or says what in it is not known. */
export function parse(accepted: Accepted<Envelope>, account: AccountView): Parsed {
  const { generation, fields: envelope } = accepted.content;
  const type = envelope.get('type');
  const msg = readMsg(envelope);
  if (msg === undefined) return unrecognised('msg is not the JSON text of an object');
  const fields = new MsgFields(msg);
  const parsed = parseMsg(type, generation, fields, account);
  if (fields.fault === undefined) return parsed;
  const replyData = parsed.kind === 'nothing' ? undefined : parsed.replyData;
  return { ...unrecognised(fields.fault), ...(replyData === undefined ? {} : { replyData }) };
}

function parseMsg(type: unknown, generation: Envelope['generation'], fields: MsgFields, account: AccountView): Parsed {
  // In guaranteed payment `type` is not signed: each reader wants fields that only its own kind of message has.
  switch (type) {
    case 'payment':
      return parsePayment(fields, generation, account);
    case 'refund':
      return parseRefund(fields);
    case 'settle':
      return parseSettle(fields);
    case 'pre_create_refund':
      return generation === 'trade' ? parseRefundRequest(fields, account) : unknown('type', type);
    case 'withdraw':
      return parseWithdraw(fields);
    default:
      // `settle_finish` and `transfer` are names in one SDK, without fields: shown to a person when they come.
      return unknown('type', type);
  }
}

function readMsg(envelope: LosslessObject): LosslessObject | undefined {
  const msg = envelope.get('msg');
  const value = typeof msg === 'string' ? parseLossless(msg) : msg;
  return isLosslessObject(value) ? value : undefined;
}

function parsePayment(fields: MsgFields, generation: Envelope['generation'], { settings }: AccountView): Parsed {
  const status = fields.text(['status']);
  const row = known(PAYMENTS[generation], status);
  const merchantNo = fields.number(MERCHANT_NO);
  const total = fields.fen(['total_amount']);
  if (row === undefined) return unknown('status', status);
  if (merchantNo === undefined) return missing('cp_orderno or out_order_no');
  if (total === undefined) return missing('total_amount');

  const at = fields.time(TIMES.payment) ?? null;
  const discount = settings['discountReducesPaid'] === false ? 0 : (fields.fen(['discount_amount']) ?? 0);
  if (discount > total) return unrecognised('discount_amount is more than total_amount');
  const own = fields.raw(kept('payment'));
  const facts: Fact[] = [
    { line: WHOLE, register: 'payment', value: row.payment },
    { line: WHOLE, register: 'money.total', value: total },
    { line: WHOLE, register: 'platformFields', value: own },
  ];
  if (row.payment === 'paid') {
    facts.push({ line: WHOLE, register: 'money.paid', value: total - discount });
    if (at !== null) facts.push({ line: WHOLE, register: 'paidAt', value: at });
  }
  const lifecycle = row.lifecycle?.[fields.text(['message']) ?? ''] ?? row.lifecycle?.[''];
  if (lifecycle !== undefined) {
    facts.push({ line: WHOLE, register: 'lifecycle', value: lifecycle });
    if (at !== null) facts.push({ line: WHOLE, register: 'closedAt', value: at });
  }
  return report(fields, at, facts, Object.keys(own).length);
}

function parseRefund(fields: MsgFields): Parsed {
  const status = fields.text(['status']);
  const state = known(REFUNDS, status);
  const number = fields.number(REFUND_NO);
  if (state === undefined) return unknown('status', status);
  if (number === undefined) return missing('cp_refundno or out_refund_no');
  const amount = fields.fen(['refund_amount', 'refund_total_amount']) ?? null;
  const reason = fields.text(['message']);
  const refund = { state, amount, ...(reason === undefined ? {} : { reason }) };
  const facts: Fact[] = [
    { line: refundLine(number), register: 'refund', value: refund },
    { line: refundLine(number), register: 'platformFields', value: fields.raw(kept('refund')) },
  ];
  // A failed refund has no time: the stage puts it after what was told while it was under way.
  return report(fields, fields.time(TIMES.refund) ?? null, facts, REFUND_RANKS[state]);
}

/** A user asks for money back. Unless the reply names our number for the refund, it stays stuck at the platform. */
function parseRefundRequest(fields: MsgFields, { settings }: AccountView): Parsed {
  const refundId = fields.number(['refund_id']);
  if (refundId === undefined) return missing('refund_id');
  // Filled in where the refund has a number already.
  const number = fields.number(['out_refund_no']) ?? refundNumberFor(refundId);
  const amount = fields.fen(['refund_total_amount']) ?? null;
  const parsed = report(fields, fields.time(['create_refund_time', 'event_time']) ?? null, [
    { line: refundLine(number), register: 'refund', value: { state: 'requested', amount } },
    { line: refundLine(number), register: 'platformFields', value: fields.raw(kept('request')) },
  ]);
  const orderNumbers = { order_id: fields.number(ORDER_ID), out_order_no: fields.number(MERCHANT_NO) };
  const path = settings['orderEntryPath'] ?? '';
  const params = JSON.stringify({ ...orderNumbers, out_refund_no: number });
  return { ...parsed, replyData: { out_refund_no: number, order_entry_schema: { path, params } } };
}

/** Our number for a refund that the user asked for. From theirs alone, so that every repeat of the request is answered alike. */
export function refundNumberFor(refundId: string): string {
  return `hd${sha256Hex(`refund ${refundId}`).slice(0, 30)}`;
}

/** Money in transit becomes the seller's. What it cost stays on the line of the settlement: an order may have fifty. */
function parseSettle(fields: MsgFields): Parsed {
  const status = fields.text(['status']);
  const row = known(SETTLEMENTS, status);
  const number = fields.number(SETTLE_NO);
  if (row === undefined) return unknown('status', status);
  if (number === undefined) return missing('cp_settle_no or out_settle_no');
  const settlement = isLastSettlement(number) ? row.settlement : 'none';
  const facts: Fact[] = [
    { line: WHOLE, register: 'settlement', value: settlement },
    { line: settleLine(number), register: 'platformFields', value: fields.raw(kept('settle')) },
  ];
  // Only what was paid can be settled; the notice of the payment may still be under way.
  if (row.settlement === 'settled') facts.push({ line: WHOLE, register: 'payment', value: 'paid' });
  return report(fields, fields.time(TIMES.settle) ?? null, facts, row.stage);
}

function parseWithdraw(fields: MsgFields): Parsed {
  const status = fields.text(['status']);
  if (status === undefined || !WITHDRAWALS.has(status)) return unknown('status', status);
  if (!fields.has('withdraw_at') && !fields.has('ch_order_id')) return missing('withdraw_at');
  const at = fields.time(['withdraw_at']) ?? null;
  // Its `order_id` is a withdrawal's, so no order may be found by it.
  const data = fields.raw(kept('withdraw')) as Json;
  return { kind: 'reports', reports: [], stores: [{ kind: 'notice', store: null, topic: 'withdraw', data, at }] };
}

function report(fields: MsgFields, at: Report['at'], facts: readonly Fact[], stage = 0): Parsed {
  const aliases: Alias[] = [];
  const platform = fields.number(ORDER_ID);
  const merchant = fields.number(MERCHANT_NO);
  if (platform !== undefined) aliases.push({ kind: 'platform', value: platform });
  if (merchant !== undefined) aliases.push({ kind: 'merchant', value: merchant });
  // Empty in the platform's sandbox; the length keeps a placeholder such as 0 from joining all orders into one.
  for (const names of PAYMENT_NOS) {
    const value = fields.text(names, 128);
    if (value !== undefined && value.length >= 10) aliases.push({ kind: 'payment', value });
  }
  const [first, ...others] = aliases;
  if (first === undefined) return missing('order_id');
  return { kind: 'reports', reports: [{ aliases: [first, ...others], kind: 'payment', at, stage, facts }] };
}

function known<T>(table: Readonly<Record<string, T>>, value: string | undefined): T | undefined {
  return value !== undefined && Object.hasOwn(table, value) ? table[value] : undefined;
}

const unrecognised = (reason: string): Extract<Parsed, { kind: 'unrecognised' }> => ({ kind: 'unrecognised', reason });
const missing = (name: string): Parsed => unrecognised(`${name} is missing`);
/** The value is short and escaped in the reason, since that is stored as text. */
const unknown = (name: string, value: unknown): Parsed =>
  typeof value === 'string'
    ? unrecognised(`${name} ${JSON.stringify(value.slice(0, 32))} is not known`)
    : missing(name);

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
