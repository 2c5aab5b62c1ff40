import { fenToYuan } from './money.ts';
import type { Fen } from './money.ts';
import type { OrderJson } from './order-json.ts';

const yuan = (fen: Fen | null): string | null => (fen === null ? null : fenToYuan(fen));

/** Every column of a file of orders: its name, and what it says of an order. Amounts are yuan, times RFC 3339 UTC. */
const COLUMNS = {
  id: (order) => order.id,
  platform: (order) => order.platform,
  account: (order) => order.account,
  platformOrderId: (order) => order.platformOrderId,
  displayId: (order) => order.displayId,
  merchantOrderId: (order) => order.merchantOrderId,
  daySequence: (order) => order.takeaway?.daySequence?.toString() ?? null,
  kind: (order) => order.kind,
  status: (order) => order.status,
  payment: (order) => order.payment,
  fulfilment: (order) => order.fulfilment,
  flags: (order) => order.flags.join(' '),
  items: (order) => itemsText(order),
  original: (order) => yuan(order.amounts.original),
  total: (order) => yuan(order.amounts.total),
  paid: (order) => yuan(order.amounts.paid),
  refunded: (order) => yuan(order.amounts.refunded),
  deliveryFee: (order) => yuan(order.amounts.deliveryFee),
  boxFee: (order) => yuan(order.amounts.boxFee),
  platformFee: (order) => yuan(order.amounts.platformFee),
  income: (order) => yuan(order.amounts.income),
  commission: (order) => yuan(order.amounts.commission),
  customerName: (order) => order.customer?.name ?? null,
  customerPhone: (order) => order.customer?.phone ?? null,
  customerAddress: (order) => order.customer?.address ?? null,
  merchant: (order) => order.merchant,
  shop: (order) => order.shop,
  store: (order) => order.store,
  parent: (order) => order.parent,
  sid: (order) => order.attribution?.sid ?? null,
  member: (order) => order.attribution?.member ?? null,
  placedAt: (order) => order.placedAt,
  paidAt: (order) => order.paidAt,
  completedAt: (order) => order.completedAt,
  updatedAt: (order) => order.updatedAt,
} as const satisfies Readonly<Record<string, (order: OrderJson) => string | null>>;

export type OrderColumn = keyof typeof COLUMNS;

export const ORDER_CSV_COLUMNS = Object.keys(COLUMNS) as readonly OrderColumn[];

/** What is seldom asked for, or about a person: in the file only where its column is named. */
const ONLY_BY_NAME = new Set<OrderColumn>([
  'original',
  'deliveryFee',
  'boxFee',
  'platformFee',
  'customerName',
  'customerPhone',
  'customerAddress',
  'parent',
]);

/** The columns of a file whose asker names none. */
export const USUAL_ORDER_COLUMNS = ORDER_CSV_COLUMNS.filter((name) => !ONLY_BY_NAME.has(name));

/** An order's cells; personal data as far as the order shows it. */
export function orderCells(order: OrderJson, columns: readonly OrderColumn[]): readonly (string | null)[] {
  return columns.map((name) => COLUMNS[name](order));
}

/** `黄焖鸡米饭 ×2、可乐`. */
function itemsText({ items }: Pick<OrderJson, 'items'>): string {
  return items.map(({ name, quantity }) => (quantity === 1 ? name : `${name} ×${quantity}`)).join('、');
}
