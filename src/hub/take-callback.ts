import { believable, TRY_AGAIN } from '../core/connector.ts';
import type { AccountView, Connector, Parsed, Refusal, Reply } from '../core/connector.ts';
import type { Accepted, CallbackRequest } from '../core/accept.ts';
import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { insertReceipts, sealRequest } from '../store/receipts.ts';
import type { Verdict } from '../store/receipts.ts';
import type { KnownAccount } from './account-directory.ts';
import type { OpenReceipt } from './apply-batch.ts';
import type { HubContext } from './context.ts';
import type { GroupCommit } from './group-commit.ts';

/** How a callback ended, for metrics and tests. */
export interface TakenCallback {
  readonly reply: Reply;
  readonly verdict: Verdict | 'try_again';
}

export interface TakeCallbackOptions {
  /** Rejected callbacks kept per account and minute: enough for the doctor. Default 120. */
  readonly rejectedPerMinute?: number;
  /**
   * Bytes of them kept per account and hour: anybody can send what is rejected, and 120 large ones a minute would fill
   * 11 GB a day. Default 4 MiB, which is thousands of genuine callbacks.
   */
  readonly rejectedBytesPerHour?: number;
}

/** Rejected bodies are kept up to this size; a genuine callback is a few KiB. */
const REJECTED_BODY_BYTES = 65_536;
/** How long a rejection may wait for being noted down; its reply does not depend on it. */
const REJECTED_WAIT_MS = 500;

export type TakeCallback = (account: KnownAccount, request: CallbackRequest) => Promise<TakenCallback>;

/** The use case behind every callback address: verify, store and apply, then acknowledge in the platform's own bytes. */
export function createTakeCallback(
  ctx: HubContext,
  commits: GroupCommit,
  options: TakeCallbackOptions = {},
): TakeCallback {
  const quota = createQuota(options.rejectedPerMinute ?? 120, options.rejectedBytesPerHour ?? 4_194_304);

  return async (account, request) => {
    const { connector, view } = account;
    const verification = connector.verify(request, view);
    if (!verification.ok) {
      const reply = connector.reply('rejected', request);
      await noteRejection(ctx, quota, account, request, verification.refusal, reply);
      return { reply, verdict: 'rejected' };
    }
    const { accepted } = verification;
    const parsed = parseAccepted(ctx, connector, accepted, view);
    // A paused account reads nothing into its orders, but what the platform waits for in the answer it gets all the same.
    const content = account.row.mode === 'paused' ? ({ kind: 'held' } as const) : parsed;
    const reply = connector.reply('stored', request, 'replyData' in parsed ? parsed.replyData : undefined);
    const receipt = openReceipt(ctx, request, reply, accepted.evidence.kind, accepted.evidence.fingerprint);
    try {
      const { verdict } = await commits.submit(account, { receipt, stored: false, content, source: 'callback' });
      ctx.crash('take.before-reply');
      return { reply, verdict };
    } catch (error) {
      if (!(error instanceof HuidanError)) throw error;
      ctx.log.warn(
        { code: error.code, account: account.row.id },
        'a callback was not stored; its sender was told to try again',
      );
      return { reply: TRY_AGAIN, verdict: 'try_again' };
    }
  };
}

/** What an accepted request says. A connector that throws has met a shape that it does not know: kept, never lost. */
export function parseAccepted(
  ctx: Pick<HubContext, 'log'>,
  connector: Connector,
  accepted: Accepted,
  view: AccountView,
): Parsed {
  try {
    return believable(connector.parse(accepted, view), accepted.evidence);
  } catch (error) {
    ctx.log.error({ err: error, account: view.id }, 'a connector failed to read a genuine callback');
    return { kind: 'unrecognised', reason: 'the connector could not read it' };
  }
}

function openReceipt(
  ctx: Pick<HubContext, 'randomBytes' | 'sealer'>,
  request: CallbackRequest,
  reply: Reply,
  evidence: string | null,
  fingerprint: string,
): OpenReceipt {
  return {
    id: newId('rcp', request.receivedAt, ctx.randomBytes),
    receivedAt: new Date(request.receivedAt),
    method: request.method,
    topic: request.topic,
    raw: sealRequest(ctx.sealer, request),
    bodyBytes: request.body.length,
    evidence,
    secretFingerprint: fingerprint === '' ? null : fingerprint,
    replyStatus: reply.status,
    replyBody: reply.body,
  };
}

async function noteRejection(
  ctx: HubContext,
  quota: Quota,
  account: KnownAccount,
  request: CallbackRequest,
  refusal: Refusal,
  reply: Reply,
): Promise<void> {
  const accountId = account.row.id;
  const room = quota.take(accountId, request.receivedAt);
  // Nor may the log grow as fast as anybody likes to send; the metrics count them all.
  if (room === 'last') ctx.log.warn({ account: accountId }, 'callbacks are rejected faster than they are noted down');
  if (room === 'none') return;
  ctx.log.info({ account: accountId, reason: refusal.reason }, 'a callback was rejected');
  const kept = { ...request, body: request.body.subarray(0, REJECTED_BODY_BYTES) };
  const row = {
    ...openReceipt(ctx, kept, reply, null, ''),
    bodyBytes: request.body.length,
    verdict: 'rejected' as const,
    reason: `${refusal.reason}: ${refusal.detail}`,
    orderIds: [],
  };
  quota.spend(accountId, row.raw.length);
  const written = insertReceipts(ctx.pool, accountId, [row], new Date(ctx.clock())).catch((error: unknown) => {
    ctx.log.warn({ err: error, account: accountId }, 'a rejected callback could not be noted down');
  });
  await Promise.race([written, new Promise((resolve) => setTimeout(resolve, REJECTED_WAIT_MS).unref())]);
}

interface Quota {
  /** Whether one more is kept; `last`: the last one of this minute. */
  take(name: string, nowMs: number): 'some' | 'last' | 'none';
  spend(name: string, bytes: number): void;
}

function createQuota(perMinute: number, bytesPerHour: number): Quota {
  const counts = new Map<string, { minute: number; taken: number; hour: number; bytes: number }>();
  return {
    take(name, nowMs) {
      const minute = Math.floor(nowMs / 60_000);
      const hour = Math.floor(nowMs / 3_600_000);
      const count = counts.get(name) ?? { minute, taken: 0, hour, bytes: 0 };
      counts.set(name, count);
      if (count.hour !== hour) Object.assign(count, { hour, bytes: 0 });
      if (count.minute !== minute) Object.assign(count, { minute, taken: 0 });
      if (count.bytes >= bytesPerHour) return 'none';
      count.taken += 1;
      return count.taken < perMinute ? 'some' : count.taken === perMinute ? 'last' : 'none';
    },
    spend(name, bytes) {
      const count = counts.get(name);
      if (count !== undefined) count.bytes += bytes;
    },
  };
}
