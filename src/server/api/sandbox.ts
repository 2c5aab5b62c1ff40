import Type from 'typebox';
import { HuidanError } from '../../core/errors.ts';
import { requireNoLimits } from '../../hub/access.ts';
import { recordAudit } from '../../hub/audit.ts';
import { principalOf } from '../auth.ts';
import type { ApiContext, ApiScope, SandboxControls } from './context.ts';
import { FilterText, NO_BODY } from './shapes.ts';

const Chaos = Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1 }), {
  description: 'How likely each trouble is: duplicate, reorder, delay, drop, …; what is left out is 0.',
});
const Speed = Type.Number({
  exclusiveMinimum: 0,
  maximum: 1e9,
  description: 'How many times faster than the clock an order’s life passes.',
});
const Rate = Type.Number({ minimum: 0, maximum: 100_000, description: 'Orders a second, over all platforms.' });

const State = Type.Object({
  speed: Speed,
  rate: Rate,
  chaos: Type.Record(Type.String(), Type.Number()),
  stats: Type.Record(Type.String(), Type.Unknown(), {
    description: 'What the platforms did; as huidan sandbox says it.',
  }),
});

const tags = ['sandbox'];
const config = { right: 'admin' } as const;
const closed = { additionalProperties: false };

/** `/api/v1/sandbox`: the platforms that `huidan demo` plays. 404 everywhere else. */
export function sandboxRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const controls = (principal: Parameters<typeof requireNoLimits>[0]): SandboxControls => {
    requireNoLimits(principal);
    const found = api.sandbox();
    if (found === undefined) throw new HuidanError('not_found', 'Only `huidan demo` plays platforms.');
    return found;
  };

  scope.get(
    '/sandbox',
    {
      config,
      schema: { tags, summary: 'How the demo’s platforms are played', response: { 200: State } },
    },
    (request) => controls(principalOf(request)).state(),
  );

  scope.post(
    '/sandbox',
    {
      config,
      schema: {
        tags,
        summary: 'Change how they are played',
        description: 'What is left out stays.',
        body: Type.Object(
          { speed: Type.Optional(Speed), rate: Type.Optional(Rate), chaos: Type.Optional(Chaos) },
          closed,
        ),
        response: { 200: State },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const sandbox = controls(principal);
      const { speed, rate, chaos } = request.body;
      if (chaos !== undefined) await sandbox.setChaos(chaos);
      if (speed !== undefined) await sandbox.setSpeed(speed);
      if (rate !== undefined) await sandbox.setRate(rate);
      await recordAudit(ctx, ctx.pool, principal, {
        action: 'sandbox.changed',
        subject: 'sandbox',
        detail: {
          ...(speed === undefined ? {} : { speed }),
          ...(rate === undefined ? {} : { rate }),
          ...(chaos === undefined ? {} : { chaos }),
        },
      });
      return sandbox.state();
    },
  );

  scope.post(
    '/sandbox/orders',
    {
      config,
      schema: {
        tags,
        summary: 'Place an order now',
        body: Type.Object({ platform: Type.Optional(FilterText('Id of a platform; left out: the first.')) }, closed),
        response: {
          201: Type.Object({ platform: Type.String(), account: Type.String(), platformOrderId: Type.String() }),
        },
      },
    },
    async (request, reply) =>
      reply.code(201).send(await controls(principalOf(request)).placeOrder(request.body.platform)),
  );

  scope.post(
    '/sandbox/repeats',
    {
      config,
      schema: {
        tags,
        summary: 'Send the last callback of an order once more',
        body: Type.Object({ platformOrderId: FilterText("The platform's number.") }, closed),
        response: NO_BODY,
      },
    },
    async (request, reply) => {
      await controls(principalOf(request)).sendAgain(request.body.platformOrderId);
      return reply.code(204).send();
    },
  );
}
