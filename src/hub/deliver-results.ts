import { setTimeout as sleep } from 'node:timers/promises';
import { writeResults } from '../store/delivery-heads.ts';
import type { HeadAfterResult, HeadResult } from '../store/delivery-heads.ts';
import { classifyPgError } from '../store/transaction.ts';
import type { HubContext } from './context.ts';

/** Writes results of deliveries, many at a time. */
export interface ResultWriter {
  /** Resolves after the commit. Never rejects: a result that cannot be written is `lost`, and its lease runs out. */
  write(result: HeadResult): Promise<HeadAfterResult & { readonly leaseUntilMs: number }>;
  /** Gives up what the database does not take at the first try from now on. */
  hurry(): void;
}

interface Waiting {
  readonly result: HeadResult;
  readonly resolve: (after: HeadAfterResult & { readonly leaseUntilMs: number }) => void;
}

const MAX_BATCH = 500;
// A second batch may travel while the first waits for the disk, but only a big one: small ones cost the database more
// than they save (7 % more of its CPU at 8 500 deliveries/s on 2 cores, and no more of them).
const MAX_IN_FLIGHT = 2;
const WORTH_A_SECOND = 64;
const RETRY_GAP_MS = 200;
const LOST: HeadAfterResult = { fate: 'lost', markedSequence: 0 };

/** Group commit: whatever has gathered while the last batches were on their way becomes the next one. */
export function createResultWriter(
  ctx: Pick<HubContext, 'pool' | 'clock' | 'crash' | 'log'>,
  leaseMs: number,
): ResultWriter {
  const waiting: Waiting[] = [];
  let inFlight = 0;
  let scheduled = false;
  let hurried = false;

  const writeBatch = async (batch: readonly Waiting[]): Promise<void> => {
    for (;;) {
      const leaseUntilMs = ctx.clock() + leaseMs;
      try {
        ctx.crash('deliver.before-results');
        const after = await writeResults(
          ctx.pool,
          batch.map((item) => item.result),
          new Date(leaseUntilMs),
        );
        ctx.crash('deliver.after-results');
        for (const [index, item] of batch.entries()) item.resolve({ ...(after[index] ?? LOST), leaseUntilMs });
        return;
      } catch (error) {
        const kind = classifyPgError(error);
        if (kind === 'data' || kind === 'bug') return splitBatch(batch, error);
        ctx.log.warn({ err: error, results: batch.length }, 'results of deliveries could not be written');
        if (hurried) return abandon(batch);
      }
      await sleep(RETRY_GAP_MS);
    }
  };

  const splitBatch = async (batch: readonly Waiting[], error: unknown): Promise<void> => {
    if (batch.length === 1) {
      ctx.log.error(
        { err: error, event: batch[0]?.result.attempt?.eventId },
        'the result of a delivery cannot be stored',
      );
      return abandon(batch);
    }
    const middle = batch.length >> 1;
    await writeBatch(batch.slice(0, middle));
    await writeBatch(batch.slice(middle));
  };

  const abandon = (batch: readonly Waiting[]): void => {
    for (const item of batch) item.resolve({ ...LOST, leaseUntilMs: 0 });
  };

  const isReady = (): boolean =>
    waiting.length > 0 && (inFlight === 0 || (inFlight < MAX_IN_FLIGHT && waiting.length >= WORTH_A_SECOND));

  const flush = (): void => {
    scheduled = false;
    while (isReady()) {
      inFlight += 1;
      void writeBatch(waiting.splice(0, MAX_BATCH)).finally(() => {
        inFlight -= 1;
        schedule();
      });
    }
  };

  const schedule = (): void => {
    if (scheduled || !isReady()) return;
    scheduled = true;
    setImmediate(flush);
  };

  return {
    write: (result) =>
      new Promise((resolve) => {
        waiting.push({ result, resolve });
        schedule();
      }),
    hurry() {
      hurried = true;
    },
  };
}
