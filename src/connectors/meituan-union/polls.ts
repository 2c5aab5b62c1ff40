import type { AccountView, Connector } from '../../core/connector.ts';
import type { Report } from '../../core/fact.ts';
import type { Json } from '../../core/json.ts';
import type { CallPlatform, PlatformRefusal, PlatformResult } from '../../core/outgoing.ts';
import type { Poll, PollAsk, PollPage, ReadDay } from '../../core/poll.ts';
import { WHOLE } from '../../core/registers.ts';
import type { TimeMs } from '../../core/time.ts';
import { isMedia } from './client.ts';
import { LONGEST_SPAN_MS, readList, scopesOf } from './order-list.ts';
import type { ListPlace } from './order-list.ts';
import { readTruth } from './truth.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What a list tells late: its platform fills it some minutes after the payment, of some links the next day (sheet 4). */
const OVERLAP_MS = 20 * MINUTE_MS;
/** What a first run looks back to, and the most that a run makes up for. cps_open keeps three months. */
const FIRST_LOOK_MS = DAY_MS;
const LONGEST_LOOK_MS = 7 * DAY_MS;

/** Where a run is: which times it reads, and which of the lists of these it is at. */
interface Walk {
  readonly from: TimeMs;
  readonly to: TimeMs;
  /** Counts the spans and, within each, the scopes. */
  readonly step: number;
  readonly page: number;
  readonly scroll: string | null;
  /** Scopes that the platform has refused: it need not sell every business line to everyone. */
  readonly refused: readonly string[];
}

const begin = (from: TimeMs, to: TimeMs): Walk => ({ from, to, step: 0, page: 1, scroll: null, refused: [] });

/** The list that a walk is at; undefined: it is through. */
function placeOf(account: AccountView, walk: Walk, by: ListPlace['by']): ListPlace | undefined {
  const scopes = scopesOf(account);
  const span = Math.floor(walk.step / scopes.length);
  const from = walk.from + span * LONGEST_SPAN_MS;
  const scope = scopes[walk.step % scopes.length];
  if (from > walk.to || scope === undefined) return undefined;
  // Both ends count at the platform: the next span begins where this one ends, less the second that both would hold.
  const to = Math.min(walk.to, from + LONGEST_SPAN_MS - 1000);
  return { scope, from, to, by, page: walk.page, scroll: walk.scroll };
}

const nextStep = (walk: Walk, refused = walk.refused): Walk => ({
  ...walk,
  step: walk.step + 1,
  page: 1,
  scroll: null,
  refused,
});

/** Whether a refusal is about this list alone. Of g2 no codes are published; what HTTP or the rate refuses is not. */
const isOfScope = ({ class: kind, kind: behind, code }: PlatformRefusal): boolean =>
  behind === undefined && kind !== 'alert' && /^-?\d+$/u.test(code);

/** Reads one page of a walk. `next` null: the walk is through. */
async function walkOn(
  account: AccountView,
  call: CallPlatform,
  walk: Walk,
  by: ListPlace['by'],
  at: TimeMs,
): Promise<PlatformResult<{ readonly reports: PollPage['reports']; readonly next: Walk | null; readonly walk: Walk }>> {
  let current = walk;
  for (;;) {
    const place = placeOf(account, current, by);
    if (place === undefined) return { ok: true, value: { reports: [], next: null, walk: current } };
    if (current.refused.includes(place.scope)) {
      current = nextStep(current);
      continue;
    }
    const answer = await readList(account, call, place, at);
    if (!answer.ok) {
      const refused = [...current.refused, place.scope];
      if (!isOfScope(answer.refusal) || refused.length === scopesOf(account).length) return answer;
      current = nextStep(current, refused);
      continue;
    }
    const { reports, next } = answer.value;
    const on = next === null ? nextStep(current) : { ...current, ...next };
    const isThrough = placeOf(account, on, by) === undefined;
    return { ok: true, value: { reports, next: isThrough ? null : on, walk: on } };
  }
}

const walkAt = (page: Json): Walk | undefined => (page === null ? undefined : (page as unknown as Walk));

/** How far the runs before have read: the end of the last one of which nothing was refused. */
const markOf = (mark: Json): TimeMs | undefined => {
  const until = mark !== null && typeof mark === 'object' && 'until' in mark ? mark['until'] : undefined;
  return typeof until === 'number' ? until : undefined;
};

/** Reads what came since the last run, with an overlap. What a refused list did not tell is read again the next time. */
async function readOn(
  account: AccountView,
  call: CallPlatform,
  ask: PollAsk,
  by: ListPlace['by'],
): Promise<PlatformResult<PollPage>> {
  const last = markOf(ask.mark);
  const since = last === undefined ? ask.at - FIRST_LOOK_MS : last - OVERLAP_MS;
  const walk = walkAt(ask.page) ?? begin(Math.max(since, ask.at - LONGEST_LOOK_MS), ask.at);
  const answer = await walkOn(account, call, walk, by, ask.at);
  if (!answer.ok) return answer;
  const { reports, next, walk: walked } = answer.value;
  const until = walked.refused.length === 0 ? walk.to : Math.max(walk.from, walk.to - DAY_MS);
  return { ok: true, value: { reports, next: next as unknown as Json, mark: { until } } };
}

/** Reads whole pay days again, the oldest first: in g2 a change of an old order shows nowhere else. */
async function readAgain(account: AccountView, call: CallPlatform, ask: PollAsk): Promise<PlatformResult<PollPage>> {
  const days = account.settings['payDaysAgain'];
  const back = (typeof days === 'number' ? days : 30) * DAY_MS;
  const walk = walkAt(ask.page) ?? begin(ask.at - back, ask.at);
  const answer = await walkOn(account, call, walk, 'paid', ask.at);
  if (!answer.ok) return answer;
  return { ok: true, value: { reports: answer.value.reports, next: answer.value.next as unknown as Json, mark: null } };
}

/** The regular questions; which of them an account asks depends on the generation of its API. */
export const polls: readonly Poll[] = [
  {
    name: 'paid',
    label: { en: 'Orders paid of late (g2)', zh: '近期付款订单（g2）' },
    everySeconds: 300,
    appliesTo: (account) => !isMedia(account),
    run: (account, call, ask) => readOn(account, call, ask, 'paid'),
  },
  {
    name: 'pay-days',
    label: { en: 'Pay days read again (g2)', zh: '重读付款日（g2）' },
    everySeconds: 21_600,
    appliesTo: (account) => !isMedia(account),
    run: readAgain,
  },
  {
    name: 'updated',
    label: { en: 'Orders changed of late (cps_open)', zh: '近期更新订单（cps_open）' },
    everySeconds: 300,
    appliesTo: isMedia,
    run: (account, call, ask) => readOn(account, call, ask, 'updated'),
  },
];

/** Proves the credentials by a list of the last minute: it changes nothing, and an empty one is an answer. */
export const check: NonNullable<Connector['check']> = async (account, call, at) => {
  const [scope = '2'] = scopesOf(account);
  const place = { scope, from: at - MINUTE_MS, to: at, by: 'paid', page: 1, scroll: null } as const;
  const answer = await readList(account, call, place, at);
  return answer.ok ? { ok: true, value: 'Meituan answers to the app key and its secret.' } : answer;
};

/** All orders that were paid on a day, as the platform has them; what the list shows vaguely is asked for one by one. */
export const readDay: ReadDay = async (account, call, { at, page, from, to }) => {
  const walk = walkAt(page) ?? begin(from, Math.min(to, from + LONGEST_SPAN_MS - 1000));
  const answer = await walkOn(account, call, walk, 'paid', at);
  if (!answer.ok) return answer;
  const reports: Report[] = [];
  for (const report of answer.value.reports) {
    reports.push(report);
    if (report.doubt === undefined) continue;
    const { aliases, kind, facts, doubt } = report;
    const said = facts.find((fact) => fact.register === 'platformFields' && fact.line === WHOLE);
    const platformFields = said?.register === 'platformFields' ? said.value : {};
    const order = { aliases, kind, store: null, storeToken: null, doubts: [doubt], platformFields };
    const truth = await readTruth(account, call, order, at);
    // What nobody can read is shown as it stands in the list: one odd order must not hide a whole day.
    if (!truth.ok && truth.refusal.code !== 'unreadable_answer') return truth;
    if (truth.ok) reports.push(...truth.value);
  }
  return { ok: true, value: { reports, next: answer.value.next as unknown as Json } };
};

/**
 * How long an order may stay paid before the platform is asked about it by itself. Only in g2: changes at cps_open are
 * read from the list by their time.
 */
export const restMs: NonNullable<Connector['restMs']> = (order, account) =>
  isMedia(account) || order.status !== 'paid' ? undefined : 6 * HOUR_MS;
