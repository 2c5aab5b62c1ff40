import type { JsonReader } from '../../core/json-reader.ts';
import { MAX_FEN } from '../../core/money.ts';
import type { Fen } from '../../core/money.ts';
import { beijingTime, unixTime } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';

const YUAN = /^(-?)(\d{1,12})(?:\.(\d{1,20}))?$/u;

/**
 * Yuan to fen, rounded to the nearest: the platform's own numbers are doubles (13.799999999999999), and the digits of
 * the text are rounded here, never a float. Only what is `signed` may be below zero.
 */
export function yuanOf(body: JsonReader, name: string, signed = false): Fen | undefined {
  const text = body.text(name);
  if (text === undefined) return undefined;
  const match = YUAN.exec(text);
  const digits = (match?.[3] ?? '').padEnd(3, '0');
  const fen = Number(match?.[2]) * 100 + Number(digits.slice(0, 2)) + (digits.charAt(2) >= '5' ? 1 : 0);
  const isNegative = match?.[1] === '-' && fen !== 0;
  if (!(fen <= MAX_FEN) || (isNegative && !signed)) return body.wrong(name, 'is not an amount in yuan');
  return isNegative ? -fen : fen;
}

/** Unix seconds, milliseconds, or Beijing time as text, to ms: all three occur, `updateAt` beside `updateTime`. */
export function timeOf(body: JsonReader, name: string): TimeMs | undefined {
  const text = body.text(name);
  if (text === undefined || text === '0') return undefined;
  return unixTime(text) ?? beijingTime(text) ?? body.wrong(name, 'is not a time between the years 2000 and 2200');
}

export function countOf(body: JsonReader, name: string): number | undefined {
  const text = body.text(name);
  if (text === undefined) return undefined;
  return /^\d{1,6}$/u.test(text) ? Number(text) : body.wrong(name, 'is not a whole number below a million');
}

export function flagOf(body: JsonReader, name: string): boolean | undefined {
  const text = body.text(name);
  if (text === undefined) return undefined;
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : body.wrong(name, 'is neither true nor false');
}

/** A number of an order or a shop. Some fields of old samples hold 0 for none. */
export function idOf(body: JsonReader, name: string): string | undefined {
  const text = body.text(name, 64);
  return text === '0' ? undefined : text;
}
