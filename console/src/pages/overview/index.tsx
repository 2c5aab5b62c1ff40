import { useQuery } from '@tanstack/react-query';
import { Segmented, Select } from 'antd';
import { Suspense, lazy, useMemo } from 'react';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import { readAccountNames } from '../../api/account-names.ts';
import { readDays, readFlow } from '../../api/stats.ts';
import type { DayOfPlatform, Flow, StatsRange } from '../../api/stats.ts';
import { useLanguage, useWords } from '../../app/language.ts';
import { durationText } from '../../parts/duration.ts';
import { EmptyState } from '../../parts/empty-state.tsx';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { yuanText } from '../../parts/money.tsx';
import { useToday } from '../../parts/now.ts';
import { PageHead } from '../../parts/page-head.tsx';
import { usePlatformName } from '../../parts/platform-badge.tsx';
import { dayText } from '../../parts/time.tsx';
import type { ChartSeries } from './chart.tsx';
import styles from './overview.module.css';
import { dayNames, everyStep, flowLabel, platformSeries, sumOf, valuesByDay } from './series.ts';
import { overviewWords } from './words.ts';

const Chart = lazy(async () => ({ default: (await import('./chart.tsx')).Chart }));

const RANGES = ['1', '7', '30', '90'] as const;
type Range = (typeof RANGES)[number];
const DAY_MS = 86_400_000;
const AGAIN_MS = 60_000;

/** Charts that answer a question each: orders, money, lag, trouble, deliveries. */
export function Page(): ReactNode {
  const words = useWords(overviewWords);
  const [params, setParams] = useSearchParams();
  const days = RANGES.find((known) => known === params.get('days')) ?? '7';
  const account = params.get('account');
  const accounts = useQuery({ queryKey: ['account-names'], queryFn: ({ signal }) => readAccountNames(signal) });
  const choose = (name: string, value: string | null): void => {
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        if (value === null) after.delete(name);
        else after.set(name, value);
        return after;
      },
      { replace: true },
    );
  };
  return (
    <>
      <PageHead title={words.title}>
        <Select
          className={styles['account'] ?? ''}
          aria-label={words.account}
          placeholder={words.allAccounts}
          allowClear
          value={account}
          popupMatchSelectWidth={false}
          options={(accounts.data?.data ?? []).map(({ id, name }) => ({ value: id, label: name }))}
          onChange={(chosen: string | undefined) => choose('account', chosen ?? null)}
        />
        <Segmented<Range>
          aria-label={words.range}
          value={days}
          options={RANGES.map((value) => ({ value, label: words.ranges[value] }))}
          onChange={(value) => choose('days', value)}
        />
      </PageHead>
      <Charts days={Number(days)} account={account} />
    </>
  );
}

function Charts({ days, account }: { readonly days: number; readonly account: string | null }): ReactNode {
  const words = useWords(overviewWords);
  const todayMs = useToday();
  const range = useMemo<StatsRange>(
    () => ({ from: dayText(todayMs - (days - 1) * DAY_MS), to: dayText(todayMs), account }),
    [todayMs, days, account],
  );
  const unit = days === 1 ? 'hour' : 'day';
  const orders = useQuery({
    queryKey: ['stats-daily', range],
    queryFn: ({ signal }) => readDays(range, signal),
    refetchInterval: AGAIN_MS,
  });
  const flow = useQuery({
    queryKey: ['stats-flow', range, unit],
    queryFn: ({ signal }) => readFlow(range, unit, signal),
    refetchInterval: AGAIN_MS,
  });
  const error = orders.error ?? flow.error;
  if (error !== null) {
    const retry = (): void => {
      void orders.refetch();
      void flow.refetch();
    };
    return <ErrorState error={error} retry={retry} />;
  }
  if (orders.data === undefined || flow.data === undefined) return <Loading />;
  const { data: rows } = orders.data;
  const { data: hours } = flow.data;
  if (rows.length === 0 && hours.length === 0) return <EmptyState title={words.none} hint={words.noneHint} />;
  return (
    <>
      <Tiles rows={rows} hours={hours} />
      <div className={styles['charts']}>
        <OrderCharts rows={rows} range={range} />
        <FlowCharts hours={everyStep(hours, range, unit, flow.dataUpdatedAt)} unit={unit} />
      </div>
    </>
  );
}

function Tiles({
  rows,
  hours,
}: {
  readonly rows: readonly DayOfPlatform[];
  readonly hours: readonly Flow[];
}): ReactNode {
  const { tiles } = useWords(overviewWords);
  const language = useLanguage();
  const { delivered, dead } = sumDeliveries(hours);
  const lags = hours.flatMap(({ lag }) => lag.p95Ms ?? []);
  const worstMs = lags.length === 0 ? null : Math.max(...lags);
  const all: readonly (readonly [string, string])[] = [
    [tiles.orders, sumOf(rows, 'orders').toLocaleString('en-US')],
    [tiles.paid, yuanText(sumOf(rows, 'paid'))],
    [tiles.refunded, yuanText(sumOf(rows, 'refunded'))],
    [tiles.commission, yuanText(sumOf(rows, 'commission'))],
    [tiles.lag, worstMs === null ? '–' : durationText(worstMs, language)],
    [tiles.success, delivered + dead === 0 ? '–' : percentText(delivered / (delivered + dead))],
  ];
  return (
    <dl className={styles['tiles']}>
      {all.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const percentText = (share: number): string => `${(Math.floor(share * 1000) / 10).toFixed(1)}%`;

const sumDeliveries = (hours: readonly Flow[]): Flow['deliveries'] =>
  hours.reduce(
    (sum, { deliveries }) => ({
      delivered: sum.delivered + deliveries.delivered,
      failed: sum.failed + deliveries.failed,
      dead: sum.dead + deliveries.dead,
    }),
    { delivered: 0, failed: 0, dead: 0 },
  );

function Figure({
  question,
  summary,
  times,
  series,
  format,
}: {
  readonly question: string;
  readonly summary: string;
  readonly times: readonly string[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
}): ReactNode {
  const words = useWords(overviewWords);
  return (
    <figure className={styles['figure']}>
      <figcaption>{question}</figcaption>
      {series.every(({ values }) => values.every((value) => value === null || value === 0)) ? (
        <p className={styles['nothing']}>{words.none}</p>
      ) : (
        <Suspense fallback={<Loading />}>
          <Chart label={words.chart(question, summary)} times={times} series={series} format={format} />
        </Suspense>
      )}
    </figure>
  );
}

const countText = (value: number): string => value.toLocaleString('en-US');
/** The axis has no room for fen. */
const yuanShort = (fen: number): string => `¥${Math.round(fen / 100).toLocaleString('en-US')}`;

function OrderCharts({
  rows,
  range,
}: {
  readonly rows: readonly DayOfPlatform[];
  readonly range: StatsRange;
}): ReactNode {
  const { charts, series: names } = useWords(overviewWords);
  const platformName = usePlatformName();
  const days = useMemo(() => dayNames(range), [range]);
  const times = useMemo(() => days.map((day) => day.slice(5)), [days]);
  const money: readonly ChartSeries[] = [
    { name: names.paid, kind: 'bar', colour: '#1a9a80', values: valuesByDay(rows, days, 'paid') },
    { name: names.refunded, kind: 'bar', colour: '#d6477a', values: valuesByDay(rows, days, 'refunded') },
  ];
  return (
    <>
      <Figure
        question={charts.orders}
        summary={countText(sumOf(rows, 'orders'))}
        times={times}
        series={platformSeries(rows, days, 'orders', platformName)}
        format={countText}
      />
      <Figure
        question={charts.money}
        summary={`${names.paid} ${yuanText(sumOf(rows, 'paid'))}, ${names.refunded} ${yuanText(sumOf(rows, 'refunded'))}`}
        times={times}
        series={money}
        format={yuanShort}
      />
      {sumOf(rows, 'commission') !== 0 && (
        <Figure
          question={charts.commission}
          summary={yuanText(sumOf(rows, 'commission'))}
          times={times}
          series={platformSeries(rows, days, 'commission', platformName)}
          format={yuanShort}
        />
      )}
    </>
  );
}

function FlowCharts({ hours, unit }: { readonly hours: readonly Flow[]; readonly unit: 'hour' | 'day' }): ReactNode {
  const { charts, series: names } = useWords(overviewWords);
  const language = useLanguage();
  const times = useMemo(() => hours.map(({ at }) => flowLabel(at, unit)), [hours, unit]);
  const sum = sumDeliveries(hours);
  const counts = (name: string): number[] => hours.map(({ callbacks }) => callbacks[name] ?? 0);
  const lag: readonly ChartSeries[] = [
    { name: names.p50, kind: 'line', colour: '#3b82d6', values: hours.map(({ lag: { p50Ms } }) => p50Ms) },
    { name: names.p95, kind: 'line', colour: '#e08a2e', values: hours.map(({ lag: { p95Ms } }) => p95Ms) },
  ];
  const trouble: readonly ChartSeries[] = [
    { name: names.rejected, kind: 'bar', colour: '#d64545', stack: 'all', values: counts('rejected') },
    { name: names.unrecognised, kind: 'bar', colour: '#e08a2e', stack: 'all', values: counts('unrecognised') },
    {
      name: names.repaired,
      kind: 'bar',
      colour: '#3b82d6',
      stack: 'all',
      values: hours.map(({ repaired }) => repaired),
    },
  ];
  const deliveries: readonly ChartSeries[] = [
    {
      name: names.delivered,
      kind: 'bar',
      colour: '#1a9a80',
      stack: 'all',
      values: hours.map((hour) => hour.deliveries.delivered),
    },
    {
      name: names.failed,
      kind: 'bar',
      colour: '#e0b02e',
      stack: 'all',
      values: hours.map((hour) => hour.deliveries.failed),
    },
    {
      name: names.dead,
      kind: 'bar',
      colour: '#d64545',
      stack: 'all',
      values: hours.map((hour) => hour.deliveries.dead),
    },
  ];
  return (
    <>
      <Figure question={charts.lag} summary="" times={times} series={lag} format={(ms) => durationText(ms, language)} />
      <Figure question={charts.trouble} summary="" times={times} series={trouble} format={countText} />
      <Figure
        question={charts.deliveries}
        summary={`${names.delivered} ${countText(sum.delivered)}, ${names.dead} ${countText(sum.dead)}`}
        times={times}
        series={deliveries}
        format={countText}
      />
    </>
  );
}
