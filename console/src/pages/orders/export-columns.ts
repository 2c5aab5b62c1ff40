import type { ExportColumn } from '../../api/exports.ts';
import { EXPORT_COLUMNS } from '../../api/exports.ts';
import type { ColumnName } from './order-columns.tsx';

/** What a file has unless somebody says otherwise: all but what is seldom asked for, or about a person. */
const SELDOM = new Set<ExportColumn>([
  'original',
  'deliveryFee',
  'boxFee',
  'platformFee',
  'customerName',
  'customerPhone',
  'customerAddress',
  'parent',
]);
export const USUAL_EXPORT_COLUMNS = EXPORT_COLUMNS.filter((name) => !SELDOM.has(name));

/** What stands in a column of the list, in a file. */
const IN_FILE: Readonly<Record<ColumnName, readonly ExportColumn[]>> = {
  number: ['daySequence', 'platformOrderId'],
  platform: ['platform'],
  status: ['status', 'payment'],
  items: ['items'],
  paid: ['paid'],
  total: ['total'],
  refunded: ['refunded'],
  income: ['income'],
  commission: ['commission'],
  customer: ['customerName', 'customerPhone'],
  store: ['store'],
  account: ['account'],
  sid: ['sid'],
  member: ['member'],
  flags: ['flags'],
  kind: ['kind'],
  merchantOrderId: ['merchantOrderId'],
  placedAt: ['placedAt'],
  updatedAt: ['updatedAt'],
};

/** The columns of a file like the list as it is shown. */
export function shownColumns(shown: readonly ColumnName[]): readonly ExportColumn[] {
  const wanted = new Set(shown.flatMap((name) => IN_FILE[name]));
  return EXPORT_COLUMNS.filter((name) => wanted.has(name));
}

const KEY = 'huidan.export-columns';

export function loadExportColumns(): readonly ExportColumn[] {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as unknown;
    if (!Array.isArray(kept)) return USUAL_EXPORT_COLUMNS;
    const known = EXPORT_COLUMNS.filter((name) => kept.includes(name));
    return known.length === 0 ? USUAL_EXPORT_COLUMNS : known;
  } catch {
    return USUAL_EXPORT_COLUMNS;
  }
}

export function keepExportColumns(columns: readonly ExportColumn[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(columns));
  } catch {
    // Kept until the page is left.
  }
}
