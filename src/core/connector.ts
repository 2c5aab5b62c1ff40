import type { AccessTokens } from './access-token.ts';
import type { Actions } from './action.ts';
import type { Accepted, CallbackRequest, Evidence, Secret } from './accept.ts';
import type { AccountSpec, Words } from './account-fields.ts';
import type { Creation } from './creation.ts';
import type { DoctorSheet } from './doctor/scheme.ts';
import type { Alias, Lines, OrderKind, RegisterRules, Report } from './fact.ts';
import type { Json } from './json.ts';
import type { Machines } from './machine.ts';
import type { OrderItem, OrderJson } from './order-json.ts';
import type { CallPlatform, PlatformResult } from './outgoing.ts';
import type { Poll, ReadDay } from './poll.ts';
import type { RegisterValues } from './registers.ts';
import type { SandboxPlatform } from './sandbox.ts';
import type { StoreActions } from './store-action.ts';
import type { StoreBinding, StoreNotice, StoreToken } from './store-binding.ts';
import type { TimeMs } from './time.ts';

/** An account as a connector sees it. */
export interface AccountView {
  readonly id: string;
  readonly platform: string;
  /** The secrets of a credential field that are valid now, the newest first. */
  secrets(name: string): readonly Secret[];
  /** The newest value of a credential that is no secret, such as an app key. */
  credential(name: string): string | undefined;
  /** Settings with defaults filled in. */
  readonly settings: Readonly<Record<string, Json>>;
  /** Our own numbers of the stores that wait for their bind callback. */
  readonly pendingBindings: ReadonlySet<string>;
  /** Our own numbers of the stores that the account has or had. Left out: none. */
  readonly knownStores?: ReadonlySet<string>;
}

/** Why a request was not believed. The detail is for the account's owner and never holds a secret. */
export interface Refusal {
  readonly reason:
    | 'unreadable'
    | 'missing_signature'
    | 'wrong_signature'
    | 'wrong_time'
    | 'no_secret'
    | 'unknown_token';
  readonly detail: string;
}

export type Verification<Content> =
  | { readonly ok: true; readonly accepted: Accepted<Content> }
  | { readonly ok: false; readonly refusal: Refusal };

/** What a believed request says. */
export type Parsed =
  | {
      readonly kind: 'reports';
      readonly reports: readonly Report[];
      /** What it says about stores, beside or instead of orders. */
      readonly stores?: readonly StoreNotice[];
      readonly replyData?: Json;
    }
  /** Says nothing about an order: a ping, a heartbeat. */
  | { readonly kind: 'nothing'; readonly note: string; readonly replyData?: Json }
  /** Genuine, but with a status, a value or a shape that the connector does not know: kept, shown, never guessed. */
  | { readonly kind: 'unrecognised'; readonly reason: string; readonly replyData?: Json };

/**
 * What may be believed of a parsed request on its evidence: with a signature or a token of ours all of it, on a pending
 * binding that stores are bound, on a hint only hints. The hub's guard against a connector that takes more.
 */
export function believable(parsed: Parsed, { kind }: Evidence): Parsed {
  if (kind === 'signature' || kind === 'path-token' || parsed.kind !== 'reports') return parsed;
  const borne = (notice: StoreNotice): boolean =>
    kind === 'pending-binding'
      ? notice.kind === 'bound'
      : kind === 'hint' && notice.kind === 'released' && notice.hint === true;
  if (parsed.reports.length === 0 && (parsed.stores ?? []).every(borne)) return parsed;
  return { kind: 'unrecognised', reason: `it says more than its evidence (${kind}) bears out` };
}

/** The three outcomes that exist; each connector renders the first two in its platform's bytes. */
export type Outcome = 'stored' | 'rejected' | 'try_again';

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

export interface Topic {
  /** Last part of the callback address, '' where there is one address for all. */
  readonly name: string;
  readonly label: Words;
}

/** An order about which the platform is asked. */
export interface OrderToRead {
  readonly aliases: readonly Alias[];
  readonly kind: OrderKind;
  /** Our own number of its store, with the store's token where it has one. */
  readonly store: string | null;
  readonly storeToken: StoreToken | null;
  /** The doubts to be settled: `Report.doubt` of the messages that raised them; `overdue`: it rests for too long. */
  readonly doubts: readonly string[];
  /** The platform's own fields of the whole order as they are known. */
  readonly platformFields?: RegisterValues['platformFields'];
  /** Its items as they are known, for answers that name none. */
  readonly items?: readonly OrderItem[];
  /** All that is known of it: which refunds and settlements are still under way. */
  readonly lines?: Lines;
  /** The account's access token, where its platform sells one; it is fetched when somebody asks for it. */
  accessToken?(): Promise<PlatformResult<string>>;
}

/** A link that a platform is asked for. */
export interface LinkWish {
  readonly sid: string;
  readonly actId: string;
  readonly linkType: string;
}

/**
 * A platform. Everything that the hub knows of one is in this object; nothing outside the connector's folder names it.
 */
export interface Connector<Content = unknown> {
  readonly id: string;
  readonly label: Words;
  readonly orderKinds: readonly OrderKind[];
  readonly account: AccountSpec;
  /** The listed addresses, or `token`: the last part of the path is an unguessable token of ours. */
  readonly topics: readonly Topic[] | 'token';
  readonly registers: RegisterRules;
  /** Checks where a request comes from, over the raw bytes. */
  verify(request: CallbackRequest, account: AccountView): Verification<Content>;
  /** Turns a believed request into reports. Pure: the same request gives the same reports. */
  parse(accepted: Accepted<Content>, account: AccountView): Parsed;
  /** The platform's own acknowledgement. `replyData` is what `parse` wanted to say back. */
  reply(outcome: 'stored' | 'rejected', request: CallbackRequest, replyData?: Json): Reply;
  /** Where stores are bound one by one. */
  readonly binding?: StoreBinding;
  /** Reads the truth of an order from the platform, for doubts that a message raised. */
  readTruth?(
    account: AccountView,
    call: CallPlatform,
    order: OrderToRead,
    at: TimeMs,
  ): Promise<PlatformResult<readonly Report[]>>;
  /** What is wrong with a sid that a link is to carry, in words; `undefined`: nothing. */
  sidFault?(sid: string, account: AccountView): string | undefined;
  /** A promotion link that carries a member's sid. */
  makeLink?(account: AccountView, call: CallPlatform, wish: LinkWish, at: TimeMs): Promise<PlatformResult<string>>;
  /** What can be done to its orders. */
  readonly actions?: Actions;
  /** What can be done to its stores. */
  readonly storeActions?: StoreActions;
  /** How orders are made at it. */
  readonly creation?: Creation;
  /** Where its calls carry a token that the account's credentials buy. */
  readonly accessTokens?: AccessTokens;
  /** Regular questions for what its pushes failed to tell. */
  readonly polls?: readonly Poll[];
  /** How long an order may rest in its state before the platform is asked about it, in ms; undefined: as long as it likes. */
  restMs?(order: OrderJson, account: AccountView): number | undefined;
  /** All orders of a day, for the reconciliation. */
  readonly readDay?: ReadDay;
  /** Codes by which the answer to `readTruth` says that the platform has no such order. */
  readonly absentCodes?: ReadonlySet<string>;
  /** By which time `readDay` puts an order into its day. Default `placed`. */
  readonly dayBy?: 'placed' | 'paid';
  readonly machines?: Machines;
  /** One harmless call that proves the account's credentials. */
  check?(account: AccountView, call: CallPlatform, at: TimeMs): Promise<PlatformResult<string>>;
  /** The answer to a GET at a callback address, where the platform's console checks it so. Left out: 405. */
  answerGet?(request: CallbackRequest, account: AccountView): Reply;
  /** How its signatures are made and what is known to go wrong with them, for the signature doctor. */
  readonly doctor?: DoctorSheet;
  /** The platform's side of the story, for the sandbox. */
  readonly sandbox: SandboxPlatform;
}

/** Our own outage, the same for every platform: never the sender's fault, so it will send again. */
export const TRY_AGAIN: Reply = {
  status: 503,
  contentType: 'application/json; charset=utf-8',
  body: '{"error":"try_again"}',
};

/** Keeps the content type between a connector's own functions and hides it from the hub. */
export function defineConnector<Content>(connector: Connector<Content>): Connector {
  // Sound because the hub only gives `parse` what this connector's `verify` accepted.
  return connector;
}
