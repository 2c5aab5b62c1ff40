import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { HuidanError } from '../../core/errors.ts';
import { beijingDay, beijingTime } from '../../core/time.ts';
import { readFlow } from '../../hub/count-hours.ts';
import { readOrderDays } from '../../store/order-days.ts';
import { countCallbacksNeedingEyes, readOrdersByDay } from '../../store/stats-reads.ts';
import type { StatsScope } from '../../store/stats-reads.ts';
import { principalOf } from '../auth.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { Fen, FilterText, Nullable } from './shapes.ts';

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 92;
/** Days are summed up as orders come, so two years of them are 731 rows an account and shop. */
const MOST_SUMMED_DAYS = 731;
const MOST_DAYS_OF_HOURS = 14;

const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'A day in Asia/Shanghai.' });
const RangeQuery = {
  account: Type.Optional(FilterText('Id of an account.')),
  from: Type.Optional(Day),
  to: Type.Optional(Day),
};
interface RangeWish {
  readonly account?: string;
  readonly from?: string;
  readonly to?: string;
}
const Counts = Type.Record(Type.String(), Type.Integer());

const LagQuery = Type.Object(
  {
    ...RangeQuery,
    unit: Type.Optional(
      Type.Enum(['hour', 'day'], { default: 'day', description: `Hours of at most ${MOST_DAYS_OF_HOURS} days.` }),
    ),
  },
  { additionalProperties: false },
);

const Lag = Type.Object(
  { count: Type.Integer(), p50Ms: Nullable(Type.Integer()), p95Ms: Nullable(Type.Integer()) },
  { description: 'From the platform’s own time to being stored, rounded up; null: nothing counted, or over a day.' },
);

/** `/api/v1/stats`. */
export function statsRoutes(scope: ApiScope, { ctx }: ApiContext): void {
  scope.get(
    '/stats',
    {
      config: { right: 'read' },
      schema: {
        tags: ['stats'],
        summary: 'Orders by the day they were placed, and callbacks that want a look',
        description: `Both days count; at most ${LONGEST_DAYS}. Default: the last seven. Days without orders are left out.`,
        querystring: Type.Object(RangeQuery, { additionalProperties: false }),
        response: {
          200: Type.Object({
            from: Day,
            to: Day,
            days: Type.Array(Type.Object({ day: Day, orders: Type.Integer(), byStatus: Counts })),
            callbacks: Type.Object(
              { rejected: Type.Integer(), unrecognised: Type.Integer(), held: Type.Integer() },
              { description: 'Received in that time.' },
            ),
          }),
        },
      },
    },
    async (request) => {
      const { from, to, range } = rangeOf(request, ctx.clock(), LONGEST_DAYS);
      const [days, callbacks] = await Promise.all([
        readOrdersByDay(ctx.pool, range),
        countCallbacksNeedingEyes(ctx.pool, range),
      ]);
      return { from, to, days, callbacks: { rejected: 0, unrecognised: 0, held: 0, ...callbacks } };
    },
  );

  scope.get(
    '/stats/daily',
    {
      config: { right: 'read' },
      schema: {
        tags: ['stats'],
        summary: 'What the orders of each day came to, by platform',
        description: `By the day they were placed; legs of another order do not count. At most ${MOST_SUMMED_DAYS} days; default: the last seven.`,
        querystring: Type.Object(
          { ...RangeQuery, platform: Type.Optional(FilterText('Id of a platform.')) },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            from: Day,
            to: Day,
            data: Type.Array(
              Type.Object({
                day: Day,
                platform: Type.String(),
                orders: Type.Integer(),
                paid: Fen,
                refunded: Fen,
                commission: Fen,
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { from, to, range } = rangeOf(request, ctx.clock(), MOST_SUMMED_DAYS);
      const data = await readOrderDays(ctx.pool, { ...range, platform: request.query.platform ?? null, from, to });
      return { from, to, data };
    },
  );

  scope.get(
    '/stats/lag',
    {
      config: { right: 'read' },
      schema: {
        tags: ['stats'],
        summary: 'How late callbacks came, what became of them, and how deliveries went',
        description: 'Times in which nothing happened are left out. Who is limited to shops sees none.',
        querystring: LagQuery,
        response: {
          200: Type.Object({
            from: Day,
            to: Day,
            unit: Type.Enum(['hour', 'day']),
            data: Type.Array(
              Type.Object({
                at: Type.String({ description: 'The day in Asia/Shanghai, or the start of the hour.' }),
                callbacks: Type.Record(Type.String(), Type.Integer(), { description: 'By verdict.' }),
                lag: Lag,
                repaired: Type.Integer({ description: 'Changes of orders that no callback told of.' }),
                deliveries: Type.Object({
                  delivered: Type.Integer(),
                  failed: Type.Integer({ description: 'Attempts that are made again.' }),
                  dead: Type.Integer(),
                }),
              }),
            ),
          }),
        },
      },
    },
    async (request) => {
      const { unit = 'day' } = request.query;
      const { from, to, range } = rangeOf(request, ctx.clock(), unit === 'day' ? LONGEST_DAYS : MOST_DAYS_OF_HOURS);
      return { from, to, unit, data: await readFlow(ctx, range, unit) };
    },
  );
}

/** Both days count. Error: `malformed_request`. */
function rangeOf(
  request: FastifyRequest & { readonly query: RangeWish },
  nowMs: number,
  mostDays: number,
): { readonly from: string; readonly to: string; readonly range: StatsScope } {
  const { accounts, merchants, shops } = principalOf(request);
  const { account = null, to = beijingDay(nowMs) } = request.query;
  const endMs = startOfDay('to', to) + DAY_MS;
  const from = request.query.from ?? beijingDay(endMs - 7 * DAY_MS);
  const startMs = startOfDay('from', from);
  if (endMs <= startMs || endMs - startMs > mostDays * DAY_MS) {
    throw new HuidanError('malformed_request', `The time from ${from} to ${to} must be 1 to ${mostDays} days.`);
  }
  return { from, to, range: { account, accounts, merchants, shops, from: new Date(startMs), to: new Date(endMs) } };
}

function startOfDay(field: string, day: string): number {
  const time = beijingTime(`${day} 00:00:00`);
  if (time === undefined || beijingDay(time) !== day) {
    throw new HuidanError('malformed_request', undefined, { fields: [{ field, message: 'is not a day' }] });
  }
  return time;
}
