import type { Accepted } from '../../core/accept.ts';
import { jsonReply } from '../../core/connector.ts';
import type { AccountView, Parsed } from '../../core/connector.ts';
import type { Fact, RegisterRules } from '../../core/fact.ts';
import type { LosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { byTime, firstOf } from '../../core/register-rules.ts';
import { partLine, PAYMENT_RANKS, RAISED_RANKS, WHOLE } from '../../core/registers.ts';
import type { Payment } from '../../core/registers.ts';
import { fixedReplies } from '../../core/replies.ts';
import type { TimeMs } from '../../core/time.ts';
import { aboutOrders, isMissing, quoted, unrecognised } from '../../core/verification.ts';
import { factsOn, wholeFacts } from '../../core/whole-facts.ts';
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
  ...firstOf('completedAt'),
  ...byTime('money.total', 'money.paid', 'refund', 'items', 'sid', 'placedAt', 'paidAt', 'platformFields'),
  // From the query, which is asked again after each push.
  ...byTime('commission'),
};

/** Kept under their own names: no noun of ours, or two public meanings (`businessLine`, `dealid`, `ratio`). */
const ORDER_FIELDS = [
  ...['actId', 'appkey', 'businessLine', 'dealid', 'direct', 'modTime', 'productId', 'ratio', 'subBusinessLine'],
  ...['tradeTypeList', 'type', 'uid'],
];
/** Where the product has a name of its own, the title is another thing. */
const TITLED_FIELDS = [...ORDER_FIELDS, 'smstitle'];
/** What belongs to the voucher where the push names one, else to the order. */
const FATE_FIELDS = ['consumeType', 'couponCode', 'encryptionVoucherId', 'refundType', 'status'] as const;

const MAX_ORDER_ID = 64;
const MAX_VOUCHER_ID = 256;
const MAX_SID = 512;

/** Turns a verified push into one report about its order, or says which field it could not read. */
export function parse({ content }: Accepted<LosslessObject>, account: AccountView): Parsed {
  const fields = new JsonReader(content);
  const status = fields.text('status');
  const orderId = fields.text('orderid', MAX_ORDER_ID);
  const refundType = fields.text('refundType');
  if (fields.fault !== undefined) return unrecognised(fields.fault);
  if (status === undefined) return isMissing('status');
  if (orderId === undefined) return isMissing('orderid');
  const row = ROWS.get(`${status}/${refundType === undefined || refundType === '0' ? '' : refundType}`);
  if (row === undefined) {
    const withRefund = refundType === undefined ? '' : ` with refundType ${quoted(refundType)}`;
    return unrecognised(`status ${quoted(status)}${withRefund} is not known`);
  }

  // `couponCode` first: it is the one documented as telling the vouchers of an order apart; an encrypted id may change
  // with every encryption.
  const voucher = fields.text(['couponCode', 'encryptionVoucherId'], MAX_VOUCHER_ID);
  const fateLine = voucher === undefined ? WHOLE : partLine(voucher);
  // Nothing stands in for a missing modTime: paytime and ordertime are the same in every push of an order, so they
  // would tie just as null does, and call the later statements older than they are. The stage decides.
  const at = fields.when('modTime') ?? null;
  const facts = [...fateFacts(row, fateLine, at), ...contentFacts(fields, fateLine)];
  const doubt = asksForCommission(account) ? { doubt: COMMISSION_DOUBT } : {};
  const aliases = [{ kind: 'platform', value: orderId }] as const;
  return aboutOrders(fields, { aliases, kind: 'cps', at, stage: row.stage, ...doubt, facts });
}

/** What the status says, about the whole order or about the voucher that the push names. */
const fateFacts = ({ payment, completed, risk }: StatusRow, line: string, at: TimeMs | null): readonly Fact[] =>
  factsOn(line, {
    payment,
    lifecycle: completed && 'completed',
    completedAt: completed && (at ?? undefined),
    'flag.risk': risk,
  });

/** What the order is made of, and the fields that have no noun here. */
function contentFacts(fields: JsonReader, fateLine: string): readonly Fact[] {
  const quantity = fields.count('quantity');
  const name = fields.text(['productName', 'smstitle']);
  // No price: the order's total holds fees and discounts, so a division would invent one.
  const item = { line: '1', sku: null, name: name ?? '', quantity: quantity ?? 1, price: null, total: null };
  const own = fields.has('productName') ? TITLED_FIELDS : ORDER_FIELDS;
  const facts = wholeFacts({
    'money.total': fields.yuan('total'),
    'money.paid': fields.yuan(['payPrice', 'direct']),
    items: name === undefined && quantity === undefined ? undefined : [item],
    // Counts only once a voucher has a line of its own.
    parts: quantity === 0 ? undefined : quantity,
    sid: fields.text('sid', MAX_SID),
    placedAt: fields.when('ordertime'),
    paidAt: fields.when('paytime'),
    platformFields: fields.kept(fateLine === WHOLE ? [...own, ...FATE_FIELDS] : own),
  });
  return fateLine === WHOLE ? facts : [...facts, ...factsOn(fateLine, { platformFields: fields.kept(FATE_FIELDS) })];
}

/** Strings, as the quoted document has them; HTTP 200 for both. */
export const reply = fixedReplies(
  jsonReply('{"errcode":"0","errmsg":"ok"}'),
  jsonReply('{"errcode":"1","errmsg":"err"}'),
);
