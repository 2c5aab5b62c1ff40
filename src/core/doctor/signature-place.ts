import { scalarText } from '../json.ts';
import { readSignature } from './digests.ts';
import type { GivenSignature } from './digests.ts';
import type { ReadField, Reading } from './request-reading.ts';
import type { Scheme, SignaturePlace } from './scheme.ts';
import { sourceFields } from './signed-text.ts';

/** Where a signature stands in a request. */
export interface FoundSignature {
  readonly in: 'field' | 'header' | 'query';
  readonly name: string;
  readonly text: string;
}

/** The signatures that a scheme would look at; where its own place is empty, those of any likely place. */
export function findSignatures(reading: Reading, scheme: Scheme, given?: string): readonly GivenSignature[] {
  if (given !== undefined) return [readSignature(given)];
  const own = signaturesAt(reading, scheme);
  const texts = own.length > 0 ? own : likelySignatures(reading).map(({ text }) => text);
  return [...new Set(texts)].map(readSignature).filter(({ readings }) => readings.length > 0);
}

/** The texts at the place that the scheme documents. */
export function signaturesAt(reading: Reading, scheme: Scheme): readonly string[] {
  const place = scheme.signature;
  if (place.in === 'header') return fromHeader(reading.request.headers[place.name], place);
  const inner = scheme.kind === 'fields' ? sourceFields(reading, scheme.rules) : [];
  const field = [...reading.fields, ...inner, ...(reading.fields.length === 0 ? reading.query : [])].find(
    ({ name }) => name === place.name,
  );
  const text = field === undefined ? undefined : scalarText(field.value);
  return text === undefined || text === '' ? [] : [text];
}

function fromHeader(value: string | undefined, place: Extract<SignaturePlace, { in: 'header' }>): readonly string[] {
  if (value === undefined || value.trim() === '') return [];
  if (place.attribute !== undefined) {
    const found = new RegExp(`(?:^|[\\s,])${place.attribute}="?([^",\\s]+)`, 'u').exec(value)?.[1];
    return found === undefined ? [] : [found];
  }
  const { prefix } = place;
  if (prefix === undefined) return [value];
  const listed = value.split(/\s+/u);
  const prefixed = listed.filter((text) => text.startsWith(prefix)).map((text) => text.slice(prefix.length));
  return prefixed.length > 0 ? prefixed : listed;
}

const LIKELY = /(?:^|[_.-])(?:sign|sig|signature|msg_?signature|hmac)$|signature$|[a-z]Sign$/iu;
const NOT_ONE = /^(?:sign_?type|signature-?(?:type|version|method|headers))$/iu;

/** Everything in a request that looks like a signature by its name. */
export function likelySignatures(reading: Reading): readonly FoundSignature[] {
  const found: FoundSignature[] = [];
  const look = (place: FoundSignature['in'], name: string, text: string): void => {
    if (LIKELY.test(name) && !NOT_ONE.test(name) && text !== '') found.push({ in: place, name, text });
  };
  const read = (place: FoundSignature['in'], fields: readonly ReadField[]): void => {
    for (const { name, value } of fields) look(place, name, scalarText(value) ?? '');
  };
  read('field', reading.fields);
  read('query', reading.query);
  for (const [name, value] of Object.entries(reading.request.headers)) look('header', name, value);
  return found;
}
