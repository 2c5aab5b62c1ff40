import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { RandomBytes } from '../core/ids.ts';
import { isStorableText } from '../core/json.ts';
import * as store from '../store/endpoints.ts';
import type { EndpointKind, EndpointRow, EndpointState } from '../store/endpoints.ts';
import { deleteHeads } from '../store/replays.ts';
import { joinTransaction } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { HubContext } from './context.ts';
import { openTarget } from './deliver-endpoints.ts';
import { readRetryPolicy } from './deliver-retry.ts';
import type { RetryPolicy } from './deliver-retry.ts';
import { createSender } from './deliver-send.ts';
import type { SendResult } from './deliver-send.ts';
import { checkTargetUrl } from './target-guard.ts';
import type { Resolve, TargetFault, TargetPolicy } from './target-guard.ts';
import { toSecretText, webhookRequest } from './webhook-request.ts';

/** What a user says of an endpoint. Left out: as it was, or the default. */
export interface EndpointInput {
  readonly url?: string;
  /** Patterns such as `order.*`, `order.paid` or `*`. */
  readonly events?: readonly string[];
  readonly kind?: EndpointKind;
  readonly personalData?: boolean;
  /** Limits; null or left out: all. */
  readonly accounts?: readonly string[] | null;
  readonly merchants?: readonly string[] | null;
  readonly shops?: readonly string[] | null;
  /** A delivery that was given up holds back its successors. */
  readonly strict?: boolean;
  /** See `readRetryPolicy`. */
  readonly retry?: unknown;
  readonly description?: string | null;
}

/** An endpoint as the API shows it. Its secret is shown once, by `createEndpoint` and `rotateEndpointSecret`. */
export interface EndpointJson {
  readonly id: string;
  readonly url: string;
  readonly kind: EndpointKind;
  readonly events: readonly string[];
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
  readonly personalData: boolean;
  readonly strict: boolean;
  readonly retry: RetryPolicy;
  readonly state: EndpointState;
  readonly description: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const SECRET_BYTES = 32;
const MAX_URL_LENGTH = 2048;
const MAX_LIST = 1000;
const MAX_TEXT_LENGTH = 200;
const EVENT_PATTERN = /^(?:\*|[a-z][a-z_]*(?:\.[a-z][a-z_]*)*(?:\.\*)?)$/u;

/**
 * Creates an endpoint and its signing secret, which is shown only here. Throws `malformed_request`,
 * `endpoint_url_refused` and `personal_data_refused`. With `tx` it is done there, and its owner wakes the deliveries.
 */
export async function createEndpoint(
  ctx: HubContext,
  input: EndpointInput,
  policy: TargetPolicy,
  outer?: Tx,
): Promise<EndpointJson & { readonly secret: string }> {
  if (input.url === undefined) throw malformed('url', 'is needed');
  if (input.events === undefined && input.kind !== 'raw') throw malformed('events', 'is needed');
  const nowMs = ctx.clock();
  const now = new Date(nowMs);
  const blank: EndpointRow = {
    id: newId('ep', nowMs, ctx.randomBytes),
    url: '',
    kind: 'events',
    events: ['*'],
    accounts: null,
    merchants: null,
    shops: null,
    personalData: false,
    strict: false,
    retry: null,
    state: 'enabled',
    description: null,
    createdAt: now,
    updatedAt: now,
  };
  const row = changed(blank, input, policy);
  const secret = newSecret(ctx.randomBytes);
  await joinTransaction(ctx.pool, outer, async (tx) => {
    await store.insertEndpoint(tx, row);
    await store.insertEndpointSecret(tx, row.id, ctx.sealer.seal(secret), now);
  });
  ctx.wake.deliveries();
  return { ...toEndpointJson(row), secret };
}

/** Throws `endpoint_not_found`. */
export async function getEndpoint(ctx: HubContext, id: string): Promise<EndpointJson> {
  const row = await store.readEndpoint(ctx.pool, id);
  if (row === undefined) throw new HuidanError('endpoint_not_found');
  return toEndpointJson(row);
}

/** Endpoints, oldest first. `cursor` is the `nextCursor` of the page before. */
export async function listEndpoints(
  ctx: HubContext,
  page: { readonly limit: number; readonly cursor?: string },
): Promise<{ readonly data: readonly EndpointJson[]; readonly nextCursor: string | null }> {
  const after = page.cursor ?? '';
  if (after !== '' && !/^ep_[0-9a-z]{1,40}$/u.test(after)) throw new HuidanError('malformed_cursor');
  const rows = await store.listEndpointRows(ctx.pool, after, page.limit + 1);
  const shown = rows.slice(0, page.limit);
  return {
    data: shown.map((row) => toEndpointJson(row)),
    nextCursor: rows.length > page.limit ? (shown.at(-1)?.id ?? null) : null,
  };
}

/** Changes what the input names. Throws as `createEndpoint` does, and `endpoint_not_found`. */
export async function updateEndpoint(
  ctx: HubContext,
  id: string,
  input: EndpointInput,
  policy: TargetPolicy,
  outer?: Tx,
): Promise<EndpointJson> {
  return change(ctx, id, (row) => changed(row, input, policy), outer);
}

/** Switches an endpoint on or off. What happens while it is off waits for it. Throws `endpoint_not_found`. */
export async function setEndpointState(
  ctx: HubContext,
  id: string,
  state: EndpointState,
  outer?: Tx,
): Promise<EndpointJson> {
  return change(ctx, id, (row) => ({ ...row, state }), outer);
}

async function change(
  ctx: HubContext,
  id: string,
  next: (row: EndpointRow) => EndpointRow,
  outer: Tx | undefined,
): Promise<EndpointJson> {
  const row = await joinTransaction(ctx.pool, outer, async (tx) => {
    const before = await store.lockEndpoint(tx, id);
    if (before === undefined) throw new HuidanError('endpoint_not_found');
    const after = { ...next(before), updatedAt: new Date(ctx.clock()) };
    await store.updateEndpoint(tx, after);
    return after;
  });
  ctx.wake.deliveries();
  return toEndpointJson(row);
}

const DELETE_CHUNK = 5000;

/** Removes an endpoint and what waits for it. Its past deliveries stay. Throws `endpoint_not_found`. */
export async function deleteEndpoint(ctx: HubContext, id: string): Promise<void> {
  if (!(await store.deleteEndpointRow(ctx.pool, id))) throw new HuidanError('endpoint_not_found');
  ctx.wake.deliveries();
  for (const account of await store.readAccountIds(ctx.pool)) {
    while ((await deleteHeads(ctx.pool, account, id, null, DELETE_CHUNK)) === DELETE_CHUNK);
  }
}

const MAX_OVERLAP_SECONDS = 30 * 86_400;

/**
 * Gives an endpoint a new secret and returns it. The one before stays valid for `oldValidSeconds` (0 to 30 days): until
 * then each delivery is signed by both.
 */
export async function rotateEndpointSecret(
  ctx: HubContext,
  id: string,
  oldValidSeconds = 86_400,
  outer?: Tx,
): Promise<{ readonly secret: string; readonly oldValidUntil: string }> {
  if (!Number.isInteger(oldValidSeconds) || oldValidSeconds < 0 || oldValidSeconds > MAX_OVERLAP_SECONDS) {
    throw malformed('oldValidSeconds', `is a whole number from 0 to ${MAX_OVERLAP_SECONDS}`);
  }
  const secret = newSecret(ctx.randomBytes);
  const now = new Date(ctx.clock());
  const until = new Date(now.getTime() + oldValidSeconds * 1000);
  await joinTransaction(ctx.pool, outer, async (tx) => {
    if ((await store.lockEndpoint(tx, id)) === undefined) throw new HuidanError('endpoint_not_found');
    await store.endEndpointSecrets(tx, id, now, until);
    await store.insertEndpointSecret(tx, id, ctx.sealer.seal(secret), now);
  });
  ctx.wake.deliveries();
  return { secret, oldValidUntil: until.toISOString() };
}

/**
 * Sends a `huidan.test` event at once, past all queues, and tells what came of it. Nothing of it is stored. Throws
 * `endpoint_not_found`.
 */
export async function testEndpoint(
  ctx: HubContext,
  id: string,
  policy: TargetPolicy & { readonly timeoutMs?: number; readonly resolve?: Resolve },
): Promise<SendResult & { readonly delivered: boolean; readonly event: string }> {
  const row = await store.readEndpoint(ctx.pool, id);
  if (row === undefined) throw new HuidanError('endpoint_not_found');
  const secrets = await store.readEndpointSecrets(ctx.pool, id);
  const target = openTarget(ctx, { ...row, secrets });
  const nowMs = ctx.clock();
  const event = newId('evt', nowMs, ctx.randomBytes);
  const timestamp = new Date(nowMs).toISOString();
  const body = JSON.stringify({
    id: event,
    type: 'huidan.test',
    timestamp,
    data: { sequence: 1, previousSequence: null, endpoint: id },
  });
  const sender = createSender(ctx.clock, { ...policy, connections: 1, timeoutMs: policy.timeoutMs ?? 15_000 });
  try {
    const result = await sender.send(id, target.url, webhookRequest(target.url, target.keys(), event, body, nowMs))
      .result;
    return { ...result, event, delivered: result.status !== null && result.status >= 200 && result.status < 300 };
  } finally {
    await sender.close();
  }
}

function newSecret(randomBytes: RandomBytes): string {
  return toSecretText(randomBytes(SECRET_BYTES));
}

function toEndpointJson(row: EndpointRow): EndpointJson {
  return {
    ...row,
    retry: row.retry as RetryPolicy,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

const URL_FAULTS: Readonly<Record<TargetFault, string>> = {
  not_a_url: 'It is not a URL.',
  not_http: 'It must begin with https:// or http://.',
  has_userinfo: 'It must not hold a user or a password.',
  private_address: 'It is not on the public Internet; HUIDAN_ALLOW_PRIVATE_TARGETS allows that.',
};

/** The row with the input laid over it, checked as a whole. */
function changed(row: EndpointRow, input: EndpointInput, policy: TargetPolicy): EndpointRow {
  const next: EndpointRow = {
    ...row,
    url: input.url ?? row.url,
    kind: input.kind ?? row.kind,
    events: input.events === undefined ? row.events : patterns(input.events),
    accounts: input.accounts === undefined ? row.accounts : texts('accounts', input.accounts),
    merchants: input.merchants === undefined ? row.merchants : texts('merchants', input.merchants),
    shops: input.shops === undefined ? row.shops : texts('shops', input.shops),
    personalData: input.personalData ?? row.personalData,
    strict: input.strict ?? row.strict,
    retry: input.retry === undefined ? row.retry : readRetryPolicy(input.retry),
    description: input.description === undefined ? row.description : description(input.description),
  };
  if (next.kind !== 'events' && next.kind !== 'raw') throw malformed('kind', 'is events or raw');
  const target =
    next.url.length > MAX_URL_LENGTH ? ({ fault: 'not_a_url' } as const) : checkTargetUrl(next.url, policy);
  if ('fault' in target) throw new HuidanError('endpoint_url_refused', URL_FAULTS[target.fault]);
  // A raw callback holds what the platform sent, and so the customer's data.
  const personal = next.personalData || next.kind === 'raw';
  if (personal && target.url.protocol !== 'https:' && !policy.allowPrivateTargets) {
    throw new HuidanError('personal_data_refused');
  }
  return { ...next, url: target.url.href };
}

function patterns(events: readonly string[]): readonly string[] {
  if (events.length === 0 || events.length > MAX_LIST) throw malformed('events', `holds 1 to ${MAX_LIST} patterns`);
  for (const pattern of events) {
    if (pattern.length > MAX_TEXT_LENGTH || !EVENT_PATTERN.test(pattern)) {
      throw malformed(
        'events',
        `${JSON.stringify(pattern.slice(0, 60))} is no pattern: write order.paid, order.* or *`,
      );
    }
  }
  return [...new Set(events)];
}

function texts(field: string, list: readonly string[] | null): readonly string[] | null {
  if (list === null) return null;
  const isFine = (text: string): boolean => text !== '' && text.length <= MAX_TEXT_LENGTH && isStorableText(text);
  if (list.length === 0 || list.length > MAX_LIST || !list.every((text) => isFine(text))) {
    throw malformed(field, `is null for all, or 1 to ${MAX_LIST} ids`);
  }
  return [...new Set(list)];
}

function description(text: string | null): string | null {
  if (text !== null && (text.length > 1000 || !isStorableText(text)))
    throw malformed('description', 'has up to 1000 characters');
  return text;
}

function malformed(field: string, message: string): HuidanError {
  return new HuidanError('malformed_request', undefined, { fields: [{ field, message }] });
}
