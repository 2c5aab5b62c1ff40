import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { Fact, Report } from '../../core/fact.ts';
import { isLosslessObject, scalarText } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import { yuanToFen } from '../../core/money.ts';
import type { Fen } from '../../core/money.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import { partLine, refundLine, WHOLE } from '../../core/registers.ts';
import type { TimeMs } from '../../core/time.ts';
import { callG2, callMedia, isMedia, refuse } from './client.ts';

/** The doubt that every push raises: none holds an amount of commission. */
export const COMMISSION_DOUBT = 'commission';

/** Whether the pushes of an account are followed by a question for the commission. */
export const asksForCommission = (account: AccountView): boolean =>
  account.settings['queryCommission'] !== false && account.credential('secret') !== undefined;

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

/** Reads what an order earns, and its state as it is now. */
export async function readTruth(
  account: AccountView,
  call: CallPlatform,
  order: OrderToRead,
  at: TimeMs,
): Promise<PlatformResult<readonly Report[]>> {
  const orderId = order.aliases.find(({ kind }) => kind === 'platform')?.value;
  if (orderId === undefined) return refuse('final', 'no_number', 'The order has no number of the platform.');
  const said = (name: string): string | undefined => {
    const value = order.platformFields?.[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const answer = isMedia(account)
    ? await askMedia(account, call, orderId, said('businessLine'), at)
    : await askG2(account, call, orderId, said, at);
  if (!answer.ok) return answer;
  const rows = rowsOf(answer.value).filter((row) => (textOf(row, 'orderid', 'orderId') ?? orderId) === orderId);
  if (rows.length === 0) return refuse('retry', 'not_there_yet', 'The platform does not know the order yet.');
  const facts: Fact[] = [];
  for (const row of rows) {
    const made = factsOf(row, isMedia(account) ? MEDIA_STATES : G2_STATES, said('refundType') === '2');
    if (typeof made === 'string') return refuse('retry', 'unreadable_answer', made);
    facts.push(...made);
  }
  const aliases = [{ kind: 'platform', value: orderId }] as const;
  // The stage of the push table's last row: a statement of the query is about now.
  return { ok: true, value: [{ aliases: [...aliases], kind: 'cps', at, stage: 3, facts }] };
}

function askG2(
  account: AccountView,
  call: CallPlatform,
  orderId: string,
  said: (name: string) => string | undefined,
  at: TimeMs,
): Promise<PlatformResult<LosslessObject>> {
  const [actId, businessLine, productId] = [said('actId'), said('businessLine'), said('productId')];
  return callG2(
    account,
    call,
    '/api/order',
    {
      orderId,
      full: '1',
      // One of the two is needed; the activity is the narrower.
      ...(actId === undefined ? (businessLine === undefined ? {} : { businessLine }) : { actId }),
      ...(productId === undefined ? {} : { productId }),
    },
    at,
  );
}

function askMedia(
  account: AccountView,
  call: CallPlatform,
  orderId: string,
  businessLine: string | undefined,
  at: TimeMs,
): Promise<PlatformResult<LosslessObject>> {
  const lines = businessLine !== undefined && /^\d{1,6}$/u.test(businessLine) ? [Number(businessLine)] : undefined;
  return callMedia(
    account,
    call,
    'query_order',
    { orderId, ...(lines === undefined ? {} : { businessLine: lines }), page: 1, limit: 100 },
    at,
  );
}

/** The orders of an answer: `data` is one, or a list, or holds `dataList`; the clients that are public differ. */
function rowsOf(answer: LosslessObject): readonly LosslessObject[] {
  const data: Lossless = answer.get('data') ?? answer;
  const list = isLosslessObject(data) ? (data.get('dataList') ?? [data]) : data;
  return Array.isArray(list) ? (list as readonly Lossless[]).filter(isLosslessObject) : [];
}

/** The first field of these names that says something; some rows hold the text `null`. */
function textOf(row: LosslessObject, ...names: readonly string[]): string | undefined {
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
function factsOf(
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
