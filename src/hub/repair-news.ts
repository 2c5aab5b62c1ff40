import { HuidanError } from '../core/errors.ts';
import type { Report } from '../core/fact.ts';
import { reportKey } from '../core/fact.ts';
import { newId } from '../core/ids.ts';
import type { OrderJson } from '../core/order-json.ts';
import type { StoreNotice } from '../core/store-binding.ts';
import type { TimeMs } from '../core/time.ts';
import { insertRepairedOrders } from '../store/repaired-orders.ts';
import { loadOrders } from '../store/orders.ts';
import type { KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import type { GroupCommit } from './group-commit.ts';
import { rulesOf } from './order-rules.ts';
import { OrderSet } from './order-set.ts';

/** Found so soon after it happened, its push is perhaps only on its way: it does not count as one that never came. */
export const PUSH_GRACE_MS = 60_000;

/** A report that tells what the hub did not know. */
interface News {
  readonly report: Report;
  /** null: the hub did not know the order. */
  readonly before: OrderJson | null;
  readonly after: OrderJson;
}

export interface NewsDeps {
  readonly commits: GroupCommit;
  /** Called for each order that only a question told of; `lagMs` null: the platform does not say when it happened. */
  onRepaired?(account: string, platform: string, lagMs: number | null): void;
}

/**
 * Lets those reports of a platform's answer take effect that change how an order looks, through the same door as
 * callbacks, and notes down which orders that were. The others are left out: a list that is read every few minutes says
 * the same thing of every order each time, and a stored fact for each would bury what has happened.
 * `askedAt`: when it was asked; a report of that very time has no time of its own. Returns how many orders changed.
 */
export async function takeNews(
  ctx: HubContext,
  deps: NewsDeps,
  account: KnownAccount,
  answer: { readonly reports: readonly Report[]; readonly stores?: readonly StoreNotice[] },
  { poll, askedAt }: { readonly poll: string; readonly askedAt: TimeMs },
): Promise<number> {
  const news = await newsOf(ctx, account, answer.reports);
  const stores = answer.stores ?? [];
  if (stores.length > 0) await submit(ctx, deps, account, { reports: [], stores });
  const taken = await Promise.all(
    news.map(async (item) => ({ ...item, ids: await submit(ctx, deps, account, { reports: [item.report] }) })),
  );
  const foundAt = new Date(ctx.clock());
  const orders = Map.groupBy(
    taken.flatMap(({ ids, ...item }) => ids.map((id) => ({ ...item, id }))),
    ({ id }) => id,
  );
  const rows = [...orders].flatMap(([orderId, own]) => {
    const [first] = own;
    const last = own.at(-1);
    if (first === undefined || last === undefined) return [];
    const happened = happenedAt(first, askedAt);
    const happenedMs = happened === null ? null : Math.min(happened, foundAt.getTime());
    deps.onRepaired?.(
      account.row.id,
      account.row.platform,
      happenedMs === null ? null : foundAt.getTime() - happenedMs,
    );
    return [
      {
        id: newId('rep', foundAt.getTime(), ctx.randomBytes),
        orderId,
        poll,
        statusBefore: first.before?.status ?? null,
        statusAfter: last.after.status,
        happenedAt: happenedMs === null ? null : new Date(happenedMs),
        foundAt,
      },
    ];
  });
  await insertRepairedOrders(ctx.pool, account.row.id, rows);
  return rows.length;
}

/** Those reports of a list that change how an order looks, tried out in memory in their order. */
async function newsOf(ctx: HubContext, account: KnownAccount, reports: readonly Report[]): Promise<readonly News[]> {
  if (reports.length === 0) return [];
  const accountId = account.row.id;
  const named = reports.flatMap(({ aliases }) => aliases);
  const { aliases, orders } = await loadOrders(ctx.pool, ctx.sealer, accountId, named);
  const now = ctx.clock();
  const set = new OrderSet(
    {
      account: accountId,
      platform: account.row.platform,
      merchant: account.row.merchant,
      rules: rulesOf(account.connector),
      now,
      newOrderId: () => newId('ord', now, ctx.randomBytes),
    },
    { orders, aliases, knownFacts: new Set(), labels: new Map() },
  );
  const shown = new Map<string, OrderJson>();
  const news: News[] = [];
  for (const report of reports) {
    const before = report.aliases
      .map(({ kind, value }) => aliases.get(`${kind} ${value}`))
      .find((id) => id !== undefined);
    const known = before === undefined ? undefined : (shown.get(before) ?? set.current(before)?.json);
    const changes = set.changes.length;
    const { orderId } = set.apply(report, reportKey(report), 'poll', null);
    const after = set.current(orderId)?.json;
    if (after === undefined || set.changes.length === changes) continue;
    news.push({ report, before: known ?? shown.get(orderId) ?? null, after });
    shown.set(orderId, after);
  }
  return news;
}

async function submit(
  ctx: HubContext,
  { commits }: NewsDeps,
  account: KnownAccount,
  said: { readonly reports: readonly Report[]; readonly stores?: readonly StoreNotice[] },
): Promise<readonly string[]> {
  const content = { kind: 'reports', ...said } as const;
  try {
    const { verdict, orderIds } = await commits.submit(account, {
      receipt: null,
      stored: false,
      content,
      source: 'poll',
    });
    return verdict === 'applied' ? orderIds : [];
  } catch (error) {
    // One statement that cannot be applied must not keep all that come after it from being heard.
    if (!(error instanceof HuidanError) || error.code !== 'internal') throw error;
    const [report] = said.reports;
    const about = { err: error, account: account.row.id, order: report?.aliases[0].value };
    ctx.log.error(about, 'what a platform told on our question could not be applied');
    return [];
  }
}

function happenedAt({ report, before, after }: News, askedAt: TimeMs): TimeMs | null {
  if (before === null) {
    const begun = after.placedAt ?? after.paidAt;
    if (begun !== null) return Date.parse(begun);
  }
  if (report.at !== null && report.at < askedAt) return report.at;
  return after.completedAt !== null && after.completedAt !== before?.completedAt ? Date.parse(after.completedAt) : null;
}
