import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Static, TSchema } from 'typebox';
import type { HubContext } from '../../hub/context.ts';
import type { RedriveDeps } from '../../hub/redrive.ts';
import type { TargetPolicy } from '../../hub/target-guard.ts';

/** What the routes of the API work with. */
export interface ApiContext {
  readonly ctx: HubContext;
  /** How callbacks are applied again; its directory is told of changed accounts. */
  readonly redrive: RedriveDeps;
  readonly targets: TargetPolicy;
  /** Base of the addresses that the API prints, without a slash at the end. */
  publicUrl(): string;
  /** After how long a stream ends whose reader takes nothing; left out: half a minute. */
  readonly streamStalledMs?: number;
  /** The sandbox that runs beside this hub; only in `huidan demo`. */
  sandbox(): SandboxControls | undefined;
}

/** What the console may do to the sandbox of a demo. Errors: `sandbox_refused`. */
export interface SandboxControls {
  state(): Promise<SandboxState>;
  setSpeed(speed: number): Promise<void>;
  setRate(rate: number): Promise<void>;
  /** Probabilities by kind; kinds that are left out become 0. */
  setChaos(chaos: Readonly<Record<string, number>>): Promise<void>;
  /** Places an order now, at any platform when none is named. */
  placeOrder(platform: string | undefined): Promise<PlacedOrder>;
  /** Sends the last callback of an order again. */
  sendAgain(platformOrderId: string): Promise<void>;
}

export interface SandboxState {
  readonly speed: number;
  readonly rate: number;
  readonly chaos: Readonly<Record<string, number>>;
  readonly stats: Readonly<Record<string, unknown>>;
}

export interface PlacedOrder {
  readonly platform: string;
  readonly account: string;
  readonly platformOrderId: string;
}

/**
 * Schemas type what a handler gets. What it answers is held to its schema by the contract tests instead: writes answer
 * with bytes, which no type can see into.
 */
export interface TypedRequests extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown;
  serializer: unknown;
}

/** The guarded scope of the API. */
export type ApiScope = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypedRequests
>;
