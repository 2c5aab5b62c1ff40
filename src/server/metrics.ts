import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { countOpenItems } from '../store/attention.ts';
import type { Pool } from '../store/pool.ts';
import { readQueueState } from '../store/queue-state.ts';
import type { Snapshot } from './shared-metrics.ts';

/**
 * What the hub counts while it works. Labels are platforms and outcomes, never anything of a customer; an account is one
 * where the count is about its platform's pushes.
 */
export interface Metrics {
  callbackTaken(platform: string, verdict: string, durationMs: number): void;
  /** A group commit of that many callbacks. */
  batchCommitted(size: number, durationMs: number): void;
  deliveryAttempted(outcome: 'delivered' | 'failed' | 'dead', durationMs: number): void;
  /** An action came to its end: succeeded, failed, or unknown and a person's. */
  actionOver(platform: string, action: string, state: string): void;
  /** A call of an action, or the question after its outcome. */
  platformCalled(platform: string, durationMs: number): void;
  /** A regular question to a platform came to its end, or failed. */
  repairRun(platform: string, poll: string, outcome: 'done' | 'failed'): void;
  /** An order changed of which only a question told; `lagMs` null: the platform does not say when it happened. */
  orderRepaired(account: string, platform: string, lagMs: number | null): void;
  requestAnswered(route: string, status: number, durationMs: number): void;
  /**
   * Prometheus' text form. The queues are read from the database at this moment; without it they are left out. `all`
   * gives the text of what all processes counted, where there are several; `undefined`: it cannot be had.
   */
  render(pool: Pool, all?: () => Promise<string | undefined>): Promise<string>;
  /** What this process has counted. */
  snapshot(): Promise<Snapshot>;
  readonly contentType: string;
}

// From a cached answer to the time-outs of section 6.
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Metrics of one hub; nothing is kept in the module, so that tests can run several hubs. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // What the database tells is the same for all processes, and must not be added up.
  const told = new Registry();
  const ofDatabase = { registers: [told] };
  collectDefaultMetrics({ register: registry, prefix: 'huidan_' });

  const callbacks = new Counter({
    name: 'huidan_callbacks_total',
    help: 'Callbacks by how they ended.',
    labelNames: ['platform', 'verdict'],
    registers,
  });
  const callbackSeconds = new Histogram({
    name: 'huidan_callback_duration_seconds',
    help: 'From the last byte of a callback to its reply.',
    labelNames: ['platform'],
    buckets: SECONDS,
    registers,
  });
  const batchSize = new Histogram({
    name: 'huidan_batch_size',
    help: 'Callbacks committed together.',
    buckets: [1, 2, 5, 10, 25, 50, 100, 200, 400, 800],
    registers,
  });
  const batchSeconds = new Histogram({
    name: 'huidan_batch_duration_seconds',
    help: 'Duration of a group commit.',
    buckets: SECONDS,
    registers,
  });
  const deliveries = new Counter({
    name: 'huidan_delivery_attempts_total',
    help: 'Attempts to deliver an event.',
    labelNames: ['outcome'],
    registers,
  });
  const deliverySeconds = new Histogram({
    name: 'huidan_delivery_duration_seconds',
    help: 'Duration of an attempt to deliver.',
    buckets: SECONDS,
    registers,
  });
  const actions = new Counter({
    name: 'huidan_actions_total',
    help: 'Actions at platforms by how they ended.',
    labelNames: ['platform', 'action', 'state'],
    registers,
  });
  const callSeconds = new Histogram({
    name: 'huidan_platform_call_duration_seconds',
    help: 'Duration of a call of an action to its platform.',
    labelNames: ['platform'],
    buckets: SECONDS,
    registers,
  });
  const repairRuns = new Counter({
    name: 'huidan_repair_runs_total',
    help: 'Regular questions to platforms by how they ended.',
    labelNames: ['platform', 'poll', 'outcome'],
    registers,
  });
  const repaired = new Counter({
    name: 'huidan_repaired_orders_total',
    help: 'Orders that changed and of which only a question of ours told.',
    labelNames: ['account', 'platform'],
    registers,
  });
  const repairLag = new Histogram({
    name: 'huidan_repair_lag_seconds',
    help: 'From when it happened, as the platform has it, to when a question found it.',
    labelNames: ['account', 'platform'],
    buckets: [1, 5, 15, 60, 300, 900, 3600, 21_600, 86_400, 604_800],
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'huidan_http_request_duration_seconds',
    help: 'API calls.',
    labelNames: ['route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const due = new Gauge({
    name: 'huidan_deliveries_waiting',
    help: 'Orders with an event waiting for an endpoint.',
    ...ofDatabase,
  });
  const lag = new Gauge({
    name: 'huidan_delivery_lag_seconds',
    help: 'How long the longest-due delivery has been due.',
    ...ofDatabase,
  });
  const blocked = new Gauge({
    name: 'huidan_deliveries_blocked',
    help: 'Orders whose strict endpoint waits for a person.',
    ...ofDatabase,
  });
  const held = new Gauge({ name: 'huidan_callbacks_held', help: 'Callbacks of paused accounts.', ...ofDatabase });
  const actionsOpen = new Gauge({
    name: 'huidan_actions_open',
    help: 'Actions that are queued, sent, or unknown.',
    labelNames: ['state'],
    ...ofDatabase,
  });
  const attention = new Gauge({
    name: 'huidan_attention_open',
    help: 'What wants a person’s attention, by kind.',
    labelNames: ['kind'],
    ...ofDatabase,
  });
  const database = new Gauge({ name: 'huidan_database_up', help: '1 while the database answers.', ...ofDatabase });

  return {
    contentType: registry.contentType,
    callbackTaken(platform, verdict, durationMs) {
      callbacks.inc({ platform, verdict });
      callbackSeconds.observe({ platform }, durationMs / 1000);
    },
    batchCommitted(size, durationMs) {
      batchSize.observe(size);
      batchSeconds.observe(durationMs / 1000);
    },
    deliveryAttempted(outcome, durationMs) {
      deliveries.inc({ outcome });
      deliverySeconds.observe(durationMs / 1000);
    },
    actionOver(platform, action, state) {
      actions.inc({ platform, action, state });
    },
    platformCalled(platform, durationMs) {
      callSeconds.observe({ platform }, durationMs / 1000);
    },
    repairRun(platform, poll, outcome) {
      repairRuns.inc({ platform, poll, outcome });
    },
    orderRepaired(account, platform, lagMs) {
      repaired.inc({ account, platform });
      if (lagMs !== null) repairLag.observe({ account, platform }, lagMs / 1000);
    },
    requestAnswered(route, status, durationMs) {
      requestSeconds.observe({ route, status: String(status) }, durationMs / 1000);
    },
    snapshot: () => registry.getMetricsAsJSON(),
    async render(pool, all) {
      try {
        const [state, open] = await Promise.all([readQueueState(pool), countOpenItems(pool)]);
        attention.reset();
        for (const { kind, count } of open) attention.set({ kind }, count);
        due.set(state.deliveriesWaiting);
        lag.set(state.deliveryLagSeconds);
        blocked.set(state.deliveriesBlocked);
        held.set(state.callbacksHeld);
        actionsOpen.set({ state: 'queued' }, state.actionsQueued);
        actionsOpen.set({ state: 'sent' }, state.actionsSent);
        actionsOpen.set({ state: 'unknown' }, state.actionsUnknown);
        database.set(1);
      } catch {
        // The other numbers matter most while the database is away.
        for (const gauge of [due, lag, blocked, held, actionsOpen, attention]) gauge.reset();
        database.set(0);
      }
      const counted = (await all?.()) ?? (await registry.metrics());
      return `${counted.trimEnd()}\n${await told.metrics()}`;
    },
  };
}
