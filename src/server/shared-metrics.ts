import cluster from 'node:cluster';
import type { Worker } from 'node:cluster';
import { AggregatorRegistry } from 'prom-client';
import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** What a process has counted, as it travels to another one. */
export type Snapshot = readonly MetricObjectWithValues<MetricValue<string>>[];

// Between processes of one start, by node:cluster's own messages.
type Message =
  /** To the first process: the text of all, for `id`; with what the asker counted itself. */
  | { readonly huidan: 'metrics.ask'; readonly id: number; readonly own: Snapshot }
  | { readonly huidan: 'metrics.answer'; readonly id: number; readonly text: string }
  /** To the others: what did you count? */
  | { readonly huidan: 'metrics.give'; readonly id: number }
  | { readonly huidan: 'metrics.given'; readonly id: number; readonly own: Snapshot };

/** A process that is busy for longer counts with what it gave the last time. */
const GIVE_WITHIN_MS = 1000;
const ANSWER_WITHIN_MS = 3000;

const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && 'huidan' in value && String(value.huidan).startsWith('metrics.');

// The library sums counters and histograms, and does with each gauge what that asks for.
const together = (snapshots: readonly Snapshot[]) =>
  AggregatorRegistry.aggregate(snapshots.map((snapshot) => [...snapshot]));
const textOf = (snapshots: readonly Snapshot[]): Promise<string> => together(snapshots).metrics();
const addUp = (snapshots: readonly Snapshot[]): Promise<Snapshot> => together(snapshots).getMetricsAsJSON();

/**
 * In the first process of several: gathers what all have counted, its own included, for the one that was asked for
 * `/metrics`. Returns how to stop. A process that died goes on counting with its last numbers, for a sum that falls
 * looks to Prometheus like a restart of all.
 */
export function gatherMetrics(own: (() => Promise<Snapshot>) | undefined): () => void {
  const last = new Map<Worker, Snapshot>();
  // One for all of them: a process that dies every second must not fill the memory.
  let gone: Promise<Snapshot> = Promise.resolve([]);
  const waiting = new Map<number, (worker: Worker, snapshot: Snapshot) => void>();
  let asked = 0;

  const ask = async (but: Worker): Promise<void> => {
    const others = Object.values(cluster.workers ?? {}).filter(
      (worker) => worker !== undefined && worker !== but && worker.isConnected(),
    ) as readonly Worker[];
    const missing = new Set(others);
    asked += 1;
    const id = asked;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GIVE_WITHIN_MS);
      const check = (): void => {
        if (missing.size > 0) return;
        clearTimeout(timer);
        resolve();
      };
      waiting.set(id, (worker, snapshot) => {
        last.set(worker, snapshot);
        missing.delete(worker);
        check();
      });
      for (const worker of others) tell(worker, { huidan: 'metrics.give', id });
      check();
    });
    waiting.delete(id);
  };

  const onMessage = (worker: Worker, message: unknown): void => {
    if (!isMessage(message)) return;
    if (message.huidan === 'metrics.given') waiting.get(message.id)?.(worker, message.own);
    if (message.huidan !== 'metrics.ask') return;
    const { id } = message;
    last.set(worker, message.own);
    void ask(worker)
      .then(async () => textOf([...(own === undefined ? [] : [await own()]), await gone, ...last.values()]))
      .then((text) => tell(worker, { huidan: 'metrics.answer', id, text }))
      // The asker then answers with its own numbers.
      .catch(() => undefined);
  };
  const onExit = (worker: Worker): void => {
    const snapshot = last.get(worker);
    last.delete(worker);
    // What it counts up stays; what it measured of itself has gone with it.
    if (snapshot !== undefined)
      gone = gone.then((before) => addUp([before, snapshot.filter(({ type }) => isCount(type))]));
  };
  cluster.on('message', onMessage);
  cluster.on('exit', onExit);
  return () => {
    cluster.off('message', onMessage);
    cluster.off('exit', onExit);
  };
}

// The library's types say that it is an enum, and its snapshots hold the names.
const isCount = (type: unknown): boolean => type === 'counter' || type === 'histogram';

function tell(worker: Worker, message: Message): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}

/**
 * In a process that the first one started: gives what it has counted whenever that is asked for. The function that is
 * returned gives the text of all processes; `undefined` when the first does not answer.
 */
export function shareMetrics(own: () => Promise<Snapshot>): {
  all(): Promise<string | undefined>;
  stop(): void;
} {
  const waiting = new Map<number, (text: string | undefined) => void>();
  let asked = 0;
  const send = (message: Message): void => {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  };
  const onMessage = (message: unknown): void => {
    if (!isMessage(message)) return;
    if (message.huidan === 'metrics.answer') waiting.get(message.id)?.(message.text);
    if (message.huidan !== 'metrics.give') return;
    const { id } = message;
    void own()
      .then((snapshot) => send({ huidan: 'metrics.given', id, own: snapshot }))
      .catch(() => undefined);
  };
  process.on('message', onMessage);
  return {
    async all() {
      asked += 1;
      const id = asked;
      const snapshot = await own();
      const text = await new Promise<string | undefined>((resolve) => {
        const timer = setTimeout(() => resolve(undefined), ANSWER_WITHIN_MS);
        waiting.set(id, (answer) => {
          clearTimeout(timer);
          resolve(answer);
        });
        send({ huidan: 'metrics.ask', id, own: snapshot });
      });
      waiting.delete(id);
      return text;
    },
    stop() {
      process.off('message', onMessage);
    },
  };
}
