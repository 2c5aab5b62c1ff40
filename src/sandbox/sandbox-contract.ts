import type { Connector } from '../core/connector.ts';
import type { TimeMs } from '../core/time.ts';
import type { CatchUp } from './catch-up.ts';
import type { Decided } from './call-faults.ts';
import type { Chaos } from './chaos.ts';
import type { OrderLine, ShopperLine } from './ledger-lines.ts';
import type { SandboxStats } from './stats.ts';
import type { VerifyReport } from './verify.ts';

export interface SandboxOptions {
  readonly hubUrl: string;
  readonly key: string;
  /** Every platform that is known; those of earlier runs are finished. */
  readonly platforms: readonly Connector[];
  /** Ids of the platforms that new orders are placed at. Default all. */
  readonly playing?: readonly string[];
  readonly ledgerDir: string;
  /** Orders a second, over all platforms. */
  readonly rate: number;
  /** How many times faster than the wall's clock an order's life passes. */
  readonly speed: number;
  readonly chaos: Chaos;
  /** Left out: a random one, kept in the ledger. */
  readonly seed?: string;
  /** No more orders than this are placed in this run. */
  readonly orderLimit?: number;
  readonly receiverHost?: string;
  /** Left out: the ledger's, or any free one. */
  readonly receiverPort?: number;
  /** Requests under way at a time. Default 64. */
  readonly concurrency?: number;
  /** Only finishes what is outstanding: no order is placed, no step happens, a new hub is no excuse. */
  readonly finishOnly?: boolean;
  /** How long a hub that does not answer is waited for at the start. Default: for ever. */
  readonly hubWaitMs?: number;
  /** Breaks off a start that waits for the hub. */
  readonly signal?: AbortSignal;
  readonly clock?: () => TimeMs;
  /** What a person should hear. */
  readonly onNote?: (text: string) => void;
  /** What was drawn, by a name that is the same in every run of a seed. */
  readonly onDecision?: Decided;
}

export interface Sandbox {
  readonly seed: string;
  readonly control: { readonly port: number; readonly token: string };
  readonly receiverPort: number;
  /** Ends the sending where it stands; the ledger knows what is open. */
  stop(): Promise<void>;
  stats(): SandboxStats;
  /** Places an order now, whatever the rate. */
  placeOrder(platform?: string): Promise<OrderLine>;
  /** A customer of the merchant's own shop orders through the hub. Throws where the platform has nothing of the kind. */
  shop(platform: string): Promise<ShopperLine>;
  /** The next so many calls of the hub to the platform meet this trouble: a common one, or one of the platform's own. */
  askForFault(platform: string, name: string, times: number): void;
  /** Sends the last callback of an order once more. */
  sendAgain(platformOrderId: string): Promise<void>;
  setSpeed(speed: number): void;
  setRate(rate: number): void;
  setChaos(chaos: Chaos): void;
  /** Resolves when the order limit of the run is reached. */
  readonly allPlaced: Promise<void>;
  /**
   * Places nothing more, lets the lives run to their ends at once and waits until all is acknowledged and received.
   * Resolves with what is left when the time is over.
   */
  drain(waitMs: number, onProgress?: (left: CatchUp) => void): Promise<CatchUp>;
  /** Holds the world still, finishes what is outstanding, compares, and lets the world go on. */
  verify(waitMs: number, onProgress?: (left: CatchUp) => void): Promise<VerifyReport>;
}
