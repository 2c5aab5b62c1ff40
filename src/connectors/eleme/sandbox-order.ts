import type { AccountView } from '../../core/connector.ts';
import { NumberText, stringifyLossless } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import { fenToYuan } from '../../core/money.ts';
import type { OutgoingCallback, Random } from '../../core/sandbox.ts';
import { md5Hex } from '../../core/signing.ts';
import { toBeijingText } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { PLOTS } from './sandbox-plots.ts';
import type { Plot, Scene } from './sandbox-plots.ts';
import { signPush } from './signature.ts';

export const APP_ID = 60_000_001;
const PLOT_PLACE = 10;
const ORDER_NUMBER = /^\d{10}(\d{2})\d{7}$/u;

/** The seller's shops. */
export const SHOPS: readonly { readonly id: string; readonly name: string; readonly openId: string }[] = [
  { id: '500000001', name: '老王牛肉面（望京店）', openId: '8859' },
  { id: '500000002', name: '山城小面 & 串串（三里屯店）', openId: '' },
  { id: '500000003', name: 'Café "Größe" 手冲咖啡☕️', openId: '8861' },
];

const DISHES = [
  '红烧牛肉面-大碗[加辣+不要香菜]',
  '麻辣小面-中碗',
  '鸡腿堡 & 薯条 🍟',
  '酸梅汤[去冰+五分糖]',
  '厚芋泥波波奶茶-大杯(换0卡糖)',
];
const NAMES = ['张三', '李女士', '欧阳先生', 'Ms. Größe', '王小明'];
const NOTES = ['少辣，不要香菜', '放门口，别敲门', '多给一双筷子🥢', ''];

/** 10 digits of seconds, 2 of the plot, 7 that count: unique over the runs, and no double holds it. */
export function orderNumberOf(atMs: TimeMs, plot: number, number: number): string {
  return `${Math.floor(atMs / 1000)}${String(plot).padStart(2, '0')}${String(number % 1e7).padStart(7, '0')}`;
}

/** The plot whose place stands in an order's number. */
export function plotOf(id: string): Plot | undefined {
  const place = ORDER_NUMBER.exec(id)?.[1];
  return place === undefined ? undefined : PLOTS[Number(place)];
}

/** What an order is made of. Follows from its number alone, so that it can be read again without being remembered. */
export interface Order {
  readonly id: string;
  readonly shop: (typeof SHOPS)[number];
  readonly placedAt: TimeMs;
  readonly onlinePaid: boolean;
  readonly dishes: readonly { readonly name: string; readonly quantity: number; readonly fen: number }[];
  readonly boxFen: number;
  readonly deliveryFen: number;
  readonly discountFen: number;
  readonly originalFen: number;
  readonly totalFen: number;
  readonly serviceFen: number;
  readonly incomeFen: number;
  /** What one partial refund gives back: less than a third of what was paid. */
  readonly partFen: number;
  /** Samples have numbers where others have text. */
  readonly asNumbers: boolean;
}

export function invent(id: string, plot: Plot): Order {
  const random = randomOf(id);
  const upTo = (most: number): number => Math.floor(random() * most);
  const dishes = DISHES.filter(() => random() < 0.5)
    .concat(DISHES.slice(0, 1))
    .map((name) => ({ name, quantity: 1 + upTo(3), fen: 800 + upTo(2_500) }));
  const boxFen = 100 + upTo(200);
  const deliveryFen = upTo(8) * 100;
  const discountFen = upTo(700);
  const originalFen = dishes.reduce((sum, { quantity, fen }) => sum + quantity * fen, 0) + boxFen + deliveryFen;
  const serviceFen = Math.floor(originalFen * 0.15);
  const totalFen = originalFen - discountFen;
  return {
    id,
    shop: SHOPS[upTo(SHOPS.length)] ?? { id: '500000001', name: '', openId: '' },
    placedAt: Number(id.slice(0, PLOT_PLACE)) * 1000,
    onlinePaid: plot.cash !== true,
    dishes,
    boxFen,
    deliveryFen,
    discountFen,
    originalFen,
    totalFen,
    serviceFen,
    incomeFen: originalFen - deliveryFen - discountFen - serviceFen,
    partFen: Math.floor(totalFen / 4),
    asNumbers: random() < 0.5,
  };
}

/** Uniform numbers that follow from a text. */
function randomOf(text: string): Random {
  let drawn = 0;
  return () => {
    drawn += 1;
    return Number.parseInt(md5Hex(`${text}/${drawn}`).slice(0, 12), 16) / 2 ** 48;
  };
}

const number = (value: number): NumberText => new NumberText(String(value));
/** Yuan as a Java double writes them: 20.0, 19.9, 19.98. */
const yuan = (fen: number): NumberText => new NumberText(fenToYuan(fen).replace(/0$/u, ''));
const localTime = (ms: TimeMs): string => toBeijingText(ms).replace(' ', 'T');
const object = (fields: Readonly<Record<string, Lossless>>): LosslessObject => new Map(Object.entries(fields));

/** The order object, as a push has it and `getOrder` answers it. */
export function orderObject(
  order: Order,
  status: string,
  downgraded: boolean,
  refundStatus = 'noRefund',
): LosslessObject {
  const random = randomOf(`${order.id}/person`);
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  const sum = (fen: number): NumberText => yuan(downgraded ? 0 : fen);
  const line = (name: string, quantity: number, fen: number, extendCode: string): LosslessObject =>
    object({
      id: number(1_200_000_000 + fen),
      skuId: number(-1),
      name,
      categoryId: number(1),
      price: yuan(fen),
      quantity: number(quantity),
      total: yuan(quantity * fen),
      newSpecs: [],
      attributes: [],
      extendCode,
      barCode: '',
      weight: new NumberText('1.0'),
    });
  return object({
    id: order.id,
    orderId: order.id,
    shopId: new NumberText(order.shop.id),
    shopName: order.shop.name,
    openId: order.shop.openId,
    daySn: number(1 + (Number(order.id.slice(-3)) % 300)),
    status,
    refundStatus,
    book: false,
    onlinePaid: order.onlinePaid,
    downgraded,
    createdAt: localTime(order.placedAt - 20_000),
    activeAt: localTime(order.placedAt),
    deliverTime: random() < 0.3 ? localTime(order.placedAt + 3_600_000) : null,
    consignee: pick(NAMES),
    phoneList: [`1380000${order.id.slice(-4)}`],
    address: `学正街${order.id.slice(-2)}号 3 单元`,
    deliveryPoiAddress: '学正街',
    deliveryGeo: '120.35342,30.31123',
    description: pick(NOTES),
    invoiced: false,
    invoice: null,
    taxpayerId: null,
    totalPrice: yuan(order.totalFen),
    originalPrice: sum(order.originalFen),
    deliverFee: sum(order.deliveryFen),
    packageFee: sum(order.boxFen),
    activityTotal: sum(-order.discountFen),
    shopPart: sum(-order.discountFen),
    elemePart: sum(0),
    hongbao: sum(0),
    serviceRate: new NumberText('0.15'),
    serviceFee: sum(-order.serviceFen),
    income: sum(order.incomeFen),
    groups: [
      object({
        name: '1号篮子',
        type: 'normal',
        items: order.dishes.map(({ name, quantity, fen }, index) => line(name, quantity, fen, `SKU-${index + 1}`)),
      }),
      object({ name: '其它费用', type: 'extra', items: [line('餐盒', 1, order.boxFen, '')] }),
    ],
    orderActivities: downgraded ? [] : [object({ id: number(9), name: '满减', amount: yuan(-order.discountFen) })],
  });
}

/** The message of a scene, signed as the platform signs it. `step` tells equal scenes of one life apart. */
export function pushOf(
  order: Order,
  plot: Plot,
  scene: Scene,
  step: number,
  atMs: TimeMs,
  account: AccountView,
): OutgoingCallback {
  return sealed(account, {
    requestId: `2${order.id.slice(3)}${String(step).padStart(2, '0')}`,
    type: scene.type,
    message: messageOf(order, plot, scene, atMs),
    shopId: order.shop.id,
    atMs,
    asNumbers: order.asNumbers,
  });
}

/** Any push of the platform in its envelope. */
export function sealed(
  account: AccountView,
  push: {
    readonly requestId: string;
    readonly type: number;
    readonly message: LosslessObject;
    readonly shopId: string;
    readonly atMs: TimeMs;
    readonly asNumbers: boolean;
  },
): OutgoingCallback {
  const [secret] = account.secrets('appSecret');
  if (secret === undefined) throw new TypeError('the account has no appSecret to sign with');
  const loose = (text: string): Lossless => (push.asNumbers ? new NumberText(text) : text);
  const fields = new Map<string, Lossless>([
    ['requestId', push.requestId],
    ['type', loose(String(push.type))],
    ['appId', number(APP_ID)],
    ['message', stringifyLossless(push.message)],
    ['shopId', new NumberText(push.shopId)],
    ['timestamp', number(push.atMs)],
    // Above 2^53: a receiver that reads it as a double signs another number.
    ['userId', loose('98500000000000001')],
  ]);
  fields.set('signature', signPush(fields, secret.value));
  return { topic: '', headers: { 'content-type': 'application/json; charset=utf-8' }, body: stringifyLossless(fields) };
}

const STATES: Readonly<Record<number, string>> = {
  12: 'valid',
  14: 'invalid',
  15: 'invalid',
  17: 'invalid',
  18: 'settled',
};
export const REFUND_STATES = ['applied', 'noRefund', 'rejected', 'successful', 'arbitrating', 'successful', 'failed'];
const WAYBILL_STATES: Readonly<Record<number, string>> = {
  51: 'tobeAssignedMerchant',
  52: 'tobeAssignedCourier',
  53: 'tobeFetched',
  54: 'arrived',
  55: 'delivering',
  56: 'completed',
  57: 'cancelled',
  58: 'cancelled',
  59: 'cancelled',
  71: 'selfDelivery',
  72: 'noMoreDelivery',
};

function messageOf(order: Order, plot: Plot, { type, refundType, vague }: Scene, atMs: TimeMs): LosslessObject {
  const seconds = Math.floor(atMs / 1000);
  const shopId = new NumberText(order.shop.id);
  if (type === 10) return orderObject(order, 'unprocessed', plot.downgraded !== undefined);
  if (type === 217 || type === 218) return orderObject(order, type === 218 ? 'valid' : 'unprocessed', false);
  if (type === 45) return object({ orderId: order.id, remindId: `${seconds}7`, shopId, updateTime: number(seconds) });
  if (STATES[type] !== undefined) {
    const role = type === 18 ? 9 : 3;
    return object({ orderId: order.id, state: STATES[type], shopId, updateTime: number(seconds), role: number(role) });
  }
  if (type < 40) {
    const isMute = refundType === undefined || vague === true;
    const money = isMute ? {} : { totalPrice: yuan(refundFenOf(order, refundType)) };
    const when = refundType === undefined && vague === true ? {} : { updateTime: number(seconds) };
    return object({
      orderId: order.id,
      refundStatus: REFUND_STATES[type % 10] ?? 'applied',
      reason: '不想要了',
      shopId,
      goodsList: [],
      ...(refundType === undefined ? {} : { refundType }),
      ...money,
      ...when,
    });
  }
  const hasRider = type > 52 && type !== 71 && type < 73;
  return object({
    orderId: order.id,
    shopId,
    state: WAYBILL_STATES[type] ?? (type > 72 ? 'reject' : 'exception'),
    subState: 'noSubstate',
    name: hasRider ? '李师傅' : '',
    phone: hasRider ? '13900000000' : '',
    // Whole seconds in milliseconds, as in the documented samples, or real milliseconds.
    updateAt: number(order.asNumbers ? seconds * 1000 : atMs),
    remark: null,
  });
}

/** The states of an order object after these messages. */
export function stateAfter(scenes: readonly Scene[]): 'unprocessed' | 'valid' | 'invalid' | 'settled' {
  const has = (...types: readonly number[]): boolean => scenes.some(({ type }) => types.includes(type));
  if (has(14, 15, 17, 23, 25)) return 'invalid';
  if (has(18)) return 'settled';
  return has(12) ? 'valid' : 'unprocessed';
}

/** The last request to cancel or to refund, if there was one. */
export const lastRequest = (scenes: readonly Scene[]): Scene | undefined =>
  scenes.findLast(({ type }) => type >= 20 && type <= 36);

/** The user's youngest request, where it still waits for the merchant. */
export function openRequest(scenes: readonly Scene[]): Scene | undefined {
  const last = lastRequest(scenes);
  return last?.type === 20 || last?.type === 30 ? last : undefined;
}

/** `refundStatus` of an order with these messages. */
export function requestStatus(scenes: readonly Scene[]): string {
  const last = lastRequest(scenes);
  return last === undefined ? 'noRefund' : (REFUND_STATES[last.type % 10] ?? 'noRefund');
}

export const refundFenOf = (order: Order, refundType: 'normal' | 'part'): number =>
  refundType === 'part' ? order.partFen : order.totalFen;
