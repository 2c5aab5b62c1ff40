import { writeForm } from '../../core/form.ts';
import { md5Hex } from '../../core/signing.ts';

/** What is signed of a notice: the three values exactly as they were received, after form decoding. */
export interface SignedFields {
  readonly appid: string;
  /** Of our own calls, where the account's setting puts it beside the others. */
  readonly notify_url?: string;
  readonly request_data: string;
  readonly timestamp: string;
}

interface Scheme {
  /** The text whose MD5 over UTF-8 is the signature. */
  readonly hashed: (fields: SignedFields, secret: string) => string;
  /** How the platform writes the digest. Compared without regard to it. */
  readonly hex: 'lower' | 'upper';
}

/** Name and value of each field, by name. Already sorted: `a`, `n`, `r`, `t`. */
const pairs = (fields: SignedFields): readonly (readonly [string, string])[] => [
  ['appid', fields.appid],
  ...(fields.notify_url === undefined ? [] : [['notify_url', fields.notify_url] as const]),
  ['request_data', fields.request_data],
  ['timestamp', fields.timestamp],
];
const bare = (fields: SignedFields): string => pairs(fields).flat().join('');
const equals = (fields: SignedFields, separator: string): string =>
  pairs(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(separator);

/**
 * Every way of signing that the setting `signScheme` knows. The first is the rule of the vendor's own SDK in three
 * languages; that it is this system's too is inferred (README). There is no scheme that accepts everything.
 */
export const SCHEMES = {
  'secret-wrap-kv-lower': { hashed: (fields, secret) => secret + bare(fields) + secret, hex: 'lower' },
  'secret-wrap-kv-upper': { hashed: (fields, secret) => secret + bare(fields) + secret, hex: 'upper' },
  // The body of that scheme's home is the business content beside signed parameters; the sign cannot cover itself.
  'secret-wrap-kv-body-upper': {
    hashed: (fields, secret) => secret + bare(fields) + fields.request_data + secret,
    hex: 'upper',
  },
  'kv-amp-key-upper': { hashed: (fields, secret) => `${equals(fields, '&')}&key=${secret}`, hex: 'upper' },
  'kv-amp-key-lower': { hashed: (fields, secret) => `${equals(fields, '&')}&key=${secret}`, hex: 'lower' },
  'kv-amp-appsecret-upper': {
    hashed: (fields, secret) => `${writeForm(pairs(fields))}&app_secret=${secret}`,
    hex: 'upper',
  },
  'kv-amp-secret-lower': { hashed: (fields, secret) => `${equals(fields, '&')}&${secret}`, hex: 'lower' },
  'kv-amp-concat-secret-lower': { hashed: (fields, secret) => equals(fields, '&') + secret, hex: 'lower' },
  'kv-concat-secret-upper': { hashed: (fields, secret) => equals(fields, '') + secret, hex: 'upper' },
  // Leaves out the appid; that it is the account's is checked beside the signature.
  'secret-json-ts-secret-upper': {
    hashed: (fields, secret) => secret + fields.request_data + fields.timestamp + secret,
    hex: 'upper',
  },
  'double-md5-key-upper': {
    hashed: (fields, secret) => `${md5Hex(equals(fields, '&'))}&key=${secret}`,
    hex: 'upper',
  },
} as const satisfies Record<string, Scheme>;

export type SchemeName = keyof typeof SCHEMES;

export const SCHEME_NAMES = Object.keys(SCHEMES) as readonly SchemeName[];
export const DEFAULT_SCHEME: SchemeName = 'secret-wrap-kv-lower';
