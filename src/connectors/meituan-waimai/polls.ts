import type { AccountView, Connector } from '../../core/connector.ts';
import type { Report } from '../../core/fact.ts';
import { words } from '../../core/field-builders.ts';
import { NumberText } from '../../core/json.ts';
import type { Json, Lossless } from '../../core/json.ts';
import type { JsonReader } from '../../core/json-reader.ts';
import { PlatformUnreachable } from '../../core/outgoing.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import type { Poll, PollAsk, ReadDay } from '../../core/poll.ts';
import { sha256Hex } from '../../core/signing.ts';
import { takeawayRestMs } from '../../core/takeaway-rest.ts';
import { beijingDay } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { whole } from '../../core/saying.ts';
import { isSet } from '../../core/account-fields.ts';
import { acceptWithinMs } from '../../core/takeaway-settings.ts';
import { REFUND_ANSWER_MS } from './callback.ts';
import { ask, failed } from './client.ts';
import type { Wanted } from './client.ts';
import { refundPoll } from './refund-poll.ts';
import { orderWanted, readQueriedOrder } from './truth.ts';

/** Orders asked about in one page of a run: as many calls, one after the other. */
const AT_ONCE = 20;
/** Most numbers a page of `batchPullPhoneNumber` may ask for (sheet, 5.3). */
const PHONES_AT_ONCE = 1000;
/** So many numbers in a row that no order has are taken for the end of a day: cancelled ones keep theirs. */
const END_OF_DAY = 5;
const KNOWN_ORDERS = 1000;

/** Developer and page, as the calls that need no store's token take them. */
const developer = (account: AccountView): Lossless => {
  const id = account.credential('developerId') ?? '';
  return /^\d+$/u.test(id) ? new NumberText(id) : id;
};
const number = (value: number | string): NumberText => new NumberText(String(value));
const tokenOf = (stores: PollAsk['stores'], store: string | undefined): string | undefined =>
  stores.find((entry) => entry.store === store)?.token?.accessToken;

/** A call of which several make a page: silence must not take along what the others told. */
async function calmly<T>(asking: () => Promise<PlatformResult<T>>): Promise<PlatformResult<T>> {
  try {
    return await asking();
  } catch (error) {
    if (!(error instanceof PlatformUnreachable)) throw error;
    return failed('unreachable', 'retry', error.message);
  }
}

/** An order by its id, as its store's token shows it; nothing where another store's or nobody's. */
async function readById(
  account: AccountView,
  call: CallPlatform,
  orderId: string,
  tokens: readonly string[],
  at: TimeMs,
): Promise<PlatformResult<readonly Report[]>> {
  for (const token of tokens) {
    const answer = await calmly(() => ask(account, call, orderWanted(orderId, token), at));
    if (!answer.ok && answer.refusal.class === 'retry') return answer;
    const read = answer.ok ? readQueriedOrder(answer.value, orderId, account) : answer;
    if (read.ok) return { ok: true, value: [read.value.report] };
  }
  return { ok: true, value: [] };
}

/** Orders of all stores that nobody accepted in the last five minutes, then each of them by its id. */
const unconfirmed: Poll = {
  name: 'unconfirmed-orders',
  label: words('Orders not accepted yet', '待确认订单'),
  everySeconds: 60,
  async run(account, call, { at, page, stores }) {
    const offset = typeof page === 'string' ? page : '0';
    const name = isSet(account, 'unconfirmedCall', 'queryNewOrdersByDevId')
      ? 'order/queryNewOrdersByDevId'
      : 'ng/order/getUnConfirmedOrders';
    const wanted: Wanted = {
      call: name.replaceAll('/', '.'),
      path: `/waimai/${name}`,
      method: 'GET',
      biz: [
        ['developerId', developer(account)],
        ['maxOffsetId', number(offset)],
        ['size', number(AT_ONCE)],
      ],
      token: null,
    };
    const answer = await ask(account, call, wanted, at);
    if (!answer.ok) return answer;
    const entries = answer.value.objects('data');
    const reports: Report[] = [];
    let last = offset;
    for (const entry of entries) {
      const orderId = entry.number('orderId');
      if (orderId === undefined) continue;
      const own = tokenOf(stores, entry.text('ePoiId', 100));
      // An entry need not name its store; a token opens the orders of its own store alone, so asking tells.
      const others = stores.flatMap(({ token }) => (token === null ? [] : [token.accessToken]));
      const tokens = own === undefined ? others.slice(0, AT_ONCE) : [own];
      const read = await readById(account, call, orderId, tokens, at);
      // What was read is kept; the run goes on behind it.
      if (!read.ok && last !== offset) return { ok: true, value: { reports, next: last, mark: null } };
      if (!read.ok) return read;
      reports.push(...read.value);
      last = entry.number('offsetId') ?? last;
    }
    const next = entries.length >= AT_ONCE && last !== offset ? last : null;
    return { ok: true, value: { reports, next, mark: null } };
  },
};

/** An order by its number of a day; `null`: no order has it. */
async function readByDaySequence(
  account: AccountView,
  call: CallPlatform,
  store: { readonly store: string; readonly token: string },
  wanted: { readonly sequence: number; readonly day: string; readonly at: TimeMs },
): Promise<PlatformResult<Report | null>> {
  const { sequence, day, at } = wanted;
  const biz: (readonly [string, Lossless])[] = [
    ['daySeq', number(sequence)],
    ['date', day.replaceAll('-', '')],
  ];
  if (isSet(account, 'apiVersion', '1')) biz.push(['ePoiId', store.store]);
  const request = { call: 'order.queryByDaySeq', path: '/waimai/order/queryByDaySeq', method: 'GET' } as const;
  const answer = await calmly(() => ask(account, call, { ...request, biz, token: store.token }, at));
  if (!answer.ok) return answer.refusal.class === 'final' ? { ok: true, value: null } : answer;
  const id = orderIdOf(answer.value);
  const read = id === undefined ? undefined : readQueriedOrder(answer.value, id, account);
  return { ok: true, value: read?.ok === true ? read.value.report : null };
}

const orderIdOf = (answer: JsonReader): string | undefined => answer.object('data')?.number('orderId');

/** How far a walk over the stores has come. `nobody`: numbers of the day that no order has, by store. */
type Walk = { readonly day: string; readonly index: number; readonly from: number; readonly nobody: Nobody };
type Nobody = Readonly<Record<string, readonly number[]>>;

/** Store by store the numbers of the day that are missing: of an order, or beyond the highest that is known. */
const daySequences: Poll = {
  name: 'day-sequences',
  label: words('Gaps in the numbers of the day', '当日流水号缺口'),
  everySeconds: 120,
  async run(account, call, polled) {
    const { at, stores } = polled;
    const day = beijingDay(at);
    const held = polled.mark as { readonly day: string; readonly nobody: Nobody } | null;
    const fresh: Walk = { day, index: 0, from: 1, nobody: held?.day === day ? held.nobody : {} };
    const walk = (polled.page as Walk | null) ?? fresh;
    const nextStore: Walk = { ...walk, index: walk.index + 1, from: 1 };
    const ended = { day, nobody: walk.nobody };
    const isLast = walk.index + 1 >= stores.length;
    const entry = stores[walk.index];
    const token = entry?.token?.accessToken;
    if (entry === undefined || token === undefined)
      return { ok: true, value: { reports: [], next: isLast ? null : nextStore, mark: ended } };
    const known = new Set(await polled.daySequences(entry.store, Date.parse(`${day}T00:00:00+08:00`)));
    const highest = Math.max(0, ...known);
    const missing = new Set(walk.nobody[entry.store]);
    const reports: Report[] = [];
    let asked = 0;
    let sequence = walk.from;
    let isPaused = false;
    for (; asked < AT_ONCE; sequence += 1) {
      if (known.has(sequence) || missing.has(sequence)) continue;
      asked += 1;
      const store = { store: entry.store, token };
      const found = await readByDaySequence(account, call, store, { sequence, day: walk.day, at });
      // What was read is kept; the run goes on behind it.
      if (!found.ok && found.refusal.class === 'retry' && sequence > walk.from) isPaused = true;
      else if (!found.ok && found.refusal.class === 'retry') return found;
      // The token of one store is that store's trouble; the others are asked all the same.
      if (!found.ok) break;
      if (found.value !== null) reports.push(found.value);
      else if (sequence < highest) missing.add(sequence);
      else break;
    }
    isPaused ||= asked >= AT_ONCE;
    const nobody = { ...walk.nobody, [entry.store]: [...missing] };
    const next: Json = isPaused ? { ...walk, from: sequence, nobody } : isLast ? null : { ...nextStore, nobody };
    return { ok: true, value: { reports, next, mark: { day, nobody } } };
  },
};

/** The users' own numbers of unfinished orders, which the platform gives out once its privacy numbers have failed. */
const phones: Poll = {
  name: 'phone-numbers',
  label: words('Phone numbers after a downgrade', '隐私号降级后的真实号码'),
  everySeconds: 600,
  async run(account, call, polled) {
    const { at, page } = polled;
    const offset = typeof page === 'number' ? page : 0;
    const open = await polled.openOrders(KNOWN_ORDERS);
    const known = new Set(open.flatMap(({ aliases }) => aliases.map(({ value }) => value)));
    if (known.size === 0) return { ok: true, value: { reports: [], next: null, mark: null } };
    const answer = await ask(account, call, phonesWanted(account, offset, PHONES_AT_ONCE), at);
    if (!answer.ok) return answer;
    const entries = answer.value.objects('data');
    const reports = entries.flatMap((entry): readonly Report[] => {
      const [orderId, phone] = [entry.number('orderId'), entry.text('realPhoneNumber', 40)];
      if (orderId === undefined || phone === undefined || !known.has(orderId)) return [];
      // One key a number, whenever it is told: asked every ten minutes, it says nothing new.
      const key = `phone:${sha256Hex(`${orderId} ${phone}`).slice(0, 20)}`;
      const aliases = [{ kind: 'platform', value: orderId }] as const;
      return [{ aliases, kind: 'takeaway', key, at, facts: [whole('realPhone', phone)] }];
    });
    const next = entries.length >= PHONES_AT_ONCE ? offset + PHONES_AT_ONCE : null;
    return { ok: true, value: { reports, next, mark: null } };
  },
};

/** The one call of the platform that needs no store's token, so it proves the account's credentials too. */
export const phonesWanted = (account: AccountView, offset: number, limit: number): Wanted => ({
  call: 'order.batchPullPhoneNumber',
  path: '/waimai/order/batchPullPhoneNumber',
  method: 'POST',
  biz: [
    ['degradOffset', number(offset)],
    ['degradLimit', number(limit)],
    ['developerId', developer(account)],
  ],
  token: null,
});

export const polls: readonly Poll[] = [unconfirmed, daySequences, phones, refundPoll];

export const restMs: NonNullable<Connector['restMs']> = (order, account) =>
  takeawayRestMs(order, {
    acceptMs: acceptWithinMs(account) ?? 0,
    cancelAnswerMs: REFUND_ANSWER_MS,
    refundAnswerMs: REFUND_ANSWER_MS,
  });

/**
 * All orders of a day. The platform has no list of them; but it numbers a store's orders from 1, so they are asked for
 * one by one until five numbers in a row are nobody's.
 */
export const readDay: ReadDay = async (account, call, { at, page, stores, from }) => {
  const walk = (page ?? { index: 0, sequence: 1, missed: 0 }) as {
    readonly index: number;
    readonly sequence: number;
    readonly missed: number;
  };
  const entry = stores[walk.index];
  const token = entry?.token?.accessToken;
  const reports: Report[] = [];
  let { sequence, missed } = walk;
  const last = sequence + AT_ONCE;
  for (; token !== undefined && sequence < last && missed < END_OF_DAY; sequence += 1) {
    const store = { store: entry?.store ?? '', token };
    const found = await readByDaySequence(account, call, store, { sequence, day: beijingDay(from), at });
    // What was read is kept; the day goes on behind it.
    if (!found.ok && reports.length > 0)
      return { ok: true, value: { reports, next: { index: walk.index, sequence, missed } } };
    if (!found.ok) return found;
    missed = found.value === null ? missed + 1 : 0;
    if (found.value !== null) reports.push(found.value);
  }
  const goesOn = token !== undefined && missed < END_OF_DAY;
  const nextStore = walk.index + 1 < stores.length ? { index: walk.index + 1, sequence: 1, missed: 0 } : null;
  return { ok: true, value: { reports, next: goesOn ? { index: walk.index, sequence, missed } : nextStore } };
};
