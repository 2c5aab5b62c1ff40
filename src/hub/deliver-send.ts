import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { Clock } from '../core/time.ts';
import { guardedConnector } from './target-guard.ts';
import type { Resolve, TargetPolicy } from './target-guard.ts';
import type { OutgoingRequest } from './webhook-request.ts';

/** What came of a request. */
export interface SendResult {
  /** null when no complete answer came. */
  readonly status: number | null;
  /** In words for the endpoint's owner; null when there was an answer. */
  readonly error: string | null;
  /** The first bytes of the answer, as text that can be stored. */
  readonly response: string | null;
  readonly durationMs: number;
}

/** A request on its way. */
export interface Sending {
  readonly result: Promise<SendResult>;
  /** Gives up; the receiver may or may not have the request. */
  abort(reason: string): void;
}

export interface Sender {
  /** `key` names the set of connections: an endpoint never waits for another one's. */
  send(key: string, url: URL, request: OutgoingRequest): Sending;
  /** Closes the connections of a key that is no longer used. */
  forget(key: string): void;
  close(): Promise<void>;
}

export interface SenderOptions extends TargetPolicy {
  readonly connections: number;
  readonly timeoutMs: number;
  readonly resolve?: Resolve;
}

const KEPT_RESPONSE_BYTES = 1024;
/** Beyond this an answer is cut off and its connection with it; up to it, reading on costs less than a new connection. */
const READ_RESPONSE_BYTES = 65_536;
const MAX_CONNECT_TIMEOUT_MS = 10_000;

/** Sends requests over kept connections. Redirects are not followed: their answer is the result. */
export function createSender(clock: Clock, options: SenderOptions): Sender {
  const connect = guardedConnector(options, {
    connectTimeoutMs: Math.min(options.timeoutMs, MAX_CONNECT_TIMEOUT_MS),
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
  });
  const pools = new Map<string, { readonly origin: string; readonly pool: Pool }>();

  const poolOf = (key: string, origin: string): Pool => {
    const held = pools.get(key);
    if (held?.origin === origin) return held.pool;
    // Not destroyed: what is under way to the old address may come to its end.
    void held?.pool.close();
    const pool = new Pool(origin, {
      connect,
      connections: options.connections,
      pipelining: 1,
      // The deadline of the whole request is ours, below.
      headersTimeout: 0,
      bodyTimeout: 0,
      // Below the 5 s after which common servers close an idle connection: a request that crosses the closing fails.
      keepAliveTimeout: 4000,
      keepAliveMaxTimeout: 60_000,
    });
    pools.set(key, { origin, pool });
    return pool;
  };

  return {
    send: (key, url, request) => dispatch(poolOf(key, url.origin), request, clock, options.timeoutMs),
    forget(key) {
      void pools.get(key)?.pool.destroy();
      pools.delete(key);
    },
    async close() {
      await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()));
      pools.clear();
    },
  };
}

// `dispatch` instead of `request`: no stream and no abort signal per delivery, which took a fifth of the sending time.
function dispatch(pool: Pool, request: OutgoingRequest, clock: Clock, timeoutMs: number): Sending {
  const startMs = clock();
  const answer = Promise.withResolvers<SendResult>();
  const chunks: Buffer[] = [];
  let keptBytes = 0;
  let readBytes = 0;
  let status: number | null = null;
  let controller: Dispatcher.DispatchController | undefined;
  let settled = false;

  const settle = (error: string | null): void => {
    if (settled) return;
    settled = true;
    clearTimeout(deadline);
    const response = chunks.length === 0 ? null : storableText(Buffer.concat(chunks));
    answer.resolve({
      status: error === null ? status : null,
      error,
      response,
      durationMs: Math.max(0, clock() - startMs),
    });
  };
  const abort = (reason: string): void => {
    settle(reason);
    controller?.abort(new Error(reason));
  };
  const deadline = setTimeout(() => abort(`no complete answer within ${timeoutMs} ms`), timeoutMs);

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      // Given up while it waited for a connection: nothing of it must leave any more.
      if (settled) started.abort(new Error('given up'));
    },
    onResponseStart(_controller, statusCode) {
      if (statusCode >= 200) status = statusCode;
    },
    onResponseData(current, chunk) {
      readBytes += chunk.length;
      if (keptBytes < KEPT_RESPONSE_BYTES) {
        const kept = chunk.subarray(0, KEPT_RESPONSE_BYTES - keptBytes);
        keptBytes += kept.length;
        // A copy: the parser reuses its memory, and a slice would hold on to all of it.
        chunks.push(Buffer.from(kept));
      }
      if (readBytes > READ_RESPONSE_BYTES) {
        settle(null);
        current.abort(new Error('the answer is too long'));
      }
    },
    onResponseEnd() {
      settle(null);
    },
    onResponseError(_controller, error) {
      settle(sendErrorText(error));
    },
  };
  try {
    pool.dispatch(
      { path: request.path, method: request.method, headers: request.headers, body: request.body },
      handler,
    );
  } catch (error) {
    settle(sendErrorText(error));
  }
  return { result: answer.promise, abort };
}

const ERROR_TEXTS: Readonly<Record<string, string>> = {
  target_refused: 'the address is not on the public Internet',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  UND_ERR_SOCKET: 'connection closed by the receiver',
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the host name could not be resolved',
  ETIMEDOUT: 'no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too long',
};

/** The failure in words. Certificates have dozens of codes that say it best themselves. */
function sendErrorText(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return sendErrorText(error.errors[0]);
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  return ERROR_TEXTS[code] ?? (code === '' ? 'the request failed' : `the request failed: ${code}`);
}

/** PostgreSQL's text takes neither U+0000 nor half a surrogate pair, and an answer may hold anything. */
function storableText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replaceAll('\u0000', '\uFFFD');
}
