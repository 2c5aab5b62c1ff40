import type { Accepted } from '../../core/accept.ts';
import type { AccountView, Parsed } from '../../core/connector.ts';
import type { Fact, RegisterRules } from '../../core/fact.ts';
import type { LosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import { byTime, firstOf, furthest } from '../../core/register-rules.ts';
import { partLine, WHOLE } from '../../core/registers.ts';
import { fixedReplies, jsonReply } from '../../core/replies.ts';
import { factsOn, lookUp, quoted, told, unrecognised, wholeFacts } from '../../core/saying.ts';
import type { StatusRow, Table } from '../../core/saying.ts';
import { asksForCommission } from './account.ts';

/**
 * `status` and, after the slash, `refundType` of a push where it says one (README). That a partial refund moves the
 * status to 9 is not verified, so 1 and 8 with `refundType` 2 are known too; with 1 or 3 they contradict themselves and
 * stay unknown. The stage is for pushes of one and the same modTime or of none.
 */
export const STATUSES: Table<StatusRow> = {
  '1/': { stage: 1, says: { payment: 'paid' } },
  '1/2': { stage: 1, says: { payment: 'partially_refunded' } },
  '8/': { stage: 2, says: { payment: 'paid', lifecycle: 'completed' } },
  '8/2': { stage: 2, says: { payment: 'partially_refunded', lifecycle: 'completed' } },
  '9/': { stage: 3, says: { payment: 'refunded' } },
  '9/1': { stage: 3, says: { payment: 'refunded' } },
  '9/2': { stage: 3, says: { payment: 'partially_refunded' } },
  '9/3': { stage: 3, says: { payment: 'refunded', 'flag.risk': true } },
};

/** Terminal statements never revert at this platform; what an order is made of is replaced by the younger push. */
export const registers: RegisterRules = {
  ...furthest('payment', 'flag.risk'),
  lifecycle: { by: 'rank', ranks: { open: 0, completed: 1 } },
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
  const status = fields.needed('status', fields.text('status'));
  const orderId = fields.needed('orderid', fields.text('orderid', MAX_ORDER_ID));
  const refundType = fields.text('refundType');
  if (fields.fault !== undefined) return unrecognised(fields.fault);
  const row = lookUp(STATUSES, `${status}/${refundType === undefined || refundType === '0' ? '' : refundType}`);
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
  const completedAt = row.says.lifecycle === undefined ? undefined : (at ?? undefined);
  const facts = [...factsOn(fateLine, { ...row.says, completedAt }), ...contentFacts(fields, fateLine)];
  // None holds an amount of commission.
  const doubt = asksForCommission(account) ? { doubt: 'commission' } : {};
  const aliases = [{ kind: 'platform', value: orderId }] as const;
  return told(fields, { aliases, kind: 'cps', at, stage: row.stage, ...doubt, facts });
}

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
