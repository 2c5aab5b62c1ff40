import { newId } from '../core/ids.ts';
import type { TimeMs } from '../core/time.ts';
import { EVENTS_PER_CLAIM, LIVE_LANE } from '../store/delivery-heads.ts';
import type { AttemptFields, ClaimedHead, HeadResult } from '../store/delivery-heads.ts';
import { disableEndpointRow } from '../store/endpoints.ts';
import { readEventsOfSubject } from '../store/event-reads.ts';
import type { StoredEvent } from '../store/event-reads.ts';
import type { HubContext } from './context.ts';
import type { Target } from './deliver-endpoints.ts';
import type { Lease, LeaseKeeper } from './deliver-leases.ts';
import { buildRequest } from './deliver-request.ts';
import type { ResultWriter } from './deliver-results.ts';
import { nextAttemptMs } from './deliver-retry.ts';
import type { SendResult, Sender } from './deliver-send.ts';
import type { Slots } from './deliver-slots.ts';

/** Which of the events a replay's lane sends, by id. */
export type LaneScreen = (head: ClaimedHead, events: readonly StoredEvent[]) => Promise<ReadonlySet<string>>;

/** What the runs of a worker share. */
export interface HeadRunner {
  readonly ctx: HubContext;
  readonly sender: Sender;
  readonly leases: LeaseKeeper;
  readonly results: ResultWriter;
  /** Time that must be left of a lease for a request to start. */
  readonly leaseMarginMs: number;
  /** The endpoint as it is now; `undefined` when it is gone or switched off. */
  target(endpointId: string): Target | undefined;
  readonly screenLane: LaneScreen;
  slots(endpointId: string): Slots;
  /** Told of every answer, so that a dead endpoint is asked less often. */
  onAnswer(endpointId: string, delivered: boolean): void;
  /** Told of every attempt whose result was written. */
  onAttempt(attempt: AttemptFields): void;
  /** The endpoint was switched off by this worker. */
  onGone(endpointId: string): void;
  stopping(): boolean;
}

/** A claimed row while its events are sent one after the other. */
interface HeldHead extends Lease {
  doneSequence: number;
  markedSequence: number;
  sentSequence: number | null;
  attempts: number;
  firstAttemptAt: Date | null;
  events: StoredEvent[];
  /** In a replay's lane, which of `events` belong to the replay. */
  screened: ReadonlySet<string> | undefined;
}

/** Sends what is due of one subject to one endpoint, strictly in sequence, until nothing is left or the row is let go. */
export async function runHead(
  runner: HeadRunner,
  claimed: ClaimedHead,
  token: string,
  leaseUntilMs: TimeMs,
): Promise<void> {
  const head: HeldHead = {
    ...claimed,
    events: [...claimed.events],
    token,
    leaseUntilMs,
    lost: false,
    onLost: undefined,
    screened: undefined,
  };
  runner.leases.hold(head);
  try {
    await screen(runner, head);
    let more = true;
    while (more) more = await runNext(runner, head);
  } finally {
    runner.leases.letGo(head);
  }
}

/** Sends the next event. True when the row is still held and has more. */
async function runNext(runner: HeadRunner, head: HeldHead): Promise<boolean> {
  const target = runner.target(head.endpointId);
  if (target === undefined || runner.stopping()) return letGo(runner, head);
  const wants = (event: StoredEvent): boolean => target.wants(event) && (head.screened?.has(event.id) ?? true);
  skipUnwanted(head, wants);
  if (head.events.length === 0 || head.events[0]?.sequence !== head.doneSequence + 1) {
    if (head.markedSequence <= head.doneSequence) return report(runner, head, 'go_on', null, null);
    await readMore(runner, head);
    if (head.events.length === 0) head.doneSequence = head.markedSequence;
    return true;
  }
  const event = head.events[0];
  const request = await buildRequest(runner.ctx, target, event, head.sentSequence);
  if (request === 'nothing_to_send') {
    head.doneSequence = event.sequence;
    head.events.shift();
    return true;
  }
  const sent = 'gone' in request ? failure(request.gone) : await send(runner, head, target, request);
  if (head.lost) return false;
  if (sent === undefined) return letGo(runner, head);
  return settle(runner, head, target, event, sent, wants);
}

async function screen(runner: HeadRunner, head: HeldHead): Promise<void> {
  if (head.lane !== LIVE_LANE) head.screened = await runner.screenLane(head, head.events);
}

function skipUnwanted(head: HeldHead, wants: (event: StoredEvent) => boolean): void {
  for (;;) {
    const [event] = head.events;
    if (event === undefined || event.sequence !== head.doneSequence + 1 || wants(event)) return;
    head.doneSequence = event.sequence;
    head.events.shift();
  }
}

/**
 * Reads on in all partitions. The first sequence stored may be beyond the next one only where retention dropped what lay
 * between: sequences are given without gaps and become visible in order.
 */
async function readMore(runner: HeadRunner, head: HeldHead): Promise<void> {
  const { account, subject, doneSequence, markedSequence } = head;
  const events = await readEventsOfSubject(
    runner.ctx.pool,
    account,
    subject,
    doneSequence,
    markedSequence,
    EVENTS_PER_CLAIM,
  );
  head.events = [...events];
  await screen(runner, head);
  const [first] = events;
  if (first !== undefined && first.sequence > doneSequence + 1) {
    const fields = { account, subject, endpoint: head.endpointId, from: doneSequence + 1, to: first.sequence - 1 };
    runner.ctx.log.warn(fields, 'events were dropped by retention before they could be delivered');
    head.doneSequence = first.sequence - 1;
  }
}

async function send(
  runner: HeadRunner,
  head: HeldHead,
  target: Target,
  request: Parameters<Sender['send']>[2],
): Promise<SendResult | undefined> {
  const { ctx } = runner;
  const slots = runner.slots(head.endpointId);
  await slots.take();
  try {
    // Checked by the clock too: a process that stood still finds its lease gone before its timers say so.
    if (head.lost || head.leaseUntilMs - ctx.clock() < runner.leaseMarginMs) {
      head.lost = true;
      return undefined;
    }
    if (runner.stopping()) return undefined;
    ctx.crash('deliver.before-send');
    const sending = runner.sender.send(head.endpointId, target.url, request);
    head.onLost = (reason) => sending.abort(reason);
    const result = await sending.result;
    head.onLost = undefined;
    ctx.crash('deliver.after-send');
    // Cut off because this process stops, as far as one can tell: no failure of the receiver.
    return result.status === null && runner.stopping() ? undefined : result;
  } finally {
    slots.give();
  }
}

const failure = (error: string): SendResult => ({ status: null, error, response: null, durationMs: 0 });

const isDelivered = (result: SendResult): boolean =>
  result.status !== null && result.status >= 200 && result.status < 300;

/** Writes down what came of an event and decides what happens next. */
async function settle(
  runner: HeadRunner,
  head: HeldHead,
  target: Target,
  event: StoredEvent,
  sent: SendResult,
  wants: (event: StoredEvent) => boolean,
): Promise<boolean> {
  const { ctx } = runner;
  const nowMs = ctx.clock();
  const attempt = head.attempts + 1;
  const delivered = isDelivered(sent);
  runner.onAnswer(head.endpointId, delivered);
  if (delivered) {
    finishEvent(head, event, wants);
    head.sentSequence = event.sequence;
    return report(runner, head, nextAfterEvent(head), null, attemptFields(ctx, event, attempt, 'delivered', sent));
  }
  if (sent.status === 410) {
    await disableEndpointRow(ctx.pool, head.endpointId, new Date(nowMs));
    runner.onGone(head.endpointId);
    const error = 'the endpoint answered 410 Gone and was switched off';
    head.attempts = 0;
    head.firstAttemptAt = null;
    return report(runner, head, 'wait', nowMs, attemptFields(ctx, event, attempt, 'failed', { ...sent, error }));
  }
  const said = { ...sent, error: sent.error ?? redirectText(sent.status) };
  const firstMs = head.firstAttemptAt?.getTime() ?? nowMs - sent.durationMs;
  const againMs = nextAttemptMs(target.retry, attempt, firstMs, nowMs, random(ctx));
  if (againMs !== null) {
    head.attempts = attempt;
    head.firstAttemptAt = new Date(firstMs);
    return report(runner, head, 'wait', againMs, attemptFields(ctx, event, attempt, 'failed', said));
  }
  const dead = attemptFields(ctx, event, attempt, 'dead', said);
  ctx.log.warn({ endpoint: head.endpointId, event: event.id, attempts: attempt }, 'a delivery was given up');
  if (target.row.strict && head.lane === LIVE_LANE) {
    head.attempts = attempt;
    head.firstAttemptAt = new Date(firstMs);
    return report(runner, head, 'block', null, dead);
  }
  finishEvent(head, event, wants);
  return report(runner, head, nextAfterEvent(head), null, dead);
}

function redirectText(status: number | null): string | null {
  return status !== null && status >= 300 && status < 400 ? 'redirects are not followed' : null;
}

function finishEvent(head: HeldHead, event: StoredEvent, wants: (event: StoredEvent) => boolean): void {
  head.doneSequence = event.sequence;
  head.attempts = 0;
  head.firstAttemptAt = null;
  head.events.shift();
  skipUnwanted(head, wants);
}

/** With an event in hand the row is kept; without one the row itself decides, which knows what was marked meanwhile. */
function nextAfterEvent(head: HeldHead): 'keep' | 'go_on' {
  return head.events.length > 0 ? 'keep' : 'go_on';
}

/** Lets go of a row with its event unsent: another worker, or this one later, goes on. */
function letGo(runner: HeadRunner, head: HeldHead): Promise<boolean> {
  return report(runner, head, 'wait', runner.ctx.clock(), null);
}

async function report(
  runner: HeadRunner,
  head: HeldHead,
  next: HeadResult['next'],
  dueMs: TimeMs | null,
  attempt: AttemptFields | null,
): Promise<boolean> {
  const after = await runner.results.write({
    account: head.account,
    endpointId: head.endpointId,
    lane: head.lane,
    subject: head.subject,
    token: head.token,
    doneSequence: head.doneSequence,
    sentSequence: head.sentSequence,
    attempts: head.attempts,
    firstAttemptAt: head.firstAttemptAt,
    next,
    dueAt: dueMs === null ? null : new Date(dueMs),
    attempt,
  });
  if (attempt !== null && after.fate !== 'lost') runner.onAttempt(attempt);
  if (after.fate !== 'held' || head.lost) return false;
  head.markedSequence = after.markedSequence;
  head.leaseUntilMs = Math.max(head.leaseUntilMs, after.leaseUntilMs);
  return true;
}

function attemptFields(
  ctx: HubContext,
  event: StoredEvent,
  attempt: number,
  outcome: AttemptFields['outcome'],
  sent: SendResult,
): AttemptFields {
  const nowMs = ctx.clock();
  return {
    id: newId('dlv', nowMs, ctx.randomBytes),
    at: new Date(nowMs),
    sequence: event.sequence,
    eventId: event.id,
    eventType: event.type,
    attempt,
    outcome,
    statusCode: sent.status,
    error: sent.error,
    response: sent.response,
    durationMs: Math.round(sent.durationMs),
  };
}

function random(ctx: HubContext): number {
  return Buffer.from(ctx.randomBytes(4)).readUInt32BE(0) / 2 ** 32;
}
