import type { Json } from '../core/json.ts';
import type { ExpectedOrder, OutgoingCallback } from '../core/sandbox.ts';
import type { TimeMs } from '../core/time.ts';
import type { Chaos, Fate } from './chaos.ts';
import type { MemoryChanges } from './memory-draft.ts';

/** The first line: whose ledger it is. The hub's key is never in it. */
export interface BeginLine {
  readonly line: 'ledger';
  readonly version: 1;
  /** Also part of the accounts' names, so that another sandbox's account is not taken for ours. */
  readonly id: string;
  readonly hub: string;
  readonly at: TimeMs;
}

/** An account of ours, written before it is created at the hub; of several for a platform the last counts. */
export interface AccountLine {
  readonly line: 'account';
  readonly platform: string;
  readonly id: string;
  readonly credentials: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, Json>>;
  /** Where the platform was reached when the settings were made. */
  readonly baseUrl: string;
}

/** Where events come in, and the secret that they are signed with. */
export interface ReceiverLine {
  readonly line: 'receiver';
  readonly endpoint: string;
  readonly secret: string;
  readonly port: number;
}

/** The hub has proved the token that a click brought it. */
export interface BoundLine {
  readonly line: 'bound';
  readonly account: string;
  /** null: the authorisation of a seller, whatever his stores. */
  readonly store: string | null;
}

export interface RunLine {
  readonly line: 'run';
  readonly at: TimeMs;
  readonly seed: string;
  readonly rate: number;
  readonly speed: number;
  readonly chaos: Chaos;
}

export interface OrderLine {
  readonly line: 'order';
  readonly platform: string;
  readonly account: string;
  readonly number: number;
  readonly seed: string;
  readonly placedAt: TimeMs;
  readonly platformOrderId: string;
  readonly plot: string;
  readonly steps: number;
}

/** A step that happened and its callback, written before the first sending. */
export interface MessageLine {
  readonly line: 'message';
  readonly platform: string;
  readonly number: number;
  readonly step: number;
  readonly at: TimeMs;
  readonly callback: OutgoingCallback;
  readonly fate: Fate;
  /** What the hub must show once it knows all that was told so far; null while nothing was. */
  readonly expected: ExpectedOrder | null;
  /** What the platform noted at this step; left out for nothing. */
  readonly memory?: MemoryChanges;
}

/** A call of the hub, or a click of a merchant, that changed something or set callbacks off. */
export interface CallLine {
  readonly line: 'call';
  readonly platform: string;
  readonly account: string;
  readonly method: string;
  readonly path: string;
  readonly at: TimeMs;
  readonly memory: MemoryChanges;
  /** The callbacks set off are counted on from here; each is a message of the order number 0. */
  readonly first: number;
  readonly callbacks: readonly OutgoingCallback[];
  /** What the network does to each of them; left out: nothing. */
  readonly fates?: readonly Fate[];
}

/** How far a customer of the merchant's own shop has come; of several lines for a number the last counts. */
export interface ShopperLine {
  readonly line: 'shopper';
  readonly platform: string;
  readonly number: number;
  readonly at: TimeMs;
  readonly plot: string;
  /** `wished`: written before the hub is asked. `left`: the hub or the platform said no, or the customer went away. */
  readonly state: 'wished' | 'made' | 'paid' | 'left';
  /** The body of the hub's call. */
  readonly body: Readonly<Record<string, Json>>;
  readonly paysAfterMs: number | null;
  /** Where it is paid: platform and what its checkout names the payment by. */
  readonly pays?: { readonly platform: string; readonly checkout: string };
  readonly note?: string;
}

/** The hub asked how an order stands, after so many of its steps. */
export interface ReadLine {
  readonly line: 'read';
  readonly platform: string;
  readonly number: number;
  readonly happened: number;
  readonly expected: ExpectedOrder;
}

/** The hub's answer counted as received. */
export interface AcknowledgedLine {
  readonly line: 'acknowledged';
  readonly platform: string;
  readonly number: number;
  readonly step: number;
}

/** An event that our endpoint took, written before the answer. */
export interface EventLine {
  readonly line: 'event';
  readonly account: string;
  readonly order: string;
  readonly platformOrderId: string | null;
  readonly sequence: number;
  readonly previousSequence: number | null;
  readonly id: string;
  readonly status: string;
  /** The order that it was folded into; left out where it was not. */
  readonly mergedInto?: string;
}

/** A delivery that our endpoint refused: a wrong signature, say. */
export interface RefusedLine {
  readonly line: 'refused';
  readonly at: TimeMs;
  readonly reason: string;
}

export type LedgerLine =
  | BeginLine
  | AccountLine
  | ReceiverLine
  | BoundLine
  | RunLine
  | OrderLine
  | MessageLine
  | CallLine
  | ReadLine
  | ShopperLine
  | AcknowledgedLine
  | EventLine
  | RefusedLine;
