import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { request } from 'undici';
import type { Json } from '../core/json.ts';
import { equalInConstantTime } from '../core/signing.ts';
import { makeLedgerDir } from './ledger-file.ts';
import { SandboxError } from './sandbox-error.ts';
import { fieldsOf, integerOf, parseJson, textOf } from './untrusted-json.ts';
import type { Fields } from './untrusted-json.ts';

/** What can be asked of a running sandbox: a name of the path and what it answers. */
export type ControlCalls = Readonly<Record<string, (input: Fields) => Promise<Json>>>;

/** Where a running sandbox is controlled. */
export interface ControlAddress {
  readonly pid: number;
  readonly port: number;
  readonly token: string;
}

export interface ControlDoor extends ControlAddress {
  close(): Promise<void>;
}

export const CONTROL_FILE = 'running.json';
const BODY_LIMIT_BYTES = 65_536;

/**
 * Opens the control door of a ledger's folder on a loopback port and writes its address beside the ledger. The file is
 * also the lock: a second sandbox on the folder finds a door that answers. A pid alone would not do, since after a
 * crash the same number may belong to another program.
 */
export async function openControlDoor(dir: string, calls: ControlCalls): Promise<ControlDoor> {
  const token = randomBytes(24).toString('hex');
  const server = createServer((incoming, response) => {
    handle(incoming, token, calls).then(
      ({ status, body }) => {
        response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
        response.end(JSON.stringify(body));
      },
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  const address = { pid: process.pid, port: bound !== null && typeof bound === 'object' ? bound.port : 0, token };
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  try {
    await makeLedgerDir(dir);
    await lock(dir, address);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    ...address,
    async close() {
      await rm(join(dir, CONTROL_FILE), { force: true });
      await close();
    },
  };
}

async function lock(dir: string, address: ControlAddress): Promise<void> {
  const path = join(dir, CONTROL_FILE);
  for (let attempt = 0; ; attempt += 1) {
    try {
      await writeFile(path, JSON.stringify(address), { flag: 'wx', mode: 0o600 });
      return;
    } catch (error) {
      if ((error as { readonly code?: string }).code !== 'EEXIST' || attempt > 5) throw error;
    }
    const other = await findRunning(dir);
    if (other !== undefined) throw new SandboxError(`A sandbox (process ${other.pid}) is running on ${dir}.`);
    // Renamed first: of two that found the same dead owner only one can move the file.
    await rename(path, `${path}.${process.pid}.old`).catch(() => undefined);
    await rm(`${path}.${process.pid}.old`, { force: true });
  }
}

/** The sandbox that runs on a ledger's folder, or undefined. */
export async function findRunning(dir: string): Promise<ControlAddress | undefined> {
  const text = await readFile(join(dir, CONTROL_FILE), 'utf8').catch(() => '');
  const fields = fieldsOf(parseJson(text));
  const pid = integerOf(fields?.['pid']);
  const port = integerOf(fields?.['port']);
  const token = textOf(fields?.['token']);
  if (pid === undefined || port === undefined || token === undefined) return undefined;
  const address = { pid, port, token };
  const answer = await callRunning(address, 'state', {}, 5000).catch((error: unknown) =>
    // No answer in time may be a stopped process; nobody listening, or somebody else, is a dead one.
    (error as { readonly code?: string }).code === 'UND_ERR_HEADERS_TIMEOUT' ? 'silent' : undefined,
  );
  return answer === undefined ? undefined : address;
}

/** Asks a running sandbox; throws `SandboxError` when it says no. */
export async function callRunning(
  address: ControlAddress,
  call: string,
  input: { readonly [name: string]: Json },
  timeoutMs: number,
): Promise<Fields> {
  const response = await request(`http://127.0.0.1:${address.port}/${call}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${address.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(input),
    headersTimeout: timeoutMs,
  });
  const fields = fieldsOf(parseJson(await response.body.text()));
  if (response.statusCode !== 200) throw new SandboxError(textOf(fields?.['error']) ?? `answer ${response.statusCode}`);
  return fields ?? {};
}

async function handle(
  incoming: IncomingMessage,
  token: string,
  calls: ControlCalls,
): Promise<{ readonly status: number; readonly body: Json }> {
  const given = incoming.headers.authorization ?? '';
  if (!equalInConstantTime(given, `Bearer ${token}`)) return { status: 401, body: { error: 'the token is wrong' } };
  const name = (incoming.url ?? '/').slice(1);
  const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
  if (call === undefined || incoming.method !== 'POST') {
    return { status: 404, body: { error: `POST one of ${Object.keys(calls).join(', ')}` } };
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_LIMIT_BYTES) return { status: 413, body: { error: 'the body is too large' } };
    chunks.push(chunk);
  }
  const input = fieldsOf(parseJson(chunks.length === 0 ? '{}' : Buffer.concat(chunks).toString('utf8')));
  if (input === undefined) return { status: 400, body: { error: 'the body is a JSON object' } };
  try {
    return { status: 200, body: await call(input) };
  } catch (error) {
    return { status: 422, body: { error: error instanceof Error ? error.message : String(error) } };
  }
}
