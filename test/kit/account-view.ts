import { withDefaults } from '../../src/core/account-fields.ts';
import type { AccountView, Connector } from '../../src/core/connector.ts';
import type { Json } from '../../src/core/json.ts';
import { secretFingerprint } from '../../src/core/signing.ts';

/** An account as fixtures and the sandbox write it. A list of values: the newest first, all of them valid. */
export interface AccountWords {
  readonly credentials: Readonly<Record<string, string | readonly string[]>>;
  readonly settings?: Readonly<Record<string, Json>>;
  readonly pendingBindings?: readonly string[];
  readonly knownStores?: readonly string[];
}

/** The view of such an account that the hub would hand to the connector. */
export function accountView(connector: Pick<Connector, 'id' | 'account'>, words: AccountWords): AccountView {
  const values = (name: string): readonly string[] => {
    const value = words.credentials[name];
    return value === undefined ? [] : typeof value === 'string' ? [value] : value;
  };
  return {
    id: 'suite',
    platform: connector.id,
    secrets: (name) => values(name).map((value) => ({ name, value, fingerprint: secretFingerprint(value) })),
    credential: (name) => values(name)[0],
    settings: withDefaults(connector.account, words.settings ?? {}),
    pendingBindings: new Set(words.pendingBindings),
    knownStores: new Set(words.knownStores),
  };
}
