import { words } from '../../core/field-builders.ts';
import type { AccountView, Connector } from '../../core/connector.ts';
import type { Report } from '../../core/fact.ts';
import { isLosslessObject, NumberText, scalarText } from '../../core/json.ts';
import type { Json, Lossless, LosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import type { Poll, PollAsk, PollPage, ReadDay } from '../../core/poll.ts';
import type { StoreNotice, StoreToken } from '../../core/store-binding.ts';
import { takeawayRestMs } from '../../core/takeaway-rest.ts';
import { beijingDay } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { whole } from '../../core/saying.ts';
import { isSet } from '../../core/account-fields.ts';
import { acceptWithinMs } from '../../core/takeaway-settings.ts';
import { ownToken } from './binding.ts';
import { CANCEL_ANSWER_MS, readMessage } from './callback.ts';
import { callAction, refuse } from './client.ts';
import { orderNumber } from './order.ts';
import { queriedReports, readAt } from './truth.ts';

/** Most pages and most orders of a page that `getAllOrders` gives of a shop and day (sheet, 6). */
const MOST_PAGES = 100;
const PAGE_SIZE = 50;
/** More rounds than this are no backlog but a list that never gets shorter. */
const MOST_ROUNDS = 50;

interface Shop {
  readonly id: string;
  readonly token: string;
}

/** A list of the platform: the result itself, or the one list in it. */
function listOf(result: Lossless): readonly LosslessObject[] {
  const list = isLosslessObject(result) ? [...result.values()].find(Array.isArray) : result;
  return Array.isArray(list) ? (list as readonly Lossless[]).filter(isLosslessObject) : [];
}

const numberIn = (page: Json): number => (typeof page === 'number' ? page : 0);

/** Messages that were not delivered, read as if they came now. What is not recognised stays with the platform. */
function readMessages(
  messages: readonly LosslessObject[],
  account: AccountView,
  at: TimeMs,
): { readonly reports: readonly Report[]; readonly stores: readonly StoreNotice[]; readonly ids: readonly string[] } {
  const reports: Report[] = [];
  const stores: StoreNotice[] = [];
  const ids: string[] = [];
  for (const message of messages) {
    const said = readMessage(message, account, at);
    if (said.kind === 'unrecognised') continue;
    const id = scalarText(message.get('requestId'));
    if (id !== undefined) ids.push(id);
    if (said.kind !== 'reports') continue;
    reports.push(...said.reports);
    stores.push(...(said.stores ?? []));
  }
  return { reports, stores, ids };
}

/** Core messages (10, 12, 14, 15, 17, 217, 218) that were not delivered, confirmed once they are stored. */
const failedPushes: Poll = {
  name: 'failed-pushes',
  label: words('Pushes that failed', '推送失败的消息'),
  everySeconds: 60,
  async run(account, call, { at, page }) {
    const params = new Map([['msgQueryRequest', new Map<string, Lossless>()]]);
    const answer = await callAction(account, call, { action: 'eleme.msgNew.getPushFailMsg', token: '', params }, at);
    if (!answer.ok) return answer;
    const { reports, stores, ids } = readMessages(listOf(answer.value), account, at);
    const round = numberIn(page) + 1;
    const next = ids.length === 0 || round >= MOST_ROUNDS ? null : round;
    return { ok: true, value: { reports, stores, next, mark: null, ...(ids.length === 0 ? {} : { toConfirm: ids }) } };
  },
  async confirm(account, call, toConfirm, at) {
    const ids = Array.isArray(toConfirm) ? toConfirm.filter((id) => typeof id === 'string') : [];
    const name = account.settings['failedPushIds'];
    const request = new Map<string, Lossless>([[typeof name === 'string' ? name : 'requestIds', ids]]);
    const params = new Map([['msgConfirmRequest', request]]);
    const answer = await callAction(account, call, { action: 'eleme.msgNew.confirmPullMsg', token: '', params }, at);
    return answer.ok ? { ok: true, value: null } : answer;
  },
};

/** All other messages that were not delivered; the platform wants the app's number for them, which only some accounts have. */
const unreached: Poll = {
  name: 'unreached-messages',
  label: words('Messages that were not reached', '未到达的其他消息'),
  everySeconds: 120,
  async run(account, call, { at, stores }) {
    const { appId } = account.settings;
    const token = await anyToken(account, call, stores, at);
    if (typeof appId !== 'string' || appId === '' || token === undefined) return END;
    const params = new Map([['appId', new NumberText(appId)]]);
    const action = 'eleme.message.getNonReachedOMessages';
    const answer = await callAction(account, call, { action, token, params }, at);
    if (!answer.ok) return answer;
    const read = readMessages(listOf(answer.value), account, at);
    return { ok: true, value: { reports: read.reports, stores: read.stores, next: null, mark: null } };
  },
};

const END: PlatformResult<PollPage> = { ok: true, value: { reports: [], next: null, mark: null } };

/** A merchant's own app needs no token of a shop: it gets its own. */
async function anyToken(
  account: AccountView,
  call: CallPlatform,
  stores: PollAsk['stores'],
  at: TimeMs,
): Promise<string | undefined> {
  const held = stores.find(({ token }) => token !== null)?.token?.accessToken;
  if (held !== undefined || !isSet(account, 'appType', 'own')) return held;
  const own = await ownToken(account, call, at);
  return own.ok ? own.value.accessToken : undefined;
}

/** The shop that a page of a run is about. Shops are asked by the platform's number, which `storeRef` openId hides. */
async function shopAt(
  account: AccountView,
  call: CallPlatform,
  stores: PollAsk['stores'],
  index: number,
  at: TimeMs,
): Promise<Shop | undefined> {
  const entry = stores[index];
  if (entry === undefined || !/^\d{1,18}$/u.test(entry.store) || isSet(account, 'storeRef', 'openId')) return undefined;
  const token = tokenText(entry.token) ?? (await anyToken(account, call, [], at));
  return token === undefined ? undefined : { id: entry.store, token };
}

const tokenText = (token: StoreToken | null): string | undefined => token?.accessToken;

const REQUESTS = [
  { action: 'eleme.order.getUnprocessOrders', opens: undefined },
  { action: 'eleme.order.getCancelOrders', opens: 'flag.cancel_requested' },
  { action: 'eleme.order.getRefundOrders', opens: 'flag.refund_requested' },
] as const;

/** Shop by shop the orders that wait for an answer: new ones, and those with a request to cancel or to refund. */
const waiting: Poll = {
  name: 'waiting-orders',
  label: words('Orders that wait for an answer', '待处理的新单、取消单与退单'),
  everySeconds: 60,
  async run(account, call, ask) {
    const { at, stores } = ask;
    // One list a page: what it told is kept, whatever becomes of the next.
    const page = numberIn(ask.page);
    const request = REQUESTS[page % REQUESTS.length] ?? REQUESTS[0];
    const shop = await shopAt(account, call, stores, Math.floor(page / REQUESTS.length), at);
    const next = page + 1 < stores.length * REQUESTS.length ? page + 1 : null;
    if (shop === undefined) return { ok: true, value: { reports: [], next, mark: null } };
    const answer = await callAction(account, call, shopCall(request.action, shop), at);
    if (!answer.ok && answer.refusal.class === 'retry') return answer;
    // The token of one shop is that shop's trouble; the others are asked all the same.
    const orders = answer.ok ? readOrders(answer.value, account, at, shop) : [];
    const reports = orders.flatMap((order) => [
      ...order.reports,
      ...(request.opens === undefined ? [] : [openRequest(order, request.opens, at)]),
    ]);
    return { ok: true, value: { reports, next, mark: null } };
  },
};

const shopCall = (action: string, shop: Shop | undefined, rest: Readonly<Record<string, Lossless>> = {}) => ({
  action,
  token: shop?.token ?? '',
  params: new Map<string, Lossless>([['shopId', new NumberText(shop?.id ?? '0')], ...Object.entries(rest)]),
});

interface ReadOrder {
  readonly number: string;
  readonly reports: readonly Report[];
}

/** Orders of an answer. One that cannot be read keeps none of the others back; asked for by its number it says why. */
function readOrders(result: Lossless, account: AccountView, at: TimeMs, shop: Shop | undefined): readonly ReadOrder[] {
  return listOf(result).flatMap((entry) => {
    const body = new JsonReader(entry);
    const number = orderNumber(body);
    const reports = queriedReports(body, account, at, shop?.id);
    return body.fault === undefined && number !== undefined ? [{ number, reports }] : [];
  });
}

/** That a request is open. */
function openRequest(order: ReadOrder, flag: 'flag.cancel_requested' | 'flag.refund_requested', at: TimeMs): Report {
  const isCancel = flag === 'flag.cancel_requested';
  // Since when it is open nobody says, so only the push's own time would be better.
  const answerBy = isCancel ? [whole('answerBy', at + CANCEL_ANSWER_MS, null)] : [];
  return {
    aliases: [{ kind: 'platform', value: order.number }],
    kind: 'takeaway',
    at: readAt(at),
    ...(isCancel ? { final: false } : {}),
    facts: [whole(flag, true), ...answerBy],
  };
}

/** Of a request to refund no limit is known, so it is asked about as one to cancel is. */
export const restMs: NonNullable<Connector['restMs']> = (order, account) =>
  takeawayRestMs(order, {
    acceptMs: acceptWithinMs(account) ?? 0,
    cancelAnswerMs: CANCEL_ANSWER_MS,
    refundAnswerMs: CANCEL_ANSWER_MS,
  });

export const polls: readonly Poll[] = [failedPushes, unreached, waiting];

/** All orders of a day, shop by shop and page by page. */
export const readDay: ReadDay = async (account, call, { at, page, stores, from }) => {
  const { shop: index, pageNo } = (page ?? { shop: 0, pageNo: 1 }) as {
    readonly shop: number;
    readonly pageNo: number;
  };
  const shop = await shopAt(account, call, stores, index, at);
  const nextShop: Json = index + 1 < stores.length ? { shop: index + 1, pageNo: 1 } : null;
  if (shop === undefined) return { ok: true, value: { reports: [], next: nextShop } };
  if (pageNo > MOST_PAGES) {
    const limit = MOST_PAGES * PAGE_SIZE;
    return refuse('final', 'day_too_long', `The platform lists at most ${limit} orders of a shop and day.`);
  }
  const day = { pageNo: new NumberText(String(pageNo)), pageSize: new NumberText(String(PAGE_SIZE)) };
  const wanted = shopCall('eleme.order.getAllOrders', shop, { ...day, date: beijingDay(from) });
  const answer = await callAction(account, call, wanted, at);
  if (!answer.ok) return answer;
  const reports = readOrders(answer.value, account, at, shop).flatMap((order) => order.reports);
  const isFull = listOf(answer.value).length >= PAGE_SIZE;
  return { ok: true, value: { reports, next: isFull ? { shop: index, pageNo: pageNo + 1 } : nextShop } };
};
