/** CSV as spreadsheets of our users write and read it (RFC 4180, with a byte order mark). */

const BOM = '\uFEFF';

/**
 * Text of CSV bytes: UTF-8 with or without a byte order mark, else GB18030, in which spreadsheets on Chinese Windows
 * save CSV unless they are told otherwise. `undefined` for neither.
 */
export function decodeCsv(bytes: Uint8Array): string | undefined {
  for (const charset of ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(charset, { fatal: true }).decode(bytes);
    } catch {
      // The next one.
    }
  }
  return undefined;
}

/** Rows of cells. `undefined` for a quote that never ends, or text beside one. Empty lines are left out. */
export function parseCsv(text: string): readonly (readonly string[])[] | undefined {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let state: 'plain' | 'quoted' | 'closed' = 'plain';
  const endCell = (): void => {
    row.push(cell);
    cell = '';
    state = 'plain';
  };
  const endRow = (): void => {
    endCell();
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  const input = text.startsWith(BOM) ? text.slice(1) : text;
  for (let index = 0; index < input.length; index += 1) {
    const character = input.charAt(index);
    if (state === 'quoted') {
      if (character !== '"') cell += character;
      else if (input.charAt(index + 1) === '"') {
        cell += '"';
        index += 1;
      } else state = 'closed';
    } else if (character === ',') endCell();
    else if (character === '\n') endRow();
    else if (character === '\r' && input.charAt(index + 1) === '\n') continue;
    else if (character === '"' && state === 'plain' && cell === '') state = 'quoted';
    else if (state === 'closed') return undefined;
    else cell += character;
  }
  if (state === 'quoted') return undefined;
  if (cell !== '' || row.length > 0) endRow();
  return rows;
}

/** A row with the names of its columns. */
export interface CsvRecord {
  /** As an editor counts: the names are line 1. */
  readonly line: number;
  readonly cells: ReadonlyMap<string, string>;
}

/**
 * Records by the names of the first row. Cells lose the blanks and tabs around them: `writeCsv` puts a tab before
 * numbers. `undefined` when it is no CSV or has no first row.
 */
export function parseCsvRecords(text: string): readonly CsvRecord[] | undefined {
  const [head, ...body] = parseCsv(text) ?? [];
  if (head === undefined) return undefined;
  const names = head.map((name) => name.trim());
  return body.map((row, index) => ({
    line: index + 2,
    cells: new Map(names.map((name, column) => [name, (row[column] ?? '').trim()])),
  }));
}

/** The cell under any of the names, in any letter case; `undefined` where it is empty or there is no such column. */
export function cellOf({ cells }: CsvRecord, ...names: readonly string[]): string | undefined {
  for (const [name, cell] of cells) {
    if (cell !== '' && names.some((wanted) => wanted.toLowerCase() === name.toLowerCase())) return cell;
  }
  return undefined;
}

/** A row's cells as they are written; null: empty. */
export type CsvRow = readonly (string | null)[];

/**
 * CSV with a byte order mark, without which spreadsheets guess the charset wrong. Numbers get a tab before them, so that
 * a spreadsheet takes ids of 19 digits and with leading zeros as text; what it would take as a formula gets an
 * apostrophe.
 */
export function writeCsv(head: CsvRow, rows: readonly CsvRow[]): string {
  return `${BOM}${writeCsvRows([head, ...rows])}`;
}

/** Further rows, for a file that is written piece by piece behind `writeCsv`. */
export function writeCsvRows(rows: readonly CsvRow[]): string {
  return rows.map((row) => `${row.map((cell) => writeCell(cell ?? '')).join(',')}\r\n`).join('');
}

/** An amount below zero is no formula: with an apostrophe before it a spreadsheet would leave it out of a sum. */
const AMOUNT_BELOW_ZERO = /^-\d{1,15}\.\d{2}$/u;

function writeCell(cell: string): string {
  const safe = asText(cell);
  return /[",\r\n\t]/u.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function asText(cell: string): string {
  if (/^\d+$/u.test(cell)) return `\t${cell}`;
  return /^[=+\-@\t\r]/u.test(cell) && !AMOUNT_BELOW_ZERO.test(cell) ? `'${cell}` : cell;
}
