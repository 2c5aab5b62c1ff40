import { isLosslessObject, NumberText, parseLossless, scalarText } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import type { OutgoingCallback, PlatformMemory } from '../../core/sandbox.ts';
import { beijingDay } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { noteHeard, noteReading, orderIds, scenesSoFar, stepTimes } from './sandbox-memory.ts';
import { APP_ID, invent, openRequest, orderObject, plotOf, requestStatus, SHOPS, stateAfter } from './sandbox-order.ts';
import type { Plot, Scene } from './sandbox-plots.ts';

/** What the platform answers: a result and the orders that it tells of, or why not. */
export type Listed =
  | { readonly result: Lossless; readonly tellsOf?: readonly string[] }
  | { readonly refused: { readonly code: string; readonly message: string } };

const invalid = (message: string): Listed => ({ refused: { code: 'VALIDATION_FAILED', message } });
const number = (params: LosslessObject, name: string): number => Number(scalarText(params.get(name)) ?? 'NaN');

/** The types of which the platform keeps failed pushes to be pulled and confirmed (sheet, 4.3). */
const CORE_TYPES: ReadonlySet<number> = new Set([10, 12, 14, 15, 17, 217, 218]);
const FAILED_AT_ONCE = 20;
const UNREACHED_AT_ONCE = 100;
/** How often a message of another type is handed out: nobody confirms those. An assumption. */
const UNREACHED_TIMES = 3;
/** An order of an hour ago that nobody took is nobody's any more. */
const UNPROCESSED_FOR_MS = 3_600_000;

type LostMessage = {
  readonly type: number;
  readonly body: string;
  readonly orderId: string;
  readonly step: number;
  readonly handed: number;
};
const lostKey = (requestId: string): string => `lost:${requestId}`;

/** Keeps a push that never arrived. */
export function keepLost(callback: OutgoingCallback, memory: PlatformMemory): void {
  const push = parseLossless(callback.body);
  const message = isLosslessObject(push) ? parseLossless(scalarText(push.get('message')) ?? '') : undefined;
  if (!isLosslessObject(push) || !isLosslessObject(message)) return;
  const requestId = scalarText(push.get('requestId')) ?? '';
  const orderId = scalarText(message.get('orderId')) ?? '';
  const step = Number(requestId.slice(-2));
  const lost: LostMessage = { type: number(push, 'type'), body: callback.body, orderId, step, handed: 0 };
  memory[lostKey(requestId)] = lost;
}

function lostMessages(memory: PlatformMemory, isCore: boolean, limit: number): readonly [string, LostMessage][] {
  return Object.keys(memory)
    .filter((name) => name.startsWith('lost:'))
    .map((name): [string, LostMessage] => [name, memory[name] as LostMessage])
    .filter(([, { type }]) => CORE_TYPES.has(type) === isCore)
    .slice(0, limit);
}

function handOut(messages: readonly [string, LostMessage][], memory: PlatformMemory): Listed {
  for (const [, { orderId, step }] of messages)
    if (step < (plotOf(orderId)?.scenes.length ?? 0)) noteHeard(orderId, step, memory);
  const result = messages.map(([, { body }]) => parseLossless(body) ?? null);
  return { result, tellsOf: [...new Set(messages.map(([, { orderId }]) => orderId))] };
}

interface Asked {
  readonly params: LosslessObject;
  readonly memory: PlatformMemory;
  readonly at: TimeMs;
  /** The account's name of the ids that are confirmed. */
  readonly idsName: string;
}

function failedPushes({ params, memory }: Asked): Listed {
  if (!isLosslessObject(params.get('msgQueryRequest'))) return invalid('msgQueryRequest 不能为空');
  return handOut(lostMessages(memory, true, FAILED_AT_ONCE), memory);
}

function confirmPulled({ params, memory, idsName }: Asked): Listed {
  const request = params.get('msgConfirmRequest');
  const ids = isLosslessObject(request) ? request.get(idsName) : undefined;
  if (!Array.isArray(ids) || ids.length === 0) return invalid('msgConfirmRequest 不正确');
  for (const id of ids as readonly Lossless[]) delete memory[lostKey(scalarText(id) ?? '')];
  return { result: null };
}

function unreached({ params, memory }: Asked): Listed {
  if (number(params, 'appId') !== APP_ID) return invalid('appId 不正确');
  const messages = lostMessages(memory, false, UNREACHED_AT_ONCE);
  for (const [name, lost] of messages) {
    if (lost.handed + 1 >= UNREACHED_TIMES) delete memory[name];
    else memory[name] = { ...lost, handed: lost.handed + 1 };
  }
  return handOut(messages, memory);
}

interface Listable {
  readonly id: string;
  readonly plot: Plot;
  readonly scenes: readonly Scene[];
}

/** The orders of a shop, in the order of their numbers. */
function ordersOf(
  { params, memory }: Asked,
  fits: (order: Listable, placedAt: TimeMs) => boolean,
): readonly Listable[] {
  const shopId = scalarText(params.get('shopId'));
  return orderIds(memory)
    .flatMap((id): readonly Listable[] => {
      const plot = plotOf(id);
      if (plot === undefined) return [];
      const { shop, placedAt } = invent(id, plot);
      const listable = { id, plot, scenes: scenesSoFar(id, plot, memory) };
      return shop.id === shopId && fits(listable, placedAt) ? [listable] : [];
    })
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

const answerOrders = (orders: readonly Listable[], { memory, at }: Asked): readonly LosslessObject[] =>
  orders.map(({ id, plot }) => readOrder(id, plot, at, memory));

/** An order object as the platform answers it now, and notes that the hub has read it. */
export function readOrder(id: string, plot: Plot, at: TimeMs, memory: PlatformMemory): LosslessObject {
  const scenes = scenesSoFar(id, plot, memory);
  const state = stateAfter(scenes);
  const readings = memory[`read:${id}`] === undefined;
  const isStillDowngraded = plot.downgraded === 'long' && readings;
  if (isStillDowngraded) memory[`read:${id}`] = true;
  const isOpen = openRequest(scenes) !== undefined || ['applied', 'arbitrating'].includes(requestStatus(scenes));
  noteReading(id, { at, state, request: { kind: state === 'settled' ? 'refund' : 'cancel', open: isOpen } }, memory);
  return orderObject(invent(id, plot), state, isStillDowngraded, requestStatus(scenes));
}

const isKnownShop = ({ params }: Asked): boolean => SHOPS.some(({ id }) => id === scalarText(params.get('shopId')));

function waitingOrders(asked: Asked, fits: (order: Listable, placedAt: TimeMs) => boolean): Listed {
  if (!isKnownShop(asked)) return { refused: { code: 'BIZ_SHOP', message: '店铺不存在' } };
  const orders = ordersOf(asked, fits);
  return { result: answerOrders(orders, asked), tellsOf: orders.map(({ id }) => id) };
}

/** Orders with an open request of a type; that it was asked is heard by this, should its message be lost. */
function requested(asked: Asked, type: 20 | 30): Listed {
  const isOpen = ({ scenes }: Listable): boolean =>
    openRequest(scenes)?.type === type && stateAfter(scenes) !== 'invalid';
  for (const { id, plot } of ordersOf(asked, isOpen)) {
    const taken = plot.scenes.slice(0, stepTimes(id, asked.memory).length);
    noteHeard(
      id,
      taken.findLastIndex((scene) => scene.type === type),
      asked.memory,
    );
  }
  return waitingOrders(asked, isOpen);
}

function allOrders(asked: Asked): Listed {
  const { params } = asked;
  const [pageNo, pageSize] = [number(params, 'pageNo'), number(params, 'pageSize')];
  const date = scalarText(params.get('date')) ?? '';
  if (!isKnownShop(asked)) return { refused: { code: 'BIZ_SHOP', message: '店铺不存在' } };
  if (!Number.isInteger(pageNo) || pageNo < 1 || pageNo > 100) return invalid('pageNo 应为 1 到 100');
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 50) return invalid('pageSize 应为 1 到 50');
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(date)) return invalid('date 应为 yyyy-MM-dd');
  const found = ordersOf(asked, (_, placedAt) => beijingDay(placedAt) === date);
  const orders = found.slice((pageNo - 1) * pageSize, pageNo * pageSize);
  const result = new Map<string, Lossless>([
    ['total', new NumberText(String(found.length))],
    ['list', answerOrders(orders, asked)],
  ]);
  return { result, tellsOf: orders.map(({ id }) => id) };
}

/** The merchant's own code of a shop, bound at the platform. */
const openIdOf = (shopId: string, memory: PlatformMemory): string =>
  (memory[`openId:${shopId}`] as string | undefined) ?? SHOPS.find(({ id }) => id === shopId)?.openId ?? '';

function shopAnswer(asked: Asked): Listed {
  const shop = SHOPS.find(({ id }) => id === scalarText(asked.params.get('shopId')));
  if (shop === undefined) return { refused: { code: 'BIZ_SHOP', message: '店铺不存在' } };
  const result = new Map<string, Lossless>([
    ['id', new NumberText(shop.id)],
    ['name', shop.name],
    ['openId', openIdOf(shop.id, asked.memory)],
    ['isOpen', new NumberText('1')],
    ['isValid', new NumberText('1')],
  ]);
  return { result };
}

function updateShop(asked: Asked): Listed {
  const properties = asked.params.get('properties');
  const openId = isLosslessObject(properties) ? properties.get('openId') : undefined;
  if (!isKnownShop(asked)) return { refused: { code: 'BIZ_SHOP', message: '店铺不存在' } };
  if (typeof openId !== 'string' || openId === '') return invalid('properties 不正确');
  asked.memory[`openId:${scalarText(asked.params.get('shopId')) ?? ''}`] = openId;
  return shopAnswer(asked);
}

/** Needs no token of a merchant: it is about the app. */
export const APP_LEVEL: ReadonlySet<string> = new Set(['eleme.msgNew.getPushFailMsg', 'eleme.msgNew.confirmPullMsg']);

const LISTS: Readonly<Record<string, (asked: Asked) => Listed>> = {
  'eleme.msgNew.getPushFailMsg': failedPushes,
  'eleme.msgNew.confirmPullMsg': confirmPulled,
  'eleme.message.getNonReachedOMessages': unreached,
  'eleme.order.getUnprocessOrders': (asked) =>
    waitingOrders(
      asked,
      ({ scenes }, placedAt) => stateAfter(scenes) === 'unprocessed' && placedAt > asked.at - UNPROCESSED_FOR_MS,
    ),
  'eleme.order.getCancelOrders': (asked) => requested(asked, 20),
  'eleme.order.getRefundOrders': (asked) => requested(asked, 30),
  'eleme.order.getAllOrders': allOrders,
  'eleme.shop.getShop': shopAnswer,
  'eleme.shop.updateShop': updateShop,
};

/** Plays a question about several orders or a shop; `undefined`: it is no such question. */
export const playList = (action: string, asked: Asked): Listed | undefined =>
  Object.hasOwn(LISTS, action) ? LISTS[action]?.(asked) : undefined;
