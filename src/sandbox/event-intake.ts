import type { TimeMs } from '../core/time.ts';
import type { createLagMeter } from './lag-meter.ts';
import type { Ledger } from './ledger.ts';
import { answerAtDoor } from './platform-door.ts';
import type { PlatformDoorContext } from './platform-door.ts';
import { openReceiver } from './receiver.ts';
import type { Receiver } from './receiver.ts';

export interface EventIntakeWorld {
  readonly host: string;
  /** The wished port; left out: the one of the run before, or any free one. */
  readonly port: number | undefined;
  readonly clock: () => TimeMs;
  readonly door: PlatformDoorContext;
  readonly lag: ReturnType<typeof createLagMeter>;
  /** Asked at each delivery: a new hub gets a new ledger while the receiver stays open. */
  ledger(): Ledger;
  onNote(text: string): void;
  onFault(error: unknown): void;
}

/** Opens where the hub's events come in and where the platforms are reached; what comes is written before its answer. */
export function openEventIntake(world: EventIntakeWorld): Promise<Receiver> {
  const { host, clock, lag, ledger } = world;
  const port = world.port ?? ledger().state.receiver?.port ?? 0;
  const isFixed = world.port !== undefined && world.port !== 0;
  const hooks: Parameters<typeof openReceiver>[3] = {
    secret: () => ledger().state.receiver?.secret,
    onEvent: async (event, createdAt) => {
      lag.measure(createdAt, clock());
      await ledger().write(event);
    },
    onRefused: async (reason) => {
      world.onNote(`The receiver refused ${reason}`);
      await ledger().write({ line: 'refused', at: clock(), reason });
    },
    onCall: (call) =>
      answerAtDoor(world.door, call).catch((error: unknown) => {
        world.onFault(error);
        throw error;
      }),
  };
  return openReceiver(host, port, isFixed, hooks, clock);
}
