import type { Connector } from '../core/connector.ts';
import type { RandomBytes } from '../core/ids.ts';
import type { CallPlatform } from '../core/outgoing.ts';
import type { Clock } from '../core/time.ts';
import type { Pool } from '../store/pool.ts';
import type { Sealer } from '../store/seal.ts';
import type { CrashPoints } from './crash-points.ts';

/** The part of pino that the hub uses. */
export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** The connectors, handed in: the hub knows no platform by name. */
export interface Registry {
  readonly all: readonly Connector[];
  get(platform: string): Connector | undefined;
}

/** Tells the delivery worker of this process that something may be due; other processes find it by polling. */
export interface Wake {
  /** With an account: only there. Looking through one account instead of all is what makes a wake-up cheap. */
  deliveries(accountId?: string): void;
  /** Returns a function that stops listening. */
  onDeliveries(listener: (accountId?: string) => void): () => void;
  /**
   * The same for all else that rows with a due time wait for: actions, orders to be read, stores to be proved. A process
   * that does no work passes it on (`wake-others.ts`).
   */
  work(): void;
  onWork(listener: () => void): () => void;
}

/** Everything that the use cases need from outside. */
export interface HubContext {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly log: Log;
  readonly sealer: Sealer;
  readonly registry: Registry;
  readonly crash: CrashPoints;
  readonly wake: Wake;
  /** See `createPlatformHttp`. */
  readonly callPlatform: CallPlatform;
  /** Base of the addresses at which platforms reach the hub, without a slash at its end. */
  publicUrl(): string;
  /** `HUIDAN_ALLOW_PRIVATE_TARGETS`: platforms may be a sandbox on this machine, and call back by plain HTTP. */
  readonly allowPrivateTargets?: boolean;
}

export function createRegistry(connectors: readonly Connector[]): Registry {
  const byId = new Map(connectors.map((connector) => [connector.id, connector]));
  return { all: connectors, get: (platform) => byId.get(platform) };
}

export function createWake(): Wake {
  const listeners = new Set<(accountId?: string) => void>();
  const workers = new Set<() => void>();
  return {
    deliveries(accountId) {
      for (const listener of listeners) listener(accountId);
    },
    onDeliveries(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    work() {
      for (const worker of workers) worker();
    },
    onWork(listener) {
      workers.add(listener);
      return () => workers.delete(listener);
    },
  };
}
