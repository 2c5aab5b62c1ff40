import type { AccountView } from '../../core/connector.ts';
import type { Fact } from '../../core/fact.ts';
import { isLosslessObject, isStorableText, scalarText } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import { yuanToFen } from '../../core/money.ts';
import type { Fen } from '../../core/money.ts';
import { partLine, refundLine, WHOLE } from '../../core/registers.ts';
import { unixTime } from '../../core/time.ts';
import { isMedia } from './client.ts';

/** The states of both APIs in one set of words; their numbers must never be mixed (sheet 0). */
type State = 'paid' | 'completed' | 'refunded' | 'risk';
const G2_STATES: Readonly<Record<string, State>> = { '1': 'paid', '8': 'completed', '9': 'refunded' };
const MEDIA_STATES: Readonly<Record<string, State>> = {
  '2': 'paid',
  '3': 'completed',
  '4': 'refunded',
  '5': 'risk',
  '6': 'completed',
};

/** The status codes of the API that the account uses. */
export const statesOf = (account: Pick<AccountView, 'settings'>): Readonly<Record<string, State>> =>
  isMedia(account) ? MEDIA_STATES : G2_STATES;

/** The orders of an answer: `data` is one, or a list, or holds `dataList`; the clients that are public differ. */
export function rowsOf(answer: LosslessObject): readonly LosslessObject[] {
  const data: Lossless = answer.get('data') ?? answer;
  const list = isLosslessObject(data) ? (data.get('dataList') ?? [data]) : data;
  return Array.isArray(list) ? (list as readonly Lossless[]).filter(isLosslessObject) : [];
}

/** The first field of these names that says something; some rows hold the text `null`. */
export function textOf(row: LosslessObject, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const text = scalarText(row.get(name));
    if (text !== undefined && text !== '' && text !== 'null') return text;
  }
  return undefined;
}

const UNREADABLE = Symbol('unreadable');

function fenOf(row: LosslessObject, ...names: readonly string[]): Fen | undefined | typeof UNREADABLE {
  const text = textOf(row, ...names);
  if (text === undefined) return undefined;
  const fen = yuanToFen(text);
  return fen === undefined || fen < 0 ? UNREADABLE : fen;
}

/** The sum over a list of the row; `undefined` where there is none. */
function sumOf(row: LosslessObject, list: string, name: string): Fen | undefined | typeof UNREADABLE {
  const items = row.get(list);
  if (!Array.isArray(items)) return undefined;
  let sum: Fen | undefined;
  for (const item of (items as readonly Lossless[]).filter(isLosslessObject)) {
    const fen = fenOf(item, name);
    if (fen === UNREADABLE) return UNREADABLE;
    if (fen !== undefined) sum = (sum ?? 0) + fen;
  }
  return sum;
}

/** The facts of one row, or what cannot be read. A row with a voucher's code is about that voucher. */
function stateFacts(
  row: LosslessObject,
  states: Readonly<Record<string, State>>,
  wasPushedAsPart: boolean,
): readonly Fact[] | string {
  const status = textOf(row, 'status');
  const state = status !== undefined && Object.hasOwn(states, status) ? states[status] : undefined;
  if (state === undefined) return `status ${JSON.stringify(status?.slice(0, 32) ?? null)} is not known`;
  const voucher = textOf(row, 'couponCode', 'coupon_code')?.slice(0, 256);
  const line = voucher === undefined ? WHOLE : partLine(voucher);
  const cps = fenOf(row, 'profit');
  const cpa = fenOf(row, 'cpaProfit');
  const refundedCps = fenOf(row, 'refundprofit', 'refundProfit') ?? sumOf(row, 'refundProfitList', 'refundProfit');
  const refundedCpa = fenOf(row, 'cpaRefundProfit');
  const returned = fenOf(row, 'refundprice', 'refundPrice') ?? sumOf(row, 'refundInfoList', 'refundPrice');
  const paid = fenOf(row, 'payprice', 'payPrice');
  for (const value of [cps, cpa, refundedCps, refundedCpa, returned, paid]) {
    if (value === UNREADABLE) return 'an amount is not one in yuan';
  }
  const known = (value: typeof cps): Fen => (typeof value === 'number' ? value : 0);
  const isRisk = state === 'risk' || textOf(row, 'riskOrder') === '1';
  // The state of a refund does not say how much of the order it is; the sums do, and of those the money comes first.
  const [earned, unearned] = [known(cps) + known(cpa), known(refundedCps) + known(refundedCpa)];
  const isPart =
    known(returned) > 0 && known(paid) > 0
      ? known(returned) < known(paid)
      : unearned > 0
        ? unearned < earned
        : state === 'refunded' && wasPushedAsPart;
  const isReturned = state === 'refunded' || known(returned) > 0;
  const payment = isRisk ? 'refunded' : !isReturned ? 'paid' : isPart ? 'partially_refunded' : 'refunded';
  const facts: Fact[] = [{ line, register: 'payment', value: payment }];
  if (state === 'completed') facts.push({ line, register: 'lifecycle', value: 'completed' });
  if (isRisk) facts.push({ line, register: 'flag.risk', value: true });
  const quantity = textOf(row, 'quantity') ?? '';
  // Which vouchers there are is known only once the number is.
  if (voucher !== undefined && /^[1-9]\d{0,5}$/u.test(quantity)) {
    facts.push({ line: WHOLE, register: 'parts', value: Number(quantity) });
  }
  if (line === WHOLE && payment === 'partially_refunded' && known(returned) > 0) {
    // The sum of all refunds so far, on one line of its own: a later answer replaces it.
    const value = { state: 'succeeded', amount: known(returned) } as const;
    facts.push({ line: refundLine('total'), register: 'refund', value });
  }
  if (cps !== undefined || cpa !== undefined) {
    facts.push({
      line,
      register: 'commission',
      value: {
        cps: known(cps),
        cpa: known(cpa),
        refundedCps: known(refundedCps),
        refundedCpa: known(refundedCpa),
        final: state !== 'paid',
      },
    });
  }
  return facts;
}

/** Kept under their own names, as of a push. */
const ROW_FIELDS = ['actId', 'appkey', 'businessLine', 'productId', 'subBusinessLine', 'tradeType'] as const;

const MAX_SID = 512;

/** What an order is made of, as far as a row of a list tells it. */
export function contentFacts(row: LosslessObject): readonly Fact[] {
  const line = WHOLE;
  const facts: Fact[] = [];
  const paid = fenOf(row, 'payprice', 'payPrice');
  const product = storable(textOf(row, 'productName'));
  const title = storable(textOf(row, 'smstitle'));
  const name = product ?? title;
  const sid = storable(textOf(row, 'sid'), MAX_SID);
  const paidAt = unixTime(textOf(row, 'paytime', 'payTime') ?? '');
  if (typeof paid === 'number') facts.push({ line, register: 'money.paid', value: paid });
  if (name !== undefined) {
    const item = { line: '1', sku: null, name, quantity: 1, price: null, total: null };
    facts.push({ line, register: 'items', value: [item] });
  }
  if (sid !== undefined) facts.push({ line, register: 'sid', value: sid });
  if (paidAt !== undefined) facts.push({ line, register: 'paidAt', value: paidAt });
  const fields: Record<string, string> = {};
  for (const field of ROW_FIELDS) {
    const text = storable(textOf(row, field));
    if (text !== undefined) fields[field] = text;
  }
  facts.push({ line, register: 'platformFields', value: fields });
  return facts;
}

const storable = (text: string | undefined, most = 2000): string | undefined =>
  text !== undefined && text.length <= most && isStorableText(text) ? text : undefined;

/** `couponStatus` of a sub-order of cps_open (sheet 3.3): paid, used, settled, void by a cancellation or by risk control. */
const SUB_STATES: Readonly<Record<string, { readonly payment: 'paid' | 'refunded'; readonly completed?: true }>> = {
  '1': { payment: 'paid' },
  '2': { payment: 'paid', completed: true },
  '3': { payment: 'paid', completed: true },
  '4': { payment: 'refunded' },
};

/**
 * The fates of the sub-orders of a cps_open order, each a part; `undefined` where there are not several, or one of them
 * has a state that is not known. The order's own status is then that of any one of them.
 */
function subOrderFacts(row: LosslessObject): readonly Fact[] | undefined {
  const details = row.get('orderDetail');
  const subs = Array.isArray(details) ? (details as readonly Lossless[]).filter(isLosslessObject) : [];
  if (subs.length < 2) return undefined;
  const facts: Fact[] = [{ line: WHOLE, register: 'parts', value: subs.length }];
  for (const sub of subs) {
    const id = storable(textOf(sub, 'itemOrderId'), 256);
    const code = textOf(sub, 'couponStatus');
    const state = code !== undefined && Object.hasOwn(SUB_STATES, code) ? SUB_STATES[code] : undefined;
    if (id === undefined || state === undefined) return undefined;
    facts.push({ line: partLine(id), register: 'payment', value: state.payment });
    if (state.completed === true) facts.push({ line: partLine(id), register: 'lifecycle', value: 'completed' });
  }
  return facts;
}

/**
 * What a row says of its order's state and commission, or what of it cannot be read. `wasPushedAsPart`: a push called it
 * refunded in part, which the row may not tell.
 */
export function rowFacts(
  row: LosslessObject,
  states: Readonly<Record<string, State>>,
  wasPushedAsPart = false,
): readonly Fact[] | string {
  const own = stateFacts(row, states, wasPushedAsPart);
  if (typeof own === 'string') return own;
  const subs = subOrderFacts(row);
  if (subs === undefined) return own;
  const kept = own.filter(({ register }) => register === 'commission' || register === 'flag.risk');
  return [{ line: WHOLE, register: 'payment', value: 'paid' }, ...subs, ...kept];
}
