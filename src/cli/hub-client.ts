import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HuidanError } from '../core/errors.ts';
import { readConfig } from '../server/config.ts';
import { ADMIN_KEY_FILE } from '../server/data-dir.ts';
import { CommandError } from './command.ts';
import type { Cli } from './command.ts';

/** The options of every command that talks to a hub. */
export const HUB_OPTIONS = {
  hub: { type: 'string' },
  key: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

export const HUB_USAGE = '[--hub URL] [--key KEY] [--json]';

export interface HubClient {
  /** Calls `/api/v1` + path. Throws a `CommandError` with the code of the hub's answer. */
  call<T>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, options?: CallOptions): Promise<T>;
  /** Writes a file of the hub to disk as it comes, however large it is. Throws as `call` does. */
  save(path: string, to: string): Promise<void>;
}

interface CallOptions {
  readonly query?: Readonly<Record<string, string | boolean | undefined>>;
  readonly body?: unknown;
  /** A body that is the bytes of a CSV file. */
  readonly csv?: Uint8Array;
  /** The answer is text, such as CSV. */
  readonly asText?: boolean;
}

interface ProblemAnswer {
  readonly code?: string;
  readonly detail?: string;
  readonly fields?: readonly { readonly field: string; readonly message: string }[];
}

/**
 * Where the hub is and with which key: from the options, else from this machine's configuration, else the key that a
 * hub keeps in its data folder.
 */
export async function connectHub(
  cli: Cli,
  options: { readonly hub?: string | undefined; readonly key?: string | undefined },
): Promise<HubClient> {
  const config = readConfig(cli.environment);
  const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host;
  const base = (options.hub ?? `http://${host.includes(':') ? `[${host}]` : host}:${config.port}`).replace(/\/+$/u, '');
  const key = options.key ?? config.adminKey ?? (await keptKey(config.dataDir));
  return {
    call: (method, path, call = {}) => request(base, key, method, path, call),
    save: (path, to) => save(base, key, path, to),
  };
}

async function keptKey(dataDir: string): Promise<string> {
  const path = join(dataDir, ADMIN_KEY_FILE);
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text.trim() !== '') return text.trim();
  throw new HuidanError('key_needed', `There is none in ${path} either.`);
}

async function request<T>(
  base: string,
  key: string,
  method: string,
  path: string,
  { query = {}, body, csv, asText = false }: CallOptions,
): Promise<T> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const url = `${base}/api/v1${path}${search.size === 0 ? '' : `?${search.toString()}`}`;
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(csv === undefined ? {} : { 'content-type': 'text/csv' }),
      ...(method === 'GET' ? {} : { 'idempotency-key': randomUUID() }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(csv === undefined ? {} : { body: Buffer.from(csv) }),
  }).catch((error: unknown) => {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new HuidanError('hub_unreachable', `At ${base}: ${cause}`);
  });
  // `text()` would take the byte order mark off, by which spreadsheets tell the charset.
  const text = Buffer.from(await response.arrayBuffer()).toString('utf8');
  if (response.ok) return (asText ? text : text === '' ? undefined : JSON.parse(text)) as T;
  throw problemOf(base, response.status, text);
}

async function save(base: string, key: string, path: string, to: string): Promise<void> {
  const response = await fetch(`${base}/api/v1${path}`, { headers: { authorization: `Bearer ${key}` } });
  if (!response.ok || response.body === null) throw problemOf(base, response.status, await response.text());
  // One that broke off must not pass for a whole one.
  const part = `${to}.part`;
  await pipeline(response.body, createWriteStream(part));
  await rename(part, to);
}

function problemOf(base: string, status: number, text: string): Error {
  let problem: ProblemAnswer = {};
  try {
    problem = JSON.parse(text) as ProblemAnswer;
  } catch {
    // Not a hub's answer; the status says what there is to say.
  }
  if (problem.code === undefined) return new HuidanError('not_a_hub', `${base} answered ${status}.`);
  const detail = problem.detail ?? `status ${status}`;
  const lines = (problem.fields ?? []).map(({ field, message }) => `${field} ${message}`);
  // Most details name the fields already.
  const more = lines.filter((line) => !detail.includes(line)).map((line) => `\n  ${line}`);
  return new CommandError(problem.code, `${detail}${more.join('')}`);
}
