import { isLosslessObject, NumberText } from '../json.ts';
import type { Lossless } from '../json.ts';
import { numberText } from './number-writings.ts';
import type { JsonWriting } from './scheme.ts';

interface Style {
  readonly comma: string;
  readonly colon: string;
  readonly escape: 'none' | 'ascii' | 'slash' | 'slash-ascii' | 'html';
  readonly number: 'text' | 'js' | 'go';
  readonly sorted: boolean;
}

const STYLES: Readonly<Record<JsonWriting, Style>> = {
  js: { comma: ',', colon: ':', escape: 'none', number: 'js', sorted: false },
  compact: { comma: ',', colon: ':', escape: 'none', number: 'text', sorted: false },
  python: { comma: ', ', colon: ': ', escape: 'ascii', number: 'text', sorted: false },
  'python-letters': { comma: ', ', colon: ': ', escape: 'none', number: 'text', sorted: false },
  php: { comma: ',', colon: ':', escape: 'slash-ascii', number: 'js', sorted: false },
  'php-letters': { comma: ',', colon: ':', escape: 'slash', number: 'js', sorted: false },
  ascii: { comma: ',', colon: ':', escape: 'ascii', number: 'text', sorted: false },
  go: { comma: ',', colon: ':', escape: 'html', number: 'go', sorted: true },
  sorted: { comma: ',', colon: ':', escape: 'none', number: 'text', sorted: true },
};

export const JSON_WRITINGS = Object.keys(STYLES) as readonly JsonWriting[];

/** JSON text of a parsed value, as that language or library writes it. */
export function writeJson(value: Lossless, writing: JsonWriting): string {
  return write(value, STYLES[writing]);
}

function write(value: Lossless, style: Style): string {
  if (value instanceof NumberText) return numberText(value.text, style.number);
  if (typeof value === 'string') return quote(value, style.escape);
  if (Array.isArray(value)) {
    return `[${(value as readonly Lossless[]).map((item) => write(item, style)).join(style.comma)}]`;
  }
  if (!isLosslessObject(value)) return JSON.stringify(value);
  const names = [...value.keys()];
  const pairs = (style.sorted ? names.sort() : names).map(
    (name) => quote(name, style.escape) + style.colon + write(value.get(name) ?? null, style),
  );
  return `{${pairs.join(style.comma)}}`;
}

/** A text in double quotes. */
export function quote(text: string, escape: Style['escape'] = 'none'): string {
  const quoted = JSON.stringify(text);
  switch (escape) {
    case 'none':
      return quoted;
    case 'slash':
      return quoted.replaceAll('/', String.raw`\/`);
    case 'ascii':
      return asciiOnly(quoted);
    case 'slash-ascii':
      return asciiOnly(quoted).replaceAll('/', String.raw`\/`);
    case 'html':
      return quoted.replaceAll(/[<>&\u2028\u2029]/gu, unicodeEscape);
  }
}

const unicodeEscape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
// By UTF-16 unit, as both languages do.
const asciiOnly = (text: string): string => text.replace(/[\u0080-\uffff]/g, unicodeEscape);
