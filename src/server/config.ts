import { resolve } from 'node:path';
import { Compile } from 'typebox/compile';
import { HuidanError } from '../core/errors.ts';
import { nearestName } from '../core/nearest-name.ts';
import { CONFIG_VARIABLES, masterKeyFromText } from './config-variables.ts';
import type { ConfigName, ConfigSource, ConfigVariable, LOG_LEVELS } from './config-variables.ts';

/** Everything that can be configured, checked. */
export interface Config {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  /** Without a slash at the end; undefined: made from host and port once the hub listens. */
  readonly publicUrl: string | undefined;
  /** Absolute. */
  readonly dataDir: string;
  /** undefined: the embedded PostgreSQL. */
  readonly databaseUrl: string | undefined;
  readonly databaseConnections: number;
  /** undefined: generated at first start. */
  readonly adminKey: string | undefined;
  readonly trustProxy: false | readonly string[];
  /** 32 bytes; undefined: generated into the data folder. */
  readonly masterKey: Buffer | undefined;
  readonly allowPrivateTargets: boolean;
  readonly bodyLimitBytes: number;
  readonly retentionDays: number;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

/** The variables of the environment; `process.env` fits. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigLayers {
  /** What a command wants in place of the usual defaults, such as the demo. */
  readonly command?: Environment;
  /** What the command line says; beats the environment. */
  readonly options?: Environment;
}

/** One variable with its value, for `huidan config`. */
export interface ConfigRow {
  readonly name: string;
  /** Masked when it is a secret; null when it is not set. */
  readonly value: string | null;
  readonly source: ConfigSource;
  readonly meaning: string;
}

interface Given {
  readonly text: string | null;
  readonly source: ConfigSource;
}

/** The environment of this process. Nothing else in the program reads it. */
export function processEnvironment(): Environment {
  return process.env;
}

/**
 * Reads the configuration strictly: throws `config_invalid` that names every fault at once, unknown `HUIDAN_*` names
 * included. Nothing is guessed and nothing is trimmed.
 */
export function readConfig(environment: Environment, layers: ConfigLayers = {}): Config {
  const faults = unknownNames(environment);
  for (const variable of CONFIG_VARIABLES) {
    const given = look(variable, environment, layers);
    const fault = given.text === null ? undefined : faultOf(variable, given.text);
    if (fault !== undefined) faults.push({ field: variable.name, message: fault });
  }
  if (faults.length > 0) {
    const lines = faults.map(({ field, message }) => `\n  ${field} ${message}`).join('');
    throw new HuidanError('config_invalid', lines, { fields: faults });
  }

  const text = (name: ConfigName): string | undefined => {
    const variable = CONFIG_VARIABLES.find((candidate) => candidate.name === name);
    return variable === undefined ? undefined : (look(variable, environment, layers).text ?? undefined);
  };
  // Each of these has a default, so the empty text never comes up.
  const filled = (name: ConfigName): string => text(name) ?? '';
  const masterKey = text('HUIDAN_MASTER_KEY');
  const trustProxy = filled('HUIDAN_TRUST_PROXY');
  return {
    host: filled('HUIDAN_HOST'),
    port: Number(filled('HUIDAN_PORT')),
    publicUrl: text('HUIDAN_PUBLIC_URL')?.replace(/\/+$/u, ''),
    dataDir: resolve(filled('HUIDAN_DATA_DIR')),
    databaseUrl: text('DATABASE_URL'),
    databaseConnections: Number(filled('HUIDAN_DATABASE_CONNECTIONS')),
    adminKey: text('HUIDAN_ADMIN_KEY'),
    trustProxy: trustProxy === 'false' ? false : trustProxy.split(',').map((item) => item.trim()),
    masterKey: masterKey === undefined ? undefined : masterKeyFromText(masterKey),
    allowPrivateTargets: filled('HUIDAN_ALLOW_PRIVATE_TARGETS') === 'true',
    bodyLimitBytes: Number(filled('HUIDAN_BODY_LIMIT_BYTES')),
    retentionDays: Number(filled('HUIDAN_RETENTION_DAYS')),
    logLevel: filled('HUIDAN_LOG_LEVEL') as Config['logLevel'],
  };
}

/** Every variable with its effective value and where that came from. Secrets are masked. */
export function explainConfig(environment: Environment, layers: ConfigLayers = {}): readonly ConfigRow[] {
  return CONFIG_VARIABLES.map((variable: ConfigVariable) => {
    const { text, source } = look(variable, environment, layers);
    return {
      name: variable.name,
      value: text !== null && variable.secret ? masked(variable, text) : text,
      source,
      meaning: variable.meaning,
    };
  });
}

function masked(variable: ConfigVariable, text: string): string {
  // Of a database's address everything but the password helps to find a mistake.
  if (variable.name !== 'DATABASE_URL' || !URL.canParse(text)) return '********';
  const url = new URL(text);
  if (url.password !== '') url.password = '********';
  if (url.searchParams.has('password')) url.searchParams.set('password', '********');
  return url.href;
}

function look(variable: ConfigVariable, environment: Environment, layers: ConfigLayers): Given {
  const option = layers.options?.[variable.name];
  if (option !== undefined) return { text: option, source: 'option' };
  const own = environment[variable.name];
  if (own !== undefined) return { text: own, source: 'environment' };
  const command = layers.command?.[variable.name];
  if (command !== undefined) return { text: command, source: 'command' };
  return { text: variable.default, source: 'default' };
}

function faultOf(variable: ConfigVariable, text: string): string | undefined {
  // Empty mostly means that a template was left unfilled; taking it as "not set" would guess.
  if (text === '') return 'is empty: give it a value or remove it';
  const value = valueOf(variable, text);
  if (value === undefined || !Compile(variable.schema).Check(value))
    return `must be ${wanted(variable)}, not ${shown(variable, text)}`;
  return variable.fault?.(text);
}

function valueOf(variable: ConfigVariable, text: string): unknown {
  const type = (variable.schema as { readonly type?: string }).type;
  if (type === 'integer') return /^\d{1,15}$/u.test(text) ? Number(text) : undefined;
  if (type === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined;
  return text;
}

function wanted(variable: ConfigVariable): string {
  const schema = variable.schema as {
    readonly type?: string;
    readonly minimum?: number;
    readonly maximum?: number;
    readonly minLength?: number;
    readonly enum?: readonly string[];
  };
  if (schema.type === 'integer') return `a whole number from ${schema.minimum} to ${schema.maximum}`;
  if (schema.type === 'boolean') return 'true or false';
  if (schema.enum !== undefined) return `one of ${schema.enum.join(', ')}`;
  if (variable.secret) return `a text of at least ${schema.minLength ?? 1} characters`;
  return 'a host name or an address';
}

const shown = (variable: ConfigVariable, text: string): string =>
  variable.secret ? 'what it is' : JSON.stringify(text);

function unknownNames(environment: Environment): { field: string; message: string }[] {
  const known: readonly string[] = CONFIG_VARIABLES.map((variable) => variable.name);
  return Object.keys(environment)
    .filter((name) => name.startsWith('HUIDAN_') && environment[name] !== undefined && !known.includes(name))
    .sort()
    .map((field) => {
      const near = nearestName(field, known);
      const hint = near === undefined ? '' : `; did you mean ${near}?`;
      return { field, message: `is not a variable of the hub${hint}` };
    });
}
