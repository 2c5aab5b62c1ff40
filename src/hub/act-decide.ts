import type { ActionOutcome, ActionSpec } from '../core/action.ts';
import type { Report } from '../core/fact.ts';
import { UNNAMED } from '../core/lives/life.ts';
import type { Json } from '../core/json.ts';
import type { TimeMs } from '../core/time.ts';
import type { ActionPatch, ActionRow } from '../store/actions.ts';
import { settingOf } from './act-gate.ts';

/** What came of one call. */
export type Heard =
  | { readonly kind: 'silence'; readonly reason: string; readonly mayHaveArrived: boolean }
  | { readonly kind: 'outcome'; readonly outcome: ActionOutcome };

/** What silence and a platform's doubts mean for an action. */
export type SilenceRules = Pick<ActionSpec, 'moves' | 'onSilence'> & {
  readonly canAsk: boolean;
  /** It makes the order at its platform. */
  readonly isCreation: boolean;
};

/** What is to be written about an action after a call. */
export interface Decision {
  readonly patch: ActionPatch;
  readonly reports: readonly Report[];
  /** Nothing more happens by itself: it succeeded, failed, or is a person's. */
  readonly isOver: boolean;
  /** The order goes on without waiting for it and a person may look, though the hub still asks. */
  readonly isOverdue?: true;
}

/** Code of an action whose outcome is late: see `Decision.isOverdue`. */
export const OVERDUE = 'overdue';

/** A platform is back within seconds, mostly; where it is not, the wait grows to five minutes. */
const WAITS_MS = [1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000] as const;
const LONGEST_WAIT_MS = 300_000;
/** What is late is asked for so soon at first, then half as late again as it is by then. */
const LATE_WAIT_MS = 10_000;
/** How long an action is tried that the platform puts off or that gets no answer. */
export const RETRY_FOR_MS = 86_400_000;
/** How long an outcome is asked for. A machine that has not dispensed after two minutes needs somebody to look. */
const WATCHDOG_SECONDS = { goods: 120, money: 86_400, nothing: 600 } as const;
/**
 * How long it is asked for after that, while the order goes on: a platform that was away at that very moment knows the
 * answer an hour later as well, and what it knows is no person's work.
 */
const PATIENCE_MS = { goods: 3_600_000, money: 0, nothing: 0 } as const;

/** A call is broken off after 15 s; what left then is there, or is lost. */
const LONGEST_WAY_MS = 20_000;

/** Most likely an earlier sending of ours made it; it is of no use to anybody, and its own clock ends it there. */
const OF_NO_USE =
  'The platform has an order of this number and does not say its own, so nothing can be done with it. Use another number.';

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
    const { atLast } = outcome;
    if (asked && atLast !== undefined && nowMs >= overdueAt(row, spec, about)) {
      return decide(row, spec, { kind: 'outcome', outcome: atLast }, about);
    }
    if (spec.onSilence === 'ask' || spec.canAsk) {
      const isLate = asked && outcome.isPersons === true && hasArrived(row, nowMs);
      return askAgain(row, spec, 'unknown', outcome.reason, { ...about, isLate });
    }
    // It knows a repeat: the same again is the question.
    return sendAgain(row, 'unknown', outcome.reason, true, nowMs);
  }
  const { refusal } = outcome;
  const { code, message, kind } = refusal;
  const answer = { code, message, ...(kind === undefined ? {} : { kind }) };
  if (spec.isCreation && doubtful && kind === 'duplicate') {
    return with_(end('failed', UNNAMED, `${code}: ${message}: ${OF_NO_USE}`, nowMs), { answer });
  }
  if (refusal.class === 'final') {
    const ended = with_(end('failed', refusal.code, refusal.message, nowMs), { answer });
    return { ...ended, reports: outcome.reports ?? [] };
  }
  if (asked && kind === 'not_done' && hasArrived(row, nowMs)) {
    const anew = { silences: 0, sentAt: null, sealedRequest: null, answer };
    return with_(sendAgain(row, code, message, false, nowMs), anew);
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

/** Still on its way it could arrive beside the next one, and be no answer's affair yet. */
const hasArrived = ({ sentAt }: ActionRow, nowMs: TimeMs): boolean =>
  nowMs - (sentAt?.getTime() ?? nowMs) > LONGEST_WAY_MS;

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

interface AskingTime {
  readonly settings: Readonly<Record<string, Json>>;
  readonly nowMs: TimeMs;
  /** A person is told now, before the time is over. */
  readonly isLate?: boolean;
}

/** From when on an outcome is late. */
function overdueAt({ sentAt }: ActionRow, { moves }: SilenceRules, { settings, nowMs }: AskingTime): TimeMs {
  const usual = WATCHDOG_SECONDS[moves];
  // A tenth more: the platform gives its machine up at that very second, and says so only after it.
  const limitMs = moves === 'goods' ? settingOf(settings, 'dispenseTimeoutSeconds', usual) * 1100 : usual * 1000;
  return (sentAt?.getTime() ?? nowMs) + limitMs;
}

function askAgain(row: ActionRow, spec: SilenceRules, code: string, reason: string, about: AskingTime): Decision {
  const { nowMs } = about;
  const dueMs = overdueAt(row, spec, about);
  const lastMs = dueMs + PATIENCE_MS[spec.moves];
  // Whom a person was told of stays theirs, though the next question gets no answer.
  const isEarly = nowMs < dueMs && (about.isLate === true || row.code === OVERDUE);
  const lateMs = isEarly ? (row.sentAt?.getTime() ?? nowMs) : dueMs;
  if (nowMs >= lastMs || !spec.canAsk) return end('unknown', code, reason, nowMs);
  const isLate = nowMs >= lateMs;
  // One question comes when the watchdog does, and one at the end. A platform that was away just then is back soon, mostly.
  const againMs = isLate
    ? Math.min(Math.max((nowMs - lateMs) / 2, LATE_WAIT_MS), LONGEST_WAIT_MS)
    : waitMs(row.questions + 1);
  const dueAt = new Date(Math.min(nowMs + againMs, isLate ? lastMs : lateMs));
  if (!isLate) return { patch: { state: 'unknown', code, reason, dueAt }, reports: [], isOver: false };
  const late = { patch: { state: 'unknown', code: OVERDUE, reason, dueAt }, reports: [], isOver: false } as const;
  return row.code === OVERDUE ? late : { ...late, isOverdue: true };
}
