import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { Alias, Fact, Report } from '../../core/fact.ts';
import { NumberText } from '../../core/json.ts';
import type { JsonReader } from '../../core/json-reader.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import { REFUND_RANKS, refundLine } from '../../core/registers.ts';
import type { RefundState, RegisterValues } from '../../core/registers.ts';
import type { TimeMs } from '../../core/time.ts';
import { known, whole } from '../../core/saying.ts';
import { reasonOf, REFUND_ANSWER_MS, REFUND_NOTICE_LINES } from './callback.ts';
import { ask, failed } from './client.ts';
import type { Wanted } from './client.ts';
import { refundNumber } from './open-refund.ts';
import { readOrder } from './order-push.ts';

/** `res_type` of a refund: who decided what. */
export const REFUND_RESULTS: Readonly<Record<string, RefundState>> = {
  '0': 'requested',
  '1': 'failed', // rejected by the merchant
  '2': 'succeeded', // agreed by the merchant
  '3': 'failed', // rejected by the service desk
  '4': 'succeeded', // agreed by the service desk
  '5': 'succeeded', // agreed by itself after three hours
  '6': 'succeeded', // confirmed by the system
  '7': 'failed', // withdrawn by the user
  '8': 'failed', // appeal withdrawn by the user
};

const IS_WHOLE: Readonly<Record<string, boolean>> = { '1': false, '2': true };

/** Asks the platform about an order: its refunds by their numbers, and the order itself where a push was incomplete. */
export async function readTruth(
  account: AccountView,
  call: CallPlatform,
  order: OrderToRead,
  at: TimeMs,
): Promise<PlatformResult<readonly Report[]>> {
  // The number shown to the user is the same today; of an old order it finds nothing, and nothing is believed then.
  const named = (kind: Alias['kind']): string | undefined => order.aliases.find((alias) => alias.kind === kind)?.value;
  const orderId = named('platform') ?? named('display');
  if (orderId === undefined)
    return failed('no_order_id', 'final', 'No number of the order is known that could be asked for.');
  const token = order.storeToken?.accessToken;
  if (token === undefined)
    return failed('no_store_token', 'alert', 'The store of the order is not bound, so nothing can be asked.');
  const about = { account, call, orderId, token, at };
  const reports: Report[] = [];
  // An order that rests for too long, or that nobody doubts, is asked for with all its refunds.
  const isWhole = order.doubts.length === 0 || order.doubts.includes('overdue');
  const raised = order.doubts.filter((doubt) => doubt !== 'overdue');
  const settled: Fact[] = raised.length > 0 ? [whole('flag.doubt', false)] : [];
  if (isWhole || raised.includes('incomplete')) {
    const answer = await queryOrder(about);
    if (!answer.ok) return answer;
    reports.push(answer.value);
  }
  const isRefund = raised.some((doubt) => doubt !== 'incomplete');
  if (isWhole || isRefund) {
    const answer = await queryRefunds(about, isRefund);
    if (!answer.ok) return answer;
    settled.push(...answer.value);
  }
  if (settled.length === 0) return { ok: true, value: reports };
  reports.push({ aliases: [{ kind: 'platform', value: orderId }], kind: 'takeaway', at, facts: settled });
  return { ok: true, value: reports };
}

interface About {
  readonly account: AccountView;
  readonly call: CallPlatform;
  readonly orderId: string;
  readonly token: string;
  readonly at: TimeMs;
}

/** The call that answers an order with this number. */
export const orderWanted = (orderId: string, token: string | null): Wanted => ({
  call: 'order.queryById',
  path: '/waimai/order/queryById',
  method: 'GET',
  biz: [['orderId', new NumberText(orderId)]],
  token,
});

/** The order of such an answer, and its `status`. It may be incomplete: `Report.doubt`. */
export function readQueriedOrder(
  answer: JsonReader,
  orderId: string,
  account: AccountView,
): PlatformResult<{ readonly report: Report; readonly status: string }> {
  const order = answer.object('data');
  const report = order === undefined ? undefined : readOrder(order, account);
  if (order?.number('orderId') !== orderId || report === undefined) return unreadable(answer, 'data is not this order');
  return { ok: true, value: { report, status: order.text('status') ?? '' } };
}

async function queryOrder({ account, call, orderId, token, at }: About): Promise<PlatformResult<Report>> {
  const answer = await ask(account, call, orderWanted(orderId, token), at);
  if (!answer.ok) return answer;
  const read = readQueriedOrder(answer.value, orderId, account);
  if (!read.ok) return read;
  const { report } = read.value;
  if (report.doubt !== undefined)
    return failed('incomplete', 'retry', 'The platform still cannot put the whole order together.');
  return { ok: true, value: report };
}

type Refund = RegisterValues['refund'];

/** The call that answers the refunds of an order. */
export const refundsWanted = (orderId: string, token: string | null): Wanted => refundsOfAll([orderId], token);

/** The same for orders of one store. */
export const refundsOfAll = (orderIds: readonly string[], token: string | null): Wanted => ({
  call: 'order.getBatchOrderRefundInfo',
  path: '/waimai/ng/order/getBatchOrderRefundInfo',
  method: 'POST',
  biz: [['orderIds', [...orderIds]]],
  token,
});

/** The entries of such an answer, in its order. */
export function refundEntries(answer: JsonReader, orderId: string): readonly JsonReader[] {
  return answer
    .objects('data')
    .filter((group) => (group.number('order_id') ?? orderId) === orderId)
    .flatMap((group) => group.list('OrderRefundInfo'));
}

/** `isTold`: a push spoke of a refund, so that there is one. */
async function queryRefunds(
  { account, call, orderId, token, at }: About,
  isTold: boolean,
): Promise<PlatformResult<readonly Fact[]>> {
  const answer = await ask(account, call, refundsWanted(orderId, token), at);
  if (!answer.ok) return answer;
  const facts = refundFacts(answer.value, orderId);
  if (answer.value.fault !== undefined) return unreadable(answer.value, '');
  // The list lags behind the push, and believing the list would take the refund back.
  if (facts.length === 0 && isTold)
    return failed('no_refund_listed', 'retry', 'The platform lists no refund of this order yet.');
  return { ok: true, value: facts };
}

/** All refunds of an order in such an answer, by their numbers; what pushes told without a number is replaced by them. */
export function refundFacts(answer: JsonReader, orderId: string): readonly Fact[] {
  const refunds = new Map<string, { readonly appliedAt: number; readonly refund: Refund }>();
  for (const entry of refundEntries(answer, orderId)) keepRefund(refunds, entry);
  if (refunds.size === 0) return [];
  const facts: Fact[] = Object.values(REFUND_NOTICE_LINES).map((line) => ({
    line,
    register: 'refund',
    value: { state: 'replaced', amount: null },
  }));
  for (const [number, { appliedAt, refund }] of refunds) {
    facts.push({ line: refundLine(number), register: 'refund', value: refund });
    if (refund.state === 'requested' && appliedAt > 0) facts.push(whole('answerBy', appliedAt + REFUND_ANSWER_MS));
  }
  return facts;
}

/** Of several entries with one number (a request and its appeal) the youngest counts. */
function keepRefund(
  refunds: Map<string, { readonly appliedAt: number; readonly refund: Refund }>,
  entry: JsonReader,
): void {
  const isWhole = entry.oneOf('refund_type', IS_WHOLE);
  const state = entry.oneOf('res_type', REFUND_RESULTS);
  const appliedAt = entry.time('refund_apply_time') ?? 0;
  const number = refundNumber(entry);
  // In yuan; a refund of everything names none.
  const amount = entry.yuan('money') ?? null;
  if (isWhole === undefined || state === undefined) return;
  const refund: Refund = known({ state, amount, whole: isWhole || undefined, reason: reasonOf(entry) });
  const held = refunds.get(number);
  const isYounger =
    held === undefined ||
    appliedAt > held.appliedAt ||
    (appliedAt === held.appliedAt && REFUND_RANKS[state] > REFUND_RANKS[held.refund.state]);
  if (isYounger) refunds.set(number, { appliedAt, refund });
}

const unreadable = (
  answer: JsonReader,
  otherwise: string,
): { readonly ok: false; readonly refusal: { class: 'final'; code: string; message: string } } => ({
  ok: false,
  refusal: { class: 'final', code: 'unreadable_answer', message: answer.fault ?? otherwise },
});
