import type { Connector } from '../core/connector.ts';
import { orderJson } from '../core/order-json.ts';
import type { OrderJson } from '../core/order-json.ts';
import type { CallPlatform, PlatformRefusal } from '../core/outgoing.ts';
import type { TimeMs } from '../core/time.ts';
import { readOrdersOfDay } from '../store/day-orders.ts';
import type { ReconciliationLine } from '../store/reconciliations.ts';
import type { KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { differencesAsked, sideOf, ToldDay } from './reconcile-compare.ts';
import { orderToRead } from './settle-doubts.ts';

/** Orders in one look at the hub's own. */
const PORTION = 100;

type Line = Omit<ReconciliationLine, 'nth'>;

export interface AskedDay {
  readonly lines: readonly Line[];
  /** Orders that the platform answered. */
  readonly read: number;
  /** Orders of which no number is known by which it could be asked. */
  readonly unasked: number;
}

/** Whether a day can be held against a platform: by its list, or order by order. */
export const canReconcile = (connector: Connector | undefined): boolean =>
  connector?.readDay !== undefined || connector?.readTruth !== undefined;

/**
 * Holds a day against a platform that lists nothing, but answers about one order: each of the hub's orders of the day is
 * asked about as a whole. So what only the platform has cannot show. `onRead` is told how many have been read, and says
 * whether the work is still this worker's.
 */
export async function askAboutDay(
  ctx: HubContext,
  account: KnownAccount,
  call: CallPlatform,
  { from, to }: { readonly from: TimeMs; readonly to: TimeMs },
  onRead: (orders: number) => Promise<void>,
): Promise<AskedDay | PlatformRefusal> {
  const accountId = account.row.id;
  const day = { by: account.connector.dayBy ?? 'placed', from: new Date(from), to: new Date(to + 1) };
  const lines: Line[] = [];
  let read = 0;
  let unasked = 0;
  for (let afterId = ''; ;) {
    const orders = await readOrdersOfDay(ctx.pool, ctx.sealer, accountId, day, { afterId, limit: PORTION });
    for (const { head, lines: own } of orders) {
      const asked = await askAbout(ctx, account, call, orderJson(head, own));
      if (asked === 'unasked') unasked += 1;
      else if ('class' in asked) return asked;
      else {
        lines.push(asked);
        read += 1;
      }
    }
    await onRead(read);
    const last = orders.at(-1)?.head.id;
    if (orders.length < PORTION || last === undefined) return { lines, read, unasked };
    afterId = last;
  }
}

async function askAbout(
  ctx: HubContext,
  account: KnownAccount,
  call: CallPlatform,
  json: OrderJson,
): Promise<Line | 'unasked' | PlatformRefusal> {
  const { connector, view, row } = account;
  // Without a doubt: as a whole.
  const order = json.platformOrderId === null ? undefined : await orderToRead(ctx, account, json.id, []);
  if (order === undefined) return 'unasked';
  const answer = await connector.readTruth?.(view, call, order, ctx.clock());
  const { id: orderId, platformOrderId } = json;
  if (answer?.ok === false) {
    const { refusal } = answer;
    const line = { orderId, platformOrderId, differences: [], theirs: null, ours: sideOf(json) };
    if (connector.absentCodes?.has(refusal.code) === true) return { kind: 'only_here', ...line };
    return refusal.class === 'final' ? 'unasked' : refusal;
  }
  const told = new ToldDay(connector.registers);
  for (const report of answer?.value ?? []) told.take(report);
  const [there] = told.orders(row.id, row.platform);
  if (there === undefined) return 'unasked';
  const differences = differencesAsked(there, json);
  const kind = differences.length === 0 ? 'same' : 'differs';
  return { kind, differences, orderId, platformOrderId, theirs: sideOf(there.json), ours: sideOf(json) };
}
