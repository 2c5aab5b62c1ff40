/** A column of a table: its title and what it shows of a row. */
export interface Column<Row> {
  readonly title: string;
  value(row: Row): string | number | null | undefined;
}

/** Rows as aligned text. Chinese characters take two places, as terminals show them. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map((column) => textOf(column.value(row)))),
  ];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => widthOf(line[index] ?? ''))));
  return cells
    .map((line) =>
      line
        .map((cell, index) => cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell)))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Names and values, one a line. */
export function list(pairs: readonly (readonly [string, string | number | null | undefined])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${textOf(value)}\n`).join('');
}

/** Fen as yuan; a dash for what is not known. */
export function yuan(fen: number | null | undefined): string {
  return fen === null || fen === undefined ? '-' : (fen / 100).toFixed(2);
}

/** RFC 3339 to local time, to the second. */
export function localTime(text: string | null | undefined): string {
  if (text === null || text === undefined) return '-';
  const time = new Date(text);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

function textOf(value: string | number | null | undefined): string {
  if (value === null || value === undefined || value === '') return '-';
  // What a platform or a customer wrote must not steer the terminal.
  return String(value).replaceAll(/\p{Cc}+/gu, ' ');
}

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : 1;
  return width;
}
