import type { LedgerState } from './ledger-state.ts';

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

/** The part of it that the ledger knows. */
export function ledgerStats({ orders, numbers, totals, refused, ...state }: LedgerState) {
  const { events, repeats, faults } = state.events.totals;
  return {
    orders: orders.size,
    byPlatform: Object.fromEntries(numbers),
    callbacks: totals.messages,
    acknowledged: totals.acknowledged,
    dropped: totals.dropped,
    unreceived: totals.messages - totals.dropped - totals.acknowledged,
    events,
    repeats,
    faults: faults + refused.length,
  };
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

/** The same for someone who looks for the first time: the orders of every platform. 80 columns hold the first minutes. */
export function shortStatsLine(stats: SandboxStats): string {
  // Of `meituan-union` the last word: the whole names fill a line by themselves.
  const orders = Object.entries(stats.byPlatform).map(([id, count]) => `${id.split('-').at(-1) ?? id} ${count}`);
  return [`${stats.events} events`, `${stats.faults} errors`, orders.join(' ')].join(' · ') + troubleOf(stats);
}

const troubleOf = (stats: SandboxStats): string =>
  stats.trouble === undefined || stats.unreceived === 0 ? '' : ` · sending again: ${stats.trouble}`;
