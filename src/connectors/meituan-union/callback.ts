import type { Accepted } from '../../core/accept.ts';
import { jsonReply } from '../../core/connector.ts';
import type { AccountView, Parsed, Reply } from '../../core/connector.ts';
import type { Fact, RegisterRules } from '../../core/fact.ts';
import type { LosslessObject } from '../../core/json.ts';
import { partLine, PAYMENT_RANKS, RAISED_RANKS, WHOLE } from '../../core/registers.ts';
import type { Payment } from '../../core/registers.ts';
import type { TimeMs } from '../../core/time.ts';
import { PushFields } from './fields.ts';
import { asksForCommission, COMMISSION_DOUBT } from './truth.ts';

interface StatusRow {
  readonly status: string;
  /** '' where the push says none. */
  readonly refundType: string;
  readonly payment: Payment;
  readonly completed?: true;
  readonly risk?: true;
  /** Place in the order's life, for pushes of one and the same modTime or of none. */
  readonly stage: number;
}

/**
 * `status` and `refundType` of a push (README). That a partial refund moves the status to 9 is not verified, so 1
 * and 8 with `refundType` 2 are known too; with 1 or 3 they contradict themselves and stay unknown.
 */
export const STATUSES: readonly StatusRow[] = [
  { status: '1', refundType: '', payment: 'paid', stage: 1 },
  { status: '1', refundType: '2', payment: 'partially_refunded', stage: 1 },
  { status: '8', refundType: '', payment: 'paid', completed: true, stage: 2 },
  { status: '8', refundType: '2', payment: 'partially_refunded', completed: true, stage: 2 },
  { status: '9', refundType: '', payment: 'refunded', stage: 3 },
  { status: '9', refundType: '1', payment: 'refunded', stage: 3 },
  { status: '9', refundType: '2', payment: 'partially_refunded', stage: 3 },
  { status: '9', refundType: '3', payment: 'refunded', risk: true, stage: 3 },
];

const ROWS: ReadonlyMap<string, StatusRow> = new Map(STATUSES.map((row) => [`${row.status}/${row.refundType}`, row]));

/** Terminal statements never revert at this platform; what an order is made of is replaced by the younger push. */
export const registers: RegisterRules = {
  payment: { by: 'rank', ranks: PAYMENT_RANKS },
  lifecycle: { by: 'rank', ranks: { open: 0, completed: 1 } },
  'flag.risk': { by: 'rank', ranks: RAISED_RANKS },
  // A push about one voucher may count only itself.
  parts: { by: 'rank', ranks: 'highest' },
  // Reward types are added days after the completion by another push of status 8.
  completedAt: { by: 'rank', ranks: 'lowest' },
  'money.total': { by: 'time' },
  'money.paid': { by: 'time' },
  // From the query, which is asked again after each push.
  commission: { by: 'time' },
  refund: { by: 'time' },
  items: { by: 'time' },
  sid: { by: 'time' },
  placedAt: { by: 'time' },
  paidAt: { by: 'time' },
  platformFields: { by: 'time' },
};

/** Kept under their own names: no noun of ours, or two public meanings (`businessLine`, `dealid`, `ratio`). */
const ORDER_FIELDS = [
  'actId',
  'appkey',
  'businessLine',
  'dealid',
  'direct',
  'modTime',
  'productId',
  'ratio',
  'subBusinessLine',
  'tradeTypeList',
  'type',
  'uid',
] as const;
/** What belongs to the voucher where the push names one, else to the order. */
const FATE_FIELDS = ['consumeType', 'couponCode', 'encryptionVoucherId', 'refundType', 'status'] as const;

const MAX_ORDER_ID = 64;
const MAX_VOUCHER_ID = 256;
const MAX_SID = 512;

/** Turns a verified push into one report about its order, or says which field it could not read. */
export function parse(accepted: Accepted<LosslessObject>, account: AccountView): Parsed {
  const fields = new PushFields(accepted.content);
  const status = fields.text('status');
  const orderId = fields.text('orderid', MAX_ORDER_ID);
  const refundType = fields.text('refundType');
  if (fields.fault !== undefined) return unrecognised(fields.fault);
  if (status === undefined) return unrecognised('status is missing');
  if (orderId === undefined) return unrecognised('orderid is missing');
  const row = ROWS.get(`${status}/${refundType === undefined || refundType === '0' ? '' : refundType}`);
  if (row === undefined) {
    const withRefund = refundType === undefined ? '' : ` with refundType ${quoted(refundType)}`;
    return unrecognised(`status ${quoted(status)}${withRefund} is not known`);
  }

  // `couponCode` first: it is the one documented as telling the vouchers of an order apart; an encrypted id may change
  // with every encryption.
  const voucher = fields.text('couponCode', MAX_VOUCHER_ID) ?? fields.text('encryptionVoucherId', MAX_VOUCHER_ID);
  const fateLine = voucher === undefined ? WHOLE : partLine(voucher);
  // Nothing stands in for a missing modTime: paytime and ordertime are the same in every push of an order, so they
  // would tie just as null does, and call the later statements older than they are. The stage decides.
  const at = fields.time('modTime') ?? null;
  const facts = [...fateFacts(row, fateLine, at), ...contentFacts(fields, fateLine)];
  if (fields.fault !== undefined) return unrecognised(fields.fault);
  const doubt = asksForCommission(account) ? { doubt: COMMISSION_DOUBT } : {};
  return {
    kind: 'reports',
    reports: [{ aliases: [{ kind: 'platform', value: orderId }], kind: 'cps', at, stage: row.stage, ...doubt, facts }],
  };
}

/** What the status says, about the whole order or about the voucher that the push names. */
function fateFacts(row: StatusRow, line: string, at: TimeMs | null): readonly Fact[] {
  const facts: Fact[] = [{ line, register: 'payment', value: row.payment }];
  if (row.completed) {
    facts.push({ line, register: 'lifecycle', value: 'completed' });
    if (at !== null) facts.push({ line, register: 'completedAt', value: at });
  }
  if (row.risk) facts.push({ line, register: 'flag.risk', value: true });
  return facts;
}

/** What the order is made of, and the fields that have no noun here. */
function contentFacts(fields: PushFields, fateLine: string): readonly Fact[] {
  const facts: Fact[] = [];
  const line = WHOLE;
  const total = fields.fen('total');
  const payPrice = fields.fen('payPrice');
  const paid = payPrice ?? fields.fen('direct');
  const quantity = fields.count('quantity');
  const product = fields.text('productName');
  const name = product ?? fields.text('smstitle');
  const sid = fields.text('sid', MAX_SID);
  const placedAt = fields.time('ordertime');
  const paidAt = fields.time('paytime');
  if (total !== undefined) facts.push({ line, register: 'money.total', value: total });
  if (paid !== undefined) facts.push({ line, register: 'money.paid', value: paid });
  if (name !== undefined || quantity !== undefined) {
    // No price: the order's total holds fees and discounts, so a division would invent one.
    const item = { line: '1', sku: null, name: name ?? '', quantity: quantity ?? 1, price: null, total: null };
    facts.push({ line, register: 'items', value: [item] });
  }
  // Counts only once a voucher has a line of its own.
  if (quantity !== undefined && quantity > 0) facts.push({ line, register: 'parts', value: quantity });
  if (sid !== undefined) facts.push({ line, register: 'sid', value: sid });
  if (placedAt !== undefined) facts.push({ line, register: 'placedAt', value: placedAt });
  if (paidAt !== undefined) facts.push({ line, register: 'paidAt', value: paidAt });
  const titles = product === undefined ? [] : ['smstitle'];
  const own = [...ORDER_FIELDS, ...titles, ...(fateLine === WHOLE ? FATE_FIELDS : [])];
  facts.push({ line, register: 'platformFields', value: fields.raw(own) });
  if (fateLine !== WHOLE) facts.push({ line: fateLine, register: 'platformFields', value: fields.raw(FATE_FIELDS) });
  return facts;
}

/** A value of the sender inside a reason: short, and escaped, since the reason is stored as text. */
const quoted = (value: string): string => JSON.stringify(value.slice(0, 32));

const unrecognised = (reason: string): Parsed => ({ kind: 'unrecognised', reason });

const STORED = jsonReply('{"errcode":"0","errmsg":"ok"}');
const REJECTED = jsonReply('{"errcode":"1","errmsg":"err"}');

/** Strings, as the quoted document has them; HTTP 200 for both. */
export function reply(outcome: 'stored' | 'rejected'): Reply {
  return outcome === 'stored' ? STORED : REJECTED;
}
