import { HuidanError } from '../core/errors.ts';
import { openRequest, readHeldReceipts, readReceipt } from '../store/receipts.ts';
import type { StoredReceipt } from '../store/receipts.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import type { Intake, IntakeResult } from './apply-batch.ts';
import type { HubContext } from './context.ts';
import type { GroupCommit } from './group-commit.ts';
import { parseAccepted } from './take-callback.ts';

export interface RedriveDeps {
  readonly accounts: AccountDirectory;
  readonly commits: GroupCommit;
}

/**
 * Verifies and applies a stored callback once more: after a secret was put right, a connector learned a status, or a
 * paused account went live. What was applied before is a duplicate and changes nothing.
 *
 * Errors: `account_not_found`, `callback_not_found`, `redrive_refused` (cut body, still not verified, account paused).
 */
export async function redriveCallback(
  ctx: HubContext,
  deps: RedriveDeps,
  accountId: string,
  receiptId: string,
): Promise<IntakeResult> {
  const account = await deps.accounts.find(accountId);
  if (account === undefined) throw new HuidanError('account_not_found');
  const receipt = await readReceipt(ctx.pool, accountId, receiptId);
  if (receipt === undefined) throw new HuidanError('callback_not_found');
  if (account.row.mode === 'paused') throw new HuidanError('redrive_refused', 'The account is paused.');
  const intake = reopen(ctx, account, receipt);
  if (typeof intake === 'string') throw new HuidanError('redrive_refused', intake);
  return deps.commits.submit(account, intake);
}

/** Applies what came while the account was paused, oldest first. Returns how many. Safe to run again after a crash. */
export async function applyHeldCallbacks(ctx: HubContext, deps: RedriveDeps, accountId: string): Promise<number> {
  let applied = 0;
  for (;;) {
    const account = await deps.accounts.find(accountId);
    if (account === undefined || account.row.mode === 'paused') return applied;
    const held = await readHeldReceipts(ctx.pool, accountId, 200);
    if (held.length === 0) return applied;
    await Promise.all(
      held.map((receipt) => {
        const intake = reopen(ctx, account, receipt);
        return deps.commits.submit(account, typeof intake === 'string' ? asUnrecognised(receipt, intake) : intake);
      }),
    );
    applied += held.length;
  }
}

/** The stored request as a fresh intake, or why it cannot be one. */
function reopen(ctx: HubContext, account: KnownAccount, receipt: StoredReceipt): Intake | string {
  const { query, headers, body } = openRequest(ctx.sealer, receipt.raw);
  if (body.length < receipt.body_bytes) return 'Its body was too large to keep whole.';
  const request = {
    method: receipt.method === 'GET' ? ('GET' as const) : ('POST' as const),
    topic: receipt.topic,
    query,
    headers,
    body,
    receivedAt: receipt.received_at.getTime(),
  };
  // What was believed when it came stays believable after its secret has run out; a rejected one needs a valid secret.
  const view = receipt.verdict === 'rejected' ? account.view : account.viewWithOldSecrets;
  const verification = account.connector.verify(request, view);
  if (!verification.ok) return `It does not verify: ${verification.refusal.detail}`;
  const { accepted } = verification;
  return {
    receipt: {
      ...asOpenReceipt(receipt),
      evidence: accepted.evidence.kind,
      secretFingerprint: accepted.evidence.fingerprint === '' ? null : accepted.evidence.fingerprint,
    },
    stored: true,
    content: parseAccepted(ctx, account.connector, accepted, view),
    source: 'callback',
  };
}

function asOpenReceipt(receipt: StoredReceipt): NonNullable<Intake['receipt']> {
  return {
    id: receipt.id,
    receivedAt: receipt.received_at,
    method: receipt.method,
    topic: receipt.topic,
    raw: receipt.raw,
    bodyBytes: receipt.body_bytes,
    evidence: null,
    secretFingerprint: null,
    replyStatus: 200,
    replyBody: '',
  };
}

const asUnrecognised = (receipt: StoredReceipt, reason: string): Intake => ({
  receipt: asOpenReceipt(receipt),
  stored: true,
  content: { kind: 'unrecognised', reason },
  source: 'callback',
});
