import { claimHeads } from '../store/delivery-heads.ts';
import type { ClaimedHead } from '../store/delivery-heads.ts';
import type { HubContext } from './context.ts';
import { createEndpointLines } from './deliver-lines.ts';
import type { EndpointLine } from './deliver-lines.ts';
import { readTargetBook } from './deliver-endpoints.ts';
import type { TargetBook } from './deliver-endpoints.ts';
import { runHead } from './deliver-head.ts';
import type { HeadRunner } from './deliver-head.ts';
import { createLeaseKeeper } from './deliver-leases.ts';
import { createResultWriter } from './deliver-results.ts';
import { createSender } from './deliver-send.ts';
import { createLaneScreen } from './replay-lanes.ts';
import type { Resolve, TargetPolicy } from './target-guard.ts';

export interface DeliveryOptions extends TargetPolicy {
  /** Connections to one endpoint, and so its requests at once. Default 64. */
  readonly connections?: number;
  /** Longest time for a whole request. Default 15 000. */
  readonly timeoutMs?: number;
  /** How long a claimed row stays this worker's without renewal. Default 6 000. */
  readonly leaseMs?: number;
  /** How often to look for what other processes committed or what became due. Default 500. */
  readonly pollMs?: number;
  /** How long `stop` waits for requests that are under way. Default 5 000. */
  readonly stopGraceMs?: number;
  /**
   * True while callbacks queue up for the database. Platforms give up on a slow answer, receivers can wait: rows are
   * then claimed less often, never not at all.
   */
  isIntakeBusy?(): boolean;
  /** Told of every attempt whose result was written; for metrics. */
  onAttempt?(outcome: 'delivered' | 'failed' | 'dead', durationMs: number): void;
  /** Resolves host names; for tests. */
  readonly resolve?: Resolve;
}

export interface Deliveries {
  /** Lets requests under way come to their end for a while, writes their results and lets go of the rest. */
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;
/** The longest retry policy lasts 7 days; what waited longer than this is found by a second, unbounded look. */
const RECENT_MS = 9 * DAY_MS;
/** A burst of callbacks comes first for so long; a flood that lasts longer shares with the deliveries. */
const BURST_MS = 10_000;
/** The gap between claims, of up to 192 rows each, in a burst and in a lasting flood. */
const BURST_GAP_MS = 1000;
const FLOOD_GAP_MS = 50;

/**
 * Starts the delivery worker of this process. Any number of processes may run one on the same database.
 *
 * Rows of `delivery_heads` that are due are claimed for seconds; their events are sent in sequence, rows beside each
 * other. Results are written in groups, under the token of the claim only.
 */
export function startDeliveries(ctx: HubContext, options: DeliveryOptions): Deliveries {
  const connections = options.connections ?? 64;
  const leaseMs = options.leaseMs ?? 6000;
  const leases = createLeaseKeeper(ctx, leaseMs);
  const results = createResultWriter(ctx, leaseMs);
  const lines = createEndpointLines(connections);
  const sender = createSender(ctx.clock, {
    connections,
    timeoutMs: options.timeoutMs ?? 15_000,
    allowPrivateTargets: options.allowPrivateTargets,
    ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
  });
  let book: TargetBook = { targets: new Map(), accounts: [] };
  /** Endpoints that went away since the last reading began, which may not know it yet. */
  const goneMeanwhile = new Set<string>();
  let stopping = false;
  let failing = false;
  const running = new Set<Promise<void>>();

  const runner: HeadRunner = {
    ctx,
    sender,
    leases,
    results,
    leaseMarginMs: Math.floor(leaseMs / 5),
    target(endpointId) {
      const target = book.targets.get(endpointId);
      return target?.row.state === 'enabled' ? target : undefined;
    },
    screenLane: createLaneScreen(ctx),
    slots: (endpointId) => lines.of(endpointId).slots,
    onAnswer: (endpointId, delivered) => lines.onAnswer(endpointId, delivered),
    onAttempt: (attempt) => options.onAttempt?.(attempt.outcome, attempt.durationMs),
    onGone(endpointId) {
      // At once, not at the next reading: until then every order that waits for it would be tried.
      goneMeanwhile.add(endpointId);
      strikeOut(endpointId);
    },
    stopping: () => stopping,
  };

  const strikeOut = (endpointId: string): void => {
    const target = book.targets.get(endpointId);
    if (target !== undefined) book.targets.set(endpointId, { ...target, row: { ...target.row, state: 'disabled' } });
  };

  const readBook = async (): Promise<void> => {
    const known = book.targets;
    goneMeanwhile.clear();
    book = await readTargetBook(ctx);
    for (const endpointId of goneMeanwhile) strikeOut(endpointId);
    lines.keepOnly(book.targets);
    for (const endpointId of known.keys()) if (!book.targets.has(endpointId)) sender.forget(endpointId);
  };

  const claim = async (open: readonly EndpointLine[]): Promise<void> => {
    const nowMs = ctx.clock();
    const accounts = lines.takeOwed(open, ctx.randomBytes);
    const accountLimit = lines.accountLimit(open);
    const token = Buffer.from(ctx.randomBytes(9)).toString('base64url');
    const leaseUntilMs = nowMs + leaseMs;
    let heads: readonly ClaimedHead[];
    try {
      heads = await claimHeads(ctx.pool, {
        endpoints: open.map((line) => ({ id: line.endpointId, limit: line.free() })),
        accounts,
        accountLimit,
        token,
        now: new Date(nowMs),
        leaseUntil: new Date(leaseUntilMs),
        eventsSince: new Date(nowMs - RECENT_MS),
        eventsUntil: new Date(nowMs + DAY_MS),
      });
    } catch (error) {
      lines.giveBackOwed(open, accounts);
      throw error;
    }
    ctx.crash('deliver.after-claim');
    lines.onClaimed(open, accounts, heads, accountLimit);
    for (const head of heads) start(head, token, leaseUntilMs);
  };

  const start = (head: ClaimedHead, token: string, leaseUntilMs: number): void => {
    const line = lines.of(head.endpointId);
    line.held += 1;
    const run = runHead(runner, head, token, leaseUntilMs)
      .catch((error: unknown) => {
        // The lease runs out and the row comes back.
        ctx.log.error({ err: error, endpoint: head.endpointId, subject: head.subject }, 'a delivery broke off');
      })
      .finally(() => {
        line.held -= 1;
        running.delete(run);
        if (line.isOpen()) pump();
      });
    running.add(run);
  };

  let pumping = false;
  let claiming = Promise.resolve();
  let scheduled = false;
  // One claim at a time: two would only lock each other's rows out.
  const work = async (): Promise<void> => {
    pumping = true;
    try {
      for (;;) {
        if (lines.needsBook()) await readBook();
        lines.spreadOwed(book);
        const open = stopping ? [] : lines.open(book);
        if (open.length === 0) break;
        await claim(open);
      }
      failing = false;
    } catch (error) {
      if (!failing) ctx.log.warn({ err: error }, 'deliveries cannot be claimed');
      failing = true;
    } finally {
      pumping = false;
    }
  };
  let busySinceMs: number | undefined;
  const gapForIntakeMs = (): number => {
    if (options.isIntakeBusy?.() !== true) {
      busySinceMs = undefined;
      return 0;
    }
    busySinceMs ??= ctx.clock();
    return ctx.clock() - busySinceMs < BURST_MS ? BURST_GAP_MS : FLOOD_GAP_MS;
  };
  const pump = (): void => {
    if (scheduled || stopping) return;
    scheduled = true;
    const go = (): void => {
      scheduled = false;
      if (!pumping && !stopping) claiming = work();
    };
    const gapMs = gapForIntakeMs();
    if (gapMs === 0) setImmediate(go);
    else setTimeout(go, gapMs);
  };

  const stopListening = ctx.wake.onDeliveries((accountId) => {
    lines.oweTo(accountId);
    pump();
  });
  const timer = setInterval(() => {
    lines.oweTo(undefined);
    pump();
  }, options.pollMs ?? 500);
  lines.oweTo(undefined);
  pump();

  return {
    async stop() {
      stopping = true;
      stopListening();
      clearInterval(timer);
      lines.close();
      const grace = setTimeout(() => {
        results.hurry();
        void sender.close();
      }, options.stopGraceMs ?? 5000);
      // A claim that was under way may still start runs, which let go at once.
      await claiming;
      await Promise.all(running);
      clearTimeout(grace);
      leases.stop();
      await sender.close();
    },
  };
}
