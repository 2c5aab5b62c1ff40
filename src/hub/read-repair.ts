import { HuidanError } from '../core/errors.ts';
import type { Words } from '../core/account-fields.ts';
import { listAccountRecords, readAccountRecord } from '../store/accounts.ts';
import type { AccountRecord } from '../store/accounts.ts';
import { hurryFailedClocks } from '../store/order-clocks.ts';
import { hurryPolls, insertPolls, readPolls } from '../store/repair-polls.ts';
import type { PollRow } from '../store/repair-polls.ts';
import { listRepairedOrders, summarizeRepairs } from '../store/repaired-orders.ts';
import type { RepairSummary } from '../store/repaired-orders.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import type { HubContext } from './context.ts';
import { PUSH_GRACE_MS } from './repair-news.ts';
import { OVERDUE_POLL } from './repair-overdue.ts';
import { NOT_APPLICABLE, pollsOf, secondsBetween } from './repair-run.ts';
import { DOUBT_KIND } from './settle-doubts.ts';

const DAY_MS = 86_400_000;

/** A regular question of an account. Times are RFC 3339. */
export interface PollJson {
  readonly poll: string;
  readonly label: Words;
  readonly everySeconds: number;
  readonly running: boolean;
  readonly nextAt: string;
  readonly finishedAt: string | null;
  /** Of the last run that came to its end. */
  readonly lastPages: number | null;
  readonly lastReports: number | null;
  readonly failures: number;
  readonly code: string | null;
  readonly reason: string | null;
}

/** What an account finds out by asking. */
export interface RepairJson {
  readonly account: string;
  readonly platform: string;
  readonly polls: readonly PollJson[];
  readonly repaired: Omit<RepairSummary, 'account'> & { readonly since: string };
}

/** An order of which only a question told. */
export interface RepairedOrderJson {
  readonly id: string;
  readonly order: string;
  readonly platformOrderId: string | null;
  readonly poll: string;
  readonly statusBefore: string | null;
  readonly statusAfter: string;
  readonly happenedAt: string | null;
  readonly foundAt: string;
}

type Deps = Pick<HubContext, 'pool' | 'clock' | 'registry'>;

/** Accounts that ask their platforms, with what that told since a time (the last day); by id, those after `afterId`. */
export async function readRepair(
  ctx: Deps,
  principal: Principal,
  query: { readonly account?: string | undefined; readonly since?: string | undefined },
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly RepairJson[]> {
  const records =
    query.account === undefined
      ? await visibleAccounts(ctx, principal, page)
      : [await visibleAccount(ctx, principal, query.account)];
  const ids = records.map(({ id }) => id);
  const since = query.since === undefined ? new Date(ctx.clock() - DAY_MS) : new Date(query.since);
  const [polls, sums] = await Promise.all([
    readPolls(ctx.pool, ids),
    summarizeRepairs(ctx.pool, ids, since, PUSH_GRACE_MS / 1000),
  ]);
  return records.map((record): RepairJson => {
    const sum = sums.get(record.id);
    return {
      account: record.id,
      platform: record.platform,
      polls: polls
        .filter(({ account, code }) => account === record.id && code !== NOT_APPLICABLE)
        .flatMap((row) => pollJson(ctx, record, row)),
      repaired: {
        since: since.toISOString(),
        count: sum?.count ?? 0,
        newOrders: sum?.newOrders ?? 0,
        medianSeconds: sum?.medianSeconds ?? null,
        p90Seconds: sum?.p90Seconds ?? null,
        longestSeconds: sum?.longestSeconds ?? null,
      },
    };
  });
}

/** Orders of which only questions told, the youngest first, those before `beforeId`. Error: `account_not_found`. */
export async function readRepairedOrders(
  ctx: Deps,
  principal: Principal,
  accountId: string,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly RepairedOrderJson[]> {
  await visibleAccount(ctx, principal, accountId);
  const rows = await listRepairedOrders(ctx.pool, accountId, principal, page);
  return rows.map((row) => ({
    id: row.id,
    order: row.orderId,
    platformOrderId: row.platformOrderId,
    poll: row.poll,
    statusBefore: row.statusBefore,
    statusAfter: row.statusAfter,
    happenedAt: row.happenedAt?.toISOString() ?? null,
    foundAt: row.foundAt.toISOString(),
  }));
}

/**
 * Makes questions of an account due now, and what was asked in vain about single orders. Errors: `account_not_found`, `account_paused`, `repair_unsupported` (no such
 * question).
 */
export async function runRepairNow(
  ctx: Deps,
  principal: Principal,
  accountId: string,
  poll: string | undefined,
): Promise<readonly { readonly poll: string; readonly state: 'due' | 'running' }[]> {
  const record = await visibleAccount(ctx, principal, accountId);
  if (record.mode === 'paused') throw new HuidanError('account_paused');
  const connector = ctx.registry.get(record.platform);
  const known = connector === undefined ? [] : pollsOf(connector).map(({ name }) => name);
  const wanted = poll === undefined ? known : known.filter((name) => name === poll);
  if (wanted.length === 0) {
    throw new HuidanError('repair_unsupported', known.length === 0 ? undefined : `It has ${known.join(', ')}.`);
  }
  const now = new Date(ctx.clock());
  await insertPolls(
    ctx.pool,
    wanted.map((name) => ({ account: accountId, poll: name, dueAt: now })),
  );
  if (poll === undefined || poll === OVERDUE_POLL) await hurryFailedClocks(ctx.pool, accountId, DOUBT_KIND, now);
  const hurried = new Set(await hurryPolls(ctx.pool, accountId, wanted, now));
  return wanted.map((name) => ({ poll: name, state: hurried.has(name) ? 'due' : 'running' }));
}

function pollJson({ registry }: Deps, record: AccountRecord, row: PollRow): readonly PollJson[] {
  const connector = registry.get(record.platform);
  const poll = connector === undefined ? undefined : pollsOf(connector).find(({ name }) => name === row.poll);
  if (connector === undefined || poll === undefined) return [];
  return [
    {
      poll: row.poll,
      label: poll.label,
      everySeconds: secondsBetween(connector, poll, record.settings),
      running: row.isRunning,
      nextAt: row.dueAt.toISOString(),
      finishedAt: row.finishedAt?.toISOString() ?? null,
      lastPages: row.lastPages,
      lastReports: row.lastReports,
      failures: row.attempts,
      code: row.code,
      reason: row.reason,
    },
  ];
}

/** A key that is limited to shops sees none: an account is more than a shop's. */
async function visibleAccounts(
  ctx: Deps,
  principal: Principal,
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly AccountRecord[]> {
  if (principal.shops !== null) return [];
  const { accounts, merchants } = principal;
  return listAccountRecords(ctx.pool, { ids: accounts, merchants, platform: null, merchant: null, ...page });
}

async function visibleAccount(ctx: Deps, principal: Principal, id: string): Promise<AccountRecord> {
  const record = await readAccountRecord(ctx.pool, id);
  if (record === undefined || !covers(principal, { account: id, merchant: record.merchant, shop: null })) {
    throw new HuidanError('account_not_found');
  }
  return record;
}
