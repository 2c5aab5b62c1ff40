import { isIP } from 'node:net';
import Type from 'typebox';
import type { TSchema } from 'typebox';

/** Where the value of a variable came from. */
export type ConfigSource = 'default' | 'command' | 'environment' | 'option';

/** One variable of the environment, as data: it makes the parser, `huidan config` and docs/settings.md. */
export interface ConfigVariable {
  readonly name: string;
  /** Text as a user would write it; null where leaving it out has a meaning of its own. */
  readonly default: string | null;
  /** What stands in for the value in the documentation where `default` is null. */
  readonly absent?: string;
  readonly meaning: string;
  /** Never shown in full. */
  readonly secret: boolean;
  readonly schema: TSchema;
  /** What is wrong with a text beyond the schema, as the end of the sentence "NAME …"; undefined when nothing is. */
  readonly fault?: (text: string) => string | undefined;
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

export const CONFIG_VARIABLES = [
  {
    name: 'HUIDAN_HOST',
    default: '127.0.0.1',
    meaning: 'The address to listen at. `0.0.0.0` listens on every network.',
    secret: false,
    schema: Type.String({ minLength: 1, maxLength: 253, pattern: '^[A-Za-z0-9.:_-]+$' }),
  },
  {
    name: 'HUIDAN_PORT',
    default: '8420',
    meaning: 'The port to listen at; 0 takes any free one.',
    secret: false,
    schema: Type.Integer({ minimum: 0, maximum: 65_535 }),
  },
  {
    name: 'HUIDAN_PUBLIC_URL',
    default: null,
    absent: 'http://host:port',
    meaning:
      'The base of the callback addresses that the hub prints: what the platforms see, such as the address of your proxy.',
    secret: false,
    schema: Type.String(),
    fault: httpUrlFault,
  },
  {
    name: 'HUIDAN_DATA_DIR',
    default: './data',
    meaning: 'The folder of the embedded PostgreSQL and of the generated secrets.',
    secret: false,
    schema: Type.String({ minLength: 1 }),
  },
  {
    name: 'DATABASE_URL',
    default: null,
    absent: 'none: the embedded PostgreSQL',
    meaning: 'An external PostgreSQL, 15 or newer, as `postgres://user:password@host:port/database`.',
    secret: true,
    schema: Type.String(),
    fault: postgresUrlFault,
  },
  {
    name: 'HUIDAN_DATABASE_CONNECTIONS',
    default: '16',
    meaning: 'The most connections to PostgreSQL that one process opens.',
    secret: false,
    schema: Type.Integer({ minimum: 4, maximum: 200 }),
  },
  {
    name: 'HUIDAN_ADMIN_KEY',
    default: null,
    absent: 'generated at first start, printed once',
    meaning: 'An API key with every right.',
    secret: true,
    schema: Type.String({ minLength: 8, maxLength: 200 }),
    fault: (text) =>
      /^[\x21-\x7e]+$/u.test(text) ? undefined : 'may only hold printable ASCII characters without blanks',
  },
  {
    name: 'HUIDAN_TRUST_PROXY',
    default: 'false',
    meaning:
      'The addresses of the proxies whose forwarded headers count, separated by commas; networks as `10.0.0.0/8`.',
    secret: false,
    schema: Type.String({ minLength: 1 }),
    fault: trustProxyFault,
  },
  {
    name: 'HUIDAN_MASTER_KEY',
    default: null,
    absent: 'generated into the data folder, mode 600',
    meaning: 'Encrypts credentials, tokens and personal data: 32 bytes as 64 hexadecimal digits or as base64.',
    secret: true,
    schema: Type.String(),
    fault: (text) =>
      masterKeyFromText(text) === undefined ? 'must be 32 bytes, as 64 hexadecimal digits or as base64' : undefined,
  },
  {
    name: 'HUIDAN_ALLOW_PRIVATE_TARGETS',
    default: 'false',
    meaning: 'Whether webhooks and base URLs of platforms may point at private addresses. The demo sets it to true.',
    secret: false,
    schema: Type.Boolean(),
  },
  {
    name: 'HUIDAN_BODY_LIMIT_BYTES',
    default: '1048576',
    meaning: 'The largest body of a callback or an API call, in bytes.',
    secret: false,
    schema: Type.Integer({ minimum: 1024, maximum: 67_108_864 }),
  },
  {
    name: 'HUIDAN_RETENTION_DAYS',
    default: '180',
    meaning: 'How long callbacks, events and delivery attempts are kept. Orders and their facts are kept for good.',
    secret: false,
    schema: Type.Integer({ minimum: 14, maximum: 3650 }),
  },
  {
    name: 'HUIDAN_LOG_LEVEL',
    default: 'info',
    meaning: 'How much the log says: debug, info, warn, error or silent.',
    secret: false,
    schema: Type.Enum([...LOG_LEVELS]),
  },
] as const satisfies readonly ConfigVariable[];

export type ConfigName = (typeof CONFIG_VARIABLES)[number]['name'];

/** 32 bytes from 64 hexadecimal digits or from base64 (either alphabet); `undefined` for anything else. */
export function masterKeyFromText(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/u.test(text)) return Buffer.from(text, 'hex');
  // 43 characters carry 32 bytes; the 44th is padding.
  if (/^[A-Za-z0-9+/_-]{43}=?$/u.test(text)) return Buffer.from(text, 'base64');
  return undefined;
}

function httpUrlFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    return 'must be an address such as https://hub.example.com';
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or a password';
  return url.search === '' && url.hash === '' ? undefined : 'must not hold a query or a fragment';
}

function postgresUrlFault(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'postgres:' || url?.protocol === 'postgresql:'
    ? undefined
    : 'must be an address such as postgres://user:password@host:5432/database';
}

function trustProxyFault(text: string): string | undefined {
  if (text === 'false') return undefined;
  if (text === 'true')
    return 'must name the addresses of the proxies: trusting everyone lets any sender forge its address';
  for (const part of text.split(',').map((item) => item.trim())) {
    const [address = '', prefix, ...rest] = part.split('/');
    const family = isIP(address);
    const longest = family === 4 ? 32 : 128;
    const prefixFits = prefix === undefined || (/^\d{1,3}$/u.test(prefix) && Number(prefix) <= longest);
    if (family === 0 || rest.length > 0 || !prefixFits)
      return `must be false or addresses separated by commas; ${JSON.stringify(part)} is none`;
  }
  return undefined;
}
