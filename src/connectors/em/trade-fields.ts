import type { AccountField, Words } from '../../core/account-fields.ts';
import { paramFaults } from '../../core/action-params.ts';
import type { ParamFault } from '../../core/action-params.ts';
import { isStorableText } from '../../core/json.ts';
import type { Json } from '../../core/json.ts';
import type { ItemValue } from '../../core/registers.ts';
import { beijingTime } from '../../core/time.ts';

type Params = Readonly<Record<string, Json>>;

const text = (name: string, maxLength: number, required: boolean, label: Words, pattern?: string): AccountField => ({
  name,
  kind: 'text',
  maxLength,
  required,
  label,
  help: { en: `${maxLength} characters at most.`, zh: `最多 ${maxLength} 个字符。` },
  ...(pattern === undefined ? {} : { pattern }),
});
const whole = (name: string, maximum: number, required: boolean, label: Words, help: Words): AccountField => ({
  name,
  kind: 'integer',
  minimum: 1,
  maximum,
  required,
  label,
  help,
});

const MAX_INT = 2_147_483_647;
const PHONE = String.raw`^[0-9+() -]{5,20}$`;
const DAY = String.raw`^\d{4}-\d{2}-\d{2}$`;

/** The page names no limit of a list. */
export const MAX_ITEMS = 200;
const MAX_QUANTITY = 1_000_000;

const itemsField = (required: boolean): AccountField => ({
  name: 'items',
  kind: 'json',
  required,
  label: { en: 'Items', zh: '商品明细' },
  help: {
    en: `[{"code": "P-1", "quantity": 2, "remark": "…"}, …]: product codes of the ERP, ${MAX_ITEMS} lines at most.`,
    zh: `[{"code": "P-1", "quantity": 2, "remark": "…"}, …]：ERP 商品编码，最多 ${MAX_ITEMS} 行。`,
  },
});

const WAREHOUSE: Words = { en: 'Warehouse id', zh: '仓库 id' };
const WAREHOUSE_HELP: Words = { en: 'From EM’s list of warehouses.', zh: '取自 EM 的仓库列表。' };

/** What a trade is made of (sheet, 4). No length is documented: these keep a slip of the pen from getting through. */
export const tradeFields: readonly AccountField[] = [
  whole('warehouseId', MAX_INT, true, WAREHOUSE, WAREHOUSE_HELP),
  {
    name: 'transportWay',
    kind: 'integer',
    minimum: 1,
    maximum: 5,
    default: 5,
    required: false,
    label: { en: 'Transport', zh: '运输方式' },
    help: {
      en: '1 own delivery, 2 dedicated logistics, 3 self pick-up, 4 express, 5 other.',
      zh: '1 自配送，2 专线物流，3 自提，4 快递，5 其他。',
    },
  },
  whole(
    'logisticsCompanyId',
    MAX_INT,
    false,
    { en: 'Carrier id', zh: '物流公司 id' },
    {
      en: 'Needed for transport 2 (6, 7, 9, 10 or 11) and 4 (5 YTO, 8 STO).',
      zh: '运输方式为 2（6、7、9、10、11）或 4（5 圆通、8 申通）时必填。',
    },
  ),
  text('name', 64, true, { en: 'Receiver', zh: '收货人' }),
  text('phone', 20, true, { en: 'Phone', zh: '联系电话' }, PHONE),
  text('province', 32, true, { en: 'Province', zh: '省' }),
  text('city', 32, true, { en: 'City', zh: '市' }),
  text('district', 32, true, { en: 'District', zh: '区县' }),
  text('address', 200, true, { en: 'Address', zh: '详细地址' }),
  text('deliveryDate', 10, true, { en: 'Delivery day', zh: '送货日期' }, DAY),
  text('remark', 500, false, { en: 'Remark', zh: '备注' }),
  text('tradeRemark', 500, false, { en: 'Trade remark', zh: '订单备注' }),
  text('logisticsContact', 64, false, { en: 'Carrier’s contact', zh: '物流联系人' }),
  text('logisticsCarNumber', 20, false, { en: 'Car number', zh: '车牌号' }),
  text('logisticsPhone', 20, false, { en: 'Carrier’s phone', zh: '物流电话' }, PHONE),
  itemsField(true),
];

/** What of a stock-in can be changed (sheet, 4). */
export const stockInFields: readonly AccountField[] = [
  whole('warehouseId', MAX_INT, false, WAREHOUSE, WAREHOUSE_HELP),
  whole('type', 99, false, { en: 'Kind', zh: '入库类型' }, { en: '3 is “other”.', zh: '3 表示其他入库。' }),
  text('day', 10, false, { en: 'Day', zh: '入库日期' }, DAY),
  text('source', 200, false, { en: 'Source', zh: '其他来源' }),
  text('remark', 500, false, { en: 'Remark', zh: '备注' }),
  itemsField(false),
];

const CARRIERS: Readonly<Record<number, readonly number[]>> = { 2: [6, 7, 9, 10, 11], 4: [5, 8] };

/** What is wrong with a trade, field by field. */
export function tradeFaults(params: Params): readonly ParamFault[] {
  const faults: ParamFault[] = [...paramFaults(tradeFields, params), ...dayFaults(params, 'deliveryDate')];
  const way = typeof params['transportWay'] === 'number' ? params['transportWay'] : 5;
  const carriers = CARRIERS[way];
  const carrier = params['logisticsCompanyId'];
  if (carriers !== undefined && (typeof carrier !== 'number' || !carriers.includes(carrier))) {
    const message = `must be one of ${carriers.join(', ')} for transportWay ${way}`;
    faults.push({ field: 'logisticsCompanyId', message });
  }
  if (params['items'] !== undefined) faults.push(...itemFaults(params['items']));
  return faults;
}

/** What is wrong with a change of a stock-in. */
export function stockInFaults(params: Params): readonly ParamFault[] {
  const faults: ParamFault[] = [...paramFaults(stockInFields, params), ...dayFaults(params, 'day')];
  if (params['items'] !== undefined) faults.push(...itemFaults(params['items']));
  if (Object.keys(params).length === 0) faults.push({ field: 'remark', message: 'is missing, and so is every other' });
  return faults;
}

function dayFaults(params: Params, field: string): readonly ParamFault[] {
  const day = params[field];
  if (typeof day !== 'string' || !new RegExp(DAY, 'u').test(day)) return [];
  return beijingTime(`${day} 00:00:00`) === undefined ? [{ field, message: 'is no day' }] : [];
}

function itemFaults(value: Json): readonly ParamFault[] {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_ITEMS)
    return [{ field: 'items', message: `must be a list of 1 to ${MAX_ITEMS} products` }];
  const faults: ParamFault[] = [];
  for (const [index, entry] of (value as readonly Json[]).entries()) {
    const field = `items[${index}]`;
    const { code, quantity, remark, ...others } = fieldsOf(entry);
    for (const name of Object.keys(others))
      faults.push({ field: `${field}.${name}`, message: 'is not one of code, quantity, remark' });
    if (!isText(code, 64)) faults.push({ field: `${field}.code`, message: 'must be a text of 1 to 64 characters' });
    if (typeof quantity !== 'number' || !Number.isSafeInteger(quantity) || quantity < 1 || quantity > MAX_QUANTITY)
      faults.push({ field: `${field}.quantity`, message: `must be a whole number from 1 to ${MAX_QUANTITY}` });
    if (remark !== undefined && remark !== null && !isText(remark, 200))
      faults.push({ field: `${field}.remark`, message: 'must be a text of 1 to 200 characters' });
  }
  return faults;
}

const fieldsOf = (entry: Json): Params =>
  entry !== null && typeof entry === 'object' && !Array.isArray(entry) ? (entry as Params) : {};

const isText = (value: Json | undefined, most: number): value is string =>
  typeof value === 'string' && value.trim() !== '' && [...value].length <= most && isStorableText(value);

/** The items of params that were checked. */
export function itemsOf(params: Params): readonly { code: string; quantity: number; remark: string | null }[] {
  const items = Array.isArray(params['items']) ? (params['items'] as readonly Json[]) : [];
  return items.map((entry) => {
    const { code, quantity, remark } = fieldsOf(entry);
    return {
      code: typeof code === 'string' ? code : '',
      quantity: typeof quantity === 'number' ? quantity : 0,
      remark: typeof remark === 'string' ? remark : null,
    };
  });
}

/** The items as the order shows them; EM names no prices. */
export const shownItems = (params: Params): readonly ItemValue[] =>
  itemsOf(params).map(({ code, quantity, remark }, index) => ({
    line: String(index + 1),
    sku: code,
    name: code,
    quantity,
    price: null,
    total: null,
    ...(remark === null ? {} : { note: remark }),
  }));

const wireItems = (params: Params): readonly object[] =>
  itemsOf(params).map(({ code, quantity, remark }) => ({
    outerpcode: code,
    mainmeasunitqty: quantity,
    ...(remark === null ? {} : { remark }),
  }));

/** Ours to EM's names, as its pages spell them. */
const TRADE_NAMES = {
  warehouseId: 'warehouseid',
  transportWay: 'transportway',
  logisticsCompanyId: 'logisticscompanyid',
  name: 'receivername',
  phone: 'mobile',
  province: 'provincename',
  city: 'cityname',
  district: 'distrctname',
  address: 'address',
  deliveryDate: 'deliverydate',
  remark: 'remark',
  tradeRemark: 'traderemark',
  logisticsContact: 'logisticscontact',
  logisticsCarNumber: 'logisticscarnumber',
  logisticsPhone: 'logisticsmobile',
} as const;
const STOCK_IN_NAMES = {
  warehouseId: 'warehouseid',
  type: 'instockType',
  day: 'indatetime',
  source: 'othersource',
  remark: 'remark',
} as const;

function named(params: Params, names: Readonly<Record<string, string>>): Record<string, Json> {
  const data: Record<string, Json> = {};
  for (const [ours, theirs] of Object.entries(names)) {
    const value = params[ours];
    if (value !== undefined && value !== null) data[theirs] = value;
  }
  return data;
}

/** `request_data` of a new trade. Without a remark of its own a trade carries our number, for whoever looks for it there. */
export function tradeData(params: Params, ourNumber: string | null): Readonly<Record<string, unknown>> {
  const remark = ourNumber === null || params['tradeRemark'] !== undefined ? {} : { traderemark: ourNumber };
  return { transportway: 5, ...named(params, TRADE_NAMES), ...remark, items: wireItems(params) };
}

/** `request_data` of a change of a stock-in. */
export function stockInData(params: Params, number: string): Readonly<Record<string, unknown>> {
  const items = params['items'] === undefined ? {} : { items: wireItems(params) };
  return { instockno: number, ...named(params, STOCK_IN_NAMES), ...items };
}
