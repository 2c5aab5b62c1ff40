import { HuidanError } from '../core/errors.ts';
import type { SandboxControls, SandboxState } from '../server/api/context.ts';
import type { Room } from './sandbox.ts';

type Sandbox = Awaited<ReturnType<Room['startSandbox']>>;
type Chaos = Room['NO_CHAOS'];

/** What the console of a demo may do to its sandbox; it remembers what was set last. */
export function sandboxControls(
  room: Pick<Room, 'NO_CHAOS' | 'SandboxError'>,
  sandbox: Pick<Sandbox, 'stats' | 'setSpeed' | 'setRate' | 'setChaos' | 'placeOrder' | 'sendAgain'>,
  start: { readonly speed: number; readonly rate: number; readonly chaos: Chaos },
): SandboxControls {
  let { speed, rate, chaos } = start;
  const asked = async <T>(work: () => T | Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof room.SandboxError) throw new HuidanError('sandbox_refused', error.message);
      throw error;
    }
  };
  return {
    async state() {
      // Through JSON, as the API answers it: what is undefined is left out.
      const stats = JSON.parse(JSON.stringify(sandbox.stats())) as SandboxState['stats'];
      return Promise.resolve({ speed, rate, chaos: { ...chaos }, stats });
    },
    setSpeed: (next) =>
      asked(() => {
        sandbox.setSpeed(next);
        speed = next;
      }),
    setRate: (next) =>
      asked(() => {
        sandbox.setRate(next);
        rate = next;
      }),
    setChaos: (next) =>
      asked(() => {
        const unknown = Object.keys(next).find((kind) => !Object.hasOwn(room.NO_CHAOS, kind));
        if (unknown !== undefined) {
          const known = Object.keys(room.NO_CHAOS).join(', ');
          throw new HuidanError('sandbox_refused', `Chaos is ${known}, not '${unknown}'.`);
        }
        chaos = { ...room.NO_CHAOS, ...next };
        sandbox.setChaos(chaos);
      }),
    placeOrder: (platform) =>
      asked(async () => {
        const { platform: at, account, platformOrderId } = await sandbox.placeOrder(platform);
        return { platform: at, account, platformOrderId };
      }),
    sendAgain: (platformOrderId) => asked(() => sandbox.sendAgain(platformOrderId)),
  };
}
