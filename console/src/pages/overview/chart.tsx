import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { init, use as register } from 'echarts/core';
import type { EChartsCoreOption } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { useIsDark } from '../../app/theme.ts';
import styles from './overview.module.css';

register([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

export interface ChartSeries {
  readonly name: string;
  readonly kind: 'bar' | 'line';
  readonly colour: string;
  readonly values: readonly (number | null)[];
  /** Bars of the same stack stand on each other. */
  readonly stack?: string;
}

const INKS = {
  light: { text: '#5c6966', line: '#e4e9e7', ground: '#ffffff', strong: '#17211f' },
  dark: { text: '#9daba7', line: '#28322f', ground: '#1e2725', strong: '#e9efed' },
} as const;

/** One question, answered by a chart. `label` says the answer to whoever cannot see it. */
export function Chart({
  label,
  times,
  series,
  format,
}: {
  readonly label: string;
  readonly times: readonly string[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number) => string;
}): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const isDark = useIsDark();
  useEffect(() => {
    if (place.current === null) return undefined;
    const chart = init(place.current, null, { renderer: 'svg' });
    chart.setOption(optionOf(times, series, format, isDark));
    const observer = new ResizeObserver(() => chart.resize());
    observer.observe(place.current);
    return () => {
      observer.disconnect();
      chart.dispose();
    };
  }, [times, series, format, isDark]);
  return <div ref={place} role="img" aria-label={label} className={styles['chart']} />;
}

function optionOf(
  times: readonly string[],
  series: readonly ChartSeries[],
  format: (value: number) => string,
  isDark: boolean,
): EChartsCoreOption {
  const ink = isDark ? INKS.dark : INKS.light;
  return {
    animation: !globalThis.matchMedia('(prefers-reduced-motion: reduce)').matches,
    grid: { left: 8, right: 12, top: 36, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel' },
    legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 8, textStyle: { color: ink.text }, type: 'scroll' },
    tooltip: {
      trigger: 'axis',
      backgroundColor: ink.ground,
      borderColor: ink.line,
      textStyle: { color: ink.strong, fontSize: 12.5 },
      valueFormatter: (value: unknown) => (typeof value === 'number' ? format(value) : '–'),
    },
    xAxis: {
      type: 'category',
      data: [...times],
      axisLine: { lineStyle: { color: ink.line } },
      axisTick: { show: false },
      axisLabel: { color: ink.text, hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      splitLine: { lineStyle: { color: ink.line } },
      axisLabel: { color: ink.text, formatter: (value: number) => format(value) },
      splitNumber: 4,
      minInterval: 1,
    },
    series: series.map(({ name, kind, colour, values, stack }) => ({
      name,
      type: kind,
      data: [...values],
      itemStyle: { color: colour },
      lineStyle: { width: 2.5 },
      symbolSize: 6,
      // A point between two gaps has no line that would show it.
      showSymbol: values.filter((value) => value !== null).length < 40,
      showAllSymbol: true,
      barMaxWidth: 34,
      ...(stack === undefined ? {} : { stack }),
    })),
  };
}
