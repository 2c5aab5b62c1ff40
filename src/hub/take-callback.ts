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
  /** Rejected callbacks kept per account and minute: enough for the doctor, too few to fill a disk. Default 120. */
  readonly rejectedPerMinute?: number;
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
  const quota = createQuota(options.rejectedPerMinute ?? 120);

  return async (account, request) => {
    const { connector, view } = account;
    const verification = connector.verify(request, view);
    if (!verification.ok) {
      const reply = connector.reply('rejected', request);
      await noteRejection(ctx, quota, account, request, verification.refusal, reply);
      return { reply, verdict: 'rejected' };
    }
    const { accepted } = verification;
    const content =
      account.row.mode === 'paused' ? ({ kind: 'held' } as const) : parseAccepted(ctx, connector, accepted, view);
    const reply = connector.reply('stored', request, 'replyData' in content ? content.replyData : undefined);
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
  ctx.log.info({ account: accountId, reason: refusal.reason }, 'a callback was rejected');
  if (!quota.take(accountId, request.receivedAt)) return;
  const kept = { ...request, body: request.body.subarray(0, REJECTED_BODY_BYTES) };
  const row = {
    ...openReceipt(ctx, kept, reply, null, ''),
    bodyBytes: request.body.length,
    verdict: 'rejected' as const,
    reason: `${refusal.reason}: ${refusal.detail}`,
    orderIds: [],
  };
  const written = insertReceipts(ctx.pool, accountId, [row], new Date(ctx.clock())).catch((error: unknown) => {
    ctx.log.warn({ err: error, account: accountId }, 'a rejected callback could not be noted down');
  });
  await Promise.race([written, new Promise((resolve) => setTimeout(resolve, REJECTED_WAIT_MS).unref())]);
}

interface Quota {
  take(name: string, nowMs: number): boolean;
}

function createQuota(perMinute: number): Quota {
  const counts = new Map<string, { minute: number; taken: number }>();
  return {
    take(name, nowMs) {
      const minute = Math.floor(nowMs / 60_000);
      const count = counts.get(name);
      if (count === undefined || count.minute !== minute) {
        counts.set(name, { minute, taken: 1 });
        return true;
      }
      count.taken += 1;
      return count.taken <= perMinute;
    },
  };
}
