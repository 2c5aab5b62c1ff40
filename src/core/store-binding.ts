import type { AccountView } from './connector.ts';
import type { Json } from './json.ts';
import type { CallPlatform, PlatformRefusal, PlatformResult } from './outgoing.ts';
import type { TimeMs } from './time.ts';

/** The token of a store, or the token pair of a seller's whole account at the platform. */
export interface StoreToken {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  /** null: lives until the store is released. */
  readonly expiresAt: TimeMs | null;
}

/** What a callback says about a store. `at` is the platform's time, null where it gives none. */
export type StoreNotice =
  | {
      readonly kind: 'bound';
      readonly store: string;
      readonly token: StoreToken;
      readonly name: string | null;
      readonly platformStoreId: string | null;
      readonly at: TimeMs | null;
    }
  /**
   * `hint`: nobody vouched for it. The hub then asks once with the store's token (`prove`) and releases the store only
   * when the answer says so (`tellsReleased`); a hint that is not borne out changes nothing.
   */
  | { readonly kind: 'released'; readonly store: string; readonly at: TimeMs | null; readonly hint?: true }
  | { readonly kind: 'state'; readonly store: string; readonly state: string; readonly at: TimeMs | null }
  /** Anything else worth an event and a place in the store's history, such as phone numbers that were downgraded. */
  | {
      readonly kind: 'notice';
      readonly store: string | null;
      readonly topic: string;
      readonly data: Json;
      readonly at: TimeMs | null;
    };

/** What the owner of an account asks a binding address for. */
export interface BindingRequest {
  /** Our own number of the store. */
  readonly store: string;
  readonly name: string;
  /** Unguessable; comes back where the platform carries a state. */
  readonly state: string;
  /** Where an OAuth page returns to: `/bindings/{account}/return` under the public address. */
  readonly returnUrl: string;
  /** The account's own callback address for the bind event, where the platform lets a link override it. */
  readonly callbackUrl: string;
  /** Options of the platform's page, checked by `checkOptions`. */
  readonly options: Readonly<Record<string, Json>>;
  readonly at: TimeMs;
}

/** A store as the platform describes it. */
export interface PlatformStore {
  /** null where the answer does not tell it; one of `oauth` must, since messages name the store by it. */
  readonly platformStoreId: string | null;
  readonly name: string | null;
  readonly open: boolean | null;
}

/**
 * How stores of a platform come to an account. `link`: the merchant opens an address and the platform calls back with
 * the store's token. `oauth`: the page returns a code that is exchanged for a token pair that covers the seller's shops.
 */
export interface StoreBinding {
  readonly style: 'link' | 'oauth';
  /** The address that the merchant opens. Throws nothing; `options` were checked. */
  bindUrl(account: AccountView, request: BindingRequest): string;
  /** Names what is wrong with the options, field by field; empty when nothing is. */
  checkOptions(
    options: Readonly<Record<string, Json>>,
  ): readonly { readonly field: string; readonly message: string }[];
  /** The address at which the merchant releases a bound store, where the platform has one. */
  releaseUrl?(account: AccountView, store: string, token: StoreToken, at: TimeMs): string;
  /** OAuth: code to tokens. */
  exchangeCode?(
    account: AccountView,
    call: CallPlatform,
    code: string,
    returnUrl: string,
    at: TimeMs,
  ): Promise<PlatformResult<StoreToken>>;
  /** New tokens for old, well before they run out. */
  refresh?(
    account: AccountView,
    call: CallPlatform,
    token: StoreToken,
    at: TimeMs,
  ): Promise<PlatformResult<StoreToken>>;
  /**
   * Proves a token by one harmless call and says which stores it covers. A store is enabled only after this succeeded.
   * `store`: our own number, for platforms whose answer is per store.
   */
  prove(
    account: AccountView,
    call: CallPlatform,
    store: string,
    token: StoreToken,
    at: TimeMs,
  ): Promise<PlatformResult<readonly PlatformStore[]>>;
  /**
   * Whether a refusal of `prove` says that the token no longer opens the store; as against a wrong secret of the
   * account or an outage, which say nothing about the store. Left out: no refusal says so.
   */
  tellsReleased?(refusal: PlatformRefusal): boolean;
}
