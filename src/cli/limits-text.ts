import type { Limits } from '../hub/access.ts';

/** `accounts=a,b shops=s`; empty without limits. */
export function limitsText({ accounts, merchants, shops }: Limits): string {
  const parts = Object.entries({ accounts, merchants, shops }).map(([kind, names]) =>
    names === null ? '' : `${kind}=${names.join(',')}`,
  );
  return parts.filter((part) => part !== '').join(' ');
}
