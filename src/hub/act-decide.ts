import type { ActionOutcome, ActionSpec } from '../core/action.ts';
import type { Report } from '../core/fact.ts';
import type { Json } from '../core/json.ts';
import type { TimeMs } from '../core/time.ts';
import type { ActionPatch, ActionRow } from '../store/actions.ts';
import { settingOf } from './act-gate.ts';

/** What came of one call. */
export type Heard =
  | { readonly kind: 'silence'; readonly reason: string; readonly mayHaveArrived: boolean }
  | { readonly kind: 'outcome'; readonly outcome: ActionOutcome };

/** What silence and a platform's doubts mean for an action. */
export type SilenceRules = Pick<ActionSpec, 'moves' | 'onSilence'> & { readonly canAsk: boolean };

/** What is to be written about an action after a call. */
export interface Decision {
  readonly patch: ActionPatch;
  readonly reports: readonly Report[];
  /** Nothing more happens by itself: it succeeded, failed, or is a person's. */
  readonly isOver: boolean;
}

/** A platform is back within seconds, mostly; where it is not, the wait grows to five minutes. */
const WAITS_MS = [1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000] as const;
/** How long an action is tried that the platform puts off or that gets no answer. */
export const RETRY_FOR_MS = 86_400_000;
/** How long an outcome is asked for. A machine that has not dispensed after two minutes needs somebody to look. */
const WATCHDOG_SECONDS = { goods: 120, money: 86_400, nothing: 600 } as const;

export const waitMs = (tries: number): number => WAITS_MS[Math.min(Math.max(tries, 1), WAITS_MS.length) - 1] ?? 0;

/** Whether the platform may have it already: then a failure to speak with it says nothing about what it did. */
export const mayBeDone = ({ state, silences }: Pick<ActionRow, 'state' | 'silences'>): boolean =>
  silences > 0 || state === 'sent' || state === 'unknown';

/**
 * What a call means for its action. Pure. `asked`: the call was the question after the outcome, and no sending; `row` is
 * the action as it was claimed, so `sent` means that an earlier sending was never heard of again.
 */
export function decide(
  row: ActionRow,
  spec: SilenceRules,
  heard: Heard,
  about: { readonly asked: boolean; readonly settings: Readonly<Record<string, Json>>; readonly nowMs: TimeMs },
): Decision {
  const { asked, nowMs } = about;
  const doubtful = mayBeDone(row);
  if (heard.kind === 'silence') {
    const { reason } = heard;
    if (asked) return askAgain(row, spec, 'unreachable', reason, about);
    if (heard.mayHaveArrived && spec.onSilence === 'ask') {
      const silences = row.silences + 1;
      return with_(askAgain(row, spec, 'unreachable', reason, about), { silences });
    }
    const patch = heard.mayHaveArrived ? { silences: row.silences + 1 } : {};
    return with_(sendAgain(row, 'unreachable', reason, doubtful || heard.mayHaveArrived, nowMs), patch);
  }
  const { outcome } = heard;
  if (outcome.state === 'succeeded') {
    const patch = { state: 'succeeded', answer: outcome.answer ?? null, code: null, reason: null } as const;
    return { patch: { ...patch, dueAt: null, finishedAt: new Date(nowMs) }, reports: outcome.reports, isOver: true };
  }
  if (outcome.state === 'unknown') {
    if (spec.onSilence === 'ask' || spec.canAsk) return askAgain(row, spec, 'unknown', outcome.reason, about);
    // It knows a repeat: the same again is the question.
    return sendAgain(row, 'unknown', outcome.reason, true, nowMs);
  }
  const { refusal } = outcome;
  const { code, message, kind } = refusal;
  const answer = { code, message, ...(kind === undefined ? {} : { kind }) };
  if (refusal.class === 'final') {
    const ended = with_(end('failed', refusal.code, refusal.message, nowMs), { answer });
    return { ...ended, reports: outcome.reports ?? [] };
  }
  if (asked) return with_(askAgain(row, spec, refusal.code, refusal.message, about), { answer });
  if (refusal.class === 'alert') {
    const state = doubtful ? 'unknown' : 'failed';
    return with_(end(state, refusal.code, refusal.message, nowMs), { answer });
  }
  // It said no to this one: the next may carry a newer time and token, under the same number.
  const later = sendAgain(row, refusal.code, refusal.message, doubtful, nowMs);
  return with_(later, { answer, sealedRequest: null });
}

const with_ = (decision: Decision, patch: ActionPatch): Decision => ({
  ...decision,
  patch: { ...decision.patch, ...patch },
});

/** The end, or what is a person's from here on. */
export function end(state: 'failed' | 'unknown', code: string, reason: string, nowMs: TimeMs): Decision {
  const finishedAt = state === 'failed' ? new Date(nowMs) : null;
  return { patch: { state, code, reason, dueAt: null, finishedAt }, reports: [], isOver: true };
}

function sendAgain(row: ActionRow, code: string, reason: string, doubtful: boolean, nowMs: TimeMs): Decision {
  if (nowMs - row.createdAt.getTime() > RETRY_FOR_MS) return end(doubtful ? 'unknown' : 'failed', code, reason, nowMs);
  const dueAt = new Date(nowMs + waitMs(row.attempts + 1));
  // What cannot have arrived is made anew, so that its time is right.
  const bytes = doubtful ? {} : { sealedRequest: null };
  return { patch: { state: doubtful ? 'sent' : 'queued', code, reason, dueAt, ...bytes }, reports: [], isOver: false };
}

function askAgain(
  row: ActionRow,
  spec: SilenceRules,
  code: string,
  reason: string,
  { settings, nowMs }: { readonly settings: Readonly<Record<string, Json>>; readonly nowMs: TimeMs },
): Decision {
  const usual = WATCHDOG_SECONDS[spec.moves];
  // A tenth more: the platform gives its machine up at that very second, and says so only after it.
  const limitMs = spec.moves === 'goods' ? settingOf(settings, 'dispenseTimeoutSeconds', usual) * 1100 : usual * 1000;
  const untilMs = (row.sentAt?.getTime() ?? nowMs) + limitMs;
  if (nowMs >= untilMs || !spec.canAsk) return end('unknown', code, reason, nowMs);
  // The last question comes when the watchdog does.
  const dueAt = new Date(Math.min(nowMs + waitMs(row.questions + 1), untilMs));
  return { patch: { state: 'unknown', code, reason, dueAt }, reports: [], isOver: false };
}
