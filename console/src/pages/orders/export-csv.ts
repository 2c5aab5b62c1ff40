import { readOrders } from '../../api/orders.ts';
import type { Order, OrderFilter } from '../../api/orders.ts';
import { itemsText } from '../../parts/order-name.ts';

const PAGE_LIMIT = 500;
/** Spreadsheets read UTF-8 only behind this sign. */
const BOM = '\u{FEFF}';

const yuan = (fen: number | null): string => (fen === null ? '' : (fen / 100).toFixed(2));

const FIELDS: readonly (readonly [string, (order: Order) => string | number | null])[] = [
  ['id', (order) => order.id],
  ['platform', (order) => order.platform],
  ['account', (order) => order.account],
  ['platformOrderId', (order) => asText(order.platformOrderId)],
  ['displayId', (order) => asText(order.displayId)],
  ['merchantOrderId', (order) => asText(order.merchantOrderId)],
  ['daySequence', (order) => order.takeaway?.daySequence ?? null],
  ['kind', (order) => order.kind],
  ['status', (order) => order.status],
  ['payment', (order) => order.payment],
  ['fulfilment', (order) => order.fulfilment],
  ['flags', (order) => order.flags.join(' ')],
  ['items', itemsText],
  ['total', (order) => yuan(order.amounts.total)],
  ['paid', (order) => yuan(order.amounts.paid)],
  ['refunded', (order) => yuan(order.amounts.refunded)],
  ['income', (order) => yuan(order.amounts.income)],
  ['commission', (order) => yuan(order.amounts.commission)],
  ['merchant', (order) => order.merchant],
  ['shop', (order) => order.shop],
  ['store', (order) => asText(order.store)],
  ['sid', (order) => asText(order.attribution?.sid ?? null)],
  ['member', (order) => order.attribution?.member ?? null],
  ['placedAt', (order) => order.placedAt],
  ['paidAt', (order) => order.paidAt],
  ['completedAt', (order) => order.completedAt],
  ['updatedAt', (order) => order.updatedAt],
];

/** A tab before it keeps a spreadsheet from rounding a number of 19 digits. */
const asText = (value: string | null): string | null =>
  value !== null && /^\d{6,}$/u.test(value) ? `\t${value}` : value;

/** Quoted where it must be; what a spreadsheet would take for a formula loses that power. */
function cell(value: string | number | null): string {
  const text = value === null ? '' : String(value);
  const safe = /^[=+@-]/u.test(text) ? `'${text}` : text;
  return /[",\r\n\t]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/**
 * All orders that the filter finds, as CSV, page after page. Kept in pieces, so that the text of millions of rows is never
 * one string. Personal data stays masked and is left out.
 */
export async function ordersCsv(
  filter: OrderFilter,
  onProgress: (rows: number) => void,
  signal: AbortSignal,
): Promise<{ readonly file: Blob; readonly rows: number }> {
  const pieces: BlobPart[] = [`${BOM}${FIELDS.map(([name]) => name).join(',')}\r\n`];
  let rows = 0;
  let cursor: string | null = null;
  do {
    const page = await readOrders({ ...filter, limit: PAGE_LIMIT, cursor }, signal);
    pieces.push(page.data.map((order) => `${FIELDS.map(([, read]) => cell(read(order))).join(',')}\r\n`).join(''));
    rows += page.data.length;
    cursor = page.nextCursor;
    onProgress(rows);
  } while (cursor !== null);
  return { file: new Blob(pieces, { type: 'text/csv;charset=utf-8' }), rows };
}
