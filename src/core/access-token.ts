import type { AccountView } from './connector.ts';
import type { CallPlatform, PlatformResult } from './outgoing.ts';
import type { TimeMs } from './time.ts';

export interface FreshToken {
  readonly token: string;
  readonly expiresAt: TimeMs;
}

/**
 * An access token that an account's calls carry. A new one can end the life of the one before, so the hub fetches one
 * for all its processes and keeps it sealed.
 */
export interface AccessTokens {
  fetch(account: AccountView, call: CallPlatform, at: TimeMs): Promise<PlatformResult<FreshToken>>;
  /** How long before its end it is replaced, in ms. */
  readonly refreshEarlyMs: number;
}
