import type { AccountField, Words } from './account-fields.ts';
import type { AccountView } from './connector.ts';
import type { Json } from './json.ts';
import type { CallPlatform, PlatformResult } from './outgoing.ts';
import type { StoreToken } from './store-binding.ts';
import type { TimeMs } from './time.ts';

/** Something that can be done to a store at its platform, such as closing it for a while. */
export interface StoreActionSpec {
  readonly name: string;
  readonly label: Words;
  readonly params: readonly AccountField[];
  /** It only asks, so it may be done for an account that merely observes. */
  readonly asks?: boolean;
}

export interface StoreActionRequest {
  readonly action: string;
  /** Checked against the spec. */
  readonly params: Readonly<Record<string, Json>>;
  /** The number that the platform's messages name the store by. */
  readonly store: string;
  readonly token: StoreToken | null;
  readonly at: TimeMs;
}

/** Codes of refusals that mean the same at every platform. */
export const NO_STORE_TOKEN = 'no_store_token';

/**
 * What can be done to the stores of a platform. Each says what shall be, not what shall change (open, closed, these
 * hours), so one that is repeated costs nothing: it is sent at once and answered at once, without a stored intent.
 */
export interface StoreActions {
  readonly specs: readonly StoreActionSpec[];
  /** Throws what `call` throws when no answer came. A refusal `NO_STORE_TOKEN`: the store is not bound. */
  run(account: AccountView, call: CallPlatform, request: StoreActionRequest): Promise<PlatformResult<Json>>;
}
