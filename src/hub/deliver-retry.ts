import { HuidanError } from '../core/errors.ts';
import type { TimeMs } from '../core/time.ts';

/**
 * When a failed delivery is tried again: every so many seconds for so many seconds, or after the listed gaps, or
 * (null) the default.
 */
export type RetryPolicy =
  | null
  | { readonly everySeconds: number; readonly forSeconds: number }
  | { readonly gapsSeconds: readonly number[] };

const MINUTE = 60;
const HOUR = 3600;
/** Gaps in seconds that add up to 29.7 hours: a receiver may be down for a day and a night. */
export const DEFAULT_GAPS_SECONDS: readonly number[] = [
  5,
  30,
  2 * MINUTE,
  10 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  4 * HOUR,
  6 * HOUR,
  8 * HOUR,
  8 * HOUR,
];

/** Gaps are made up to 10 % longer or shorter, so that thousands that failed together do not come back together. */
const JITTER = 0.1;
const MAX_FOR_SECONDS = 7 * 24 * HOUR;
const MAX_GAPS = 100;

/**
 * The time of the next attempt, or null when the policy has come to its end. `attempts` counts the failed ones,
 * `random` is in [0, 1).
 */
export function nextAttemptMs(
  policy: RetryPolicy,
  attempts: number,
  firstAttemptMs: TimeMs,
  nowMs: TimeMs,
  random: number,
): TimeMs | null {
  if (policy !== null && 'everySeconds' in policy) {
    const next = nowMs + policy.everySeconds * 1000;
    return next > firstAttemptMs + policy.forSeconds * 1000 ? null : next;
  }
  const gap = (policy?.gapsSeconds ?? DEFAULT_GAPS_SECONDS)[attempts - 1];
  return gap === undefined ? null : nowMs + Math.round(gap * 1000 * (1 - JITTER + 2 * JITTER * random));
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: MINUTE, min: MINUTE, h: HOUR, d: 24 * HOUR };
const TEXT_FORM = /^every (\d{1,6}) ?(s|m|min|h|d) for (\d{1,6}) ?(s|m|min|h|d)$/u;

/**
 * Reads a policy as users give it: `{"everySeconds":30,"forSeconds":3600}`, `{"gapsSeconds":[5,60]}`, the text
 * `every 30 s for 1 h`, or null for the default. Throws `malformed_request`.
 */
export function readRetryPolicy(value: unknown): RetryPolicy {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') {
    const match = TEXT_FORM.exec(value.trim());
    if (match === null) throw wrongRetry('write it like "every 30 s for 1 h"');
    const seconds = (number: string | undefined, unit: string | undefined): number =>
      Number(number) * (UNIT_SECONDS[unit ?? ''] ?? 0);
    return every(seconds(match[1], match[2]), seconds(match[3], match[4]));
  }
  if (typeof value === 'object' && 'everySeconds' in value && 'forSeconds' in value) {
    return every(value.everySeconds, value.forSeconds);
  }
  if (typeof value === 'object' && 'gapsSeconds' in value && Array.isArray(value.gapsSeconds)) {
    const gaps: unknown[] = value.gapsSeconds;
    if (gaps.length > MAX_GAPS || !gaps.every((gap) => isSeconds(gap))) {
      throw wrongRetry(`gapsSeconds holds up to ${MAX_GAPS} whole numbers of seconds, each up to 7 days`);
    }
    return { gapsSeconds: gaps };
  }
  throw wrongRetry('it needs everySeconds and forSeconds, or gapsSeconds');
}

function every(everySeconds: unknown, forSeconds: unknown): RetryPolicy {
  if (!isSeconds(everySeconds) || !isSeconds(forSeconds)) {
    throw wrongRetry('everySeconds and forSeconds are whole numbers of seconds from 1 to 604800 (7 days)');
  }
  return { everySeconds, forSeconds };
}

function isSeconds(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_FOR_SECONDS;
}

function wrongRetry(message: string): HuidanError {
  return new HuidanError('malformed_request', undefined, { fields: [{ field: 'retry', message }] });
}
