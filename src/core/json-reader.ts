import {
  isLosslessObject,
  isStorableText,
  NumberText,
  parseLossless,
  scalarText,
  stringifyLossless,
  toPlainJson,
} from './json.ts';
import type { Lossless, LosslessObject } from './json.ts';
import { fenFromText, MAX_FEN, yuanToFen } from './money.ts';
import type { Fen } from './money.ts';
import type { RegisterValues } from './registers.ts';
import { beijingTime, unixTime } from './time.ts';
import type { TimeMs } from './time.ts';

/** Longer text is no field of an order: it would swell every event. */
const MAX_TEXT = 2000;

/** The name of a field, or all that it goes by: the first of them that says something is read. */
export type FieldNames = string | readonly string[];

const UNSTORABLE = 'holds characters that cannot be stored (U+0000 or half a pair)';

/**
 * Reads the JSON of a message, in which most scalars come as text or as a number. `null`, '' and a missing field are
 * one: nothing said. The first field that cannot be read is kept as `fault`, and the message is then unrecognised as a
 * whole: half an order would hide that something is wrong. Readers of inner values share the fault of the outer one.
 */
export class JsonReader {
  readonly #fields: LosslessObject;
  readonly #path: string;
  readonly #faults: string[];
  constructor(fields: LosslessObject, path = '', faults: string[] = []) {
    this.#fields = fields;
    this.#path = path;
    this.#faults = faults;
  }

  /**
   * A reader of the object that a value is, or holds as JSON text; `undefined` where it is none. `path` goes before the
   * names of fields, such as that of the form field that holds them.
   */
  static over(value: Lossless | undefined, path = ''): JsonReader | undefined {
    const fields = typeof value === 'string' ? parseLossless(value) : value;
    return isLosslessObject(fields) ? new JsonReader(fields, path) : undefined;
  }

  get fault(): string | undefined {
    return this.#faults[0];
  }

  /** The names of its fields. */
  get names(): readonly string[] {
    return [...this.#fields.keys()].filter(isStorableText);
  }

  /** Whether a field is there and not null. */
  has(name: string): boolean {
    const value = this.#fields.get(name);
    return value !== undefined && value !== null;
  }

  /** Says that a field of this message cannot be read. */
  wrong(names: FieldNames, why: string): undefined {
    this.#faults.push(`${this.#path}${this.#named(names)} ${why}`);
    return undefined;
  }

  /** Says that a field of this message is not there, under none of its names. */
  missing(names: FieldNames): undefined {
    this.#faults.push(`${this.#path}${typeof names === 'string' ? names : names.join(' or ')} is missing`);
    return undefined;
  }

  /** What was read of a field without which the message means nothing; '' beside the fault where it said nothing. */
  needed(names: FieldNames, value: string | undefined): string {
    return value ?? this.missing(names) ?? '';
  }

  #named(names: FieldNames): string {
    if (typeof names === 'string') return names;
    for (const name of names) if (!isSilent(this.#fields.get(name))) return name;
    return names[0] ?? '';
  }

  /** A scalar as text, as it came. */
  text(names: FieldNames, maxLength = MAX_TEXT): string | undefined {
    const name = typeof names === 'string' ? names : this.#named(names);
    const value = this.#fields.get(name);
    if (value === undefined || value === null || value === '') return undefined;
    const text = scalarText(value);
    if (text === undefined) return this.wrong(name, 'is not text or a number');
    if (text.length > maxLength) return this.wrong(name, `is longer than ${maxLength} characters`);
    return isStorableText(text) ? text : this.wrong(name, UNSTORABLE);
  }

  /** A text that fits on one line, such as a name or a number of somebody's own. */
  line(names: FieldNames, maxLength: number): string | undefined {
    const text = this.text(names, maxLength);
    return text !== undefined && /\p{Cc}/u.test(text) ? this.wrong(names, 'holds control characters') : text;
  }

  /** Several texts as one value, null for each that says nothing; undefined where none does. */
  textParts<Part extends string>(
    names: Readonly<Record<Part, FieldNames>>,
    maxLength = MAX_TEXT,
  ): Record<Part, string | null> | undefined {
    const fields: readonly [string, FieldNames][] = Object.entries(names);
    const parts = fields.map(([part, field]) => [part, this.text(field, maxLength) ?? null] as const);
    if (parts.every(([, text]) => text === null)) return undefined;
    return Object.fromEntries(parts) as Record<Part, string | null>;
  }

  /** A number of an order: 19 digits fit no double, so it stays text. `0` is none. */
  number(names: FieldNames): string | undefined {
    const text = this.text(names);
    if (text === undefined || text === '0') return undefined;
    return /^\d{1,20}$/u.test(text) ? text : this.wrong(names, 'is not a whole number of up to 20 digits');
  }

  /** The row of a table for the value of a field; a value that the table lacks, or none, is a fault. */
  oneOf<Row>(names: FieldNames, table: Readonly<Record<string, Row>>): Row | undefined {
    const text = this.text(names, 64);
    // A status called `constructor` is in no table of ours.
    if (text === undefined) return this.missing(names);
    return Object.hasOwn(table, text) ? table[text] : this.wrong(names, `${JSON.stringify(text)} is not known`);
  }

  /** Yuan as decimal, never below zero, to fen. */
  yuan(names: FieldNames): Fen | undefined {
    const text = this.text(names);
    if (text === undefined) return undefined;
    const fen = yuanToFen(text);
    return fen === undefined || fen < 0 ? this.wrong(names, 'is not an amount in yuan') : fen;
  }

  /** Fen as a whole number, which may be below zero. */
  fen(names: FieldNames): Fen | undefined {
    const text = this.text(names);
    return text === undefined ? undefined : (fenFromText(text) ?? this.wrong(names, 'is not an amount in fen'));
  }

  /** Fen as a whole number, never below zero. */
  amount(names: FieldNames): Fen | undefined {
    const fen = this.fen(names);
    return fen !== undefined && fen < 0 ? this.wrong(names, 'is below zero') : fen;
  }

  /**
   * Yuan to fen, rounded to the nearest: some platforms write doubles (13.799999999999999). The digits of the text are
   * rounded, never a float. Only what is `signed` may be below zero.
   */
  roundedYuan(names: FieldNames, signed = false): Fen | undefined {
    const text = this.text(names);
    if (text === undefined) return undefined;
    const match = /^(-?)(\d{1,12})(?:\.(\d{1,20}))?$/u.exec(text);
    const digits = (match?.[3] ?? '').padEnd(3, '0');
    const fen = Number(match?.[2]) * 100 + Number(digits.slice(0, 2)) + (digits.charAt(2) >= '5' ? 1 : 0);
    const isNegative = match?.[1] === '-' && fen !== 0;
    if (!(fen <= MAX_FEN) || (isNegative && !signed)) return this.wrong(names, 'is not an amount in yuan');
    return isNegative ? -fen : fen;
  }

  /** A time in ms; `0` is how a missing time looks. */
  time(names: FieldNames): TimeMs | undefined {
    const text = this.text(names);
    if (text === undefined || text === '0') return undefined;
    return unixTime(text) ?? this.wrong(names, 'is not a time between the years 2000 and 2200');
  }

  /** A time as Unix seconds, as milliseconds, or as Beijing time in text: of some platforms all three occur. */
  when(names: FieldNames): TimeMs | undefined {
    const text = this.text(names);
    if (text === undefined || text === '0') return undefined;
    return unixTime(text) ?? beijingTime(text) ?? this.wrong(names, 'is not a time between the years 2000 and 2200');
  }

  count(names: FieldNames): number | undefined {
    const text = this.text(names);
    if (text === undefined) return undefined;
    return /^\d{1,6}$/u.test(text) ? Number(text) : this.wrong(names, 'is not a whole number below a million');
  }

  flag(names: FieldNames): boolean | undefined {
    const text = this.text(names);
    if (text === undefined) return undefined;
    if (text === 'true' || text === '1') return true;
    return text === 'false' || text === '0' ? false : this.wrong(names, 'is neither true nor false');
  }

  /** What something is called, letters allowed. Some fields of old samples hold 0 for none. */
  id(names: FieldNames): string | undefined {
    const text = this.text(names, 64);
    return text === '0' ? undefined : text;
  }

  /** A count in thousandths, so that `1.0` and half a portion are exact. */
  thousandths(names: FieldNames): number | undefined {
    const text = this.text(names);
    if (text === undefined) return undefined;
    const match = /^(\d{1,6})(?:\.(\d{1,3})0*)?$/u.exec(text);
    if (match === null) return this.wrong(names, 'is not a count below a million');
    return Number(match[1]) * 1000 + Number((match[2] ?? '').padEnd(3, '0'));
  }

  /** The objects of a list, which comes as JSON in a string or as a real array. */
  list(name: string): readonly JsonReader[] {
    const value = this.#inner(name);
    if (value === undefined || value === null) return [];
    const items = Array.isArray(value) ? (value as readonly Lossless[]) : undefined;
    if (items === undefined || !items.every(isLosslessObject)) {
      this.wrong(name, 'is not a list of objects');
      return [];
    }
    return items.map((item, index) => new JsonReader(item, `${this.#path}${name}[${index}].`, this.#faults));
  }

  /** The scalars of a list as text; what says nothing is left out. */
  texts(name: string): readonly string[] {
    const value = this.#fields.get(name);
    if (value === undefined || value === null) return [];
    const items = Array.isArray(value) ? (value as readonly Lossless[]).map(scalarText) : [undefined];
    const texts = items.filter((item) => item !== undefined && isStorableText(item) && item.length <= MAX_TEXT);
    if (texts.length < items.length) this.wrong(name, 'is not a list of texts that can be stored');
    return texts.filter((text) => text !== '') as readonly string[];
  }

  /** The objects of a list, or the only one where no list was made of it. */
  objects(name: string): readonly JsonReader[] {
    const value = this.#inner(name);
    if (!isLosslessObject(value)) return this.list(name);
    return [new JsonReader(value, `${this.#path}${name}.`, this.#faults)];
  }

  /** An object, which comes as JSON in a string or as a real object. */
  object(name: string): JsonReader | undefined {
    const value = this.#inner(name);
    if (value === undefined || value === null) return undefined;
    if (!isLosslessObject(value)) return this.wrong(name, 'is not an object');
    return new JsonReader(value, `${this.#path}${name}.`, this.#faults);
  }

  #inner(name: string): Lossless | undefined {
    const value = this.#fields.get(name);
    if (typeof value !== 'string') return value;
    return value === '' ? undefined : (parseLossless(value) ?? this.wrong(name, 'is not JSON'));
  }

  /** The fields of these names that say something, as text under their own names; what is no scalar as JSON text. */
  raw(names: readonly string[], prefix = ''): RegisterValues['platformFields'] {
    const kept: Record<string, string> = {};
    for (const name of names) {
      const value = this.#fields.get(name);
      const text = value === undefined || value === null ? undefined : (scalarText(value) ?? stringifyLossless(value));
      if (text === undefined || text === '' || text.length > MAX_TEXT) continue;
      if (isStorableText(text)) kept[prefix + name] = text;
      else this.wrong(name, UNSTORABLE);
    }
    return kept;
  }

  /**
   * The fields of these names that say something, under their own names and in their own shape: numbers and texts as
   * text, lists of them as lists, anything else with parts as JSON text. What is too long or cannot be stored is a fault.
   */
  kept(names: readonly string[], maxLength = MAX_TEXT): RegisterValues['platformFields'] {
    const kept: Record<string, OwnField> = {};
    for (const name of names) {
      const value = this.#fields.get(name);
      const isCompound = typeof value === 'object' && value !== null && !(value instanceof NumberText);
      const said =
        typeof value === 'boolean'
          ? value
          : isCompound
            ? this.#whole(name, value, maxLength)
            : this.text(name, maxLength);
      if (said !== undefined) kept[name] = said;
    }
    return kept;
  }

  #whole(name: string, value: Lossless, maxLength: number): OwnField | undefined {
    const text = stringifyLossless(value);
    if (text.length > maxLength) return this.wrong(name, `is longer than ${maxLength} characters`);
    const plain = toPlainJson(value);
    // As JSON text everything that cannot be stored is escaped.
    if (!Array.isArray(plain) || !plain.every((item) => typeof item === 'string' || typeof item === 'number'))
      return text;
    const items = plain as readonly (string | number)[];
    const isStorable = items.every((item) => typeof item === 'number' || isStorableText(item));
    return isStorable ? items : this.wrong(name, UNSTORABLE);
  }
}

type OwnField = RegisterValues['platformFields'][string];

const isSilent = (value: Lossless | undefined): value is undefined | null | '' =>
  value === undefined || value === null || value === '';
