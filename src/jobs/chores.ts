import { PgBoss } from 'pg-boss';

/** Work that returns on a schedule and knows no single order. */
export interface Chore {
  readonly name: string;
  /** Cron text, UTC, to the minute. */
  readonly cron: string;
  /** A run that takes longer counts as lost and is started again elsewhere. */
  readonly expireSeconds: number;
  run(): Promise<void>;
}

export interface ChoresLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/**
 * Runs chores by pg-boss in the same database: of several processes one runs each chore at a time, and a run that dies
 * is started again. Never used for callbacks or deliveries, which have queues of their own.
 */
export async function startChores(options: {
  readonly connectionString: string;
  readonly chores: readonly Chore[];
  readonly log: ChoresLog;
}): Promise<{ stop(): Promise<void> }> {
  const boss = new PgBoss({
    connectionString: options.connectionString,
    schema: 'chores',
    max: 2,
    application_name: 'huidan chores',
  });
  boss.on('error', (error: Error) => options.log.error({ err: error }, 'the chores lost the database for a moment'));
  await boss.start();
  for (const chore of options.chores) {
    await boss.createQueue(chore.name, {
      expireInSeconds: chore.expireSeconds,
      retryLimit: 2,
      deleteAfterSeconds: 86_400,
    });
    await boss.schedule(chore.name, chore.cron);
    await boss.work(chore.name, { pollingIntervalSeconds: 15 }, async () => {
      await chore.run();
      options.log.info({ chore: chore.name }, 'chore done');
    });
  }
  return {
    async stop() {
      await boss.stop({ graceful: true, timeout: 3000 });
    },
  };
}
