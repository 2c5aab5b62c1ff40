import type { ReactNode } from 'react';
import { useLanguage } from '../app/language.ts';
import type { Language } from '../app/language.ts';
import { durationText } from './duration.ts';
import { useNow, useToday } from './now.ts';

/** Everywhere the same clock: that of the platforms and of the staff. */
const ZONE = 'Asia/Shanghai';
const DAY_MS = 86_400_000;

const clock = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const day = new Intl.DateTimeFormat('en-CA', { timeZone: ZONE, year: 'numeric', month: '2-digit', day: '2-digit' });

/** `2026-11-21` in Asia/Shanghai. */
export const dayText = (ms: number): string => day.format(ms);
/** `13:04:59` in Asia/Shanghai. */
export const clockText = (ms: number): string => clock.format(ms);
/** `2026-11-21 13:04:59`; without the year within this one. */
export function timeText(ms: number, nowMs: number): string {
  const text = dayText(ms);
  if (text === dayText(nowMs)) return clockText(ms);
  return `${text.slice(0, 4) === dayText(nowMs).slice(0, 4) ? text.slice(5) : text} ${clockText(ms)}`;
}

/** `18:30`, with the day where it is not today. */
export function shortTimeText(ms: number, nowMs: number): string {
  const text = timeText(ms, nowMs);
  return text.slice(0, -3);
}

export function agoText(ms: number, nowMs: number, language: Language): string {
  const passedMs = nowMs - ms;
  if (passedMs < 5000 && passedMs > -5000) return language === 'zh' ? '刚刚' : 'just now';
  const text = durationText(Math.abs(passedMs), language).split(' ').slice(0, 2).join(' ');
  if (passedMs < 0) return language === 'zh' ? `${text}后` : `in ${text}`;
  return language === 'zh' ? `${text}前` : `${text} ago`;
}

/** The clock time, with the whole date on hover. `–` where it is not known. */
export function Time({ at, isWhole = false }: { readonly at: string | null; readonly isWhole?: boolean }): ReactNode {
  const todayMs = useToday();
  if (at === null) return <span className="muted">–</span>;
  const ms = Date.parse(at);
  const whole = `${dayText(ms)} ${clockText(ms)}`;
  return (
    <time dateTime={at} title={whole} style={{ whiteSpace: 'nowrap' }}>
      {isWhole ? whole : timeText(ms, todayMs)}
    </time>
  );
}

/** `3 分 前`, counted on; the clock time after a day. */
export function TimeAgo({ at }: { readonly at: string | null }): ReactNode {
  const nowMs = useNow();
  const language = useLanguage();
  if (at === null) return <span className="muted">–</span>;
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={`${dayText(ms)} ${clockText(ms)}`} style={{ whiteSpace: 'nowrap' }}>
      {Math.abs(nowMs - ms) < DAY_MS ? agoText(ms, nowMs, language) : timeText(ms, nowMs)}
    </time>
  );
}
