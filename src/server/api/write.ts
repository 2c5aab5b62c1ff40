import type { FastifyReply, FastifyRequest } from 'fastify';
import { HuidanError } from '../../core/errors.ts';
import { answerOnce } from '../../hub/idempotency.ts';
import type { Work } from '../../hub/idempotency.ts';
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
): Promise<FastifyReply> {
  const key = request.headers['idempotency-key'];
  const keyed =
    key === undefined
      ? undefined
      : {
          apiKeyId: principalOf(request).id,
          key: checkedKey(key),
          content: `${request.method} ${request.url}\n${request.bodyText}`,
        };
  const answer = await answerOnce(
    api.ctx,
    keyed,
    (error) => {
      const problem = toProblem(error, request.id);
      return problem.status < 500 ? { status: problem.status, body: problem } : undefined;
    },
    work,
  );
  if (answer.repeated) reply.header('idempotency-replayed', 'true');
  if (answer.text === '') return reply.code(answer.status).send();
  return reply
    .code(answer.status)
    .type(answer.status < 400 ? JSON_TYPE : PROBLEM_TYPE)
    .send(answer.text);
}

function checkedKey(key: string | string[]): string {
  if (typeof key === 'string' && /^[\x20-\x7e]{1,255}$/u.test(key)) return key;
  throw new HuidanError('malformed_request', 'Idempotency-Key must be 1 to 255 printable ASCII characters.');
}
