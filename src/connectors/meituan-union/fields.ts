import { isStorableText, NumberText, scalarText, stringifyLossless, toPlainJson } from '../../core/json.ts';
import type { Lossless, LosslessObject } from '../../core/json.ts';
import { yuanToFen } from '../../core/money.ts';
import type { Fen } from '../../core/money.ts';
import type { RegisterValues } from '../../core/registers.ts';
import { beijingTime, unixTime } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';

type PlatformFields = RegisterValues['platformFields'];

/** Longer text is no field of an order: it would swell every event. The longest documented value is a sid of 64. */
const MAX_TEXT = 2000;
const UNSTORABLE = 'holds characters that cannot be stored (U+0000 or half of a surrogate pair)';

/**
 * Reads the fields of a push, each of which may come as text or as a number (README). `null`, '' and a missing
 * field are one: nothing said. The first field that cannot be read is kept as `fault`, and the push is then
 * unrecognised as a whole: half an order would hide that something is wrong.
 */
export class PushFields {
  readonly #fields: LosslessObject;
  fault: string | undefined;

  constructor(fields: LosslessObject) {
    this.#fields = fields;
  }

  /** A scalar as text, as it came. */
  text(name: string, maxLength = MAX_TEXT): string | undefined {
    const value = this.#fields.get(name);
    if (value === undefined || value === null || value === '') return undefined;
    const text = scalarText(value);
    if (text === undefined) return this.#wrong(name, 'is not text or a number');
    if (text.length > maxLength) return this.#wrong(name, `is longer than ${maxLength} characters`);
    if (!isStorableText(text)) return this.#wrong(name, UNSTORABLE);
    return text;
  }

  /** Yuan as decimal text to fen. */
  fen(name: string): Fen | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const fen = yuanToFen(text);
    return fen === undefined || fen < 0 ? this.#wrong(name, 'is not an amount in yuan') : fen;
  }

  /**
   * A time in ms. Unix seconds by the field list; the form of `modTime` is not stated, so Beijing text is read too.
   * `0` is how a missing time looks where the sender's type has no null.
   */
  time(name: string): TimeMs | undefined {
    const text = this.text(name);
    if (text === undefined || text === '0') return undefined;
    return unixTime(text) ?? beijingTime(text) ?? this.#wrong(name, 'is not a time between the years 2000 and 2200');
  }

  /** A whole number from 0 to 999 999. */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return /^\d{1,6}$/u.test(text) ? Number(text) : this.#wrong(name, 'is not a whole number below a million');
  }

  /** The fields of these names that say something, under their own names: scalars as text, arrays as arrays. */
  raw(names: readonly string[]): PlatformFields {
    const kept: Record<string, PlatformFields[string]> = {};
    for (const name of names) {
      const value = this.#fields.get(name);
      const raw =
        typeof value === 'object' && value !== null && !(value instanceof NumberText)
          ? this.#compound(name, value)
          : this.text(name);
      if (raw !== undefined) kept[name] = raw;
    }
    return kept;
  }

  #compound(
    name: string,
    value: Exclude<Lossless, null | boolean | string | NumberText>,
  ): PlatformFields[string] | undefined {
    const text = stringifyLossless(value);
    if (text.length > MAX_TEXT) return this.#wrong(name, `is longer than ${MAX_TEXT} characters`);
    const plain = toPlainJson(value);
    // Of another shape than a list it stays JSON text, where everything that cannot be stored is escaped.
    if (!Array.isArray(plain) || !plain.every((item) => typeof item === 'string' || typeof item === 'number'))
      return text;
    const items = plain as readonly (string | number)[];
    const storable = items.every((item) => typeof item === 'number' || isStorableText(item));
    return storable ? items : this.#wrong(name, UNSTORABLE);
  }

  #wrong(name: string, why: string): undefined {
    this.fault ??= `${name} ${why}`;
    return undefined;
  }
}
