import fc from 'fast-check';

/** What breaks parsers: tokens that are almost JSON, bytes that are almost UTF-8, and numbers that no double holds. */
const NASTY: readonly (string | Uint8Array)[] = [
  'NaN',
  '-Infinity',
  '1e400',
  '123456789012345678901234567890',
  '0.1e-7',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"__proto__":{"a":1},',
  '"constructor":"x",',
  ',"status":"9"',
  '&status=9',
  '\uFEFF',
  '\u2028',
  '[[[[[[[[',
  '{"a":',
  '\\',
  '"',
  ' ',
  '\r\n',
  '%00',
  '%E4%BD',
  Uint8Array.of(0xff),
  Uint8Array.of(0xc0, 0x80),
  Uint8Array.of(0xed, 0xa0, 0x80),
  Uint8Array.of(0),
];

/** Values that a platform would have to be very unlucky to sign, but that a genuine signature may cover. */
const ODD_TOKENS: readonly string[] = [
  ...[
    '""',
    '"NaN"',
    '"\\u0000"',
    '"\\ud800x"',
    '"-1"',
    '"1e30"',
    `"1${'0'.repeat(30)}"`,
    '"9534500000"',
    '"999999999999999"',
  ],
  ...['0', '-0', '-1', '1e400', '1e-400', '3.14159', '20.00', '9223372036854775808', `1${'0'.repeat(30)}`, '8.64e15'],
  ...[
    'null',
    'true',
    '[]',
    '{}',
    '[null]',
    '[[1]]',
    '{"__proto__":{"state":"x"}}',
    `"${'x'.repeat(5000)}"`,
    '"🍜"',
    '"\\""',
  ],
];

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const span = fc.integer({ min: 1, max: 24 });

type Mutation = (bytes: Buffer) => Buffer;
const splice = (bytes: Buffer, at: number, cut: number, insert: Uint8Array): Buffer =>
  Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + cut)]);

const one: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 0, max: 7 })).map(
    ([where, bit]): Mutation =>
      (bytes) =>
        flipBit(bytes, Math.floor(where * bytes.length), bit),
  ),
  fc.tuple(place, span).map(
    ([where, cut]): Mutation =>
      (bytes) =>
        splice(bytes, Math.floor(where * bytes.length), cut, Buffer.alloc(0)),
  ),
  fc.tuple(place, fc.constantFrom(...NASTY)).map(
    ([where, token]): Mutation =>
      (bytes) =>
        splice(bytes, Math.floor(where * bytes.length), 0, Buffer.from(token)),
  ),
  fc.tuple(place, place, span).map(([from, to, length]): Mutation => (bytes) => {
    const start = Math.floor(from * bytes.length);
    return splice(bytes, Math.floor(to * bytes.length), 0, bytes.subarray(start, start + length));
  }),
  place.map(
    (where): Mutation =>
      (bytes) =>
        bytes.subarray(0, Math.floor(where * bytes.length)),
  ),
  fc.uint8Array({ maxLength: 64 }).map(
    (bytes): Mutation =>
      () =>
        Buffer.from(bytes),
  ),
);

/** One to three changes to the bytes of a body. */
export const byteMutation: fc.Arbitrary<Mutation> = fc
  .array(one, { minLength: 1, maxLength: 3 })
  .map((mutations) => (bytes) => mutations.reduce((changed, mutate) => mutate(changed), bytes));

export function flipBit(bytes: Buffer, index: number, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  if (index < flipped.length) flipped[index] = (flipped[index] ?? 0) ^ (1 << bit);
  return flipped;
}

/** Puts odd values in the place of one to three values of a text body (JSON scalars or form values). */
export const valueMutation: fc.Arbitrary<(body: string) => string> = fc
  .array(fc.tuple(place, fc.constantFrom(...ODD_TOKENS)), { minLength: 1, maxLength: 3 })
  .map((changes) => (body) => changes.reduce((text, [where, token]) => replaceValue(text, where, token), body));

const JSON_VALUE = /(?<=[:,[]\s*)(?:"(?:[^"\\]|\\.)*"(?!\s*:)|-?\d+(?:\.\d+)?|true|false|null)/gu;
const FORM_VALUE = /(?<==)[^&]*/gu;

function replaceValue(text: string, where: number, token: string): string {
  const isJson = /^\s*[[{]/u.test(text);
  const values = [...text.matchAll(isJson ? JSON_VALUE : FORM_VALUE)];
  const chosen = values[Math.floor(where * values.length)];
  if (chosen === undefined) return text;
  const written = isJson ? token : encodeURIComponent(token.replaceAll('\\ud800', '').replaceAll('"', ''));
  return text.slice(0, chosen.index) + written + text.slice(chosen.index + chosen[0].length);
}
