import { paramFaults } from '../../core/action-params.ts';
import type { ParamFault } from '../../core/action-params.ts';
import type { AccountView } from '../../core/connector.ts';
import type { Creation, KnownProduct, OrderWish, Planned } from '../../core/creation.ts';
import type { Fact } from '../../core/fact.ts';
import { MAX_FEN } from '../../core/money.ts';
import type { Fen } from '../../core/money.ts';
import { oneItemPerDispense } from '../../core/one-item-rule.ts';
import { WHOLE } from '../../core/registers.ts';
import type { ItemValue } from '../../core/registers.ts';
import { MACHINE_FIELD, readWishedItems, recordsOf, wishedItemsField } from './wished-items.ts';
import type { WishedItem } from './wished-items.ts';

/** 20 to 32 characters (sheet, 4.1), and such as an address of ours carries. */
const TRADE_ID = /^[0-9A-Za-z_-]{20,32}$/u;

const fields: Creation['fields'] = [
  MACHINE_FIELD,
  wishedItemsField,
  {
    name: 'amount',
    kind: 'integer',
    minimum: 1,
    maximum: MAX_FEN,
    required: false,
    label: { en: 'Amount (fen)', zh: '金额（分）' },
    help: {
      en: 'What the user pays. Left out: the sum of the machine’s prices, where they are known.',
      zh: '用户实付金额；不填则按设备售价合计（须已同步该设备）。',
    },
  },
];

function plan(account: AccountView, wish: OrderWish): Planned {
  const read = readWishedItems(wish.fields['items']);
  const faults: ParamFault[] = [
    ...paramFaults(fields, wish.fields),
    ...(read.ok || wish.fields['items'] === undefined ? [] : read.faults),
  ];
  if (!TRADE_ID.test(wish.merchantOrderId)) {
    faults.push({ field: 'merchantOrderId', message: 'must have 20 to 32 letters, digits, - or _' });
  }
  const items = read.ok ? read.items : [];
  const { amount } = wish.fields;
  const total = typeof amount === 'number' ? amount : priceOf(items, wish.products);
  if (amount === undefined && read.ok && total === undefined) {
    faults.push({ field: 'amount', message: 'is missing, and the prices of the machine are not known' });
  }
  const machineNo = wish.fields['machineNo'];
  if (faults.length > 0 || total === undefined || typeof machineNo !== 'string') return { ok: false, faults };
  const isOnePerDispense = oneItemPerDispense(account.settings['oneItemPerDispense'], machineNo);
  const facts: readonly Fact[] = [
    { line: WHOLE, register: 'payment', value: 'unpaid' },
    { line: WHOLE, register: 'lifecycle', value: 'open' },
    { line: WHOLE, register: 'money.total', value: total },
    { line: WHOLE, register: 'money.paid', value: 0 },
    { line: WHOLE, register: 'items', value: items.map((item, index) => plannedItem(item, index, wish.products)) },
    { line: WHOLE, register: 'parts', value: recordsOf(items, isOnePerDispense).length },
    { line: WHOLE, register: 'store', value: { ref: machineNo, name: null } },
    { line: WHOLE, register: 'placedAt', value: wish.at },
  ];
  const alias = { kind: 'merchant', value: wish.merchantOrderId } as const;
  return {
    ok: true,
    order: {
      report: { aliases: [alias], kind: 'vending', at: wish.at, facts },
      params: { machineNo, items: items.map(({ productId, quantity }) => ({ productId, quantity })) },
    },
  };
}

type Products = OrderWish['products'];

function plannedItem({ productId, quantity }: WishedItem, index: number, products: Products): ItemValue {
  const sku = String(productId);
  const known: Partial<KnownProduct> = products?.get(sku) ?? {};
  const price = known.price ?? null;
  const total = price === null ? null : price * quantity;
  return { line: String(index + 1), sku, name: known.name ?? sku, quantity, price, total };
}

/** `undefined` where the price of one of them is not known, or they are all free. */
function priceOf(items: readonly WishedItem[], products: Products): Fen | undefined {
  let sum = 0;
  for (const { productId, quantity } of items) {
    const price = products?.get(String(productId))?.price ?? null;
    if (price === null) return undefined;
    sum += price * quantity;
  }
  return sum > 0 && sum <= MAX_FEN ? sum : undefined;
}

/** How an order is made: at a machine, out of what it sells there. */
export const creation: Creation = { fields, plan };
