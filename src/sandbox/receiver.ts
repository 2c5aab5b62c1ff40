import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { CallAnswer } from '../core/sandbox.ts';
import type { TimeMs } from '../core/time.ts';
import type { EventLine } from './ledger-lines.ts';
import { PLATFORMS_PATH } from './platform-door.ts';
import type { DoorCall } from './platform-door.ts';
import { SandboxError } from './sandbox-error.ts';
import { fieldsOf, integerOf, parseJson, textOf } from './untrusted-json.ts';
import { deliveryFault } from './webhook-signature.ts';

export interface ReceiverHooks {
  /** The secret that deliveries are signed with; undefined while it is not known. */
  secret(): string | undefined;
  /** Resolves when the event is written; only then the hub is answered. */
  onEvent(event: EventLine, createdAt: TimeMs): Promise<void>;
  onRefused(reason: string): Promise<void>;
  /** A call to a platform that the sandbox plays; undefined: its answer is lost, and the connection breaks. */
  onCall(call: DoorCall): Promise<CallAnswer | undefined>;
}

export interface Receiver {
  readonly port: number;
  /** Finishes what came in whole, then closes. */
  close(): Promise<void>;
}

export const RECEIVER_PATH = '/events';
const BODY_LIMIT_BYTES = 4 << 20;

/**
 * Opens the endpoint that the hub delivers to, and the platforms' own addresses beside it.
 * @param port the wished one; when it is taken and `fixed` is false, any free one
 */
export async function openReceiver(
  host: string,
  port: number,
  fixed: boolean,
  hooks: ReceiverHooks,
  clock: () => TimeMs,
): Promise<Receiver> {
  const server = createServer((request, response) => {
    const answered = request.url?.startsWith(`${PLATFORMS_PATH}/`)
      ? play(request, hooks)
      : answer(request, hooks, clock).then((status) => ({ status }));
    answered.then(
      (reply) => (reply === undefined ? response.destroy() : end(response, reply)),
      () => end(response, { status: 500 }),
    );
  });
  // Longer than the hub keeps a connection, so that it never sends into one that we are closing.
  server.keepAliveTimeout = 60_000;
  const listening = await listen(server, host, port).catch((error: unknown) => {
    const { code } = error as { readonly code?: string };
    if (code !== 'EADDRINUSE') throw error;
    if (fixed) throw new SandboxError(`Port ${port} for the receiver is taken.`);
    return listen(server, host, 0);
  });
  return {
    port: listening,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        setTimeout(() => server.closeAllConnections(), 1000).unref();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}

async function answer(request: IncomingMessage, hooks: ReceiverHooks, clock: () => TimeMs): Promise<number> {
  if (request.method !== 'POST' || request.url !== RECEIVER_PATH) return 404;
  const body = await readBody(request);
  if (body === undefined) return 413;
  const header = (name: string): string => String(request.headers[name] ?? '');
  const id = header('webhook-id');
  const secret = hooks.secret();
  // The endpoint was created a moment ago and its secret is on its way here.
  if (secret === undefined) return 503;
  const delivery = { id, timestamp: header('webhook-timestamp'), signature: header('webhook-signature'), body };
  const fault = deliveryFault(delivery, secret, clock());
  if (fault !== undefined) {
    await hooks.onRefused(`${id === '' ? 'a delivery without webhook-id' : id}: ${fault}`);
    return 401;
  }
  const event = fieldsOf(parseJson(body));
  const data = fieldsOf(event?.['data']);
  const order = fieldsOf(data?.['order']);
  if (event === undefined || data === undefined || order === undefined) return 204;
  const line = eventLine(id, event['id'], data, order);
  if (line === undefined) {
    await hooks.onRefused(`${id}: the event does not have the documented shape`);
    return 400;
  }
  await hooks.onEvent(line, Date.parse(textOf(event['timestamp']) ?? ''));
  return 204;
}

function eventLine(
  id: string,
  bodyId: unknown,
  data: Readonly<Record<string, unknown>>,
  order: Readonly<Record<string, unknown>>,
): EventLine | undefined {
  const sequence = integerOf(data['sequence']);
  const orderId = textOf(order['id']);
  const account = textOf(order['account']);
  const status = textOf(order['status']);
  if (bodyId !== id || sequence === undefined || sequence < 1) return undefined;
  if (orderId === undefined || account === undefined || status === undefined || order['version'] !== sequence)
    return undefined;
  const mergedInto = textOf(order['mergedInto']);
  return {
    line: 'event',
    account,
    order: orderId,
    platformOrderId: textOf(order['platformOrderId']) ?? null,
    sequence,
    previousSequence: integerOf(data['previousSequence']) ?? null,
    id,
    status,
    ...(mergedInto === undefined ? {} : { mergedInto }),
  };
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_LIMIT_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function play(request: IncomingMessage, hooks: ReceiverHooks): Promise<Ended | undefined> {
  const body = await readBody(request);
  if (body === undefined) return { status: 413 };
  const url = request.url ?? '';
  const mark = url.indexOf('?');
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
  return hooks.onCall({
    method: request.method ?? 'GET',
    path: mark === -1 ? url : url.slice(0, mark),
    query: mark === -1 ? '' : url.slice(mark + 1),
    headers,
    body,
  });
}

type Ended = Pick<CallAnswer, 'status'> & Partial<CallAnswer>;

function end(response: ServerResponse, { status, contentType, body, location }: Ended): void {
  response.writeHead(status, {
    ...(status === 413 ? { connection: 'close' } : {}),
    ...(contentType === undefined ? {} : { 'content-type': contentType }),
    ...(location === undefined ? {} : { location }),
  });
  response.end(body);
}
