import type { FastifyReply, FastifyRequest } from 'fastify';
import { HuidanError } from '../../core/errors.ts';
import { answerOnce, answerOnceApart } from '../../hub/idempotency.ts';
import type { Answer, KeyedRequest, RenderedAnswer, Work } from '../../hub/idempotency.ts';
import { principalOf } from '../auth.ts';
import { PROBLEM_TYPE, toProblem } from '../problem.ts';
import type { ApiContext } from './context.ts';

const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * Runs a write in one transaction and sends its answer. With an Idempotency-Key a repeat gets the same status and the
 * same bytes, a refusal's too.
 */
export async function answerWrite(
  api: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  work: Work,
  present: Present = asJson,
): Promise<FastifyReply> {
  return send(reply, await answerOnce(api.ctx, keyedRequest(request), refusalFor(request), work), present);
}

/** The same for work that commits by itself; see `answerOnceApart`. */
export async function answerApart(
  api: ApiContext,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<Answer>,
  present: Present = asJson,
): Promise<FastifyReply> {
  return send(reply, await answerOnceApart(api.ctx, keyedRequest(request), refusalFor(request), work), present);
}

/** Turns the JSON text of a success into what was asked for, such as CSV. A repeat keeps the JSON, so it is the same too. */
export type Present = (json: string) => { readonly type: string; readonly text: string };

const asJson: Present = (json) => ({ type: JSON_TYPE, text: json });

function keyedRequest(request: FastifyRequest): KeyedRequest | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !/^[\x20-\x7e]{1,255}$/u.test(key)) {
    throw new HuidanError('malformed_request', 'Idempotency-Key must be 1 to 255 printable ASCII characters.');
  }
  return { apiKeyId: principalOf(request).id, key, content: `${request.method} ${request.url}\n${request.bodyText}` };
}

const refusalFor =
  (request: FastifyRequest) =>
  (error: HuidanError): Answer | undefined => {
    const problem = toProblem(error, request.id);
    return problem.status < 500 ? { status: problem.status, body: problem } : undefined;
  };

function send(reply: FastifyReply, answer: RenderedAnswer, present: Present): FastifyReply {
  if (answer.repeated) reply.header('idempotency-replayed', 'true');
  reply.code(answer.status);
  if (answer.text === '') return reply.send();
  if (answer.status >= 400) return reply.type(PROBLEM_TYPE).send(answer.text);
  const { type, text } = present(answer.text);
  return reply.type(type).send(text);
}
