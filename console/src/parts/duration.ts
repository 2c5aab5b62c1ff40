import type { Language } from '../app/language.ts';

const UNITS = [
  { ms: 86_400_000, zh: '天', en: 'd' },
  { ms: 3_600_000, zh: '小时', en: 'h' },
  { ms: 60_000, zh: '分', en: 'min' },
  { ms: 1000, zh: '秒', en: 's' },
] as const;

/** The two largest units: `3 分 12 秒`, `2 h 5 min`. Below a second, milliseconds. */
export function durationText(ms: number, language: Language): string {
  if (ms < 1000) return language === 'zh' ? `${Math.max(0, Math.round(ms))} 毫秒` : `${Math.max(0, Math.round(ms))} ms`;
  const at = UNITS.findIndex((unit) => ms >= unit.ms);
  const [first, second] = [UNITS[at], UNITS[at + 1]];
  if (first === undefined) return '';
  const whole = Math.floor(ms / first.ms);
  const rest = second === undefined ? 0 : Math.floor((ms % first.ms) / second.ms);
  const text = `${whole} ${first[language]}`;
  return rest === 0 || second === undefined ? text : `${text} ${rest} ${second[language]}`;
}
