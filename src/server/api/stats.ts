import Type from 'typebox';
import { HuidanError } from '../../core/errors.ts';
import { beijingDay, beijingTime } from '../../core/time.ts';
import { countCallbacksNeedingEyes, readOrdersByDay } from '../../store/stats-reads.ts';
import { principalOf } from '../auth.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { FilterText } from './shapes.ts';

const DAY_MS = 86_400_000;
const LONGEST_DAYS = 92;

const Day = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$', description: 'A day in Asia/Shanghai.' });
const Counts = Type.Record(Type.String(), Type.Integer());

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
        querystring: Type.Object(
          { account: Type.Optional(FilterText('Id of an account.')), from: Type.Optional(Day), to: Type.Optional(Day) },
          { additionalProperties: false },
        ),
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
      const { accounts, merchants, shops } = principalOf(request);
      const { account = null, to = beijingDay(ctx.clock()) } = request.query;
      const endMs = startOfDay('to', to) + DAY_MS;
      const from = request.query.from ?? beijingDay(endMs - 7 * DAY_MS);
      const startMs = startOfDay('from', from);
      if (endMs <= startMs || endMs - startMs > LONGEST_DAYS * DAY_MS) {
        throw new HuidanError('malformed_request', `The time from ${from} to ${to} must be 1 to ${LONGEST_DAYS} days.`);
      }
      const range = { account, accounts, merchants, shops, from: new Date(startMs), to: new Date(endMs) };
      const [days, callbacks] = await Promise.all([
        readOrdersByDay(ctx.pool, range),
        countCallbacksNeedingEyes(ctx.pool, range),
      ]);
      return { from, to, days, callbacks: { rejected: 0, unrecognised: 0, held: 0, ...callbacks } };
    },
  );
}

function startOfDay(field: string, day: string): number {
  const time = beijingTime(`${day} 00:00:00`);
  if (time === undefined || beijingDay(time) !== day) {
    throw new HuidanError('malformed_request', undefined, { fields: [{ field, message: 'is not a day' }] });
  }
  return time;
}
