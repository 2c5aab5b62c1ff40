import { withDefaults } from '../core/account-fields.ts';
import type { AccountView, Connector } from '../core/connector.ts';
import { secretFingerprint } from '../core/signing.ts';
import type { AccountLine } from './ledger-lines.ts';

/** The account as the connector's signer wants to see it. */
export function playedAccount(platform: Connector, account: AccountLine | undefined, id: string): AccountView {
  const credentials = account?.credentials ?? {};
  return {
    id,
    platform: platform.id,
    secrets(name) {
      const value = credentials[name];
      return value === undefined ? [] : [{ name, value, fingerprint: secretFingerprint(value) }];
    },
    credential: (name) => credentials[name],
    settings: withDefaults(platform.account, account?.settings ?? {}),
    pendingBindings: new Set(),
  };
}
