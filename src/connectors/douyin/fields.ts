import { isStorableText, NumberText, scalarText, stringifyLossless } from '../../core/json.ts';
import type { LosslessObject } from '../../core/json.ts';
import { fenFromText } from '../../core/money.ts';
import type { Fen } from '../../core/money.ts';
import type { RegisterValues } from '../../core/registers.ts';
import { unixTime } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';

type PlatformFields = RegisterValues['platformFields'];

/** The longest documented value is a cp_extra of 2048 bytes; anything much longer would swell every event. */
const MAX_TEXT = 4096;

/**
 * Reads the fields of a `msg`. The two generations name the same thing differently, so each reader takes the names that
 * it may stand under. `null`, '' and a missing field are one: nothing said. The first field that cannot be read is kept
 * as `fault`, and the message is then unrecognised as a whole.
 */
export class MsgFields {
  readonly #fields: LosslessObject;
  fault: string | undefined;

  constructor(fields: LosslessObject) {
    this.#fields = fields;
  }

  /** The first of these fields that says something, as text. */
  text(names: readonly string[], maxLength = MAX_TEXT): string | undefined {
    for (const name of names) {
      const value = this.#fields.get(name);
      if (value === undefined || value === null || value === '') continue;
      const text = scalarText(value);
      if (text === undefined) return this.#wrong(name, 'is not text or a number');
      if (text.length > maxLength) return this.#wrong(name, `is longer than ${maxLength} characters`);
      if (!isStorableText(text)) return this.#wrong(name, 'holds characters that cannot be stored');
      return text;
    }
    return undefined;
  }

  /** A number of an order, a refund or a settlement: 64 characters by the sheet, always text to us. */
  number(names: readonly string[]): string | undefined {
    return this.text(names, 64);
  }

  /** An amount, integer fen. */
  fen(names: readonly string[]): Fen | undefined {
    const text = this.text(names);
    if (text === undefined) return undefined;
    const fen = fenFromText(text);
    return fen === undefined || fen < 0 ? this.#wrong(this.#named(names), 'is not an amount in fen') : fen;
  }

  /** Unix seconds or milliseconds; 0 is how a missing time looks, such as `refunded_at` of a failed refund. */
  time(names: readonly string[]): TimeMs | undefined {
    const text = this.text(names);
    if (text === undefined || text === '0') return undefined;
    return unixTime(text) ?? this.#wrong(this.#named(names), 'is not a time between the years 2000 and 2200');
  }

  /** The fields of these names that say something, under their own names; lists and objects as JSON text. */
  raw(names: readonly string[]): PlatformFields {
    const kept: Record<string, PlatformFields[string]> = {};
    for (const name of names) {
      const value = this.#fields.get(name);
      const isCompound = typeof value === 'object' && value !== null && !(value instanceof NumberText);
      const said = isCompound ? stringifyLossless(value) : typeof value === 'boolean' ? value : this.text([name]);
      if (said === undefined) continue;
      if (isCompound && (String(said).length > MAX_TEXT || !isStorableText(String(said))))
        this.#wrong(name, 'cannot be stored');
      kept[name] = said;
    }
    return kept;
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  #named(names: readonly string[]): string {
    return names.find((name) => this.#fields.has(name)) ?? '';
  }

  #wrong(name: string, why: string): undefined {
    this.fault ??= `${name} ${why}`;
    return undefined;
  }
}
