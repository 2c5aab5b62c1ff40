import { newId } from '../core/ids.ts';
import { sameJson } from '../core/json.ts';
import type { Json } from '../core/json.ts';
import type { TimeMs } from '../core/time.ts';
import { readAccountRecord } from '../store/accounts.ts';
import {
  claimSweeps,
  closeItems,
  hurrySweeps,
  insertSweeps,
  openItems,
  readLiveItems,
  releaseSweep,
  removeSweep,
  updateDetails,
} from '../store/attention.ts';
import type { AttentionRow } from '../store/attention.ts';
import { takeSequences } from '../store/event-subjects.ts';
import { readLivingAccounts } from '../store/repair-polls.ts';
import { transaction } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import { readCauses } from './attention-causes.ts';
import type { Cause } from './attention-causes.ts';
import { attentionJson } from './attention-json.ts';
import type { HubContext } from './context.ts';
import { holdFeed, publishEvents } from './publish-events.ts';
import type { NewEvent } from './publish-events.ts';

/** What changes in silence, such as a receiver that is given up or an hour that passes, is seen within this time. */
const SWEEP_EVERY_MS = 30_000;
/** After a change: a burst of callbacks makes one look. */
const AFTER_CHANGE_MS = 2000;
const LEASE_MS = 30_000;
const ACCOUNTS_AT_ONCE = 4;
const PLAN_EVERY_MS = 10_000;

/**
 * A step that holds the attention queue to what wants attention now: each account is looked at every half a minute, and
 * soon after each of its changes that this process commits. Opens what is new, closes what has gone, tells both by
 * events. Returns how many accounts it looked at. `stop` ends its listening.
 */
export function createAttention(
  ctx: HubContext,
  options: {
    /** While callbacks flood in, only the half minute counts: they need the disk more than anybody the list. */
    readonly isIntakeBusy?: () => boolean;
  } = {},
): { run(): Promise<number>; stop(): void } {
  const changed = new Set<string>();
  let plannedMs: TimeMs | undefined;
  const stop = ctx.wake.onDeliveries((accountId) => {
    if (accountId !== undefined) changed.add(accountId);
  });
  return {
    stop,
    async run() {
      const nowMs = ctx.clock();
      if (plannedMs === undefined || Math.abs(nowMs - plannedMs) >= PLAN_EVERY_MS) {
        const accounts = await readLivingAccounts(ctx.pool);
        await insertSweeps(
          ctx.pool,
          accounts.map(({ id }) => id),
          new Date(nowMs),
        );
        plannedMs = nowMs;
      }
      // One that is being looked at now is hurried the next time.
      const hurried = options.isIntakeBusy?.() === true ? [] : [...changed];
      for (const id of await hurrySweeps(ctx.pool, hurried, new Date(nowMs + AFTER_CHANGE_MS))) changed.delete(id);
      const lease = newId('req', nowMs, ctx.randomBytes);
      const claimed = await claimSweeps(ctx.pool, {
        now: new Date(nowMs),
        leaseUntil: new Date(nowMs + LEASE_MS),
        lease,
        limit: ACCOUNTS_AT_ONCE,
      });
      for (const accountId of claimed) {
        try {
          await sweepAccount(ctx, accountId);
        } catch (error) {
          ctx.log.warn({ err: error, account: accountId }, 'an account could not be looked at; it is looked at again');
        }
        await releaseSweep(ctx.pool, accountId, lease, new Date(ctx.clock() + SWEEP_EVERY_MS));
      }
      return claimed.length;
    },
  };
}

/** Holds the queue of an account to what wants attention in it now. */
export async function sweepAccount(ctx: HubContext, accountId: string): Promise<void> {
  const nowMs = ctx.clock();
  const account = await readAccountRecord(ctx.pool, accountId);
  // The live ones first: what a cause opened meanwhile is then not taken for one whose cause is gone.
  const live = await readLiveItems(ctx.pool, accountId);
  const { causes, cut } =
    account === undefined ? { causes: [], cut: new Set<string>() } : await readCauses(ctx, accountId, nowMs);
  if (account === undefined) await removeSweep(ctx.pool, accountId);

  const keyOf = ({ kind, subject }: { readonly kind: string; readonly subject: string }): string =>
    `${kind} ${subject}`;
  const held = new Map(live.map((item) => [keyOf(item), item]));
  const wanted = new Map(causes.map((cause) => [keyOf(cause), cause]));
  const fresh = causes.filter((cause) => !held.has(keyOf(cause)));
  const gone = live.filter((item) => !wanted.has(keyOf(item)) && !cut.has(item.kind));
  const altered = live.flatMap((item) => {
    const detail = wanted.get(keyOf(item))?.detail;
    const isSame = detail === undefined || sameJson(detail, item.detail);
    return isSame ? [] : [{ id: item.id, detail }];
  });
  await updateDetails(ctx.pool, accountId, altered, new Date(nowMs));
  if (fresh.length === 0 && gone.length === 0) return;
  const about = { id: accountId, platform: account?.platform ?? '', merchant: account?.merchant ?? null };
  await transaction(ctx.pool, (tx) => change(ctx, tx, about, fresh, gone));
  // Wakes this step, too, which then finds nothing more to change.
  ctx.wake.deliveries(accountId);
}

interface About {
  readonly id: string;
  readonly platform: string;
  readonly merchant: string | null;
}

async function change(
  ctx: HubContext,
  tx: Tx,
  account: About,
  fresh: readonly Cause[],
  gone: readonly AttentionRow[],
): Promise<void> {
  const feed = await holdFeed(ctx, tx, account.id);
  const now = feed.createdAt;
  const items = fresh.map(({ name: _name, merchant, ...cause }) => ({
    ...cause,
    id: newId('atn', now.getTime(), ctx.randomBytes),
    merchant: merchant ?? account.merchant,
  }));
  const opened = await openItems(tx, account.id, items, now);
  const closed = await closeItems(
    tx,
    account.id,
    gone.map(({ id }) => id),
    now,
  );
  const events = [
    ...(await attentionEvents(tx, account, opened, 'attention.opened', now.getTime())),
    ...(await attentionEvents(tx, account, closed, 'attention.closed', now.getTime())),
  ];
  publishEvents(ctx, tx, account.id, feed, events);
}

/** An event an item, numbered per item. */
export async function attentionEvents(
  tx: Tx,
  account: Pick<About, 'id' | 'platform'>,
  items: readonly AttentionRow[],
  type: 'attention.opened' | 'attention.closed',
  nowMs: TimeMs,
): Promise<readonly NewEvent[]> {
  if (items.length === 0) return [];
  const subjectOf = ({ id }: AttentionRow): string => `attention:${id}`;
  const sequences = await takeSequences(tx, account.id, new Map(items.map((item) => [subjectOf(item), 1])));
  return items.map((item) => ({
    subject: subjectOf(item),
    sequence: sequences.get(subjectOf(item)) ?? 1,
    type,
    previousStatus: null,
    merchant: item.merchant,
    shop: item.shop,
    receiptId: null,
    body: {
      account: account.id,
      platform: account.platform,
      attention: attentionJson(item, account.platform, nowMs) as unknown as Json,
    },
  }));
}
