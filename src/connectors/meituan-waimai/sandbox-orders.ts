import type { AccountView } from '../../core/connector.ts';
import { writeForm } from '../../core/form.ts';
import { NumberText, stringifyLossless } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import { fenToYuan } from '../../core/money.ts';
import type { Fen } from '../../core/money.ts';
import type { OutgoingCallback, Random } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { sign, signsEmpty } from './signature.ts';

/** An order as the played platform keeps it. */
export interface PlayedOrder {
  readonly id: string;
  readonly store: { readonly ePoiId: string; readonly poiId: string; readonly name: string };
  readonly placedAt: TimeMs;
  readonly originalFen: Fen;
  readonly totalFen: Fen;
  readonly payType: 1 | 2;
  readonly daySeq: number;
  /** What does not change over its life, ready for the push. */
  readonly content: ReadonlyMap<string, Lossless>;
  /** Parts that are JSON inside the push. */
  readonly inner: ReadonlyMap<string, Lossless>;
  /** Whether those come as strings, as captured pushes have them, and not as the real arrays of the documentation's samples. */
  readonly isText: boolean;
}

export const STORES: readonly PlayedOrder['store'][] = [
  { ePoiId: '8859', poiId: '5301890', name: '湘北人家' },
  { ePoiId: '1Z1', poiId: '5301891', name: '色金拉小面（测试店）🍜' },
  { ePoiId: '0000000028', poiId: '5301892', name: '老王牛肉面 & 凉皮' },
];

const DISHES: readonly (readonly [name: string, priceFen: number, boxFen: number, spec: string, property: string])[] = [
  ['黄金蝴蝶虾(4个)', 500, 0, '', ''],
  ['剁椒鱼头', 5880, 200, '大份', '微辣'],
  ['辣椒炒肉🌶️', 2800, 100, '', '少油,不要味精'],
  ['米饭', 200, 0, '碗', ''],
  ['酸梅汤 500ml=大杯', 999, 50, '500ml', '去冰'],
  ['手撕包菜+腊肉', 1888, 100, '', ''],
];
const NOTES = [
  '',
  '多放辣椒 😄 a+b&c=d',
  '不要香菜%20，放门口\n谢谢',
  '少辣 收餐人隐私号 13800001234_5678，手机号 138****5678',
  '麻烦快一点！',
];
const STREETS = ['学正街18号@#浙江省杭州市钱塘区学正街', '望京SOHO T2 & 3层 301@#北京市朝阳区望京街', '色金拉 1 幢'];
const NAMES = ['张(先生)', '李(女士)', '欧阳 😺(先生)', 'Ann O’Neil(女士)'];
const MODES = ['0000', '1001', '1002', '1003', '2002', '5001'];

const pick = <T>(random: Random, list: readonly [T, ...T[]] | readonly T[]): T => {
  const item = list[Math.floor(random() * list.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
};
const integer = (value: number | string): NumberText => new NumberText(String(value));
const seconds = (atMs: TimeMs): NumberText => integer(Math.floor(atMs / 1000));
/** Yuan as a Java program writes a double: `15.0`, `3.88`. */
export const yuanNumber = (fen: Fen): NumberText => integer(fenToYuan(fen).replace(/0$/u, ''));
const object = (fields: Readonly<Record<string, Lossless>>): ReadonlyMap<string, Lossless> =>
  new Map(Object.entries(fields));

/** Makes up an order whose sums fit: original = dishes + boxes + delivery, total = original - offers. */
export function inventOrder(random: Random, number: number, atMs: TimeMs, cash: boolean): PlayedOrder {
  // Numbers of the day rise by one in each store, as the platform counts them.
  const store = STORES[Math.max(0, number - 1) % STORES.length] ?? pick(random, STORES);
  let dishesFen = 0;
  let boxesFen = 0;
  const detail = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, index) => {
    const [name, priceFen, boxFen, spec, property] = pick(random, DISHES);
    const quantity = 1 + Math.floor(random() * 3);
    dishesFen += priceFen * quantity;
    boxesFen += boxFen * quantity;
    return object({
      app_food_code: `dish-${index + 1}`,
      box_num: integer(`${quantity}.0`),
      box_price: yuanNumber(boxFen),
      cart_id: integer(0),
      food_discount: integer('1.0'),
      food_name: name,
      food_property: property,
      price: yuanNumber(priceFen),
      quantity: integer(quantity),
      sku_id: random() < 0.7 ? `sku-${index + 1}` : '',
      spec,
      unit: '份',
    });
  });
  const shippingFen = pick(random, [0, 300, 450]);
  const originalFen = dishesFen + boxesFen + shippingFen;
  const offerFen = random() < 0.5 ? 0 : Math.floor(originalFen / 5);
  const feeFen = Math.floor(dishesFen * 0.18);
  const totalFen = originalFen - offerFen;
  // 19 digits that no double holds; the second and the number of the order make them unique.
  const id = `5${Math.floor(atMs / 1000)}${String(number % 1e8).padStart(8, '0')}`;
  const offer = object({
    act_detail_id: integer(70_001),
    type: integer(2),
    remark: '满减优惠',
    reduce_fee: yuanNumber(offerFen),
    mt_charge: yuanNumber(0),
    poi_charge: yuanNumber(offerFen),
  });
  const received = object({
    actOrderChargeByMt: [],
    actOrderChargeByPoi: [],
    foodShareFeeChargeByPoi: integer(feeFen),
    logisticsFee: integer(shippingFen),
    onlinePayment: integer(cash ? 0 : totalFen),
    reconciliationExtras: '{"chargeMode":1,"technicalServiceFee":1.2}',
    wmPoiReceiveCent: integer(totalFen - feeFen),
  });
  const daySeq = 1 + (Math.floor(Math.max(0, number - 1) / STORES.length) % 9999);
  const wantsInvoice = random() < 0.2;
  const content = object({
    caution: pick(random, NOTES),
    cityId: integer(540_400),
    daySeq: String(daySeq),
    deliveryTime: random() < 0.8 ? integer(0) : seconds(atMs + 5_400_000),
    dinnersNumber: integer(pick(random, [0, 1, 2, -10, 88, 99])),
    ePoiId: store.ePoiId,
    hasInvoiced: integer(wantsInvoice ? 1 : 0),
    invoiceTitle: wantsInvoice ? '汇单（杭州）科技有限公司' : '',
    taxpayerId: wantsInvoice ? '91330100MA27XXXX0X' : '',
    isThirdShipping: integer(0),
    latitude: integer('30.311234'),
    longitude: integer('120.382345'),
    logisticsCode: cash ? '0000' : pick(random, MODES),
    orderId: integer(id),
    orderIdView: integer(id),
    originalPrice: yuanNumber(originalFen),
    payType: integer(cash ? 1 : 2),
    pickType: integer(0),
    poiAddress: '西藏林芝市墨脱县色金拉',
    poiFirstOrder: false,
    poiId: integer(store.poiId),
    poiName: store.name,
    poiPhone: '4009208801',
    recipientAddress: pick(random, STREETS),
    recipientName: pick(random, NAMES),
    recipientPhone: random() < 0.7 ? '13812341234_8512' : '13812341234',
    backupRecipientPhone: '["17012345678_123"]',
    shipperPhone: '',
    shippingFee: yuanNumber(shippingFen),
    total: yuanNumber(totalFen),
    wmPoiReceiveCent: integer(totalFen - feeFen),
  });
  const inner = object({ detail, extras: offerFen === 0 ? [new Map()] : [offer], poiReceiveDetail: received });
  return {
    id,
    store,
    placedAt: atMs,
    originalFen,
    totalFen,
    payType: cash ? 1 : 2,
    daySeq,
    content,
    inner,
    isText: random() < 0.8,
  };
}

/** The order's JSON as it is pushed, or with the names that a query's answer has. `degraded`: some of it is missing. */
export function orderText(
  order: PlayedOrder,
  status: number,
  atMs: TimeMs,
  form: 'push' | 'query',
  degraded = false,
): string {
  const fields = new Map<string, Lossless>(order.content);
  const [created, updated] = form === 'push' ? ['ctime', 'utime'] : ['cTime', 'uTime'];
  fields.set(created, seconds(order.placedAt)).set(updated, seconds(atMs)).set('status', integer(status));
  if (degraded) fields.set('incmpCode', integer(-1)).set('incmpModules', '[0,4]').delete('wmPoiReceiveCent');
  else for (const [name, value] of order.inner) fields.set(name, order.isText ? stringifyLossless(value) : value);
  if (form === 'query') fields.set('daySeq', integer(order.daySeq));
  return stringifyLossless(new Map([...fields].sort(([a], [b]) => (a < b ? -1 : 1))));
}

export interface Said {
  readonly topic: string;
  /** The field that holds the event's JSON. */
  readonly field: string;
  readonly json: string;
}

/** A signed callback about an order: developer, store and one field of JSON; no time beside them, as captured pushes show. */
export function signedCallback(account: AccountView, ePoiId: string, { topic, field, json }: Said): OutgoingCallback {
  return callbackOf(account, topic, [
    ['developerId', account.credential('developerId') ?? ''],
    ['ePoiId', ePoiId],
    [field, json],
  ]);
}

/** A callback with these fields, signed unless told otherwise. */
export function callbackOf(
  account: AccountView,
  topic: string,
  fields: readonly (readonly [string, string])[],
  isSigned = true,
): OutgoingCallback {
  const [secret] = account.secrets('signKey');
  if (secret === undefined) throw new TypeError('the account has no signKey to sign with');
  const all = isSigned ? [...fields, ['sign', sign(fields, secret.value, signsEmpty(account))] as const] : fields;
  return {
    topic,
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
    body: writeForm(all),
  };
}
