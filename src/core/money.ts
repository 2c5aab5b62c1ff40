/** Integer fen (1/100 yuan). Everything inside counts in fen; yuan exist only as text at a platform's door. */
export type Fen = number;

/** The largest amount taken in: 10 thousand million yuan. Above it a message is a mistake, and sums would near 2^53. */
export const MAX_FEN: Fen = 1_000_000_000_000;

const YUAN = /^(-)?(\d{1,15})(?:\.(\d{1,6}))?$/u;
const FEN = /^-?\d{1,15}$/u;

/**
 * Yuan text to fen, digit by digit: a float would make 1998 of `19.99`. Digits past the second must be zeros.
 * Returns `undefined` for anything that is not such a number or lies beyond `MAX_FEN`.
 */
export function yuanToFen(text: string): Fen | undefined {
  const match = YUAN.exec(text.trim());
  if (match === null) return undefined;
  const fraction = (match[3] ?? '').padEnd(2, '0');
  if (/[1-9]/u.test(fraction.slice(2))) return undefined;
  const fen = Number(match[2]) * 100 + Number(fraction.slice(0, 2));
  if (fen > MAX_FEN) return undefined;
  return match[1] === undefined || fen === 0 ? fen : -fen;
}

/** Fen as text to fen; `undefined` when it is not an integer or lies beyond `MAX_FEN`. */
export function fenFromText(text: string): Fen | undefined {
  if (!FEN.test(text)) return undefined;
  const fen = Number(text);
  return Math.abs(fen) > MAX_FEN ? undefined : fen;
}

/** Fen to yuan text with two decimals, as platforms write it: 3050 becomes `30.50`. */
export function fenToYuan(fen: Fen): string {
  const digits = String(Math.abs(fen)).padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Thousandths of fen to fen; null where something is left over, since rounding would invent money. */
export const wholeFen = (thousandths: number): Fen | null =>
  thousandths % 1000 === 0 && Number.isSafeInteger(thousandths) ? thousandths / 1000 : null;
