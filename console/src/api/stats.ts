import { get } from './request.ts';

export interface StatsRange {
  readonly from: string;
  readonly to: string;
  readonly account?: string | null;
}

/** What the orders of a day came to; money in fen, by the day of Asia/Shanghai on which they were placed. */
export interface DayOfPlatform {
  readonly day: string;
  readonly platform: string;
  readonly orders: number;
  readonly paid: number;
  readonly refunded: number;
  readonly commission: number;
}

/** How an hour or a day of callbacks and deliveries went. */
export interface Flow {
  /** The day in Asia/Shanghai, or the start of the hour. */
  readonly at: string;
  readonly callbacks: Readonly<Record<string, number>>;
  readonly lag: { readonly count: number; readonly p50Ms: number | null; readonly p95Ms: number | null };
  readonly repaired: number;
  readonly deliveries: { readonly delivered: number; readonly failed: number; readonly dead: number };
}

export type FlowUnit = 'hour' | 'day';

export const readDays = (
  range: StatsRange,
  signal?: AbortSignal,
): Promise<{ readonly data: readonly DayOfPlatform[] }> => get('/stats/daily', { ...range }, signal);

export const readFlow = (
  range: StatsRange,
  unit: FlowUnit,
  signal?: AbortSignal,
): Promise<{ readonly data: readonly Flow[] }> => get('/stats/lag', { ...range, unit }, signal);
