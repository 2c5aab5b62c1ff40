import type { FastifyInstance } from 'fastify';
import type { HubContext } from '../hub/context.ts';
import { readReadiness } from '../store/readiness.ts';
import type { Metrics } from './metrics.ts';

/** `/healthz`: the process lives. `/readyz`: it can take callbacks. `/metrics`: for Prometheus. None needs a key. */
export function healthRoutes(
  app: FastifyInstance,
  options: {
    readonly ctx: Pick<HubContext, 'pool' | 'log'>;
    readonly metrics: Metrics;
    allMetrics?: (() => Promise<string | undefined>) | undefined;
    isStopping(): boolean;
  },
): void {
  const { ctx, metrics } = options;
  app.get('/healthz', { schema: { hide: true } }, async () => ({ status: 'ok' }));

  app.get('/readyz', { schema: { hide: true } }, async (_request, reply) => {
    const status = options.isStopping()
      ? 'stopping'
      : await readReadiness(ctx.pool).catch((error: unknown) => {
          ctx.log.debug({ err: error }, 'not ready: the database does not answer');
          return 'database_unavailable' as const;
        });
    return reply.code(status === 'ready' ? 200 : 503).send({ status });
  });

  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) =>
    reply.type(metrics.contentType).send(await metrics.render(ctx.pool, options.allMetrics)),
  );
}
