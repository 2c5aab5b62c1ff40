import type { OrderToRead } from '../core/connector.ts';
import { HuidanError } from '../core/errors.ts';
import type { Alias, Report } from '../core/fact.ts';
import { canonicalJson } from '../core/json.ts';
import type { Json } from '../core/json.ts';
import type { OrderJson } from '../core/order-json.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import type { PlatformResult } from '../core/outgoing.ts';
import { lockClock } from '../store/events.ts';
import { findWish, insertWish } from '../store/order-wishes.ts';
import type { OrderWishRow } from '../store/order-wishes.ts';
import { findAliases, findAliasesOfOrder, readOrderJson } from '../store/orders.ts';
import { findOnlySellerToken, findTokenOfStore } from '../store/store-tokens.ts';
import { transaction } from '../store/transaction.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { requireLive } from './act.ts';
import { storeIntent } from './act-intent.ts';
import { applyBatch } from './apply-batch.ts';
import type { HubContext } from './context.ts';
import type { GroupCommit } from './group-commit.ts';
import { accountForOrder, planAdoption } from './plan-order.ts';
import { openToken } from './store-desk.ts';
import { waitForAction } from './wait-for-action.ts';

/** An order that exists at its platform and is to be taken in. */
export interface AdoptionRequest {
  readonly account: string;
  readonly merchantOrderId: string | null;
  readonly platformOrderId: string | null;
  /** Our own number of its store, for platforms that are asked in a store's name. */
  readonly store: string | null;
  /** What the connector declares (`Creation.adoptFields`), as it came. */
  readonly fields: Readonly<Record<string, Json>>;
}

export interface AdoptDeps {
  readonly accounts: AccountDirectory;
  readonly commits: GroupCommit;
  /** How long the platform's answer is waited for. Default 20 s. */
  readonly waitMs?: number;
}

const WAIT_MS = 20_000;
const ADOPT_CAUSE = 'adopt';
/** Of all reasons to ask, the one that asks for the order as a whole. */
const WHOLE_ORDER = 'overdue';

/**
 * Takes in an order that exists at its platform: planned from what is told of it where the connector can, such as an
 * order of the user's own system that is to be pushed; else read from the platform by its number. An order that is known
 * already learns what is new. The same again gives the same order.
 *
 * Errors: `account_not_found`, `account_paused`, `account_observes`, `creation_unsupported`, `order_invalid`,
 * `order_exists`, `order_not_at_platform`, `order_create_pending`, `platform_unreachable`.
 */
export async function adoptOrder(
  ctx: HubContext,
  deps: AdoptDeps,
  principal: Principal,
  wanted: AdoptionRequest,
): Promise<OrderJson> {
  const account = await accountForOrder(deps.accounts, principal, wanted.account);
  if (account.row.mode === 'paused') throw new HuidanError('account_paused');
  const { creation, readTruth } = account.connector;
  const { merchantOrderId } = wanted;
  const canPlan = creation?.planAdopted !== undefined && merchantOrderId !== null;
  if (!canPlan && readTruth === undefined) throw new HuidanError('creation_unsupported', account.row.platform);
  const orderId = canPlan
    ? await takeIn(ctx, deps, principal, account, { ...wanted, merchantOrderId })
    : await readIn(ctx, deps, account, wanted);
  const order = await readOrderJson(ctx.pool, ctx.sealer, account.row.id, orderId, { reveal: false });
  if (order === undefined) throw new HuidanError('order_not_found');
  return order;
}

/** Plans the order and stores it; the platform is told where the connector wants that. */
async function takeIn(
  ctx: HubContext,
  deps: AdoptDeps,
  principal: Principal,
  account: KnownAccount,
  wanted: AdoptionRequest & { readonly merchantOrderId: string },
): Promise<string> {
  const { merchantOrderId, platformOrderId, fields } = wanted;
  const hash = ctx.sealer.hash(`order adoption ${canonicalJson(wanted as unknown as Json)}`);
  const { adoptFields = [] } = account.connector.creation ?? {};
  const takesNumber = platformOrderId !== null && adoptFields.some(({ name }) => name === 'platformOrderId');
  const given = takesNumber ? { ...fields, platformOrderId } : fields;
  const at = ctx.clock();
  const planned = planAdoption(account, { merchantOrderId, fields: given, at, holdMs: null });
  if (planned === undefined) throw new HuidanError('creation_unsupported', account.row.platform);
  const mustTell = account.connector.actions?.specs.some(({ name }) => name === 'adopt') === true;
  if (mustTell) requireLive(account);

  const accountId = account.row.id;
  const report = platformOrderId === null ? planned.report : withNumber(planned.report, platformOrderId);
  const wish = await transaction(ctx.pool, async (tx): Promise<OrderWishRow> => {
    await lockClock(tx, accountId);
    const held = await findWish(tx, accountId, merchantOrderId);
    if (held !== undefined) return held;
    const content = { kind: 'reports', reports: [report] } as const;
    const intake = { receipt: null, stored: false, content, source: 'own' } as const;
    const { results } = await applyBatch(ctx, tx, account, [intake]);
    const orderId = results[0]?.orderIds[0];
    if (orderId === undefined) throw new HuidanError('internal');
    const intent = { action: 'adopt', params: planned.params, cause: ADOPT_CAUSE, askedBy: principal.id, own: true };
    const action = mustTell ? await storeIntent(ctx, tx, account, orderId, intent) : undefined;
    const row: OrderWishRow = {
      account: accountId,
      merchantOrderId,
      hash,
      orderId,
      actionId: action?.id ?? null,
      paymentAccount: null,
      plannedAt: new Date(at),
      expiresAt: null,
      askedBy: principal.id,
    };
    await insertWish(tx, row);
    return row;
  });
  if (!wish.hash.equals(hash)) throw new HuidanError('order_exists', `Order ${wish.orderId} has this number.`);
  ctx.wake.work();
  ctx.wake.deliveries(accountId);
  if (wish.actionId !== null) await awaitAdoption(ctx, accountId, wish.actionId, deps.waitMs);
  return wish.orderId;
}

function withNumber(report: Report, platformOrderId: string): Report {
  const isNamed = report.aliases.some(({ kind }) => kind === 'platform');
  return isNamed ? report : { ...report, aliases: [...report.aliases, { kind: 'platform', value: platformOrderId }] };
}

async function awaitAdoption(ctx: HubContext, accountId: string, actionId: string, waitMs = WAIT_MS): Promise<void> {
  const { action } = await waitForAction(ctx, accountId, actionId, waitMs);
  if (action?.state === 'succeeded') return;
  const why = `${action?.code ?? ''} ${action?.reason ?? ''}`.trim();
  if (action?.state === 'failed') throw new HuidanError('order_not_at_platform', why);
  throw new HuidanError('order_create_pending', `Action ${actionId}. ${why}`.trimEnd());
}

/** Asks the platform for the order and lets the answer take effect by the same door as callbacks. */
async function readIn(
  ctx: HubContext,
  { commits }: AdoptDeps,
  account: KnownAccount,
  { merchantOrderId, platformOrderId, store, fields }: AdoptionRequest,
): Promise<string> {
  const accountId = account.row.id;
  const named: Alias[] = [];
  if (platformOrderId !== null) named.push({ kind: 'platform', value: platformOrderId });
  if (merchantOrderId !== null) named.push({ kind: 'merchant', value: merchantOrderId });
  const [known] = (await findAliases(ctx.pool, accountId, named)).values();
  const aliases = known === undefined ? named : await findAliasesOfOrder(ctx.pool, accountId, known);
  const own = store === null ? undefined : await findTokenOfStore(ctx.pool, accountId, store);
  const token = own ?? (await findOnlySellerToken(ctx.pool, accountId));
  const [kind = 'takeaway'] = account.connector.orderKinds;
  const order: OrderToRead = {
    aliases,
    kind,
    store,
    storeToken: token === undefined ? null : openToken(ctx.sealer, token),
    doubts: [WHOLE_ORDER],
    platformFields: scalarsOf(fields),
  };
  const answer = await askPlatform(ctx, account, order);
  if (!answer.ok) {
    const { class: kindOf, code, message } = answer.refusal;
    throw new HuidanError(kindOf === 'retry' ? 'platform_unreachable' : 'order_not_at_platform', `${code}: ${message}`);
  }
  if (answer.value.length === 0) throw new HuidanError('order_not_at_platform');
  const content = { kind: 'reports', reports: answer.value } as const;
  const { orderIds } = await commits.submit(account, { receipt: null, stored: false, content, source: 'query' });
  const [orderId] = orderIds;
  if (orderId === undefined) throw new HuidanError('order_not_at_platform');
  return orderId;
}

async function askPlatform(
  ctx: HubContext,
  { connector, view }: KnownAccount,
  order: OrderToRead,
): Promise<PlatformResult<readonly Report[]>> {
  try {
    return (await connector.readTruth?.(view, ctx.callPlatform, order, ctx.clock())) ?? { ok: true, value: [] };
  } catch (error) {
    if (!(error instanceof PlatformUnreachable)) throw error;
    return { ok: false, refusal: { class: 'retry', code: 'unreachable', message: error.message } };
  }
}

/** What is told of an order beside its numbers, such as the machine that it is of. */
const scalarsOf = (fields: Readonly<Record<string, Json>>): NonNullable<OrderToRead['platformFields']> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      value === null || typeof value === 'object' ? [] : [[name, value]],
    ),
  );
