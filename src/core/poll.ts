import type { Words } from './account-fields.ts';
import type { AccountView, OrderToRead } from './connector.ts';
import type { Report } from './fact.ts';
import type { Json } from './json.ts';
import type { CallPlatform, PlatformResult } from './outgoing.ts';
import type { StoreNotice, StoreToken } from './store-binding.ts';
import type { TimeMs } from './time.ts';

/** What a poll may know when it asks for a page. */
export interface PollAsk {
  readonly at: TimeMs;
  /** What the last run that came to its end left behind, such as how far it has read; null: there was none. */
  readonly mark: Json;
  /** Where this run goes on; null: its first page. */
  readonly page: Json;
  /** The stores that the account may ask for, with their tokens. */
  readonly stores: readonly { readonly store: string; readonly token: StoreToken | null }[];
  /** The day sequences that the hub has of a store since a time: a gap is an order that never came. */
  daySequences(store: string, since: TimeMs): Promise<readonly number[]>;
  /** Orders of the account that are open, the longest unchanged first, at most so many. */
  openOrders(limit: number): Promise<readonly OrderToRead[]>;
  /** Orders of a store that the hub knows since a time, ended ones too, by age; those after an id. */
  recentOrders(
    store: string,
    since: TimeMs,
    page: { readonly afterId: string | null; readonly limit: number },
  ): Promise<readonly { readonly id: string; readonly platformOrderId: string }[]>;
  readonly accessToken?: string;
}

export interface PollPage {
  readonly reports: readonly Report[];
  readonly stores?: readonly StoreNotice[];
  /** The next page of this run; null: this was the last. */
  readonly next: Json;
  /** Kept when the run ends here. */
  readonly mark: Json;
  /** Handed to `confirm` once the reports are committed. */
  readonly toConfirm?: Json;
}

/** A regular question for what the platform's pushes may have failed to tell. */
export interface Poll {
  readonly name: string;
  readonly label: Words;
  /** Seconds between two runs where the account does not say (`repairSeconds`). */
  readonly everySeconds: number;
  readonly needsAccessToken?: boolean;
  /** Whether an account has a use for it, such as for the generation of its platform's API. Left out: every one. */
  appliesTo?(account: AccountView): boolean;
  run(account: AccountView, call: CallPlatform, ask: PollAsk): Promise<PlatformResult<PollPage>>;
  /** Tells the platform that what it kept for us has arrived. */
  confirm?(account: AccountView, call: CallPlatform, toConfirm: Json, at: TimeMs): Promise<PlatformResult<null>>;
}

/** All orders of a business day (Asia/Shanghai) as the platform has them, page by page, for the reconciliation. */
export type ReadDay = (
  account: AccountView,
  call: CallPlatform,
  ask: Pick<PollAsk, 'at' | 'page' | 'stores' | 'accessToken'> & {
    /** Its first and its last ms. */
    readonly from: TimeMs;
    readonly to: TimeMs;
  },
) => Promise<PlatformResult<{ readonly reports: readonly Report[]; readonly next: Json }>>;
