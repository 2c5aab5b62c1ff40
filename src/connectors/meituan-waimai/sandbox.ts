import type { AccountView } from '../../core/connector.ts';
import { NumberText, stringifyLossless } from '../../core/json.ts';
import type { OutgoingCallback, PlatformMemory, Random, SandboxPlatform, Story } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { answer } from './sandbox-answers.ts';
import { faults } from './sandbox-faults.ts';
import { inventOrder, orderText, signedCallback, STORES, yuanNumber } from './sandbox-orders.ts';
import type { PlayedOrder, Said } from './sandbox-orders.ts';
import { actedOrders, noteOrder, noteTime } from './sandbox-told.ts';
import { answeredStep, expectedOrder } from './sandbox-truth.ts';
import { PLOTS, refundsOf } from './sandbox-plots.ts';
import type { Plot, Scene } from './sandbox-plots.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function pickPlot(random: Random): Plot {
  let rest = random() * PLOTS.reduce((sum, { weight }) => sum + weight, 0);
  for (const plot of PLOTS) {
    rest -= plot.weight;
    if (rest < 0) return plot;
  }
  throw new RangeError('there is no plot');
}

const between = (random: Random, [least, most]: readonly [number, number]): number =>
  Math.floor(least + random() * (most - least));

/** What the platform says in a scene, given all scenes up to it. */
function say(order: PlayedOrder, scenes: readonly Scene[], scene: Scene, atMs: TimeMs): Said {
  const orderId = new NumberText(order.id);
  const json = (fields: Readonly<Record<string, string | NumberText | readonly []>>): string =>
    stringifyLossless(new Map(Object.entries({ orderId, ...fields })));
  switch (scene.kind) {
    case 'order':
      return { topic: scene.topic, field: 'order', json: orderText(order, scene.status, atMs, 'push', scene.degraded) };
    case 'cancel':
      return {
        topic: 'cancelled',
        field: 'orderCancel',
        json: json({ reason: scene.reason, reasonCode: scene.reasonCode }),
      };
    case 'delivery':
      return {
        topic: 'delivery',
        field: 'shippingStatus',
        json: json({
          shippingStatus: new NumberText(String(scene.status)),
          time: new NumberText(String(Math.floor(atMs / 1000))),
          ...(scene.status >= 5 && scene.status < 100
            ? { dispatcherName: '王师傅', dispatcherMobile: '13900001111' }
            : {}),
        }),
      };
    case 'settlement':
      return {
        topic: 'settlement',
        field: 'tradeDetail',
        json: json({
          settleAmount: yuanNumber(order.totalFen),
          commisionAmount: yuanNumber(0),
          status: new NumberText('8'),
        }),
      };
    case 'reminder':
      return {
        topic: 'reminder',
        field: 'pushOrderRemind',
        json: json({ remindTime: new NumberText(String(Math.floor(atMs / 1000))) }),
      };
    case 'refund':
      return {
        topic: 'refund',
        field: 'orderRefund',
        json: json({ notifyType: scene.notifyType, reason: '不想要了' }),
      };
    case 'part': {
      const money = yuanNumber(refundsOf(order, scenes, atMs).findLast(({ whole }) => !whole)?.fen ?? 0);
      return {
        topic: 'partial-refund',
        field: 'partOrderRefund',
        json: json({ notifyType: scene.notifyType, reason: '少了一份', money, food: [] }),
      };
    }
  }
}

function tell(random: Random, number: number, atMs: TimeMs): Story {
  const plot = pickPlot(random);
  const order = inventOrder(random, number, atMs, plot.cash === true);
  const act = (
    index: number,
    scene: Scene,
    stepMs: TimeMs,
    account: AccountView,
    memory?: PlatformMemory,
  ): OutgoingCallback => {
    const scenes = plot.scenes.slice(0, index + 1);
    if (memory !== undefined) {
      noteOrder(memory, order, scene, stepMs);
      noteTime(memory, order.id, index, stepMs);
    }
    return signedCallback(account, order.store.ePoiId, say(order, scenes, scene, stepMs));
  };
  return {
    platformOrderId: order.id,
    plot: plot.plot,
    steps: plot.scenes.map((scene, index) => ({
      afterMs: between(random, scene.afterMs),
      callback: (stepMs, account, memory) => act(index, scene, stepMs, account, memory),
    })),
    expected: (told, happened, memory) => expectedOrder(order, plot.scenes, told, happened, memory),
    answered: (step, told, memory) => answeredStep(order, plot.scenes, step, told, memory),
  };
}

const hex = (random: Random, length: number): string =>
  Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');

/** `OK` or, for bind and unbind, `success`; letter case and blanks did not matter in production (sheet, 2.1). */
function isReceived({ status, body }: { readonly status: number; readonly body: string }): boolean {
  if (status !== 200) return false;
  try {
    const { data } = JSON.parse(body) as { readonly data?: unknown };
    return typeof data === 'string' && ['ok', 'success'].includes(data.toLowerCase());
  } catch {
    return false;
  }
}

export const sandbox: SandboxPlatform = {
  demoAccount: (random, baseUrl) => ({
    credentials: { developerId: String(100_000 + Math.floor(random() * 9_000)), signKey: hex(random, 16) },
    settings: { baseUrl, bindUrl: baseUrl },
  }),
  demoStores: STORES.map(({ ePoiId, name }) => ({ store: ePoiId, name })),
  tell,
  isReceived,
  answer,
  orders: (_account, memory) => actedOrders(memory).map((platformOrderId) => ({ platformOrderId })),
  faults,
  notesTold: (name) => name.startsWith('read '),
  // Count, gaps and time-out of the platform's repeats are in no source: these are an assumption.
  retryGapsMs: [30_000, MINUTE_MS, 3 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS],
};
