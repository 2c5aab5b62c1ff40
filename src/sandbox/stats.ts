/** What a sandbox has done, since its ledger began unless said otherwise. */
export interface SandboxStats {
  readonly orders: number;
  readonly byPlatform: Readonly<Record<string, number>>;
  /** Steps that made a callback. */
  readonly callbacks: number;
  readonly acknowledged: number;
  readonly dropped: number;
  /** Callbacks that wait for their receipt. */
  readonly unreceived: number;
  /** Requests of this run. */
  readonly sent: number;
  readonly resent: number;
  readonly duplicates: number;
  readonly refused: number;
  readonly unreachable: number;
  readonly gaveUp: number;
  /** Distinct events. */
  readonly events: number;
  readonly repeats: number;
  /** Events that came with a gap, out of order or under a second id, and deliveries with a wrong signature. */
  readonly faults: number;
  /** From an event's creation at the hub to its arrival here: the longest of the last second. */
  readonly lagMs: number;
  /** Orders with a life before them. */
  readonly living: number;
  readonly trouble: string | undefined;
}

/** One line for a terminal. */
export function statsLine(stats: SandboxStats, before: SandboxStats | undefined, seconds: number): string {
  const perSecond = (now: number, then: number | undefined): string =>
    then === undefined || seconds <= 0 ? '' : ` (${Math.round((now - then) / seconds)}/s)`;
  const parts = [
    `orders ${stats.orders}${perSecond(stats.orders, before?.orders)}`,
    `sent ${stats.sent}${perSecond(stats.sent, before?.sent)}`,
    `acknowledged ${stats.acknowledged}/${stats.callbacks - stats.dropped}`,
    `duplicates ${stats.duplicates}`,
    `resent ${stats.resent}`,
    `dropped ${stats.dropped}`,
    `events ${stats.events}${perSecond(stats.events, before?.events)}`,
    `lag ${stats.lagMs} ms`,
    `errors ${stats.faults}`,
  ];
  return parts.join(' · ') + troubleOf(stats);
}

/** The same for someone who looks for the first time; 80 columns hold it. */
export function shortStatsLine(stats: SandboxStats): string {
  const parts = [
    `${stats.orders} orders`,
    `${stats.acknowledged} callbacks`,
    `${stats.duplicates} repeats`,
    `${stats.events} events`,
    `${stats.lagMs} ms behind`,
    `${stats.faults} errors`,
  ];
  return parts.join(' · ') + troubleOf(stats);
}

const troubleOf = (stats: SandboxStats): string =>
  stats.trouble === undefined || stats.unreceived === 0 ? '' : ` · sending again: ${stats.trouble}`;
