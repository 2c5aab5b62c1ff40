import type { AccountField, Words } from './account-fields.ts';
import type { AccountView } from './connector.ts';
import type { Alias, Lines, OrderKind, Report } from './fact.ts';
import type { Json, JsonObject } from './json.ts';
import type { OrderJson } from './order-json.ts';
import type { OutgoingRequest, PlatformRefusal, PlatformResponse } from './outgoing.ts';
import type { RegisterValues } from './registers.ts';
import type { StoreToken } from './store-binding.ts';
import type { TimeMs } from './time.ts';

/**
 * Something that can be done to an order at its platform. The hub stores an intent with a number of our own before
 * anything is sent, so that a crash between sending and hearing never doubles what moves money or goods.
 */
export interface ActionSpec {
  /** Name in the API, the same on every platform that has it: `accept`, `cancel`, `refund`, …. */
  readonly name: string;
  readonly label: Words;
  /** What `params` may hold, as data: validation, forms, documentation. */
  readonly params: readonly AccountField[];
  /** What a doubled call would cost. */
  readonly moves: 'nothing' | 'money' | 'goods';
  /**
   * What is done when no answer came. `again`: the platform knows a repeat (by our number, or because the call says the
   * same twice), so identical bytes are sent once more. `ask`: it does not; the outcome is asked for until it is known.
   */
  readonly onSilence: 'again' | 'ask';
  /** The hub's own step in an order's life, such as `create` or `close`: nobody asks for it by the API. Default false. */
  readonly internal?: boolean;
  /**
   * No platform needs to hear of it from us: the shop took the money itself, somebody audited by hand, the customer's app
   * brings along what was signed here. See `doAtOnce`.
   */
  readonly atOnce?: boolean | ((account: AccountView) => boolean);
  /** The call carries an access token of the account: the hub fetches, keeps and hands it in (`accessToken`). */
  readonly needsAccessToken?: boolean | ((account: AccountView, order: OrderJson) => boolean);
  /** Why the action makes no sense for the order as it is, in words for a person; undefined when it does. */
  refuses(order: OrderJson): Words | undefined;
  /** Params that the order itself supplies where a wish leaves them out, such as the record that is next. */
  paramsFrom?(order: OrderJson, lines: Lines): Readonly<Record<string, Json>>;
  /**
   * What the order, as it is now, says by itself of this action, such as a callback that told of its effect: it then ends
   * so, and nobody sends or asks any more. Left out: the hub's rule for the name (`action-shown.ts`).
   */
  shown?(order: OrderJson, asked: Pick<ActionRequest, 'params' | 'number'>): 'succeeded' | 'failed' | undefined;
}

/** Whether the call of an action carries an access token: of a platform with two generations it depends on the order. */
export const wantsAccessToken = (
  { needsAccessToken = false }: Pick<ActionSpec, 'needsAccessToken'>,
  account: AccountView,
  order: OrderJson,
): boolean => (typeof needsAccessToken === 'function' ? needsAccessToken(account, order) : needsAccessToken);

/** An intent, as the connector needs it. */
export interface ActionRequest {
  readonly action: string;
  readonly params: Readonly<Record<string, Json>>;
  /** Our own number of the intent: unique, stored before sending, the same on every repeat. */
  readonly number: string;
  readonly order: ActionOrder;
  /** The time written into the request. */
  readonly at: TimeMs;
  /** `{public URL}/callbacks/{platform}/{account}`: what the platform is told to call back, without a slash at its end. */
  readonly callbackBase?: string;
  /** Such an address may be plain HTTP and of any port, where a platform's sheet says https only: a sandbox, a test. */
  readonly plainCallbacks?: boolean;
  /** Where the spec wants one. While the params are only being checked there may be none. */
  readonly accessToken?: string;
}

export interface ActionOrder {
  readonly aliases: readonly Alias[];
  readonly kind: OrderKind;
  readonly json: OrderJson;
  /** Our own number of its store, with the store's token where it has one. */
  readonly store: string | null;
  readonly storeToken: StoreToken | null;
  /** Who brings the order, unmasked: some platforms want the phone with every step of an own delivery. */
  readonly rider?: RegisterValues['rider'] | null;
  /** The user's number at the platform: some pushes are addressed to it. */
  readonly buyer?: string | null;
  /** What the order follows from, for what its JSON does not tell, such as its refunds by their numbers. */
  readonly lines?: Lines;
}

/** The request to send, or what is wrong with the params, field by field. */
export type PreparedAction =
  | { readonly ok: true; readonly request: OutgoingRequest }
  | { readonly ok: false; readonly faults: readonly { readonly field: string; readonly message: string }[] };

/** What an action that no platform hears of says about its order. */
export type DoneAtOnce =
  | {
      readonly ok: true;
      readonly reports: readonly Report[];
      readonly answer?: Json;
      /** As in `ActionOutcome`. */
      readonly handOver?: JsonObject;
    }
  | { readonly ok: false; readonly faults: readonly { readonly field: string; readonly message: string }[] };

/** How an action ended. */
export type ActionOutcome =
  | {
      readonly state: 'succeeded';
      readonly reports: readonly Report[];
      /** Shown to whoever may read the order. */
      readonly answer?: Json;
      /** For the caller alone, such as what a checkout needs, by name: kept sealed, in no timeline. */
      readonly handOver?: JsonObject;
    }
  | {
      readonly state: 'failed';
      readonly refusal: PlatformRefusal;
      /** What the answer says of the order all the same; counts where the refusal is final. */
      readonly reports?: readonly Report[];
    }
  /** The platform took it in and will tell later, or cannot say yet. */
  | {
      readonly state: 'unknown';
      readonly reason: string;
      /**
       * Of an answer to a question: what is true when the platform still says so after the time that the action has, such as
       * a record that waits for its command though any attempt would have ended. Left out: nobody knows, a person must look.
       */
      readonly atLast?: Extract<ActionOutcome, { readonly state: 'succeeded' | 'failed' }>;
      /**
       * Of an answer to a question: only a person can decide, and is to be told now. It is asked about all the same, since
       * what becomes of the order can still settle it.
       */
      readonly isPersons?: true;
    };

/** What can be done at a platform. Pure: the hub does the sending, so that the bytes are stored first. */
export interface Actions {
  readonly specs: readonly ActionSpec[];
  /** Checks the params (lengths in bytes and characters, ranges, formats of the sheet) and makes the signed request. */
  prepare(account: AccountView, request: ActionRequest): PreparedAction;
  /** Checks and does what the spec calls `atOnce`. */
  doAtOnce?(account: AccountView, request: ActionRequest): DoneAtOnce;
  /** What the platform's answer means. */
  conclude(account: AccountView, request: ActionRequest, response: PlatformResponse): ActionOutcome;
  /** The question to ask after silence, where `onSilence` is `ask`; undefined: about this action nothing can be asked. */
  prepareQuestion?(account: AccountView, request: ActionRequest): OutgoingRequest | undefined;
  concludeQuestion?(account: AccountView, request: ActionRequest, response: PlatformResponse): ActionOutcome;
  /**
   * What an action says about its order that a person found done, such as in the platform's console. Left out: only a
   * refund of money says something (its amount, on the line of its number).
   */
  whenDone?(account: AccountView, request: ActionRequest): readonly Report[];
}
