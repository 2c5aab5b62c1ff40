import Type from 'typebox';
import { HuidanError } from '../../core/errors.ts';
import { diagnoseSignature } from '../../hub/diagnose.ts';
import type { DiagnoseInput } from '../../hub/diagnose.ts';
import { principalOf } from '../auth.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { AccountId, FilterText, Nullable, RevealQuery } from './shapes.ts';

/** As much as is kept of a rejected callback; each body is read in some hundred ways. */
const MAX_BODY = 65_536;
const MAX_SECRET = 8000;
const Secret = Type.String({ minLength: 1, maxLength: MAX_SECRET });

const Question = Type.Object(
  {
    callback: Type.Optional(FilterText('Id of a stored callback; then no headers, query and body.')),
    direction: Type.Optional(
      Type.Enum(['in', 'out'], {
        description: 'in: a callback; out: a request of ours that a platform refused. Default: in.',
      }),
    ),
    platform: Type.Optional(FilterText('Id of a platform. Without it the schemes of all are tried alike.')),
    account: Type.Optional(AccountId),
    method: Type.Optional(Type.String({ pattern: '^[A-Za-z]{3,7}$', description: 'Default: POST.' })),
    path: Type.Optional(Type.String({ maxLength: 2000, description: 'Of the address; where it is signed.' })),
    query: Type.Optional(Type.String({ maxLength: MAX_BODY, description: 'Raw, without the question mark.' })),
    topic: Type.Optional(Type.String({ maxLength: 200, description: 'Last part of the callback address.' })),
    headers: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 20_000 }))),
    body: Type.Optional(Type.String({ maxLength: MAX_BODY, description: 'Exactly as it came or was sent, in UTF-8.' })),
    bodyBase64: Type.Optional(
      Type.String({
        maxLength: MAX_BODY * 2,
        pattern: '^[A-Za-z0-9+/]*={0,2}$',
        description: 'Instead of body: its bytes, whatever they are.',
      }),
    ),
    secrets: Type.Optional(
      Type.Union(
        [
          Type.Record(Type.String(), Type.Union([Secret, Type.Array(Secret, { minItems: 1, maxItems: 10 })]), {
            maxProperties: 10,
          }),
          Type.Array(Secret, { minItems: 1, maxItems: 10 }),
        ],
        {
          description:
            'Secrets to try by a name for each, or a list, beside those of the account. They are neither stored nor logged.',
        },
      ),
    ),
    signature: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 2000,
        description: 'A signature to explain instead of the one in the request, such as what your own code computes.',
      }),
    ),
  },
  { additionalProperties: false },
);

const Words = Type.Object({ en: Type.String(), zh: Type.String() });

const Diagnosis = Type.Object({
  matches: Type.Array(
    Type.Object({
      confidence: Type.Enum(['certain', 'likely'], {
        description: 'likely: only a part of a digest could be compared.',
      }),
      scheme: Type.Object({
        platform: Type.String({ description: 'Empty for a scheme that no platform here has.' }),
        code: Type.String(),
        label: Words,
      }),
      secret: Nullable(
        Type.Object(
          {
            name: Type.String(),
            fingerprint: Type.String(),
            state: Type.Enum(['current', 'retired', 'pasted']),
          },
          { description: 'null: the text holds no secret.' },
        ),
      ),
      deviations: Type.Array(Type.Object({ code: Type.String(), field: Nullable(Type.String()) }), {
        description: 'What differs from the documented scheme; empty where nothing does.',
      }),
      text: Words,
      hashed: Type.String({
        description: 'The text that was hashed, secrets as ***. Values that may be personal data, as ‹name›.',
      }),
    }),
    { description: 'The simplest first.' },
  ),
  nearMisses: Type.Array(
    Type.Object({
      code: Type.String(),
      field: Nullable(Type.String()),
      scheme: Type.Object({ platform: Type.String(), code: Type.String() }),
      text: Words,
    }),
    {
      description:
        'Where nothing matches: what is odd about the request, the likeliest reason first. Of a request of ours whose signature is right: what else the platform may refuse it for.',
    },
  ),
  tried: Type.Integer({ description: 'How many signatures were computed.' }),
  exhausted: Type.Boolean({ description: 'Everything was tried that the doctor knows to try.' }),
  tookMs: Type.Integer(),
  advice: Words,
  verification: Nullable(
    Type.Object(
      { ok: Type.Boolean(), reason: Nullable(Type.String()), detail: Nullable(Type.String()) },
      {
        description:
          'What the hub itself would say of the callback now; null for requests of ours or without an account.',
      },
    ),
  ),
});

/** `/api/v1/signatures`. */
export function signatureRoutes(scope: ApiScope, api: ApiContext): void {
  scope.post(
    '/signatures/diagnose',
    {
      config: { right: 'write' },
      schema: {
        tags: ['signatures'],
        summary: 'Find out why a signature does not verify',
        description:
          'Searches which scheme, which secret and which deviation give the signature of a callback or of a request of ours. ' +
          'Changes nothing. Secrets of an account are tried when it is named, for keys that may see it.',
        querystring: Type.Object(RevealQuery, { additionalProperties: false }),
        body: Question,
        response: { 200: Diagnosis },
      },
    },
    (request) =>
      diagnoseSignature(
        api.ctx,
        { accounts: api.redrive.accounts },
        principalOf(request),
        toInput(request.body),
        request.query,
      ),
  );
}

function toInput({ body, bodyBase64, secrets = {}, ...rest }: Type.Static<typeof Question>): DiagnoseInput {
  if (body !== undefined && bodyBase64 !== undefined) {
    throw new HuidanError('malformed_request', 'Either body or bodyBase64.');
  }
  const bytes =
    body !== undefined ? Buffer.from(body) : bodyBase64 !== undefined ? Buffer.from(bodyBase64, 'base64') : undefined;
  return {
    ...rest,
    ...(bytes === undefined ? {} : { body: bytes }),
    secrets: Object.entries(Array.isArray(secrets) ? { secret: secrets } : secrets).flatMap(([name, values]) =>
      [values].flat().map((value) => ({ name, value })),
    ),
  };
}
