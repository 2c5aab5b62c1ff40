// Adds `hide` to a route's schema.
import type { IncomingMessage } from 'node:http';
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { TRY_AGAIN } from '../core/connector.ts';
import type { Reply } from '../core/connector.ts';
import type { CallbackRequest } from '../core/accept.ts';
import { ERRORS } from '../core/errors.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { AccountDirectory, KnownAccount } from '../hub/account-directory.ts';
import type { Clock, TimeMs } from '../core/time.ts';
import type { Log } from '../hub/context.ts';
import type { TakeCallback, TakenCallback } from '../hub/take-callback.ts';
import { createBodyReader } from './bounded-body.ts';
import type { BodyBounds } from './bounded-body.ts';

export interface CallbackDoorOptions extends BodyBounds {
  readonly accounts: AccountDirectory;
  readonly take: TakeCallback;
  readonly log: Log;
  readonly clock: Clock;
  /** True once the hub is stopping: senders are told to try again, so that nothing is half taken. */
  isStopping(): boolean;
  /** Called after each callback of a known account. */
  onTaken?(platform: string, verdict: TakenCallback['verdict'], durationMs: number): void;
}

interface Params {
  readonly platform: string;
  readonly account: string;
  readonly topic?: string;
}

/** Wider than the ids that the API gives; what lies outside is no question for the database, which refuses U+0000. */
const LIKE_AN_ID = /^[\w.-]{1,100}$/u;
const LIKE_A_TOPIC = /^[A-Za-z\d][\w-]{0,63}$/u;

/**
 * `POST /callbacks/{platform}/{account}[/{topic}]`. The scope has a parser of its own that hands over the raw bytes
 * whatever the content type, because platforms sign bytes and are careless with headers.
 */
export async function callbackDoor(app: FastifyInstance, options: CallbackDoorOptions): Promise<void> {
  app.removeAllContentTypeParsers();
  const readBody = createBodyReader(options);
  app.addContentTypeParser('*', (request: FastifyRequest, payload: IncomingMessage) =>
    readBody(payload, request.headers['content-length']),
  );
  // A content type that is none would be refused before any parser is asked; the sender's own text is kept aside.
  const sentTypes = new WeakMap<FastifyRequest, string>();
  app.addHook('onRequest', (request, _reply, done) => {
    const type = request.raw.headers['content-type'];
    if (type !== undefined) sentTypes.set(request, type);
    request.raw.headers['content-type'] = 'application/octet-stream';
    done();
  });
  app.setErrorHandler((error: Error & { readonly statusCode?: number }, _request, reply) => {
    if (error.statusCode === 413) return sendPlain(reply, 'body_too_large');
    if (error.statusCode !== undefined && error.statusCode < 500) return sendPlain(reply, 'malformed_request');
    if (error.statusCode === 503) return send(reply, TRY_AGAIN);
    options.log.error({ err: error }, 'a callback could not be handled');
    return send(reply, TRY_AGAIN);
  });

  for (const url of ['/callbacks/:platform/:account', '/callbacks/:platform/:account/:topic']) {
    app.route<{ Params: Params }>({ method: ['POST', 'GET'], url, schema: { hide: true }, handler: handle });
    app.route({
      method: ['PUT', 'PATCH', 'DELETE'],
      url,
      schema: { hide: true },
      handler: async (_r, reply) => sendPlain(reply, 'method_not_allowed'),
    });
  }

  async function handle(request: FastifyRequest<{ Params: Params }>, reply: FastifyReply): Promise<FastifyReply> {
    if (options.isStopping()) return send(reply, TRY_AGAIN);
    const startedAt = performance.now();
    const { platform, account: accountId, topic = '' } = request.params;
    if (!LIKE_AN_ID.test(accountId)) return sendPlain(reply, 'callback_unknown');
    let account: KnownAccount | undefined;
    try {
      account = await options.accounts.find(accountId);
    } catch (error) {
      options.log.warn(
        { err: error, account: accountId },
        'an account could not be read; the sender was told to try again',
      );
      return send(reply, TRY_AGAIN);
    }
    if (account === undefined || account.row.platform !== platform || !takesTopic(account, topic)) {
      return sendPlain(reply, 'callback_unknown');
    }
    const callback = toCallbackRequest(request, topic, options.clock(), sentTypes.get(request));
    if (callback.method === 'GET') {
      const answer = account.connector.answerGet?.(callback, account.view);
      return answer === undefined ? sendPlain(reply, 'method_not_allowed') : send(reply, answer);
    }
    const taken = await options.take(account, callback);
    options.onTaken?.(platform, taken.verdict, performance.now() - startedAt);
    return send(reply, taken.reply);
  }
}

/**
 * A topic that is not a listed one is still an address of the account when the platform puts a token there, or has an
 * address for each event: of one that is newer than the list a callback is verified, answered and kept.
 */
function takesTopic(account: KnownAccount, topic: string): boolean {
  const { topics } = account.connector;
  if (topics === 'token') return topic !== '';
  return topics.some(({ name }) => name === topic) || (topics.length > 1 && LIKE_A_TOPIC.test(topic));
}

function toCallbackRequest(
  request: FastifyRequest,
  topic: string,
  receivedAt: TimeMs,
  contentType: string | undefined,
): CallbackRequest {
  const url = request.raw.url ?? '';
  const mark = url.indexOf('?');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) headers[name] = first;
  }
  if (contentType === undefined) delete headers['content-type'];
  else headers['content-type'] = contentType;
  return {
    method: request.method === 'GET' ? 'GET' : 'POST',
    topic,
    query: mark === -1 ? '' : url.slice(mark + 1),
    headers,
    body: Buffer.isBuffer(request.body) ? request.body : new Uint8Array(),
    receivedAt,
  };
}

const send = (reply: FastifyReply, { status, contentType, body }: Reply): FastifyReply =>
  reply.code(status).header('content-type', contentType).send(body);

function sendPlain(reply: FastifyReply, code: ErrorCode): FastifyReply {
  const { status, message } = ERRORS[code];
  return send(reply, {
    status,
    contentType: 'application/json; charset=utf-8',
    body: JSON.stringify({ error: code, message }),
  });
}
