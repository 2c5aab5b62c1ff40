import { HuidanError } from '../core/errors.ts';
import { hastenHeads, listAttempts, readEndpointQueue } from '../store/delivery-attempts.ts';
import type { AttemptRow } from '../store/delivery-attempts.ts';
import { LIVE_LANE } from '../store/delivery-heads.ts';
import { readAccountIds, readEndpoint } from '../store/endpoints.ts';
import { skipBlockedHead } from '../store/replays.ts';
import type { Limits } from './access.ts';
import type { HubContext } from './context.ts';

/** An attempt as the API shows it. */
export interface DeliveryJson {
  readonly id: string;
  readonly at: string;
  readonly account: string;
  readonly endpoint: string;
  readonly event: string;
  readonly type: string;
  /** What the event is about: an order's id, mostly. */
  readonly subject: string;
  readonly sequence: number;
  /** Counts from 1 for each event and endpoint. */
  readonly attempt: number;
  /** `dead`: the last one, nothing comes by itself any more. */
  readonly outcome: AttemptRow['outcome'];
  readonly statusCode: number | null;
  readonly error: string | null;
  /** The first KiB of the answer. */
  readonly response: string | null;
  readonly durationMs: number;
  readonly replay: string | null;
}

export interface DeliveryQuery {
  readonly endpoint?: string;
  readonly account?: string;
  /** Id of an order. */
  readonly order?: string;
  readonly event?: string;
  readonly outcome?: AttemptRow['outcome'];
  /** With `outcome: 'dead'`: only what has not been delivered since. */
  readonly undelivered?: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

/** Attempts, the newest first. `limits` are those of the asking key. Throws `malformed_cursor`. */
export async function listDeliveries(
  ctx: HubContext,
  query: DeliveryQuery,
  limits: Limits,
): Promise<{ readonly data: readonly DeliveryJson[]; readonly nextCursor: string | null }> {
  if (query.cursor !== undefined && !/^[a-z]{2,4}_[0-9a-z]{1,40}$/u.test(query.cursor)) {
    throw new HuidanError('malformed_cursor');
  }
  const rows = await listAttempts(ctx.pool, {
    accounts: await visibleAccounts(ctx, limits, query.account),
    endpointId: query.endpoint ?? null,
    subject: query.order ?? null,
    eventId: query.event ?? null,
    outcome: query.outcome ?? null,
    undelivered: query.undelivered ?? false,
    merchants: limits.merchants,
    shops: limits.shops,
    beforeId: query.cursor ?? null,
    limit: query.limit + 1,
  });
  const shown = rows.slice(0, query.limit);
  return {
    data: shown.map((row) => toDeliveryJson(row)),
    nextCursor: rows.length > query.limit ? (shown.at(-1)?.id ?? null) : null,
  };
}

/** One attempt. `limits` are those of the asking key. Throws `delivery_not_found`. */
export async function readDelivery(ctx: HubContext, id: string, limits: Limits): Promise<DeliveryJson> {
  const [row] = await listAttempts(ctx.pool, {
    accounts: await visibleAccounts(ctx, limits, undefined),
    id,
    endpointId: null,
    subject: null,
    eventId: null,
    outcome: null,
    undelivered: false,
    merchants: limits.merchants,
    shops: limits.shops,
    beforeId: null,
    limit: 1,
  });
  if (row === undefined) throw new HuidanError('delivery_not_found');
  return toDeliveryJson(row);
}

/** Events that were given up and have not been delivered since, the newest first. */
export async function listDeadLetters(
  ctx: HubContext,
  query: Omit<DeliveryQuery, 'outcome' | 'undelivered'>,
  limits: Limits,
): ReturnType<typeof listDeliveries> {
  return listDeliveries(ctx, { ...query, outcome: 'dead', undelivered: true }, limits);
}

/** How an endpoint's queue stands. Throws `endpoint_not_found`. */
export async function readQueue(
  ctx: HubContext,
  endpointId: string,
): Promise<{
  readonly waiting: number;
  readonly failing: number;
  readonly blocked: number;
  readonly oldestDueAt: string | null;
}> {
  await requireEndpoint(ctx, endpointId);
  const row = await readEndpointQueue(ctx.pool, await readAccountIds(ctx.pool), endpointId);
  return { ...row, oldestDueAt: row.oldestDueAt?.toISOString() ?? null };
}

/** Sends everything that waits for a retry now, such as when a receiver is back. Returns how many subjects. */
export async function retryNow(ctx: HubContext, endpointId: string): Promise<{ readonly subjects: number }> {
  await requireEndpoint(ctx, endpointId);
  const now = new Date(ctx.clock());
  let subjects = 0;
  for (const account of await readAccountIds(ctx.pool))
    subjects += await hastenHeads(ctx.pool, account, endpointId, now);
  ctx.wake.deliveries();
  return { subjects };
}

/**
 * Lets a strict endpoint go on behind the event at which an order stands still. False when it does not stand still.
 * Throws `endpoint_not_found`.
 */
export async function skipBlocked(
  ctx: HubContext,
  endpointId: string,
  account: string,
  order: string,
): Promise<boolean> {
  await requireEndpoint(ctx, endpointId);
  const skipped = await skipBlockedHead(ctx.pool, account, endpointId, order, new Date(ctx.clock()));
  ctx.wake.deliveries(account);
  return skipped;
}

/** The accounts that may be looked at: those of the key, and of them the one asked for. */
export async function visibleAccounts(
  ctx: HubContext,
  limits: Limits,
  asked: string | undefined,
): Promise<readonly string[]> {
  if (asked !== undefined) return limits.accounts === null || limits.accounts.includes(asked) ? [asked] : [];
  return limits.accounts ?? readAccountIds(ctx.pool);
}

async function requireEndpoint(ctx: HubContext, endpointId: string): Promise<void> {
  if ((await readEndpoint(ctx.pool, endpointId)) === undefined) throw new HuidanError('endpoint_not_found');
}

function toDeliveryJson(row: AttemptRow): DeliveryJson {
  return {
    id: row.id,
    at: row.at.toISOString(),
    account: row.account,
    endpoint: row.endpointId,
    event: row.eventId,
    type: row.eventType,
    subject: row.subject,
    sequence: row.sequence,
    attempt: row.attempt,
    outcome: row.outcome,
    statusCode: row.statusCode,
    error: row.error,
    response: row.response,
    durationMs: row.durationMs,
    replay: row.lane === LIVE_LANE ? null : row.lane,
  };
}
