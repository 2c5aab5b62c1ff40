import type { AccountView, OrderToRead } from '../../core/connector.ts';
import type { Fact, Report } from '../../core/fact.ts';
import { isLosslessObject } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import { refundLine, topicLine } from '../../core/registers.ts';
import type { TimeMs } from '../../core/time.ts';
import { isSet } from '../../core/account-fields.ts';
import { ownToken } from './binding.ts';
import { callAction, refuse } from './client.ts';
import { whole } from '../../core/saying.ts';
import { orderNumber, orderReports } from './order.ts';

/** What a `refundStatus` says of the request: does it still wait for somebody's answer? */
export const REFUND_STATUSES: Readonly<Record<string, 'open' | 'closed' | 'succeeded'>> = {
  applied: 'open',
  arbitrating: 'open',
  noRefund: 'closed',
  rejected: 'closed',
  failed: 'closed',
  successful: 'succeeded',
};

/**
 * How far this clock may be ahead of the platform's, and its lists behind what it has pushed: servers that keep time are
 * within a second of each other.
 */
export const CLOCKS_APART_MS = 5000;

/**
 * When what was read about a request holds, among messages that carry the platform's own time: a bit before it was asked
 * for, or a list read while the request was withdrawn would be younger than the message that says so, and the request
 * would look open until the next question. The wrong way round is ended by that question, too, and is the rarer: then a
 * message must have got lost within these seconds. For the whole second, since the platform's times are that coarse.
 */
export const readAt = (at: TimeMs): TimeMs => Math.floor((at - CLOCKS_APART_MS) / 1000) * 1000;

/**
 * Reads an order again: its sums after a downgraded push (doubt `money`), what became of a request whose messages carry
 * no time (`cancel`, `refund`), and the amount of a partial refund that was told without it (`refund:<its line>`).
 * While the platform still answers a downgraded order the report asks to be read again (`Report.doubt`).
 */
export async function readTruth(
  account: AccountView,
  call: CallPlatform,
  order: OrderToRead,
  at: TimeMs,
): Promise<PlatformResult<readonly Report[]>> {
  const number = order.aliases.find(({ kind }) => kind === 'platform')?.value;
  if (number === undefined) return refuse('final', 'no_number', 'The order has no number of the platform.');
  const token = await tokenFor(account, call, order, at);
  if (!token.ok) return token;
  const about: About = { account, call, number, token: token.value, at };
  const requests = order.doubts.filter((doubt) => doubt !== 'money' && doubt !== 'overdue');
  // An order that rests for too long is asked for as a whole, and so is one that nobody doubts.
  const isMoney = requests.length < order.doubts.length || order.doubts.length === 0;
  const orderRead = isMoney ? await readOrder(about) : NOTHING;
  if (!orderRead.ok) return orderRead;
  const requestRead = requests.length > 0 ? await readRequest(about, requests) : NOTHING;
  return requestRead.ok ? { ok: true, value: [...orderRead.value, ...requestRead.value] } : requestRead;
}

const NOTHING: PlatformResult<readonly Report[]> = { ok: true, value: [] };

interface About {
  readonly account: AccountView;
  readonly call: CallPlatform;
  readonly number: string;
  readonly token: string;
  readonly at: TimeMs;
}

/** The token of an order's shop, or of a merchant's own app. */
export async function tokenFor(
  account: AccountView,
  call: CallPlatform,
  { storeToken }: Pick<OrderToRead, 'storeToken'>,
  at: TimeMs,
): Promise<PlatformResult<string>> {
  if (storeToken !== null) return { ok: true, value: storeToken.accessToken };
  if (!isSet(account, 'appType', 'own')) return refuse('alert', 'no_token', 'No shop has authorised this account yet.');
  const token = await ownToken(account, call, at);
  return token.ok ? { ok: true, value: token.value.accessToken } : token;
}

async function ask({ account, call, number, token, at }: About, action: string): Promise<PlatformResult<JsonReader>> {
  const answer = await callAction(account, call, { action, token, params: new Map([['orderId', number]]) }, at);
  return answer.ok ? resultObject(answer.value, action) : answer;
}

/** The result of an action that answers an object. */
export function resultObject(result: Lossless, action: string): PlatformResult<JsonReader> {
  if (!isLosslessObject(result)) return refuse('final', 'unreadable_reply', `${action} answered no object.`);
  return { ok: true, value: new JsonReader(result, `${action}: `) };
}

async function readOrder(about: About): Promise<PlatformResult<readonly Report[]>> {
  const answer = await ask(about, 'eleme.order.getOrder');
  return answer.ok ? readQueriedOrder(answer.value, about) : answer;
}

/**
 * An order object of an answer, as reports: what a push of it says, and whether a request about it is open. Of a
 * completed order that is a request to refund, of any other one to cancel.
 */
export function queriedReports(body: JsonReader, account: AccountView, at: TimeMs, shopId?: string): readonly Report[] {
  const reports = orderReports(body, account, { at, stage: 0, sentAt: at, shopId });
  const number = orderNumber(body);
  if (number === undefined || body.text('refundStatus') === undefined) return reports;
  const isOpen = body.oneOf('refundStatus', REFUND_STATUSES) === 'open';
  const isRefund = body.text('status') === 'settled';
  const request: Report = {
    aliases: [{ kind: 'platform', value: number }],
    kind: 'takeaway',
    at: readAt(at),
    ...(isRefund ? {} : { final: false }),
    facts: [whole(isRefund ? 'flag.refund_requested' : 'flag.cancel_requested', isOpen)],
  };
  return [...reports, request];
}

/** The order of an answer of `getOrder`. */
export function readQueriedOrder(
  body: JsonReader,
  { account, number, at }: Pick<About, 'account' | 'number' | 'at'>,
): PlatformResult<readonly Report[]> {
  if (orderNumber(body) !== number) return refuse('final', 'unreadable_reply', 'The platform answered another order.');
  const reports = queriedReports(body, account, at);
  return body.fault === undefined ? { ok: true, value: reports } : refuse('final', 'unreadable_reply', body.fault);
}

/** What became of the requests that are in doubt. */
async function readRequest(about: About, doubts: readonly string[]): Promise<PlatformResult<readonly Report[]>> {
  const { number, at } = about;
  const answer = await ask(about, 'eleme.order.getRefundOrder');
  if (!answer.ok) return answer;
  const body = answer.value;
  const state = body.oneOf('refundStatus', REFUND_STATUSES);
  const amount = body.roundedYuan('totalPrice');
  const isWhole = body.text('refundType') === 'normal';
  if (body.fault !== undefined) return refuse('final', 'unreadable_reply', body.fault);
  const succeeded = state === 'succeeded';
  const head = { aliases: [{ kind: 'platform', value: number }], kind: 'takeaway', at } as const;
  const reports: Report[] = [];
  if (doubts.includes('cancel')) {
    const settled: Fact = { line: topicLine('cancel'), register: 'flag.doubt', value: false };
    reports.push({ ...head, final: false, facts: [whole('flag.cancel_requested', state === 'open'), settled] });
  }
  const refunds = doubts.filter((doubt) => doubt !== 'cancel');
  if (refunds.length === 0) return { ok: true, value: reports };
  const facts = [whole('flag.refund_requested', state === 'open'), whole('flag.doubt', false)];
  // Of several refunds told without an amount the platform answers the last one's.
  const last = refunds
    .flatMap((doubt) => /^refund:(\d{1,16})$/u.exec(doubt)?.[1] ?? [])
    .sort((a, b) => Number(b) - Number(a))[0];
  if (succeeded && last !== undefined && (isWhole || amount !== undefined)) {
    const value = { state: 'succeeded', amount: amount ?? null, ...(isWhole ? { whole: true } : {}) } as const;
    // By rank, not by time: the platform's second of the refund may lie ahead of this clock.
    facts.push({ line: refundLine(last), register: 'refund', value: { state: 'replaced', amount: null } });
    facts.push({ line: refundLine(isWhole ? 'whole' : `${last}-read`), register: 'refund', value });
  }
  return { ok: true, value: [...reports, { ...head, facts }] };
}
