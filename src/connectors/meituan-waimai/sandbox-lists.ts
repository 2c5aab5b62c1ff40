import { scalarText } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import type { AccountView } from '../../core/connector.ts';
import type { OutgoingCallback, PlatformMemory } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { callbackOf } from './sandbox-orders.ts';
import { fault, fieldsOf, fine, noteReading, notedOrders, recallOrder, sequenceKey } from './sandbox-told.ts';
import type { Told } from './sandbox-told.ts';

/** How far the platform's lists of unconfirmed orders look back (sheet, 5.3). */
const UNCONFIRMED_MS = 5 * 60_000;

interface Asked {
  readonly biz: ReadonlyMap<string, Lossless>;
  readonly account: AccountView;
  readonly memory: PlatformMemory;
  readonly at: TimeMs;
}

const invalid = (message: string): Told => fault('OP_PARAM_ERROR', message);
const text = ({ biz }: Asked, name: string): string => scalarText(biz.get(name)) ?? '';
const isOurs = (asked: Asked): boolean => text(asked, 'developerId') === asked.account.credential('developerId');

/** Orders that nobody accepted yet, of all stores; the offset is the order's own number. */
function unconfirmed(asked: Asked): Told {
  const size = Number(text(asked, 'size'));
  const offset = text(asked, 'maxOffsetId');
  if (!isOurs(asked)) return fault('OP_DEVELOPER_ERROR', '开发者不存在');
  if (!Number.isInteger(size) || size < 1 || size > 100) return invalid('size 应为 1 到 100');
  if (!/^\d{1,20}$/u.test(offset)) return invalid('maxOffsetId 错误');
  const orders = notedOrders(asked.memory)
    .filter(([, { status, placedAt }]) => status >= 2 && status < 4 && placedAt > asked.at - UNCONFIRMED_MS)
    .map(([id, { store }]) => ({ id, store }))
    .filter(({ id }) => BigInt(id) > BigInt(offset))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .slice(0, size);
  const entries = orders.map(({ id, store }) => `{"orderId":${id},"ePoiId":${JSON.stringify(store)},"offsetId":${id}}`);
  return fine(`[${entries.join(',')}]`);
}

/** The users' own numbers of unfinished orders that came with one of the platform's. */
function phoneNumbers(asked: Asked): Told {
  const [offset, limit] = [Number(text(asked, 'degradOffset')), Number(text(asked, 'degradLimit'))];
  if (!isOurs(asked)) return fault('OP_DEVELOPER_ERROR', '开发者不存在');
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000) return invalid('degradLimit 应小于等于 1000');
  if (!Number.isInteger(offset) || offset < 0) return invalid('degradOffset 错误');
  const entries = notedOrders(asked.memory)
    .filter(([, { status }]) => status < 8)
    .flatMap(([id, { store, order }]) => {
      const phone = scalarText(fieldsOf(order).get('recipientPhone')) ?? '';
      return phone.includes('_')
        ? [
            `{"orderId":${id},"orderIdView":${id},"ePoiId":${JSON.stringify(store)},"realPhoneNumber":"1390000${id.slice(-4)}"}`,
          ]
        : [];
    });
  return fine(`[${entries.slice(offset, offset + limit).join(',')}]`);
}

/** Calls about the developer as a whole, which need no store's token. */
const DEVELOPER_CALLS: Readonly<Record<string, (asked: Asked) => Told>> = {
  '/waimai/ng/order/getUnConfirmedOrders': unconfirmed,
  '/waimai/order/queryNewOrdersByDevId': unconfirmed,
  '/waimai/order/batchPullPhoneNumber': phoneNumbers,
};

export const playDeveloperCall = (path: string, asked: Asked): Told | undefined =>
  Object.hasOwn(DEVELOPER_CALLS, path) ? DEVELOPER_CALLS[path]?.(asked) : undefined;

type StoreAsked = Asked & { readonly store: string };

const isClosed = (memory: PlatformMemory, store: string): boolean => memory[`closed ${store}`] === true;

function byId(asked: StoreAsked): Told {
  return readOrder(asked, text(asked, 'orderId'));
}

/** An order's JSON as a query answers it, and notes that the hub has read it. */
function readOrder({ memory, store, at }: StoreAsked, orderId: string): Told {
  const noted = recallOrder(memory, orderId);
  if (noted?.store !== store) return fault('OP_ORDER_NOT_FOUND', '订单不存在');
  noteReading(memory, orderId, { order: { at, status: noted.status } });
  return fine(noted.order, [orderId]);
}

function byDaySequence(asked: StoreAsked): Told {
  const [daySeq, date] = [text(asked, 'daySeq'), text(asked, 'date')];
  if (!/^\d{1,6}$/u.test(daySeq) || daySeq === '0') return invalid('daySeq 错误');
  if (!/^\d{8}$/u.test(date)) return invalid('date 应为 yyyyMMdd');
  const day = date.replace(/(\d{4})(\d{2})(\d{2})/u, '$1-$2-$3');
  const orderId = asked.memory[sequenceKey(asked.store, day, Number(daySeq))];
  return typeof orderId === 'string' ? readOrder(asked, orderId) : fault('OP_ORDER_NOT_FOUND', '订单不存在');
}

function openOrClose(asked: StoreAsked, closes: boolean): Told {
  const { memory, store, account } = asked;
  if (isClosed(memory, store) === closes) return fault('OP_ALREADY_DONE', closes ? '门店已休息' : '门店已营业');
  memory[`closed ${store}`] = closes;
  const json = JSON.stringify({ ePoiId: store, poiStatus: closes ? 120 : 121 });
  const callback: OutgoingCallback = callbackOf(account, 'store-status', [
    ['developerId', account.credential('developerId') ?? ''],
    ['ePoiId', store],
    ['poiStatus', json],
  ]);
  return { ...fine('"ok"'), callbacks: [callback] };
}

function updateOpenTime(asked: StoreAsked): Told {
  if (!/^\d{2}:\d{2}-\d{2}:\d{2}(?:,\d{2}:\d{2}-\d{2}:\d{2})*$/u.test(text(asked, 'openTime')))
    return invalid('openTime 错误');
  asked.memory[`hours ${asked.store}`] = text(asked, 'openTime');
  return fine('"ok"');
}

/** What a store's `queryPoiInfo` says beside its name. */
export const openingOf = (
  memory: PlatformMemory,
  store: string,
): { readonly isOpen: number; readonly openTime: string } => ({
  isOpen: isClosed(memory, store) ? 3 : 1,
  openTime: (memory[`hours ${store}`] as string | undefined) ?? '09:00-22:00',
});

const STORE_CALLS: Readonly<Record<string, (asked: StoreAsked) => Told>> = {
  '/waimai/order/queryById': byId,
  '/waimai/order/queryByDaySeq': byDaySequence,
  '/waimai/poi/open': (asked) => openOrClose(asked, false),
  '/waimai/poi/close': (asked) => openOrClose(asked, true),
  '/waimai/poi/updateOpenTime': updateOpenTime,
};

/** Calls with a store's token about its orders or itself. */
export const playStoreCall = (path: string, asked: StoreAsked): Told | undefined =>
  Object.hasOwn(STORE_CALLS, path) ? STORE_CALLS[path]?.(asked) : undefined;
