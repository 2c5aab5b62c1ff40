import { HuidanError } from '../core/errors.ts';
import type { Role } from '../store/users.ts';

/** What a key may do; each right includes the ones before it. */
export const RIGHTS = ['read', 'write', 'admin'] as const;
export type Right = (typeof RIGHTS)[number];

/** What a key or an endpoint is limited to; null: no limit of that kind. All limits must hold together. */
export interface Limits {
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}

/** Who asks. */
export interface Principal extends Limits {
  readonly id: string;
  readonly name: string;
  readonly right: Right;
  /** May see personal data, when it gives a reason. */
  readonly reveal: boolean;
  /** Set where a person asks, who signed in to the console; left out for an API key. */
  readonly role?: Role;
}

export const NO_LIMITS: Limits = { accounts: null, merchants: null, shops: null };

/** The key of the configuration: every right, not stored in the table. */
export const ADMIN_PRINCIPAL: Principal = {
  id: 'key_admin',
  name: 'admin',
  right: 'admin',
  reveal: true,
  ...NO_LIMITS,
};

export function hasRight(principal: Principal, right: Right): boolean {
  return RIGHTS.indexOf(principal.right) >= RIGHTS.indexOf(right);
}

/** Throws `forbidden` unless the key has the right. */
export function requireRight(principal: Principal, right: Right): void {
  if (!hasRight(principal, right)) throw new HuidanError('forbidden', `It needs the right "${right}".`);
}

/** Throws `forbidden` for a key with any limit: what concerns the whole hub is not for a part of it. */
export function requireNoLimits(principal: Principal): void {
  if (isLimited(principal)) throw new HuidanError('forbidden', 'The key is limited to a part of the hub.');
}

export function isLimited(limits: Limits): boolean {
  return limits.accounts !== null || limits.merchants !== null || limits.shops !== null;
}

/** Whether a thing of an account, merchant and shop lies within the limits. */
export function covers(
  limits: Limits,
  thing: { readonly account: string; readonly merchant: string | null; readonly shop: string | null },
): boolean {
  const within = (allowed: readonly string[] | null, value: string | null): boolean =>
    allowed === null || (value !== null && allowed.includes(value));
  return (
    within(limits.accounts, thing.account) &&
    within(limits.merchants, thing.merchant) &&
    within(limits.shops, thing.shop)
  );
}

/** Whether everything that `inner` lets through is also let through by `outer`. */
export function containsLimits(outer: Limits, inner: Limits): boolean {
  const within = (wide: readonly string[] | null, narrow: readonly string[] | null): boolean =>
    wide === null || (narrow !== null && narrow.every((value) => wide.includes(value)));
  return (
    within(outer.accounts, inner.accounts) &&
    within(outer.merchants, inner.merchants) &&
    within(outer.shops, inner.shops)
  );
}
