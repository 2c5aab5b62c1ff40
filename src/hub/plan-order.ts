import { paramFaults } from '../core/action-params.ts';
import type { ParamFault } from '../core/action-params.ts';
import type { KnownProduct, OrderWish, PlannedOrder } from '../core/creation.ts';
import { HuidanError } from '../core/errors.ts';
import type { Fact } from '../core/fact.ts';
import type { Json } from '../core/json.ts';
import { WHOLE } from '../core/registers.ts';
import type { RegisterName, RegisterValues } from '../core/registers.ts';
import type { TimeMs } from '../core/time.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';

type Fields = Readonly<Record<string, Json>>;

/** The account that an order is wanted at. Error: `account_not_found`, also outside the key's limits. */
export async function accountForOrder(
  accounts: AccountDirectory,
  principal: Principal,
  accountId: string,
): Promise<KnownAccount> {
  const account = await accounts.find(accountId);
  // An order made here belongs to the account's merchant and to no shop, so a key of shops alone makes none.
  const seen =
    account !== undefined && covers(principal, { account: accountId, merchant: account.row.merchant, shop: null });
  if (account === undefined || !seen) throw new HuidanError('account_not_found', accountId);
  return account;
}

/** How long the account keeps an unpaid order, in ms; null: as long as its platform does. */
export function holdMsOf({ view }: KnownAccount): number | null {
  const { holdSeconds } = view.settings;
  return typeof holdSeconds === 'number' && holdSeconds > 0 ? holdSeconds * 1000 : null;
}

/** What the machine of an order sells, where the hub knows it; `undefined`: it does not. */
export type ProductsOf = (accountId: string, fields: Fields) => Promise<ReadonlyMap<string, KnownProduct> | undefined>;

export interface PlanWish {
  readonly merchantOrderId: string;
  readonly fields: Fields;
  readonly at: TimeMs;
  readonly holdMs: number | null;
  readonly products?: ReadonlyMap<string, KnownProduct> | undefined;
}

/**
 * Plans an order that is to be made. `prefix` stands before the names of fields in what is wrong (`payment.`).
 * Errors: `creation_unsupported`, `order_invalid`.
 */
export function planOrder(account: KnownAccount, wish: PlanWish, prefix = ''): PlannedOrder {
  const { creation } = account.connector;
  if (creation === undefined) throw new HuidanError('creation_unsupported', account.row.platform);
  refuse(paramFaults(creation.fields, wish.fields), prefix);
  const planned = creation.plan(account.view, orderWish(wish));
  if (!planned.ok) throw faultsError(planned.faults, prefix);
  return withExpiry(planned.order, wish);
}

/**
 * Plans how an order is taken in that exists at the platform; `undefined`: the platform is asked for it instead.
 * Error: `order_invalid`.
 */
export function planAdoption(account: KnownAccount, wish: PlanWish): PlannedOrder | undefined {
  const { creation } = account.connector;
  if (creation?.planAdopted === undefined) return undefined;
  refuse(paramFaults(creation.adoptFields ?? creation.fields, wish.fields), '');
  const planned = creation.planAdopted(account.view, orderWish(wish));
  if (!planned.ok) throw faultsError(planned.faults, '');
  return planned.order;
}

/** What a planned order says of itself. */
export function plannedValue<R extends RegisterName>(order: PlannedOrder, register: R): RegisterValues[R] | undefined {
  const fact = order.report.facts.find((one) => one.line === WHOLE && one.register === register);
  return fact?.value as RegisterValues[R] | undefined;
}

const orderWish = ({ merchantOrderId, fields, at, holdMs, products }: PlanWish): OrderWish => ({
  merchantOrderId,
  fields,
  at,
  holdMs,
  ...(products === undefined ? {} : { products }),
});

/** Whoever holds goods says until when, also where the connector leaves that to the hub. */
function withExpiry(order: PlannedOrder, { at, holdMs }: PlanWish): PlannedOrder {
  if (holdMs === null || plannedValue(order, 'expiresAt') !== undefined) return order;
  const fact: Fact = { line: WHOLE, register: 'expiresAt', value: at + holdMs };
  return { ...order, report: { ...order.report, facts: [...order.report.facts, fact] } };
}

function refuse(faults: readonly ParamFault[], prefix: string): void {
  if (faults.length > 0) throw faultsError(faults, prefix);
}

function faultsError(faults: readonly ParamFault[], prefix: string): HuidanError {
  const fields = faults.map(({ field, message }) => ({ field: `${prefix}${field}`, message }));
  const detail = fields.map(({ field, message }) => `${field} ${message}`).join('; ');
  return new HuidanError('order_invalid', detail, { fields });
}
