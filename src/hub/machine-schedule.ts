import { newId } from '../core/ids.ts';
import { claimMachineSyncs, endMachineSync, enrolMachineAccounts } from '../store/machine-syncs.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { syncMachines } from './machine-sync.ts';

/** Accounts at once; the others wait for the next round, a second later. */
const CLAIM_LIMIT = 4;
/** A hundred machines, two calls each, two at a time. */
const LEASE_MS = 600_000;
const DEFAULT_SECONDS = 300;
/** After the first failure, then twice as long each time, up to the account's own interval. */
const FIRST_RETRY_MS = 15_000;

/** Reads the machines of the accounts whose time it is. Returns how many accounts it took. */
export async function runDueMachineSyncs(
  ctx: HubContext,
  deps: { readonly accounts: AccountDirectory },
): Promise<number> {
  const platforms = ctx.registry.all.filter(({ machines }) => machines !== undefined).map(({ id }) => id);
  const nowMs = ctx.clock();
  await enrolMachineAccounts(ctx.pool, platforms, new Date(nowMs));
  const lease = newId('req', nowMs, ctx.randomBytes);
  const leaseUntil = new Date(nowMs + LEASE_MS);
  const claimed = await claimMachineSyncs(ctx.pool, { now: new Date(nowMs), leaseUntil, lease, limit: CLAIM_LIMIT });
  await Promise.all(
    claimed.map(async ({ account: accountId, attempts }) => {
      const account = await deps.accounts.find(accountId);
      if (account === undefined) return;
      await endMachineSync(ctx.pool, accountId, lease, await syncAccount(ctx, account, attempts));
    }),
  );
  return claimed.length;
}

async function syncAccount(
  ctx: HubContext,
  account: KnownAccount,
  attempts: number,
): Promise<Parameters<typeof endMachineSync>[3]> {
  const everyMs = everySecondsOf(account) * 1000;
  const about = { account: account.row.id };
  try {
    const answer = await syncMachines(ctx, account);
    const nowMs = ctx.clock();
    if (answer.ok) {
      const [first] = answer.value.failed;
      const trouble = {
        code: first?.code ?? null,
        reason: first === undefined ? null : `${first.machine}: ${first.message}`,
      };
      return { dueAt: new Date(nowMs + everyMs), attempts: 0, doneAt: new Date(nowMs), ...trouble };
    }
    const { code, message } = answer.refusal;
    // Said once: a platform that is away says the same every few minutes.
    if (attempts === 0) ctx.log.warn({ ...about, code }, 'the machines of an account could not be read');
    return { ...later(nowMs, attempts, everyMs), code, reason: message };
  } catch (error) {
    ctx.log.error({ ...about, err: error }, 'what a platform said of its machines could not be written');
    const reason = 'The hub could not write the answer; the log has the details.';
    return { ...later(ctx.clock(), attempts, everyMs), code: 'internal', reason };
  }
}

const later = (nowMs: number, attempts: number, everyMs: number) => ({
  dueAt: new Date(nowMs + Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempts, 10), Math.max(everyMs, FIRST_RETRY_MS))),
  attempts: attempts + 1,
  doneAt: null,
});

function everySecondsOf({ view }: KnownAccount): number {
  const { machineSyncSeconds } = view.settings;
  return typeof machineSyncSeconds === 'number' ? machineSyncSeconds : DEFAULT_SECONDS;
}
