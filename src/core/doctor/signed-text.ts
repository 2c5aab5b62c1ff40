import { compareBytes, md5Hex } from '../signing.ts';
import { isLosslessObject, parseLossless, scalarText, stringifyLossless } from '../json.ts';
import { readJsonObject } from './request-reading.ts';
import type { DoctorRequest, ReadField, Reading } from './request-reading.ts';
import type { FieldRules, MessageRules } from './scheme.ts';
import { writeJson } from './json-writings.ts';
import { valueText } from './value-text.ts';

/** A part of the text that is hashed. */
export interface Piece {
  readonly kind: 'frame' | 'name' | 'value' | 'secret';
  readonly text: string;
  /** The field or header that a value comes from. */
  readonly from?: string;
  /** What is shown instead of the text. */
  readonly shown?: readonly Piece[];
}

/** A field as it is joined. */
export interface Item {
  readonly name: string;
  readonly text: string;
}

export const textOf = (pieces: readonly Piece[]): string => pieces.map(({ text }) => text).join('');

/** The fields that a scheme signs of a request, as text, in the order in which they came. */
export function itemsOf(reading: Reading, rules: FieldRules): readonly Item[] {
  const items: Item[] = [];
  for (const field of chosenFields(reading, rules)) {
    const text = valueText(field, rules);
    if (text !== undefined) items.push({ name: rules.names === 'lower' ? field.name.toLowerCase() : field.name, text });
  }
  for (const [name, text] of rules.injected) items.push({ name, text });
  return items;
}

function chosenFields(reading: Reading, rules: FieldRules): readonly ReadField[] {
  const { only, except, exceptAnyCase, lead } = rules;
  const isExcept = (name: string): boolean =>
    except.some((given) => given === name || (exceptAnyCase && given.toLowerCase() === name.toLowerCase()));
  return sourceFields(reading, rules).filter(
    ({ name }) => !isExcept(name) && !lead.includes(name) && (only === undefined || only.includes(name)),
  );
}

/** Every field where the scheme looks for its fields. */
export function sourceFields(
  reading: Reading,
  rules: Pick<FieldRules, 'source' | 'unwrap' | 'merge'>,
): readonly ReadField[] {
  const found = bySource(reading, rules.source);
  const { unwrap, merge } = rules;
  if (unwrap !== undefined) {
    const wrapped = found.find(({ name }) => name === unwrap)?.value;
    const inner = typeof wrapped === 'string' ? Buffer.from(wrapped, 'base64').toString('utf8') : '';
    return readJsonObject(inner) ?? found;
  }
  if (merge === undefined) return found;
  return merge.flatMap((name) => readJsonObject(found.find((field) => field.name === name)?.raw ?? '') ?? []);
}

function bySource({ fields, query }: Reading, source: FieldRules['source']): readonly ReadField[] {
  if (source === 'query') return query;
  if (source === 'body') return fields.length === 0 ? query : fields;
  return [...fields, ...query.filter(({ name }) => fields.every((field) => field.name !== name))];
}

/** Gives the text for a secret, in pieces. Sorting and joining are done once, for all secrets. */
export function fieldText(reading: Reading, rules: FieldRules): (secret: string) => readonly Piece[] {
  const items = itemsOf(reading, rules);
  const leads = rules.lead.map((name) => valuePiece(name, topLevelText(reading, name)));
  const frame = (inner: readonly Piece[], secret: string): readonly Piece[] => [
    ...fill(rules.before, secret, reading),
    ...leads,
    ...hashedInside(inner, rules.inner),
    ...fill(rules.after, secret, reading),
  ];
  const { among } = rules;
  if (among !== undefined) {
    return (secret) => frame(joined([...items, { name: among, text: secret, isSecret: true }], rules), secret);
  }
  const once = joined(items, rules);
  return (secret) => frame(once, secret);
}

const valuePiece = (from: string, text: string): Piece => ({ kind: 'value', text, from });

const topLevelText = ({ fields }: Reading, name: string): string =>
  scalarText(fields.find((field) => field.name === name)?.value) ?? '';

function hashedInside(inner: readonly Piece[], method: FieldRules['inner']): readonly Piece[] {
  if (method === undefined) return inner;
  const digest = md5Hex(textOf(inner));
  return [
    {
      kind: 'value',
      text: method === 'md5' ? digest : digest.toUpperCase(),
      shown: [{ kind: 'frame', text: 'MD5(' }, ...inner, { kind: 'frame', text: ')' }],
    },
  ];
}

type Joint = Item & { readonly isSecret?: boolean };

function joined(items: readonly Joint[], rules: FieldRules): readonly Piece[] {
  const sorted = inOrder(items, rules);
  const middle = MIDDLES[rules.pair];
  return sorted.flatMap((item, index): readonly Piece[] => {
    const value: Piece =
      item.isSecret === true ? { kind: 'secret', text: item.text } : valuePiece(item.name, item.text);
    const separator: readonly Piece[] =
      index === 0 || rules.separator === '' ? [] : [{ kind: 'frame', text: rules.separator }];
    if (rules.pair === 'value' || (item.isSecret === true && item.name === '')) return [...separator, value];
    return [...separator, { kind: 'name', text: item.name + middle }, value];
  });
}

const MIDDLES = { 'name-value': '', 'name=value': '=', 'name:value': ':', value: '' } as const;

function inOrder(items: readonly Joint[], rules: FieldRules): readonly Joint[] {
  if (rules.order === 'given') return items;
  if (rules.order === 'reverse') return items.toReversed();
  const compare = COMPARERS[rules.order];
  const keyOf =
    rules.sortBy === 'name'
      ? ({ name }: Joint): string => name
      : ({ name, text }: Joint): string => (rules.pair === 'value' ? text : name + MIDDLES[rules.pair] + text);
  return items
    .map((item) => ({ item, key: keyOf(item) }))
    .sort((a, b) => compare(a.key, b.key))
    .map(({ item }) => item);
}

const COMPARERS = {
  bytes: compareBytes,
  utf16: (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0),
  'any-case': (a: string, b: string): number => compareBytes(a.toLowerCase(), b.toLowerCase()),
} as const;

/** The text of a scheme that signs no fields; `undefined` where a header that it needs is missing. */
export function messageText(reading: Reading, rules: MessageRules): ((secret: string) => readonly Piece[]) | undefined {
  const needed = [...rules.text.matchAll(/\{headers?(?:-\w+)?:([^}]+)\}/gu)].map(([, name = '']) => name);
  if (needed.some((name) => reading.request.headers[name] === undefined)) return undefined;
  const body = bodyText(reading, rules.body);
  return body === undefined ? undefined : (secret) => fill(rules.text, secret, reading, body);
}

function bodyText({ text, fields, shape }: Reading, writing: MessageRules['body']): string | undefined {
  if (writing === 'as-sent') return text;
  if (writing === 'trimmed') return text.trim();
  if (writing === 'line-end') return `${text}\n`;
  if (shape !== 'json') return undefined;
  const parsed = parseLossless(text.replace(/^\uFEFF/u, ''));
  return isLosslessObject(parsed) && fields.length > 0 ? writeJson(parsed, writing) : undefined;
}

/** The path, and behind it the parameters of the query by name; one without a value is its name alone. */
function targetOf({ path, query }: DoctorRequest): string {
  const pairs = query.split('&').filter((pair) => pair !== '');
  const sorted = pairs.map((pair) => pair.replace(/=$/u, '')).sort((a, b) => compareBytes(nameOf(a), nameOf(b)));
  return sorted.length === 0 ? path : `${path}?${sorted.join('&')}`;
}

const nameOf = (pair: string): string => pair.replace(/=.*$/su, '');

/** A line for each header that the header `name` lists. */
function headerLines(headers: DoctorRequest['headers'], name: string, kind: string): string {
  const listed = (headers[name] ?? '').split(',').map((one) => one.trim());
  const names = listed.filter((one) => one !== '');
  const ordered = kind === 'headers-listed' ? names : names.toSorted(compareBytes);
  return ordered
    .map((one) => `${kind === 'headers-lower' ? one.toLowerCase() : one}:${headers[one.toLowerCase()] ?? ''}\n`)
    .join('');
}

const PLACEHOLDER =
  /\{(secret|body|method|path|query|target|topic|header\??:[^}]+|headers(?:-listed|-lower)?:[^}]+|field:[^}]+)\}/u;

function fill(template: string, secret: string, reading: Reading, body = reading.text): readonly Piece[] {
  if (template === '') return [];
  return template
    .split(new RegExp(PLACEHOLDER, 'gu'))
    .map((part, index): Piece => {
      if (index % 2 === 0) return { kind: 'frame', text: part };
      if (part === 'secret') return { kind: 'secret', text: secret };
      const { request } = reading;
      if (part === 'body') return valuePiece('body', body);
      if (part === 'method') return { kind: 'frame', text: request.method };
      if (part === 'path') return { kind: 'frame', text: request.path };
      if (part === 'query') return valuePiece('query', request.query);
      if (part === 'target') return { kind: 'frame', text: targetOf(request) };
      if (part === 'topic') return { kind: 'frame', text: request.topic };
      const [kind = '', name = ''] = part.split(/:(.*)/su);
      if (kind.startsWith('headers')) return valuePiece(name, headerLines(request.headers, name, kind));
      if (kind.startsWith('header')) return valuePiece(name, request.headers[name] ?? '');
      const field = reading.fields.find((candidate) => candidate.name === name);
      const text = field === undefined ? '' : (scalarText(field.value) ?? stringifyLossless(field.value));
      return valuePiece(name, text);
    })
    .filter(({ text }) => text !== '');
}
