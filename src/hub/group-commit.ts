import { HuidanError } from '../core/errors.ts';
import { classifyPgError, transaction } from '../store/transaction.ts';
import { applyBatch, leavesWork } from './apply-batch.ts';
import type { AppliedBatch, Intake, IntakeResult } from './apply-batch.ts';
import type { KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';

export interface GroupCommitOptions {
  /** Most messages in one transaction. 200 made 24 000/s on two cores, 400 made 27 000/s with twice the latency. */
  readonly maxBatch?: number;
  /** Transactions of one account under way at once: the second builds while the first waits for the disk. */
  readonly maxInFlight?: number;
  /** Messages that may wait, over all accounts; beyond it the answer is "try again". */
  readonly maxWaiting?: number;
  /** Called after each commit with its size and duration. */
  onBatch?(size: number, durationMs: number): void;
}

export interface GroupCommit {
  /**
   * Stores and applies one message together with those that wait beside it. Settles only after the commit. Throws
   * `database_unavailable` or `overloaded`: then nothing was stored and the sender shall try again.
   */
  submit(account: KnownAccount, intake: Intake): Promise<IntakeResult>;
  /** Waits until everything submitted has settled. */
  drain(): Promise<void>;
  readonly stats: { readonly waiting: number; readonly batches: number; readonly messages: number };
}

interface Waiting {
  readonly account: KnownAccount;
  readonly intake: Intake;
  resolve(result: IntakeResult): void;
  reject(error: unknown): void;
}

interface Lane {
  readonly queue: Waiting[];
  inFlight: number;
}

/**
 * Commits messages of one account that wait together in one transaction. A batch is whatever came while the one before
 * it was under way, so a lone message waits for nobody and a flood makes large batches by itself.
 */
export function createGroupCommit(ctx: HubContext, options: GroupCommitOptions = {}): GroupCommit {
  const maxBatch = options.maxBatch ?? 256;
  const maxInFlight = options.maxInFlight ?? 1;
  const maxWaiting = options.maxWaiting ?? 10_000;
  const lanes = new Map<string, Lane>();
  const idle = new Set<() => void>();
  const stats = { waiting: 0, batches: 0, messages: 0 };

  const pump = (accountId: string, lane: Lane): void => {
    while (lane.queue.length > 0 && lane.inFlight < maxInFlight) {
      const batch = lane.queue.splice(0, maxBatch);
      lane.inFlight += 1;
      let released = false;
      const release = (): void => {
        if (released) return;
        released = true;
        lane.inFlight -= 1;
        pump(accountId, lane);
      };
      void commit(batch, release)
        .catch((error: unknown) => ctx.log.error({ err: error, account: accountId }, 'after a commit something failed'))
        .then(() => {
          stats.waiting -= batch.length;
          release();
          if (lane.queue.length === 0 && lane.inFlight === 0) lanes.delete(accountId);
          if (stats.waiting === 0) for (const wake of idle) wake();
        });
    }
  };

  /** Never throws: every message of the batch is settled one way or the other. */
  const commit = async (batch: readonly Waiting[], release = (): void => {}): Promise<void> => {
    const startedMs = ctx.clock();
    let applied: AppliedBatch;
    try {
      applied = await commitTogether(ctx, batch);
    } catch (error) {
      const kind = classifyPgError(error);
      if (kind !== 'unavailable' && kind !== 'retry') return halve(batch, error);
      const away = new HuidanError('database_unavailable', undefined, { cause: error });
      for (const { reject } of batch) reject(away);
      return;
    }
    // Outside the `try`: what fails from here on must not make a committed batch be committed again.
    ctx.crash('take.after-commit');
    // The next batch is sent on its way before this one's replies are written: the database works meanwhile, where it
    // would else wait for some 200 of them (4 of 31 ms).
    release();
    await new Promise((resolve) => setImmediate(resolve));
    for (const [index, { resolve, reject }] of batch.entries()) {
      const result = applied.results[index];
      if (result === undefined) reject(new HuidanError('internal'));
      else resolve(result);
    }
    stats.batches += 1;
    stats.messages += batch.length;
    options.onBatch?.(batch.length, ctx.clock() - startedMs);
    ctx.wake.deliveries(batch[0]?.account.row.id);
    if (applied.dueWork > 0 || batch.some(({ intake }) => leavesWork(intake))) ctx.wake.work();
  };

  /** One message must not fail its neighbours: halve until the culprit stands alone, then keep that one raw. */
  const halve = async (batch: readonly Waiting[], error: unknown): Promise<void> => {
    const [only] = batch;
    if (batch.length > 1) {
      const middle = batch.length >> 1;
      await commit(batch.slice(0, middle));
      await commit(batch.slice(middle));
      return;
    }
    if (only === undefined) return;
    ctx.log.error(
      { err: error, account: only.account.row.id, receipt: only.intake.receipt?.id },
      'a message could not be applied',
    );
    if (only.intake.content.kind === 'unrecognised' || only.intake.receipt === null) {
      only.reject(new HuidanError('internal', undefined, { cause: error }));
      return;
    }
    const reason = 'the hub could not apply it; the log has the details under the id of this callback';
    await commit([{ ...only, intake: { ...only.intake, content: { kind: 'unrecognised', reason } } }]);
  };

  return {
    stats,
    submit(account, intake) {
      if (stats.waiting >= maxWaiting) return Promise.reject(new HuidanError('overloaded'));
      return new Promise((resolve, reject) => {
        const accountId = account.row.id;
        let lane = lanes.get(accountId);
        if (lane === undefined) {
          lane = { queue: [], inFlight: 0 };
          lanes.set(accountId, lane);
        }
        lane.queue.push({ account, intake, resolve, reject });
        stats.waiting += 1;
        pump(accountId, lane);
      });
    },
    drain() {
      if (stats.waiting === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = (): void => {
          idle.delete(wake);
          resolve();
        };
        idle.add(wake);
      });
    },
  };
}

async function commitTogether(ctx: HubContext, batch: readonly Waiting[]): Promise<AppliedBatch> {
  const [first] = batch;
  if (first === undefined) return { results: [], dueWork: 0 };
  ctx.crash('take.before-store');
  return transaction(ctx.pool, async (tx) => {
    const applied = await applyBatch(
      ctx,
      tx,
      first.account,
      batch.map(({ intake }) => intake),
    );
    ctx.crash('take.before-commit');
    return applied;
  });
}
