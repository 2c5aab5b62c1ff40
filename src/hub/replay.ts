import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import type { TimeMs } from '../core/time.ts';
import { readAccountIds, readEndpoint } from '../store/endpoints.ts';
import type { EndpointRow } from '../store/endpoints.ts';
import * as store from '../store/replays.ts';
import type { ReplayCandidate, ReplayRow } from '../store/replays.ts';
import { covers } from './access.ts';
import type { Limits } from './access.ts';
import type { HubContext } from './context.ts';
import { wantsEvent } from './deliver-endpoints.ts';
import { visibleAccounts } from './delivery-list.ts';
import { isInScope } from './replay-lanes.ts';
import type { ReplayScope } from './replay-lanes.ts';

/** What is to be sent again: named events, or all of a span of time. `to` left out: until now. */
export type ReplayRequest =
  | { readonly endpoint: string; readonly events: readonly string[] }
  | {
      readonly endpoint: string;
      readonly from: string;
      readonly to?: string;
      readonly types?: readonly string[];
      readonly account?: string;
      readonly order?: string;
      /** Only what was given up and never delivered. */
      readonly outcome?: 'dead';
    };

export interface ReplayJson {
  readonly id: string;
  readonly endpoint: string;
  /** How many events it sends. */
  readonly events: number;
  /** How many orders it has not finished with; null in lists. */
  readonly remaining: number | null;
  readonly createdAt: string;
}

const MAX_EVENTS_BY_ID = 1000;
const CHUNK = 2000;
const MINUTE_MS = 60_000;

/** Counts what `startReplay` would send. Throws as it does. */
export async function previewReplay(
  ctx: HubContext,
  request: ReplayRequest,
  limits: Limits,
): Promise<{ readonly events: number }> {
  const { endpoint, scope } = await readRequest(ctx, request);
  let events = 0;
  await forEachMatching(ctx, endpoint, scope, limits, (_account, found) => {
    events += found.length;
    return Promise.resolve();
  });
  return { events };
}

/**
 * Sends past events again, in a lane of their own beside the live one: in sequence per order, with the ids they had. The
 * endpoint's own patterns and limits hold. What the live lane has not come to yet is left to it; an order at which a
 * strict endpoint stands still goes on when the event that stopped it is among them.
 *
 * Throws `endpoint_not_found`, `malformed_request`.
 */
export async function startReplay(ctx: HubContext, request: ReplayRequest, limits: Limits): Promise<ReplayJson> {
  const { endpoint, scope } = await readRequest(ctx, request);
  const nowMs = ctx.clock();
  const now = new Date(nowMs);
  const id = newId('rpl', nowMs, ctx.randomBytes);
  await store.insertReplay(ctx.pool, {
    id,
    endpointId: endpoint.id,
    request: scope as unknown as Json,
    events: 0,
    createdAt: now,
  });
  let events = 0;
  await forEachMatching(ctx, endpoint, scope, limits, async (account, found) => {
    events += found.length;
    const blocked = found.filter((event) => event.blocked === true && event.sequence > (event.liveDone ?? 0));
    const done = found.filter((event) => event.liveDone === null || event.sequence <= event.liveDone);
    if (done.length > 0) await store.addReplayHeads(ctx.pool, account, endpoint.id, id, spansOf(done), now);
    if (blocked.length > 0) {
      const subjects = blocked.map((event) => event.subject);
      await store.unblockHeads(ctx.pool, account, endpoint.id, subjects, now);
    }
  });
  await store.setReplayEvents(ctx.pool, id, events);
  ctx.wake.deliveries();
  return { id, endpoint: endpoint.id, events, remaining: null, createdAt: now.toISOString() };
}

/** Throws `replay_not_found`. */
export async function getReplay(ctx: HubContext, id: string): Promise<ReplayJson> {
  const row = await store.readReplay(ctx.pool, id);
  if (row === undefined) throw new HuidanError('replay_not_found');
  const remaining = await store.countLaneHeads(ctx.pool, await readAccountIds(ctx.pool), row.endpointId, id);
  return { ...toReplayJson(row), remaining };
}

/** Replays, the newest first; of one endpoint when it is given. */
export async function listReplays(
  ctx: HubContext,
  query: { readonly endpoint?: string; readonly limit: number; readonly cursor?: string },
): Promise<{ readonly data: readonly ReplayJson[]; readonly nextCursor: string | null }> {
  if (query.cursor !== undefined && !/^rpl_[0-9a-z]{1,40}$/u.test(query.cursor))
    throw new HuidanError('malformed_cursor');
  const rows = await store.listReplayRows(ctx.pool, query.endpoint ?? null, query.cursor ?? null, query.limit + 1);
  const shown = rows.slice(0, query.limit);
  return {
    data: shown.map((row) => toReplayJson(row)),
    nextCursor: rows.length > query.limit ? (shown.at(-1)?.id ?? null) : null,
  };
}

/** Stops a replay; what is on its way may still arrive. Throws `replay_not_found`. */
export async function cancelReplay(ctx: HubContext, id: string): Promise<void> {
  const row = await store.readReplay(ctx.pool, id);
  if (row === undefined) throw new HuidanError('replay_not_found');
  for (const account of await readAccountIds(ctx.pool)) {
    while ((await store.deleteHeads(ctx.pool, account, row.endpointId, id, CHUNK)) === CHUNK);
  }
}

function toReplayJson(row: ReplayRow): ReplayJson {
  return {
    id: row.id,
    endpoint: row.endpointId,
    events: row.events,
    remaining: null,
    createdAt: row.createdAt.toISOString(),
  };
}

async function readRequest(
  ctx: HubContext,
  request: ReplayRequest,
): Promise<{ readonly endpoint: EndpointRow; readonly scope: ReplayScope }> {
  const endpoint = await findEndpoint(ctx, request.endpoint);
  if ('events' in request) {
    if (request.events.length === 0 || request.events.length > MAX_EVENTS_BY_ID) {
      throw malformed('events', `holds 1 to ${MAX_EVENTS_BY_ID} ids`);
    }
    const times = request.events.map((id) => timeOfEventId(id));
    // An id is made a moment before its row, on the clock of another process perhaps.
    const fromMs = Math.min(...times) - MINUTE_MS;
    const toMs = Math.max(...times) + MINUTE_MS;
    const scope = { events: request.events, fromMs, toMs, types: null, account: null, subject: null, deadOnly: false };
    return { endpoint, scope };
  }
  const fromMs = timeOf('from', request.from);
  const toMs = request.to === undefined ? ctx.clock() + 1 : timeOf('to', request.to);
  if (fromMs >= toMs) throw malformed('to', 'must lie after from');
  return {
    endpoint,
    scope: {
      events: null,
      fromMs,
      toMs,
      types: request.types ?? null,
      account: request.account ?? null,
      subject: request.order ?? null,
      deadOnly: request.outcome === 'dead',
    },
  };
}

async function findEndpoint(ctx: HubContext, id: string): Promise<EndpointRow> {
  const endpoint = await readEndpoint(ctx.pool, id);
  if (endpoint === undefined) throw new HuidanError('endpoint_not_found');
  return endpoint;
}

function timeOf(field: string, text: string): TimeMs {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw malformed(field, 'is a time such as 2026-11-20T00:00:00Z');
  return ms;
}

/** The time that `newId` wrote into the id. */
function timeOfEventId(id: string): TimeMs {
  const match = /^evt_([0-9a-hjkmnp-tv-z]{10})[0-9a-hjkmnp-tv-z]{16}$/u.exec(id);
  if (match === null) throw malformed('events', `${JSON.stringify(id.slice(0, 60))} is no id of an event`);
  let ms = 0;
  for (const digit of match[1] ?? '') ms = ms * 32 + '0123456789abcdefghjkmnpqrstvwxyz'.indexOf(digit);
  return ms;
}

/** Goes over the events in the order of the feed, a chunk at a time: a month of them does not fit one statement. */
async function forEachMatching(
  ctx: HubContext,
  endpoint: EndpointRow,
  scope: ReplayScope,
  limits: Limits,
  use: (account: string, events: readonly ReplayCandidate[]) => Promise<void>,
): Promise<void> {
  const span = { from: new Date(scope.fromMs), to: new Date(scope.toMs) };
  const accounts = await visibleAccounts(ctx, limits, scope.account ?? undefined);
  for (const account of accounts) {
    if (endpoint.accounts !== null && !endpoint.accounts.includes(account)) continue;
    const pick = async (found: readonly ReplayCandidate[]): Promise<void> => {
      const asked = found.filter((event) => matches(endpoint, scope, limits, event));
      const dead =
        scope.deadOnly && asked.length > 0 ? await store.deadAmong(ctx.pool, account, endpoint.id, asked) : null;
      const picked = dead === null ? asked : asked.filter((event) => dead.has(event.id));
      if (picked.length > 0) await use(account, picked);
    };
    if (scope.events !== null) {
      await pick(await store.findReplayEvents(ctx.pool, account, endpoint.id, scope.events, span));
      continue;
    }
    for (let feed = 0; ;) {
      const found = await store.scanReplayEvents(
        ctx.pool,
        account,
        endpoint.id,
        { ...span, subject: scope.subject },
        feed,
        CHUNK,
      );
      await pick(found);
      const last = found.at(-1);
      if (last === undefined || found.length < CHUNK) break;
      feed = last.feed;
    }
  }
}

function matches(endpoint: EndpointRow, scope: ReplayScope, limits: Limits, event: ReplayCandidate): boolean {
  const pending = event.liveDone !== null && event.sequence > event.liveDone;
  const blocking = event.blocked === true && event.sequence === (event.liveDone ?? 0) + 1;
  return (!pending || blocking) && isInScope(scope, event) && wantsEvent(endpoint, event) && covers(limits, event);
}

function spansOf(events: readonly ReplayCandidate[]): readonly store.ReplaySpan[] {
  const spans = new Map<string, store.ReplaySpan>();
  for (const { subject, sequence } of events) {
    const held = spans.get(subject);
    spans.set(subject, {
      subject,
      firstSequence: Math.min(held?.firstSequence ?? sequence, sequence),
      lastSequence: Math.max(held?.lastSequence ?? sequence, sequence),
    });
  }
  return [...spans.values()];
}

function malformed(field: string, message: string): HuidanError {
  return new HuidanError('malformed_request', undefined, { fields: [{ field, message }] });
}
