import { decodeUtf8, isLosslessObject, parseLossless } from '../json.ts';
import type { Lossless, LosslessObject } from '../json.ts';
import { decodeGb18030 } from './gb18030.ts';

/** A request whose signature is in question, with what its sender knew of it. */
export interface DoctorRequest {
  readonly direction: 'in' | 'out';
  readonly method: string;
  /** Path of the address, '' where it is not known. */
  readonly path: string;
  /** The raw query string without `?`. */
  readonly query: string;
  readonly topic: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A field with its value and the text that stood for it in the request. */
export interface ReadField {
  readonly name: string;
  readonly value: Lossless;
  /** Undecoded in a form; its part of the text in JSON. */
  readonly raw: string;
}

/** What the doctor could read of a request. Lenient where a verifier must not be: what is odd is noted, not refused. */
export interface Reading {
  readonly request: DoctorRequest;
  readonly shape: 'json' | 'json-in-text' | 'percent-json' | 'form' | 'empty' | 'other';
  readonly text: string;
  readonly charset: 'utf-8' | 'gb18030' | 'latin1';
  readonly fields: readonly ReadField[];
  readonly query: readonly ReadField[];
  /** Names that were given twice. */
  readonly repeated: readonly string[];
}

export function readRequest(request: DoctorRequest): Reading {
  const { text, charset } = decodeText(request.body);
  const query = readForm(request.query);
  const read = readBody(text.replace(/^\uFEFF/u, ''));
  const headers = { ...request.headers, ...headerAttributes(request.headers) };
  return { request: { ...request, headers }, text, charset, query, ...read, repeated: repeatedNames(read, query) };
}

/** Of a header such as `SCHEME a="1",b=2` each value, as `header.a`. */
function headerAttributes(headers: DoctorRequest['headers']): DoctorRequest['headers'] {
  const found: Record<string, string> = {};
  for (const [header, value] of Object.entries(headers)) {
    if (!/^[\w-]+ +\w+=/u.test(value)) continue;
    for (const [, name, text = ''] of value.matchAll(/(\w+)="?([^",\s]*)"?/gu)) found[`${header}.${name}`] = text;
  }
  return found;
}

/** No message of a platform has that many; each is tried left out, so that more of them cost their square. */
const MOST_FIELDS = 500;

/** The fields of a JSON object in a text; `undefined` where there is none. */
export function readJsonObject(text: string): readonly ReadField[] | undefined {
  const parsed = parseLossless(text);
  return isLosslessObject(parsed) && parsed.size <= MOST_FIELDS ? withSlices(parsed, text) : undefined;
}

function decodeText(body: Uint8Array): Pick<Reading, 'text' | 'charset'> {
  const text = decodeUtf8(body);
  if (text !== undefined) return { text, charset: 'utf-8' };
  const chinese = decodeGb18030(body);
  if (chinese !== undefined) return { text: chinese, charset: 'gb18030' };
  return { text: Buffer.from(body).toString('latin1'), charset: 'latin1' };
}

function readBody(text: string): Pick<Reading, 'shape' | 'fields'> {
  if (text.trim() === '') return { shape: 'empty', fields: [] };
  const object = readJsonObject(text);
  if (object !== undefined) return { shape: 'json', fields: object };
  const parsed = parseLossless(text);
  if (typeof parsed === 'string') {
    const inner = readJsonObject(parsed);
    if (inner !== undefined) return { shape: 'json-in-text', fields: inner };
  }
  if (parsed !== undefined) return { shape: 'other', fields: [] };
  const decoded = decodePart(text);
  const escaped = decoded.trimStart().startsWith('{') ? readJsonObject(decoded) : undefined;
  if (escaped !== undefined) return { shape: 'percent-json', fields: escaped };
  if (/^[^\s={}]+=/u.test(text)) return { shape: 'form', fields: readForm(text.trim()) };
  return { shape: 'other', fields: [] };
}

function readForm(text: string): readonly ReadField[] {
  return text
    .split('&', MOST_FIELDS)
    .filter((pair) => pair !== '')
    .map((pair) => {
      const mark = pair.indexOf('=');
      const raw = mark === -1 ? '' : pair.slice(mark + 1);
      return { name: decodePart(mark === -1 ? pair : pair.slice(0, mark)), value: decodePart(raw), raw };
    });
}

/** One part of a form, decoded as far as it can be: letters in GB18030 too, a stray `%` as it is. */
export function decodePart(part: string, plus = ' '): string {
  const spaced = part.replaceAll('+', plus);
  if (!spaced.includes('%')) return spaced;
  const bytes = Buffer.from(
    // Every byte as a unit of its own: letters beyond ASCII stand in a form only by mistake, and are kept by escaping.
    encodeURI(spaced.toWellFormed())
      .replaceAll('%25', '%')
      .replaceAll(/%([\da-f]{2})/giu, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  );
  return decodeUtf8(bytes) ?? decodeGb18030(bytes) ?? spaced;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gu;

/** The members of an object, each with its part of the text. Of a repeated name the last one, as the parser has it. */
function withSlices(object: LosslessObject, json: string): readonly ReadField[] {
  const slices = new Map<string, string>();
  let name = '';
  let start = 0;
  let depth = 0;
  let previous = '';
  for (const { 0: token, index } of json.matchAll(TOKEN)) {
    if (depth === 1 && token === ':') {
      name = JSON.parse(previous) as string;
      start = index + 1;
    }
    if (depth === 1 && (token === ',' || token === '}')) slices.set(name, json.slice(start, index).trim());
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    previous = token;
  }
  return [...object].map(([member, value]) => ({ name: member, value, raw: slices.get(member) ?? '' }));
}

function repeatedNames({ shape, fields }: Pick<Reading, 'shape' | 'fields'>, query: readonly ReadField[]): string[] {
  const names = [...(shape === 'form' ? fields : []), ...query].map((field) => field.name);
  return [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
}
