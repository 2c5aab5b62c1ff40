import { isLosslessObject, NumberText, parseLossless, stringifyLossless } from '../json.ts';
import type { Lossless, LosslessObject } from '../json.ts';
import { quote, writeJson } from './json-writings.ts';
import { numberText } from './number-writings.ts';
import { decodePart } from './request-reading.ts';
import type { ReadField } from './request-reading.ts';
import type { FieldRules } from './scheme.ts';

/** A value as the rules have it signed; `undefined` where they leave its field out. */
export function valueText(field: ReadField, rules: FieldRules): string | undefined {
  const bare = bareText(field, rules);
  if (bare === undefined) return undefined;
  const text = encoded(cut(bare, rules), rules);
  if (text === '' && rules.empty === 'skip') return undefined;
  if (text === '0' && rules.zero === 'drop') return undefined;
  return rules.skip.includes(text) ? undefined : text;
}

function bareText(field: ReadField, rules: FieldRules): string | undefined {
  const { value } = field;
  if (typeof value === 'string') return stringText(field, value, rules);
  if (value instanceof NumberText) return numberText(value.text, rules.number);
  if (value === null) return nullText(rules.null);
  if (typeof value === 'boolean') return booleanText(value, rules.boolean);
  if (Array.isArray(value)) return arrayText(value as readonly Lossless[], field.raw, rules.array);
  return isLosslessObject(value) ? objectText(value, field.raw, rules.object) : undefined;
}

function stringText({ name, raw }: ReadField, value: string, rules: FieldRules): string {
  let text = value;
  if (rules.url === 'undecoded') text = raw;
  if (rules.url === 'plus-kept') text = decodePart(raw, '+');
  if (rules.number === 'js-texts' && /^-?\d+(?:\.\d+)?$/u.test(text)) text = numberText(text, 'js-texts');
  if (rules.nested !== 'keep' && /^\s*[[{]/u.test(text)) {
    const inner = parseLossless(text);
    if (inner !== undefined) text = writeJson(inner, rules.nested);
  }
  switch (rules.unquoted?.includes(name) === true ? 'plain' : rules.strings) {
    case 'plain':
      return text;
    case 'json':
      return quote(text);
    case 'json-php':
      return quote(text, 'slash-ascii');
    case 'json-ascii':
      return quote(text, 'ascii');
    case 'quoted':
      return `"${text}"`;
  }
}

function nullText(writing: FieldRules['null']): string | undefined {
  return { drop: undefined, empty: '', text: 'null', none: 'None', nil: '<nil>' }[writing];
}

function booleanText(value: boolean, writing: FieldRules['boolean']): string {
  if (writing === 'word') return String(value);
  if (writing === 'capital') return value ? 'True' : 'False';
  return value ? '1' : writing === 'digit' ? '0' : '';
}

function arrayText(items: readonly Lossless[], raw: string, writing: FieldRules['array']): string | undefined {
  switch (writing) {
    case 'json':
      return stringifyLossless(items);
    case 'spaced':
      return `[${items.map(stringifyLossless).join(', ')}]`;
    case 'as-sent':
      return raw;
    case 'comma':
      return items.map(plain).join(',');
    case 'js':
      return items.map(jsText).join(',');
    case 'php':
      return 'Array';
    case 'go':
      return `[${items.map(goText).join(' ')}]`;
    case 'drop':
      return undefined;
  }
}

function objectText(object: LosslessObject, raw: string, writing: FieldRules['object']): string | undefined {
  switch (writing) {
    case 'json':
      return stringifyLossless(object);
    case 'spaced':
      return writeJson(object, 'python-letters');
    case 'as-sent':
      return raw;
    case 'js':
      return jsText(object);
    case 'php':
      return 'Array';
    case 'go':
      return goText(object);
    case 'java':
      return `{${[...object].map(([name, value]) => `${name}=${plain(value)}`).join(', ')}}`;
    case 'drop':
      return undefined;
  }
}

const plain = (value: Lossless): string => (typeof value === 'string' ? value : stringifyLossless(value));

function jsText(value: Lossless): string {
  if (isLosslessObject(value)) return '[object Object]';
  if (Array.isArray(value)) return (value as readonly Lossless[]).map(jsText).join(',');
  if (value instanceof NumberText) return numberText(value.text, 'js');
  return value === null ? '' : plain(value);
}

/** As Go prints a map and a slice: `map[a:1 b:2]`, `[x y]`. */
function goText(value: Lossless): string {
  if (value === null) return '<nil>';
  if (value instanceof NumberText) return numberText(value.text, 'go');
  if (Array.isArray(value)) return `[${(value as readonly Lossless[]).map(goText).join(' ')}]`;
  if (!isLosslessObject(value)) return plain(value);
  return `map[${[...value.keys()]
    .sort()
    .map((name) => `${name}:${goText(value.get(name) ?? null)}`)
    .join(' ')}]`;
}

const ASCII_BLANKS = /^[\0- ]+|[\0- ]+$/gu;

function cut(text: string, { trim, quotes }: FieldRules): string {
  const trimmed = trim === 'none' ? text : trim === 'ascii' ? text.replaceAll(ASCII_BLANKS, '') : text.trim();
  if (quotes === 'keep' || trimmed.length < 2 || !trimmed.startsWith('"') || !trimmed.endsWith('"')) return trimmed;
  const bare = trimmed.slice(quotes === 'cut-last' ? 0 : 1, quotes === 'cut-first' ? undefined : -1);
  return trim === 'none' ? bare : trim === 'ascii' ? bare.replaceAll(ASCII_BLANKS, '') : bare.trim();
}

const EMOJI = /\p{Extended_Pictographic}(?:\u{fe0f}|\p{Emoji_Modifier})?|[\u{10000}-\u{10ffff}]/gu;

function encoded(given: string, { url, html, emoji }: FieldRules): string {
  let text = given;
  if (emoji !== 'keep') text = text.replaceAll(EMOJI, emoji === 'drop' ? '' : '????');
  if (html === 'escaped') text = escapeHtml(text);
  if (html === 'unescaped') text = unescapeHtml(text);
  switch (url) {
    case 'decoded':
    case 'undecoded':
    case 'plus-kept':
      return text;
    case 'again':
      return decodePart(text);
    case 'percent':
      return strictPercent(text);
    case 'percent-lower':
      return strictPercent(text).replaceAll(/%[\dA-F]{2}/gu, (escape) => escape.toLowerCase());
    case 'form':
      return new URLSearchParams([['', text.toWellFormed()]]).toString().slice(1);
    case 'plus':
      return text.replaceAll(' ', '+');
    case 'uri-twice':
      return encodeURI(encodeURI(text.toWellFormed()));
  }
}

/** RFC 3986, as PHP's `rawurlencode` and Python's `quote` have it. */
const strictPercent = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/gu,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );

const ENTITIES: readonly (readonly [string, string])[] = [
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
];
const escapeHtml = (text: string): string =>
  ENTITIES.slice(0, 4).reduce((done, [mark, entity]) => done.replaceAll(mark, entity), text);
const unescapeHtml = (text: string): string =>
  ENTITIES.toReversed().reduce((done, [mark, entity]) => done.replaceAll(entity, mark), text);
