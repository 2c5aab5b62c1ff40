import { isStorableText, NumberText, stringifyLossless } from '../../core/json.ts';
import type { LosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import type { Fen } from '../../core/money.ts';
import type { RegisterValues } from '../../core/registers.ts';
import type { TimeMs } from '../../core/time.ts';

type PlatformFields = RegisterValues['platformFields'];

/** The longest documented value is a cp_extra of 2048 bytes; anything much longer would swell every event. */
const MAX_TEXT = 4096;

/**
 * Reads the fields of a `msg`. The two generations name the same thing differently, so each reader takes the names that
 * it may stand under; the first of them that says something counts. As with every `JsonReader`, the first field that
 * cannot be read is kept as `fault`, and the message is then unrecognised as a whole.
 */
export class MsgFields {
  readonly #fields: LosslessObject;
  readonly #reader: JsonReader;

  constructor(fields: LosslessObject) {
    this.#fields = fields;
    this.#reader = new JsonReader(fields);
  }

  get fault(): string | undefined {
    return this.#reader.fault;
  }

  text(names: readonly string[], maxLength = MAX_TEXT): string | undefined {
    const name = this.#said(names);
    return name === undefined ? undefined : this.#reader.text(name, maxLength);
  }

  /** A number of an order, a refund or a settlement: 64 characters by the sheet, always text to us. */
  number(names: readonly string[]): string | undefined {
    return this.text(names, 64);
  }

  /** An amount, integer fen, never below zero. */
  fen(names: readonly string[]): Fen | undefined {
    const name = this.#said(names);
    if (name === undefined) return undefined;
    const fen = this.#reader.fen(name);
    return fen !== undefined && fen < 0 ? this.#reader.wrong(name, 'is not an amount in fen') : fen;
  }

  /** Unix seconds or milliseconds; 0 is how a missing time looks, such as `refunded_at` of a failed refund. */
  time(names: readonly string[]): TimeMs | undefined {
    const name = this.#said(names);
    return name === undefined ? undefined : this.#reader.time(name);
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
        this.#reader.wrong(name, 'cannot be stored');
      kept[name] = said;
    }
    return kept;
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  #said(names: readonly string[]): string | undefined {
    return names.find((name) => !SILENT.has(this.#fields.get(name)));
  }
}

const SILENT: ReadonlySet<unknown> = new Set([undefined, null, '']);
