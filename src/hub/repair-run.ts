import { HuidanError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import type { CallPlatform, PlatformRefusal, PlatformResult } from '../core/outgoing.ts';
import type { Poll, PollPage } from '../core/poll.ts';
import { endPoll, movePoll, putOffPoll, removePoll, renewPollLease } from '../store/repair-polls.ts';
import type { ClaimedPoll } from '../store/repair-polls.ts';
import { accessTokenOf, dropAccessToken } from './access-tokens.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { settingOf } from './act-gate.ts';
import type { HubContext } from './context.ts';
import { knowledgeOf } from './repair-asks.ts';
import { CallLater, ENDLESS, leaseKeeper, LeaseLost, MOST_PAGES, patientCall } from './repair-call.ts';
import type { GatedDeps } from './repair-call.ts';
import { takeNews } from './repair-news.ts';
import type { NewsDeps } from './repair-news.ts';
import { asksForOverdue, lookForOverdue, OVERDUE_POLL, OVERDUE_SECONDS } from './repair-overdue.ts';

export interface RepairDeps extends GatedDeps, NewsDeps {
  readonly accounts: AccountDirectory;
  /** Called when a run came to its end, or failed. */
  onRun?(platform: string, poll: string, outcome: 'done' | 'failed'): void;
}

/** Longer than a page of one call and the commit of what it says; it is renewed before each further call. */
export const LEASE_MS = 120_000;
/** After so long the others that are due get their turn; the run goes on with its next page. */
const TURN_MS = 60_000;
const PAUSED_WAIT_MS = 60_000;
/** A platform's hiccup lasts seconds, its outages minutes, a person's attention takes longer. */
const WAITS_MS = [5000, 15_000, 30_000, 60_000, 300_000, 900_000] as const;
const LONGEST_WAIT_MS = 900_000;
const ALERT_WAIT_MS = 60_000;
/** After so many failures in a row the place in the middle of a list is perhaps what fails, such as a scroll that ran out. */
const RESTART_AFTER = 6;

export const NOT_APPLICABLE = 'not_applicable';
export const PAUSED = 'account_paused';

/**
 * How often a poll of an account is run, in seconds. `repairSeconds` is about the most frequent one; the others keep
 * their proportion to it, since what is asked seldom asks for much.
 */
export function secondsBetween(
  { polls = [] }: KnownAccount['connector'],
  poll: Pick<Poll, 'name' | 'everySeconds'>,
  settings: Readonly<Record<string, Json>>,
): number {
  if (poll.name === OVERDUE_POLL) return OVERDUE_SECONDS;
  const shortest = Math.min(...polls.map(({ everySeconds }) => everySeconds));
  const wanted = settingOf(settings, 'repairSeconds', shortest);
  return Math.max(1, Math.round((poll.everySeconds * wanted) / shortest));
}

/** Runs a question that this worker has claimed, until its turn is over. Nothing is written once its lease is lost. */
export async function runPoll(ctx: HubContext, deps: RepairDeps, held: ClaimedPoll, lease: string): Promise<void> {
  try {
    await runHeld(ctx, deps, held, lease);
  } catch (error) {
    if (error instanceof LeaseLost) return;
    const about = { account: held.account, poll: held.poll };
    if (error instanceof CallLater) {
      const dueAt = new Date(ctx.clock() + error.waitMs);
      await putOffPoll(ctx.pool, held, lease, { dueAt, attempts: held.attempts, code: 'rate', reason: error.message });
      return;
    }
    const isUsual = error instanceof PlatformUnreachable || error instanceof HuidanError;
    if (!isUsual) ctx.log.error({ ...about, err: error }, 'a question to a platform was interrupted');
    const message = isUsual ? error.message : 'The hub could not go on; the log has the details.';
    const code =
      error instanceof PlatformUnreachable ? 'unreachable' : error instanceof HuidanError ? error.code : 'internal';
    await fail(ctx, deps, held, lease, { class: 'retry', code, message });
  }
}

async function runHeld(ctx: HubContext, deps: RepairDeps, claimed: ClaimedPoll, lease: string): Promise<void> {
  const account = await deps.accounts.find(claimed.account);
  const poll = account === undefined ? undefined : pollOf(account, claimed.poll);
  if (account === undefined || poll === undefined) return removePoll(ctx.pool, claimed, lease);
  if (account.row.mode === 'paused') {
    const dueAt = new Date(ctx.clock() + PAUSED_WAIT_MS);
    return putOffPoll(ctx.pool, claimed, lease, { dueAt, attempts: 0, code: PAUSED, reason: 'The account is paused.' });
  }
  const everyMs = secondsBetween(account.connector, poll, account.view.settings) * 1000;
  if (poll.appliesTo?.(account.view) === false) {
    const dueAt = new Date(ctx.clock() + everyMs);
    return putOffPoll(ctx.pool, claimed, lease, {
      dueAt,
      attempts: 0,
      code: NOT_APPLICABLE,
      reason: null,
      restart: true,
    });
  }
  const keep = leaseKeeper(ctx.clock, LEASE_MS, (until) => renewPollLease(ctx.pool, claimed, lease, until));
  const call = patientCall(ctx, deps, account, keep);
  const know = await knowledgeOf(ctx, account.row.id);
  const turnEndsMs = ctx.clock() + TURN_MS;
  let held: ClaimedPoll = { ...claimed, startedAt: claimed.startedAt ?? new Date(ctx.clock()) };
  for (;;) {
    const at = ctx.clock();
    const ask = { at, mark: held.mark, page: held.page, ...know };
    const answer =
      poll.name === OVERDUE_POLL
        ? await lookedForOverdue(ctx, account, held.page)
        : await askWithToken(ctx, account, poll, (accessToken) =>
            poll.run(account.view, call, accessToken === undefined ? ask : { ...ask, accessToken }),
          );
    if (!answer.ok) return fail(ctx, deps, held, lease, answer.refusal);
    const page = answer.value;
    await takeNews(ctx, deps, account, page, { poll: poll.name, askedAt: at });
    const confirmed = await confirm(ctx, account, poll, call, page);
    if (!confirmed.ok) return fail(ctx, deps, held, lease, confirmed.refusal);
    held = after(held, page);
    if (page.next === null) {
      const nowMs = ctx.clock();
      const startedMs = held.startedAt?.getTime() ?? nowMs;
      const end = {
        mark: page.mark,
        finishedAt: new Date(nowMs),
        // Looking through 200 000 open orders takes 3.5 s: that shall be a twentieth of the time at most.
        dueAt: new Date(
          Math.max(startedMs + everyMs, poll.name === OVERDUE_POLL ? nowMs + 20 * (nowMs - startedMs) : nowMs),
        ),
      };
      if (await endPoll(ctx.pool, held, lease, end)) deps.onRun?.(account.row.platform, poll.name, 'done');
      return;
    }
    // By its number of pages alone: what is confirmed page by page may be asked for by the same words each time.
    if (held.pages >= MOST_PAGES) return fail(ctx, deps, held, lease, ENDLESS);
    const isOver = ctx.clock() >= turnEndsMs;
    const dueAt = new Date(ctx.clock() + (isOver ? 0 : LEASE_MS));
    if (!(await movePoll(ctx.pool, held, lease, { dueAt, release: isOver })) || isOver) return;
  }
}

/** A run after one more page. */
const after = (held: ClaimedPoll, { next, reports }: PollPage): ClaimedPoll => ({
  ...held,
  page: next,
  pages: held.pages + 1,
  reports: held.reports + reports.length,
});

/** The poll of that name, the hub's own among them; undefined: the platform has none such any more. */
function pollOf({ connector }: KnownAccount, name: string): Poll | undefined {
  if (name !== OVERDUE_POLL) return connector.polls?.find((poll) => poll.name === name);
  return asksForOverdue(connector) ? OVERDUE : undefined;
}

const OVERDUE: Poll = {
  name: OVERDUE_POLL,
  label: { en: 'Orders that rest too long', zh: '长时间无变化的订单' },
  everySeconds: OVERDUE_SECONDS,
  run: () => Promise.reject(new TypeError('the hub looks for these itself')),
};

/** The polls of a platform with the hub's own. */
export const pollsOf = (connector: KnownAccount['connector']): readonly Poll[] => [
  ...(connector.polls ?? []),
  ...(asksForOverdue(connector) ? [OVERDUE] : []),
];

async function lookedForOverdue(ctx: HubContext, account: KnownAccount, page: Json): Promise<PlatformResult<PollPage>> {
  const { next, found } = await lookForOverdue(ctx, account, page);
  if (found > 0) ctx.wake.work();
  return { ok: true, value: { reports: [], next, mark: null } };
}

/** Asks with an access token where the poll wants one; one that the platform does not take is bought anew, once. */
async function askWithToken<T>(
  ctx: HubContext,
  account: KnownAccount,
  { needsAccessToken }: Pick<Poll, 'needsAccessToken'>,
  ask: (accessToken: string | undefined) => Promise<PlatformResult<T>>,
): Promise<PlatformResult<T>> {
  if (needsAccessToken !== true) return ask(undefined);
  for (let again = false; ; again = true) {
    const token = await accessTokenOf(ctx, account);
    if (!token.ok) return token;
    const answer = await ask(token.value);
    if (answer.ok || answer.refusal.kind !== 'token' || again) return answer;
    await dropAccessToken(ctx, account.row.id, token.value);
  }
}

/**
 * Tells the platform that what it kept for us has arrived. Not for an account that only observes: whoever acts for it
 * would not find there any more what was kept.
 */
async function confirm(
  ctx: HubContext,
  account: KnownAccount,
  poll: Poll,
  call: CallPlatform,
  { toConfirm = null }: PollPage,
): Promise<PlatformResult<null>> {
  if (toConfirm === null || poll.confirm === undefined || account.row.mode !== 'live') return { ok: true, value: null };
  return poll.confirm(account.view, call, toConfirm, ctx.clock());
}

async function fail(
  ctx: HubContext,
  deps: RepairDeps,
  held: ClaimedPoll,
  lease: string,
  { class: kind, code, message }: PlatformRefusal,
): Promise<void> {
  const attempts = held.attempts + 1;
  const growingMs = WAITS_MS[attempts - 1] ?? LONGEST_WAIT_MS;
  const waitMs = kind === 'retry' ? growingMs : Math.max(ALERT_WAIT_MS, growingMs);
  const dueAt = new Date(ctx.clock() + waitMs);
  const restart = kind === 'final' || attempts % RESTART_AFTER === 0;
  const account = await deps.accounts.find(held.account);
  if (account !== undefined) deps.onRun?.(account.row.platform, held.poll, 'failed');
  const about = { account: held.account, poll: held.poll, code, attempts };
  if (kind === 'retry') ctx.log.info(about, 'a platform did not answer a question; it is asked again');
  else ctx.log.warn({ ...about, message }, 'a platform refused a question: a person must look');
  const reason = message.slice(0, 500);
  await putOffPoll(ctx.pool, held, lease, { dueAt, attempts, code, reason, restart });
}
