import type { Random, SandboxPlatform, Story } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';

import { answer } from './sandbox-answers.ts';
import { faults } from './sandbox-faults.ts';
import { keepLost } from './sandbox-lists.ts';
import { actedOrders, heardSteps, noteStep } from './sandbox-memory.ts';
import { APP_ID, invent, orderNumberOf, pushOf } from './sandbox-order.ts';
import { PLOTS } from './sandbox-plots.ts';
import { expectedOrder } from './sandbox-truth.ts';

function tell(random: Random, number: number, atMs: TimeMs): Story {
  const place = pickPlot(random);
  const plot = PLOTS[place] ?? { plot: '', weight: 0, scenes: [] };
  const order = invent(orderNumberOf(atMs, place, number), plot);
  return {
    platformOrderId: order.id,
    plot: plot.plot,
    steps: plot.scenes.map((scene, step) => ({
      afterMs: between(random, scene.afterMs),
      callback(stepMs, account, memory) {
        if (memory !== undefined) noteStep(order.id, step, stepMs, memory);
        return pushOf(order, plot, scene, step, stepMs, account);
      },
    })),
    expected: (told, happened, memory) => expectedOrder(order, plot, told, happened, memory),
    answered: (step, _told, memory) => (heardSteps(order.id, memory).includes(step) ? 'yes' : 'no'),
  };
}

const between = (random: Random, [least, most]: readonly [number, number]): number =>
  Math.floor(least + random() * (most - least));

function pickPlot(random: Random): number {
  let rest = random() * PLOTS.reduce((sum, { weight }) => sum + weight, 0);
  return Math.max(
    0,
    PLOTS.findIndex(({ weight }) => (rest -= weight) < 0),
  );
}

/** HTTP 200 and `ok` in lower case, as the documents have it. */
function isReceived({ status, body }: { readonly status: number; readonly body: string }): boolean {
  if (status !== 200) return false;
  try {
    return (JSON.parse(body) as { readonly message?: unknown } | null)?.message === 'ok';
  } catch {
    return false;
  }
}

function hex(random: Random, length: number): string {
  let text = '';
  while (text.length < length) text += Math.floor(random() * 16).toString(16);
  return text;
}

const MINUTE_MS = 60_000;

export const sandbox: SandboxPlatform = {
  demoAccount: (random, baseUrl) => ({
    credentials: { appKey: `demo${hex(random, 12)}`, appSecret: hex(random, 40) },
    // A merchant's own app, so that downgraded orders can be read again before anyone clicked through the page.
    settings: { appType: 'own', appId: String(APP_ID), baseUrl },
  }),
  tell,
  isReceived,
  answer,
  lost: (callback, _at, _account, memory) => keepLost(callback, memory),
  orders: (_account, memory) => actedOrders(memory).map((platformOrderId) => ({ platformOrderId })),
  faults,
  notesTold: (name) => /^(?:heard|reads):/u.test(name),
  // Ele.me repeats, but count, spacing and time-out are in no source: these gaps are an assumption.
  retryGapsMs: [10_000, 30_000, MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, 60 * MINUTE_MS],
};
