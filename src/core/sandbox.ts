import type { AccountView, Reply } from './connector.ts';
import type { Json } from './json.ts';
import type { TimeMs } from './time.ts';

/** Uniform numbers in [0, 1); seeded, so that a run repeats. */
export type Random = () => number;

/** A callback about to be sent by the platform that the sandbox plays. */
export interface OutgoingCallback {
  readonly topic: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Where the hub asked to be called about this order (`notify_url`); left out: the account's address of the topic. */
  readonly url?: string;
  /** Sent so many ms of the platform's clock after what set it off. Default 0. */
  readonly afterMs?: number;
}

/** What the hub must show of an order once it has heard everything. Only the named fields are compared. */
export interface ExpectedOrder {
  readonly status?: string;
  readonly payment: string;
  readonly lifecycle?: string;
  readonly fulfilment?: string;
  readonly flags?: readonly string[];
  /** Fen; only the amounts that the platform told. */
  readonly amounts: Readonly<Record<string, number | null>>;
  readonly sid?: string | null;
}

/** One step in an order's life at the platform. */
export interface StoryStep {
  /** Milliseconds of the platform's clock after the step before. */
  readonly afterMs: number;
  /**
   * The callback of this step. Made when the step happens, at the platform's own time. `memory`: what `answer` knows; a
   * step notes there what the hub may ask about. Left out by a caller that never lets the hub ask.
   */
  callback(atMs: TimeMs, account: AccountView, memory?: PlatformMemory): OutgoingCallback;
}

/** The whole life of one order at the platform: its callbacks and where it ends. */
export interface Story {
  readonly platformOrderId: string;
  /** In words, for the log: `paid, then refunded in part`. */
  readonly plot: string;
  readonly steps: readonly StoryStep[];
  /**
   * What the hub must show after the steps with these indexes (ascending, at least one) were told. A list and not a
   * count, because a callback can get lost for good: then its neighbours are told and it is not. `happened`: how many
   * steps had happened when the hub last read the truth that a step told it to read (`Report.doubt`); left out: as
   * many as had when the last such step was told.
   */
  expected(told: readonly number[], happened?: number, memory?: PlatformMemory): ExpectedOrder;
  /**
   * Whether an answer has told the hub since what the callback of this step, which got lost, would have told it; `never`:
   * no call of the platform tells that. `told`: the steps that were told. Left out, or undefined: every answer about the
   * order after the step does.
   */
  answered?(step: number, told: readonly number[], memory: PlatformMemory): 'yes' | 'no' | 'never' | undefined;
}

/** An order as the played platform has it, with what moved for it; also one that the hub made or changed. */
export interface PlatformOrder {
  readonly platformOrderId: string;
  /** The number that the hub's shop gave it. */
  readonly ownNumber?: string;
  /** What the hub must show; undefined: the order's story says it. */
  readonly expected?: ExpectedOrder;
  /** What it may show as well, where the rest of the story is told elsewhere: was a closed order paid, and by whom. */
  readonly orElse?: readonly ExpectedOrder[];
  /** What happened last nobody can tell the hub any more, so that the order must be in the attention queue. */
  readonly isUntold?: true;
  /** Fen that went back, by our number of the refund: each once. */
  readonly refunds?: Readonly<Record<string, number>>;
  /** Items that left the machine, by dispense record: each at most once. */
  readonly dispensed?: Readonly<Record<string, number>>;
}

/** What a customer of the merchant's own shop wants: the body of `POST /api/v1/orders` less its `account`. */
export interface ShopperWish {
  readonly body: Readonly<Record<string, Json>>;
  /** Paid at another platform: one that has `wishPayment` is named in `payment`. */
  readonly needsPayment: boolean;
  /** In words, for the log. */
  readonly plot: string;
  /** ms of the platform's clock from the checkout to the payment; null: the customer walks away. */
  readonly paysAfterMs: number | null;
}

/** A trouble that can be asked for: the call is answered so instead of being done. */
export interface SandboxFault {
  /** Such as `rate_limit`, `expired_token`, `sold_out`, `machine_offline`, `duplicate_number`. */
  readonly name: string;
  applies(call: IncomingCall): boolean;
  answer(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer;
}

/** A request of the hub to the platform that the sandbox plays. */
export interface IncomingCall {
  readonly method: string;
  /** Path below the platform's base URL, with its leading slash. */
  readonly path: string;
  /** The raw query string without `?`. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly at: TimeMs;
}

export interface CallAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Where a page sends the browser. */
  readonly location?: string;
  /** Callbacks that the call sets off, such as the bind callback after a click on the page. */
  readonly callbacks?: readonly OutgoingCallback[];
  /**
   * Numbers (`Story.platformOrderId`) of the orders whose truth this answer tells: the sandbox then knows how far the
   * hub can have read (`happened` of `Story.expected`).
   */
  readonly tellsOf?: readonly string[];
}

/**
 * The memory of a played platform: plain JSON, kept by the sandbox in its ledger. One name an order or a token, and a
 * value is replaced, never changed in place: only the names that were set or deleted are written down.
 */
export type PlatformMemory = Record<string, Json>;

export interface PlatformTick {
  readonly callbacks: readonly OutgoingCallback[];
  readonly nextAt: TimeMs | null;
  readonly lapsesAt?: TimeMs | null;
}

/** The platform's side: what it sends, what it takes as received, and how patiently it sends again. */
export interface SandboxPlatform {
  /**
   * Credentials and settings for a demo account. `baseUrl`: where `answer` is reached, without a slash at its end; every
   * setting that names a host of the platform gets it.
   */
  demoAccount(
    random: Random,
    baseUrl: string,
  ): {
    readonly credentials: Readonly<Record<string, string>>;
    readonly settings: Readonly<Record<string, Json>>;
  };
  /** Stores of the demo account that wait for a merchant to bind them. */
  readonly demoStores?: readonly { readonly store: string; readonly name: string }[];
  /** A new order's life. `number` counts the orders of the run and makes the order's number unique. */
  tell(random: Random, number: number, atMs: TimeMs): Story;
  /** The platform's own rule for a callback being received. */
  isReceived(reply: Pick<Reply, 'status' | 'body'>): boolean;
  /**
   * Answers the hub's calls and a merchant's browser as the platform would: checks signature, parameters and state.
   * Called one at a time; may change `memory`.
   */
  answer?(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer;
  /**
   * What the platform does by its own clock (an unpaid order is closed, a machine reports): called when `at` is due;
   * null: nothing is to come. `nextAt` is what it has begun and will end, which may be hurried; `lapsesAt` what happens
   * when nobody does anything until then, which may not: the hub's clock counts the same time. May change `memory`.
   */
  tick?(at: TimeMs, account: AccountView, memory: PlatformMemory): PlatformTick;
  /** The user pays an order that the hub made; undefined: there is none to pay. */
  pay?(
    platformOrderId: string,
    at: TimeMs,
    account: AccountView,
    memory: PlatformMemory,
  ): readonly OutgoingCallback[] | undefined;
  /** An order that a customer of the demo shop makes through the hub; `number` makes its number unique. */
  wish?(random: Random, number: number, account: AccountView, memory: PlatformMemory): ShopperWish;
  /** The fields of `payment` (less `account`) for an order that is made at another platform and paid here. */
  wishPayment?(random: Random): Readonly<Record<string, Json>>;
  /** A callback that will never arrive: a platform that keeps failed pushes to be pulled keeps it. May change `memory`. */
  lost?(callback: OutgoingCallback, at: TimeMs, account: AccountView, memory: PlatformMemory): void;
  /** Names of its memory that note what an answer has told the hub: of an answer that gets lost they are not kept. */
  notesTold?(name: string): boolean;
  /** All orders in its memory that the hub has made or acted on, for `verify`. */
  orders?(account: AccountView, memory: PlatformMemory): readonly PlatformOrder[];
  /**
   * What it has on sale, by machine and product: what is there less what open orders hold. Without machines of which the
   * hub cannot know yet, such as one that was filled up since it was last read.
   */
  stock?(account: AccountView, memory: PlatformMemory): Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly faults?: readonly SandboxFault[];
  /** Waiting times before each repeat, in ms of the platform's clock; after the last it gives up. */
  readonly retryGapsMs: readonly number[];
  /** The same of one callback, where the platform has several clocks. */
  retryGapsOf?(callback: OutgoingCallback): readonly number[];
}
