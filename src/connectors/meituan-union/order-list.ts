import type { AccountView } from '../../core/connector.ts';
import type { Report } from '../../core/fact.ts';
import { isStorableText, scalarText } from '../../core/json.ts';
import type { LosslessObject } from '../../core/json.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import { unixTime } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { callG2, callMedia, isMedia } from './client.ts';
import { contentFacts, rowFacts, rowsOf, statesOf, textOf } from './rows.ts';

/** The most orders of one answer, of both lists (sheet 3.1 and 3.3). */
export const PAGE_SIZE = 100;
/** The longest time that one call of the g2 list may ask for. */
export const LONGEST_SPAN_MS = 86_400_000;

/** A part of the orders that a call asks for: `businessLine` of g2, `platform` and perhaps `businessLine` of cps_open. */
export type ListScope = string;

/**
 * The lists of cps_open that together hold everything: without a business line all but voucher packs (7) and 省钱包
 * (12), which have to be asked for by themselves; orders in shops are on a platform of their own.
 */
const MEDIA_SCOPES: readonly ListScope[] = ['1', '1/7', '1/12', '2/1,2,3,4,5,6,15'];

const G2_LINES = /^\d{1,4}(?:,\d{1,4}){0,19}$/u;

/** The lists that an account reads: the g2 list wants a business line, so each is a list of its own. */
export function scopesOf(account: AccountView): readonly ListScope[] {
  if (isMedia(account)) return MEDIA_SCOPES;
  const lines = account.settings['listBusinessLines'];
  return typeof lines === 'string' && G2_LINES.test(lines) ? [...new Set(lines.split(','))] : ['2'];
}

/** Where in a list to read. Times are inclusive and in ms. */
export interface ListPlace {
  readonly scope: ListScope;
  readonly from: TimeMs;
  readonly to: TimeMs;
  /** `paid`: orders that were paid then; `updated`: those that changed then, which only cps_open knows. */
  readonly by: 'paid' | 'updated';
  /** From 1. */
  readonly page: number;
  /** Of cps_open: what the page before gave. */
  readonly scroll: string | null;
}

export interface ListPage {
  readonly reports: readonly Report[];
  /** Whether there is another page; of cps_open with its scroll. */
  readonly next: { readonly page: number; readonly scroll: string | null } | null;
}

const seconds = (ms: TimeMs): number => Math.floor(ms / 1000);

/** Reads a page of the account's list of orders. */
export async function readList(
  account: AccountView,
  call: CallPlatform,
  place: ListPlace,
  at: TimeMs,
): Promise<PlatformResult<ListPage>> {
  const answer = isMedia(account) ? await askMedia(account, call, place, at) : await askG2(account, call, place, at);
  if (!answer.ok) return answer;
  const rows = rowsOfList(answer.value);
  const reports = rows.flatMap((row) => reportsOf(row, account, at));
  return { ok: true, value: { reports, next: nextOf(answer.value, rows.length, place, isMedia(account)) } };
}

function askG2(
  account: AccountView,
  call: CallPlatform,
  { scope, from, to, page }: ListPlace,
  at: TimeMs,
): Promise<PlatformResult<LosslessObject>> {
  const parameters = {
    businessLine: scope,
    startTime: String(seconds(from)),
    endTime: String(seconds(to)),
    page: String(page),
    limit: String(PAGE_SIZE),
    queryTimeType: '1',
  };
  return callG2(account, call, '/api/orderList', parameters, at);
}

function askMedia(
  account: AccountView,
  call: CallPlatform,
  { scope, from, to, by, scroll }: ListPlace,
  at: TimeMs,
): Promise<PlatformResult<LosslessObject>> {
  const [platform = '1', lines] = scope.split('/');
  const parameters = {
    platform: Number(platform),
    ...(lines === undefined ? {} : { businessLine: lines.split(',').map(Number) }),
    startTime: seconds(from),
    endTime: seconds(to),
    queryTimeType: by === 'paid' ? 1 : 2,
    // Pages end at 10 000 orders and are to be retired; a scroll wants page 1 every time.
    searchType: 2,
    page: 1,
    limit: PAGE_SIZE,
    ...(scroll === null ? {} : { scrollId: scroll }),
  };
  return callMedia(account, call, 'query_order', parameters, at);
}

/** A list without hits has an empty list, or none at all: then nothing of the answer is an order. */
function rowsOfList(answer: LosslessObject): readonly LosslessObject[] {
  return rowsOf(answer).filter((row) => row !== answer && textOf(row, 'orderid', 'orderId') !== undefined);
}

function nextOf(answer: LosslessObject, count: number, place: ListPlace, media: boolean): ListPage['next'] {
  if (count === 0) return null;
  if (!media) {
    const total = Number(scalarText(answer.get('total')) ?? Number.NaN);
    const isMore = Number.isFinite(total) ? place.page * PAGE_SIZE < total : count >= PAGE_SIZE;
    return isMore ? { page: place.page + 1, scroll: null } : null;
  }
  const data = answer.get('data');
  const scroll = data instanceof Map ? scalarText((data as LosslessObject).get('scrollId')) : undefined;
  // A page that is not full is the last one, whatever the scroll says.
  if (count < PAGE_SIZE || scroll === undefined || scroll === '') return null;
  return { page: place.page + 1, scroll };
}

/** Business lines of vouchers, in both numberings: of these the g2 list may show one state for several fates. */
const VOUCHER_LINES = new Set(['6', '7', '9', '10']);

/**
 * What a row says: of what its order is made, weaker than any push, which tells more of it; and how it stands. A row of
 * g2 has no time of its own and speaks of now. One that cannot be read, or that may stand for several vouchers, says
 * only that there is such an order, and raises the question about it.
 */
function reportsOf(row: LosslessObject, account: AccountView, at: TimeMs): readonly Report[] {
  const orderId = textOf(row, 'orderid', 'orderId');
  if (orderId === undefined || orderId.length > 64 || !isStorableText(orderId)) return [];
  const base = { aliases: [{ kind: 'platform', value: orderId }], kind: 'cps' } as const;
  const content: Report = { ...base, at: null, facts: contentFacts(row) };
  const state = rowFacts(row, statesOf(account));
  const isVague =
    !isMedia(account) &&
    textOf(row, 'couponCode', 'coupon_code') === undefined &&
    VOUCHER_LINES.has(textOf(row, 'businessLine') ?? '') &&
    textOf(row, 'status') !== '1';
  if (typeof state === 'string' || isVague) {
    const isThere = { line: '', register: 'payment', value: 'paid' } as const;
    return [{ ...content, facts: [...content.facts, isThere], doubt: 'state' }];
  }
  const said = unixTime(textOf(row, 'updateTime') ?? '');
  return [content, { ...base, at: said ?? at, stage: 3, facts: state }];
}
