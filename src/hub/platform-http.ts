import { Agent } from 'undici';
import type { Dispatcher } from 'undici';
import { PlatformUnreachable } from '../core/outgoing.ts';
import type { CallPlatform, OutgoingRequest, PlatformResponse } from '../core/outgoing.ts';
import type { Clock } from '../core/time.ts';
import type { Log } from './context.ts';
import { checkTargetUrl, guardedConnector } from './target-guard.ts';
import type { Resolve, TargetFault, TargetPolicy } from './target-guard.ts';

export interface PlatformHttpOptions extends TargetPolicy {
  readonly clock: Clock;
  readonly log: Log;
  /** For requests that name no time of their own. Default 15 000. */
  readonly timeoutMs?: number;
  /** Longest answer that is read. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  readonly resolve?: Resolve;
}

export interface PlatformHttp {
  readonly call: CallPlatform;
  /** Cuts off what is under way. */
  close(): Promise<void>;
}

const MAX_CONNECT_TIMEOUT_MS = 5000;
const CONNECTIONS_PER_HOST = 32;

/**
 * Calls platforms over kept connections, under the same guard as the webhooks: an account's host is a setting, so it
 * could point anywhere. Redirects are not followed: what they answer is the answer. No text of an error holds the
 * address's query or a header, since some platforms want tokens there.
 */
export function createPlatformHttp(options: PlatformHttpOptions): PlatformHttp {
  const timeoutMs = options.timeoutMs ?? 15_000;
  const maxBodyBytes = options.maxBodyBytes ?? 4_194_304;
  const agent = new Agent({
    connect: guardedConnector(options, {
      connectTimeoutMs: Math.min(timeoutMs, MAX_CONNECT_TIMEOUT_MS),
      ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
    }),
    connections: CONNECTIONS_PER_HOST,
    pipelining: 1,
    // The deadline of the whole call is ours, below.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 4000,
  });

  return {
    async call(request) {
      const startedMs = options.clock();
      const target = checkTargetUrl(request.url, options);
      if ('fault' in target) throw new PlatformUnreachable(`${request.call}: ${FAULTS[target.fault]}`, false);
      const { url } = target;
      const about = { call: request.call, host: url.host };
      try {
        const response = await dispatch(agent, url, request, request.timeoutMs ?? timeoutMs, maxBodyBytes);
        options.log.debug(
          { ...about, status: response.status, ms: options.clock() - startedMs },
          'a platform was called',
        );
        return response;
      } catch (error) {
        const reason = error instanceof PlatformUnreachable ? error.message : 'unknown';
        options.log.warn({ ...about, reason, ms: options.clock() - startedMs }, 'a platform could not be reached');
        throw error;
      }
    },
    async close() {
      await agent.destroy();
    },
  };
}

const FAULTS: Readonly<Record<TargetFault, string>> = {
  not_a_url: 'the address is not a URL',
  not_http: 'the address is neither http nor https',
  has_userinfo: 'the address holds a user or a password',
  private_address: 'the address is not on the public Internet; HUIDAN_ALLOW_PRIVATE_TARGETS allows that',
};

function dispatch(
  agent: Agent,
  url: URL,
  request: OutgoingRequest,
  timeoutMs: number,
  maxBodyBytes: number,
): Promise<PlatformResponse> {
  const answer = Promise.withResolvers<PlatformResponse>();
  const chunks: Buffer[] = [];
  let readBytes = 0;
  let head: { readonly status: number; readonly headers: Readonly<Record<string, string>> } | undefined;
  let controller: Dispatcher.DispatchController | undefined;

  // Started: undici had a connection and began to write, so the platform may have the request.
  const fail = (reason: string, cause?: unknown): void => {
    clearTimeout(deadline);
    answer.reject(
      new PlatformUnreachable(`${request.call}: ${reason}`, controller !== undefined, { cause: codeOf(cause) }),
    );
    controller?.abort(new Error(reason));
  };
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    fail(`no complete answer within ${timeoutMs} ms`);
  }, timeoutMs);

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      // Given up while it waited for a connection: nothing of it must leave any more.
      if (isLate) started.abort(new Error('given up'));
      else controller = started;
    },
    onResponseStart(_controller, status, headers) {
      if (status >= 200) head = { status, headers: flat(headers) };
    },
    onResponseData(_controller, chunk) {
      readBytes += chunk.length;
      if (readBytes > maxBodyBytes) fail(`the answer is longer than ${maxBodyBytes} bytes`);
      // A copy: the parser reuses its memory.
      else chunks.push(Buffer.from(chunk));
    },
    onResponseEnd() {
      clearTimeout(deadline);
      if (head === undefined) return fail('the answer has no status');
      answer.resolve({ ...head, body: new TextDecoder().decode(Buffer.concat(chunks)) });
    },
    onResponseError(_controller, error) {
      fail(errorText(error), error);
    },
  };
  try {
    agent.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: { 'user-agent': 'Huidan', ...request.headers },
        body: request.body ?? null,
      },
      handler,
    );
  } catch (error) {
    fail(errorText(error), error);
  }
  return answer.promise;
}

/** Lower-case names; of a repeated header the first value. */
function flat(headers: Readonly<Record<string, string | readonly string[] | undefined>>): Record<string, string> {
  const first: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const text = typeof value === 'string' ? value : value?.[0];
    if (text !== undefined) first[name.toLowerCase()] = text;
  }
  return first;
}

const ERROR_TEXTS: Readonly<Record<string, string>> = {
  target_refused: 'the address is not on the public Internet; HUIDAN_ALLOW_PRIVATE_TARGETS allows that',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  UND_ERR_SOCKET: 'connection closed by the platform',
  ENOTFOUND: 'the host name does not exist',
  EAI_AGAIN: 'the host name could not be resolved',
  ETIMEDOUT: 'no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  EHOSTUNREACH: 'host unreachable',
  ENETUNREACH: 'network unreachable',
};

function codeOf(error: unknown): string | undefined {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The failure in words. Certificates have dozens of codes that say it best themselves. */
function errorText(error: unknown): string {
  const code = codeOf(error);
  return code === undefined ? 'the request failed' : (ERROR_TEXTS[code] ?? `the request failed: ${code}`);
}
