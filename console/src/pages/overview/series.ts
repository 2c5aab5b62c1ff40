import type { DayOfPlatform, Flow, StatsRange } from '../../api/stats.ts';
import { clockText } from '../../parts/time.tsx';
import type { ChartSeries } from './chart.tsx';

type Measure = 'orders' | 'paid' | 'refunded' | 'commission';

/** The platforms' colours, so chosen that they keep apart from each other on white and on black. */
const COLOURS: Readonly<Record<string, string>> = {
  'meituan-waimai': '#e8ae00',
  'meituan-union': '#f08a68',
  eleme: '#2f8fe6',
  douyin: '#d6477a',
  em: '#8468d8',
  vending: '#2aa06a',
  custom: '#8793a0',
};

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Every day of the range, also those on which nothing happened. */
export function dayNames({ from, to }: StatsRange): readonly string[] {
  const days: string[] = [];
  for (let ms = Date.parse(from); ms <= Date.parse(to); ms += DAY_MS)
    days.push(new Date(ms).toISOString().slice(0, 10));
  return days;
}

/** Every step of the range up to `nowMs`, also those in which nothing happened: a gap in time must look like one. */
export function everyStep(
  flow: readonly Flow[],
  { from, to }: StatsRange,
  unit: 'hour' | 'day',
  nowMs: number,
): readonly Flow[] {
  const known = new Map(
    flow.map((step) => [unit === 'day' ? step.at.slice(0, 10) : String(Date.parse(step.at)), step]),
  );
  if (unit === 'day') return dayNames({ from, to }).map((day) => known.get(day) ?? nothingAt(day));
  // A day begins where Shanghai's does.
  const startMs = Date.parse(`${from}T00:00:00+08:00`);
  const endMs = Math.min(nowMs, Date.parse(`${to}T00:00:00+08:00`) + DAY_MS - 1);
  const steps: Flow[] = [];
  for (let ms = startMs; ms <= endMs; ms += HOUR_MS)
    steps.push(known.get(String(ms)) ?? nothingAt(new Date(ms).toISOString()));
  return steps;
}

const nothingAt = (at: string): Flow => ({
  at,
  callbacks: {},
  lag: { count: 0, p50Ms: null, p95Ms: null },
  repaired: 0,
  deliveries: { delivered: 0, failed: 0, dead: 0 },
});

export const sumOf = (rows: readonly DayOfPlatform[], measure: Measure): number =>
  rows.reduce((sum, row) => sum + row[measure], 0);

export const valuesByDay = (
  rows: readonly DayOfPlatform[],
  days: readonly string[],
  measure: Measure,
): readonly number[] =>
  days.map((day) =>
    sumOf(
      rows.filter((row) => row.day === day),
      measure,
    ),
  );

export function platformSeries(
  rows: readonly DayOfPlatform[],
  days: readonly string[],
  measure: Measure,
  nameOf: (platform: string) => string,
): readonly ChartSeries[] {
  const platforms = [...new Set(rows.filter((row) => row[measure] !== 0).map(({ platform }) => platform))].sort();
  return platforms.map((platform) => ({
    name: nameOf(platform),
    kind: 'bar',
    colour: COLOURS[platform] ?? '#8793a0',
    stack: 'platforms',
    values: valuesByDay(
      rows.filter((row) => row.platform === platform),
      days,
      measure,
    ),
  }));
}

/** `11-21`, or `13:00`. */
export const flowLabel = (at: string, unit: 'hour' | 'day'): string =>
  unit === 'day' ? at.slice(5, 10) : clockText(Date.parse(at)).slice(0, 5);
