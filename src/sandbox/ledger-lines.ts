import type { Json } from '../core/json.ts';
import type { ExpectedOrder, OutgoingCallback } from '../core/sandbox.ts';
import type { TimeMs } from '../core/time.ts';
import type { Chaos, Fate } from './chaos.ts';

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
}

/** Where events come in, and the secret that they are signed with. */
export interface ReceiverLine {
  readonly line: 'receiver';
  readonly endpoint: string;
  readonly secret: string;
  readonly port: number;
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
  | RunLine
  | OrderLine
  | MessageLine
  | AcknowledgedLine
  | EventLine
  | RefusedLine;
