import type { PlannedOrder } from '../core/creation.ts';
import { ERRORS, HuidanError } from '../core/errors.ts';
import { canonicalJson } from '../core/json.ts';
import type { Json } from '../core/json.ts';
import type { Fen } from '../core/money.ts';
import type { OrderJson } from '../core/order-json.ts';
import type { ItemValue } from '../core/registers.ts';
import type { TimeMs } from '../core/time.ts';
import type { ActionRow } from '../store/actions.ts';
import { lockClock } from '../store/events.ts';
import { findWish, insertWish } from '../store/order-wishes.ts';
import type { OrderWishRow } from '../store/order-wishes.ts';
import { linkOrders } from '../store/order-links.ts';
import type { OrderKey } from '../store/order-links.ts';
import { findAliases, readOrderJson } from '../store/orders.ts';
import { transaction } from '../store/transaction.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import { requireLive } from './act.ts';
import { queueOwnAction, storeIntent } from './act-intent.ts';
import { applyBatch } from './apply-batch.ts';
import { CREATE_CAUSE, checkoutOf } from './checkout.ts';
import type { Checkout } from './checkout.ts';
import type { HubContext } from './context.ts';
import { accountForOrder, holdMsOf, planOrder, plannedValue } from './plan-order.ts';
import type { ProductsOf } from './plan-order.ts';
import { isOver, waitForAction } from './wait-for-action.ts';

type Fields = Readonly<Record<string, Json>>;

/** An order that somebody wants made at a platform. */
export interface OrderRequest {
  readonly account: string;
  /** The merchant's own number: unique at the account, and what makes a repeat a repeat. */
  readonly merchantOrderId: string;
  /** What the platform's connector declares (`Creation.fields`), as it came. */
  readonly fields: Fields;
  /** Where it is paid, when at another account: an order of its own, whose parent is this one. */
  readonly payment: { readonly account: string; readonly fields: Fields } | null;
}

export interface CreateDeps {
  readonly accounts: AccountDirectory;
  /** What machines sell, where the hub keeps a mirror of them. */
  readonly productsOf?: ProductsOf;
  /** How long the platforms are waited for, both together where there are two. Default 20 s. */
  readonly waitMs?: number;
}

/** An order that is at its platform, with what the customer's app needs to pay. */
export interface MadeOrder {
  readonly order: OrderJson;
  /** null: it is not paid through the hub. */
  readonly checkout: Checkout | null;
}

const WAIT_MS = 20_000;
/** The hold is let go of once, whoever finds out first that it cannot be paid. */
const CLOSE_CAUSE = 'create:close';

/**
 * Makes an order at its platform. The order and the action that makes it (`create`) are stored in one transaction, under
 * the merchant's number, before anything is sent; then the platform's answer is waited for. With `payment` the goods are
 * held first, then the payment is made as an order of its own; when that is refused the hold is closed again.
 *
 * The same request again goes on where it stands, whether it came to an answer or not, and never makes two; call it as
 * often as you like.
 *
 * Errors: `account_not_found`, `account_observes`, `account_paused`, `creation_unsupported`, `order_invalid` (with the
 * fields), `order_exists` (the number was used for something else), `order_create_failed` (the platform refused; the
 * order stays as cancelled), `order_create_pending` (not known yet; the action is named).
 */
export async function createOrder(
  ctx: HubContext,
  deps: CreateDeps,
  principal: Principal,
  wanted: OrderRequest,
): Promise<MadeOrder> {
  const { merchantOrderId, fields, payment } = wanted;
  const account = await accountForOrder(deps.accounts, principal, wanted.account);
  const payer = payment === null ? null : await accountForOrder(deps.accounts, principal, payment.account);
  if (payer !== null && payer.row.id === account.row.id) {
    throw fault('payment.account', 'must be another account');
  }
  const hash = ctx.sealer.hash(`order wish ${canonicalJson(wanted as unknown as Json)}`);
  const by = { hash, askedBy: principal.id };

  let wish = await findWish(ctx.pool, account.row.id, merchantOrderId);
  requireSame(wish, hash);
  if (wish === undefined) {
    requireLive(account);
    const at = ctx.clock();
    const products = await deps.productsOf?.(account.row.id, fields);
    const planned = planOrder(account, { merchantOrderId, fields, at, holdMs: holdMsOf(account), products });
    if (payer !== null && payment !== null) {
      requireLive(payer);
      // What is wrong with the payment is said before any goods are held for it.
      planPayment(payer, { merchantOrderId, fields: payment.fields, at }, payableOf(planned));
    }
    const about = { ...by, at, paymentAccount: payer?.row.id ?? null, parent: null };
    wish = await storePlanned(ctx, account, merchantOrderId, planned, about);
    requireSame(wish, hash);
  }
  const limitMs = deps.waitMs ?? WAIT_MS;
  const { waitedMs } = await awaitCreation(ctx, account, wish, limitMs);
  const paid =
    payer === null || payment === null
      ? wish
      : await makePayment(ctx, { account, payer, wish, payment, by }, limitMs - waitedMs);
  const order = await readOrderJson(ctx.pool, ctx.sealer, account.row.id, wish.orderId, { reveal: false });
  if (order === undefined) throw new HuidanError('order_not_found');
  return { order, checkout: await checkoutOf(ctx, paid.account, paid.orderId) };
}

function requireSame(wish: OrderWishRow | undefined, hash: Buffer): void {
  if (wish === undefined || wish.hash.equals(hash)) return;
  throw new HuidanError('order_exists', `Order ${wish.orderId} has this number.`);
}

/** What a payment must know of the order that it pays. */
interface Payable {
  readonly total: Fen | null;
  /** Until when the goods are held. */
  readonly expiresAt: TimeMs | null;
  readonly items: readonly ItemValue[];
}

const payableOf = (planned: PlannedOrder): Payable => ({
  total: plannedValue(planned, 'money.total') ?? null,
  expiresAt: plannedValue(planned, 'expiresAt') ?? null,
  items: plannedValue(planned, 'items') ?? [],
});

/**
 * Plans the payment of an order: its total, for as long as the goods are held, with the order's items where the platform
 * wants some and none are given. Errors: as `planOrder`.
 */
function planPayment(
  payer: KnownAccount,
  { merchantOrderId, fields, at }: { readonly merchantOrderId: string; readonly fields: Fields; readonly at: TimeMs },
  { total, expiresAt, items }: Payable,
): PlannedOrder {
  if (total === null) throw fault('amount', 'is missing: the prices are not known here');
  if (fields['amount'] !== undefined && fields['amount'] !== total) {
    throw fault('payment.amount', `must be left out, or be that of the order: ${total}`);
  }
  const holdMs = expiresAt === null ? null : Math.max(0, expiresAt - at);
  const takesItems = payer.connector.creation?.fields.some(({ name }) => name === 'items') === true;
  const ofOrder = takesItems && fields['items'] === undefined ? itemsToPay(items) : undefined;
  const all = { ...fields, amount: total, ...(ofOrder === undefined ? {} : { items: ofOrder }) };
  return planOrder(payer, { merchantOrderId, fields: all, at, holdMs }, 'payment.');
}

/** The items as a payment names them; `undefined` where a price is not known. */
function itemsToPay(items: readonly ItemValue[]): readonly Json[] | undefined {
  if (items.length === 0 || items.some(({ price }) => price === null)) return undefined;
  return items.map(({ sku, line, name, price, quantity }) => ({ code: sku ?? line, title: name, price, quantity }));
}

function fault(field: string, message: string): HuidanError {
  return new HuidanError('order_invalid', `${field} ${message}.`, { fields: [{ field, message }] });
}

interface PlannedBy {
  readonly hash: Buffer;
  readonly askedBy: string;
  readonly at: TimeMs;
  readonly paymentAccount: string | null;
  /** The order that this one pays. */
  readonly parent: OrderKey | null;
}

/**
 * Stores a planned order together with the action that makes it and with the wish, or finds that another request has just
 * done so. Error: `order_exists` where the number names an order that nobody wished for.
 */
async function storePlanned(
  ctx: HubContext,
  account: KnownAccount,
  merchantOrderId: string,
  { report, params }: PlannedOrder,
  { hash, askedBy, at, paymentAccount, parent }: PlannedBy,
): Promise<OrderWishRow> {
  const accountId = account.row.id;
  const wish = await transaction(ctx.pool, async (tx) => {
    await lockClock(tx, accountId);
    const held = await findWish(tx, accountId, merchantOrderId);
    if (held !== undefined) return held;
    const [known] = (await findAliases(tx, accountId, report.aliases)).values();
    if (known !== undefined) throw new HuidanError('order_exists', `Order ${known} has this number.`);
    const content = { kind: 'reports', reports: [report] } as const;
    const intake = {
      receipt: null,
      stored: false,
      content,
      source: 'own',
      ...(parent === null ? {} : { parent: parent.orderId }),
    } as const;
    const { results } = await applyBatch(ctx, tx, account, [intake]);
    const orderId = results[0]?.orderIds[0];
    if (orderId === undefined) throw new HuidanError('internal');
    if (parent !== null) await linkOrders(tx, parent, { account: accountId, orderId });
    const intent = { action: 'create', params, cause: CREATE_CAUSE, askedBy, own: true };
    const { id } = await storeIntent(ctx, tx, account, orderId, intent);
    const expiry = report.facts.find(({ line, register }) => line === '' && register === 'expiresAt')?.value;
    const row = {
      account: accountId,
      merchantOrderId,
      hash,
      orderId,
      actionId: id,
      paymentAccount,
      plannedAt: new Date(at),
      expiresAt: typeof expiry === 'number' ? new Date(expiry) : null,
      askedBy,
    };
    await insertWish(tx, row);
    return row;
  });
  ctx.wake.work();
  ctx.wake.deliveries(accountId);
  return wish;
}

/** Waits for the platform. Errors: `order_create_failed`, `order_create_pending`. */
async function awaitCreation(
  ctx: HubContext,
  account: KnownAccount,
  { orderId, actionId }: OrderWishRow,
  limitMs: number,
): Promise<{ readonly waitedMs: number }> {
  if (actionId === null) return { waitedMs: 0 };
  const { action, waitedMs } = await waitForAction(ctx, account.row.id, actionId, limitMs);
  if (action?.state === 'succeeded') return { waitedMs };
  if (action?.state === 'failed') throw new HuidanError('order_create_failed', `${said(action)} Order ${orderId}.`);
  const why = action?.code === undefined || action.code === null ? '' : ` ${said(action)}`;
  // What nobody can be asked about ends by a person's word alone.
  const whose =
    action !== undefined && isOver(action) ? ' Somebody must look at the platform and settle the action.' : '';
  throw new HuidanError('order_create_pending', `Action ${actionId} of order ${orderId}.${why}${whose}`);
}

const said = ({ code, reason }: ActionRow): string => `${code ?? ''}: ${reason ?? ''}`.replace(/[^.。]$/u, '$&.');

interface PaymentWish {
  readonly account: KnownAccount;
  readonly payer: KnownAccount;
  readonly wish: OrderWishRow;
  readonly payment: NonNullable<OrderRequest['payment']>;
  readonly by: { readonly hash: Buffer; readonly askedBy: string };
}

/** Makes the payment of an order whose goods are held; where that is refused, lets go of them. Errors: as `createOrder`. */
async function makePayment(ctx: HubContext, paying: PaymentWish, limitMs: number): Promise<OrderWishRow> {
  const { account, payer, wish, by } = paying;
  try {
    const own = (await findWish(ctx.pool, payer.row.id, wish.merchantOrderId)) ?? (await storePayment(ctx, paying));
    requireSame(own, by.hash);
    await awaitCreation(ctx, payer, own, limitMs);
    return own;
  } catch (error) {
    if (error instanceof HuidanError && ERRORS[error.code].status < 500) await letGo(ctx, account, wish.orderId);
    throw error;
  }
}

async function storePayment(
  ctx: HubContext,
  { account, payer, wish, payment, by }: PaymentWish,
): Promise<OrderWishRow> {
  const { merchantOrderId, orderId } = wish;
  requireLive(payer);
  const held = await readOrderJson(ctx.pool, ctx.sealer, account.row.id, orderId, { reveal: false });
  if (held?.lifecycle !== 'open') {
    throw new HuidanError('order_create_failed', `Order ${orderId} is ${held?.lifecycle ?? 'gone'} already.`);
  }
  const at = ctx.clock();
  const payable = {
    total: held.amounts.total,
    expiresAt: held.expiresAt === null ? null : Date.parse(held.expiresAt),
    items: held.items.map(({ note, ...item }) => (note === null ? item : { ...item, note })),
  };
  const planned = planPayment(payer, { merchantOrderId, fields: payment.fields, at }, payable);
  return storePlanned(ctx, payer, merchantOrderId, planned, {
    ...by,
    at,
    paymentAccount: null,
    parent: { account: account.row.id, orderId },
  });
}

/** Closes an order whose goods nobody can pay for, where its platform holds some. */
async function letGo(ctx: HubContext, account: KnownAccount, orderId: string): Promise<void> {
  const closed = await transaction(ctx.pool, async (tx) => {
    await lockClock(tx, account.row.id);
    return queueOwnAction(ctx, tx, account, orderId, { action: 'close', cause: CLOSE_CAUSE });
  });
  if (closed.ok) ctx.wake.work();
  else ctx.log.warn({ account: account.row.id, order: orderId, err: closed.refusal }, 'an unpaid hold stays open');
}
