import type { Json } from '../core/json.ts';
import { CHAOS_KINDS, NO_CHAOS, probability } from './chaos.ts';
import type { Chaos, ChaosKind } from './chaos.ts';
import type { ControlCalls } from './control-door.ts';
import type { Sandbox } from './sandbox-contract.ts';
import { SandboxError } from './sandbox-error.ts';
import { textOf } from './untrusted-json.ts';
import type { Fields } from './untrusted-json.ts';

const LONGEST_VERIFY_SECONDS = 3600;

/** What can be asked of a running sandbox from outside: the console's controls and `sandbox verify`. */
export function controlCalls(sandbox: Sandbox): ControlCalls {
  return {
    state: async () => Promise.resolve({ pid: process.pid, seed: sandbox.seed }),
    stats: async () => Promise.resolve(JSON.parse(JSON.stringify(sandbox.stats())) as Json),
    speed: async (input) => {
      sandbox.setSpeed(numberOf(input, 'speed'));
      return Promise.resolve({ ok: true });
    },
    rate: async (input) => {
      sandbox.setRate(numberOf(input, 'rate'));
      return Promise.resolve({ ok: true });
    },
    chaos: async (input) => {
      sandbox.setChaos(chaosOf(input));
      return Promise.resolve({ ok: true });
    },
    order: async (input) => {
      const { platform, account, platformOrderId, plot } = await sandbox.placeOrder(textOf(input['platform']));
      return { platform, account, platformOrderId, plot };
    },
    shop: async (input) => {
      const { platform, number, state, body, note = null } = await sandbox.shop(textOf(input['platform']) ?? '');
      return { platform, number, state, merchantOrderId: body['merchantOrderId'] ?? null, note };
    },
    fault: async (input) => {
      const times = input['times'] === undefined ? 1 : numberOf(input, 'times');
      sandbox.askForFault(textOf(input['platform']) ?? '', textOf(input['name']) ?? '', times);
      return Promise.resolve({ ok: true });
    },
    repeat: async (input) => {
      await sandbox.sendAgain(textOf(input['platformOrderId']) ?? '');
      return { ok: true };
    },
    verify: async (input) => {
      const seconds = Math.min(LONGEST_VERIFY_SECONDS, numberOf(input, 'waitSeconds'));
      return (await sandbox.verify(seconds * 1000)) as unknown as Json;
    },
  };
}

function numberOf(input: Fields, name: string): number {
  const value = input[name];
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new SandboxError(`${name} is a number`);
  return value;
}

function chaosOf(input: Fields): Chaos {
  const chaos: Record<ChaosKind, number> = { ...NO_CHAOS };
  for (const [name, value] of Object.entries(input)) {
    const kind = CHAOS_KINDS.find((known) => known === name);
    if (kind === undefined) throw new SandboxError(`chaos knows ${CHAOS_KINDS.join(', ')}, not '${name}'`);
    chaos[kind] = probability(kind, typeof value === 'number' ? value : String(value));
  }
  return chaos;
}
