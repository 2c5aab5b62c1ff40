import type { ExpectedOrder, Random, SandboxPlatform, Story } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { noteStep } from './sandbox-acts.ts';
import { answer } from './sandbox-answers.ts';
import { invent, orderNumberOf, pushOf, stateAfter } from './sandbox-order.ts';
import type { Order } from './sandbox-order.ts';
import { PLOTS } from './sandbox-plots.ts';
import type { Plot, Scene } from './sandbox-plots.ts';

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
        if (memory !== undefined) noteStep(order.id, step, memory);
        return pushOf(order, plot, scene, step, stepMs, account);
      },
    })),
    expected(told, happened) {
      const scenes = told.flatMap((index) => plot.scenes[index] ?? []);
      // Only a downgraded order is read as a whole, with the state that it is in by then.
      const asked =
        plot.downgraded === undefined ? undefined : told.findLast((index) => plot.scenes[index]?.type === 10);
      const read = asked === undefined ? [] : plot.scenes.slice(0, happened ?? asked + 1);
      return truth(order, plot, scenes, stateAfter(read));
    },
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

const CANCELLED = [14, 15, 17, 23, 25];
const REQUESTS_OPEN: ReadonlySet<number> = new Set([20, 24, 30, 34]);
const PROGRESS: Readonly<Record<number, 'accepted' | 'preparing' | 'delivering' | 'delivered'>> = {
  12: 'accepted',
  51: 'preparing',
  52: 'preparing',
  53: 'preparing',
  54: 'preparing',
  55: 'delivering',
  71: 'delivering',
  56: 'delivered',
};

/**
 * The truth after these scenes were told and `read` was the state when the hub last asked, worked out from the plot and
 * not by the code that the sandbox is to test.
 */
function truth(order: Order, plot: Plot, scenes: readonly Scene[], read: ReturnType<typeof stateAfter>): ExpectedOrder {
  const types = scenes.map(({ type }) => type);
  const has = (...wanted: readonly number[]): boolean => types.some((type) => wanted.includes(type));
  const last = (...wanted: readonly number[]): number => types.findLast((type) => wanted.includes(type)) ?? 0;
  const told = has(10, 217, 218);
  const cancelled = has(...CANCELLED) || read === 'invalid';
  const completed = !cancelled && (has(18) || read === 'settled');
  const ended = cancelled || completed;
  const refunds = scenes.filter(({ type }) => type === 33 || type === 35);
  const whole = has(23, 25) || refunds.some(({ refundType }) => refundType === 'normal');
  const isCash = told && !order.onlinePaid;
  const payment = isCash || (!told && !whole && refunds.length === 0) ? 'unpaid' : paymentOf(whole, refunds.length);
  // Being taken is what an order object says too; it makes no order less far along.
  const taken = has(218) || read === 'valid' ? 'accepted' : 'none';
  const fulfilment = PROGRESS[last(12, 51, 52, 53, 54, 55, 56, 71)] ?? taken;
  const waybill = last(...range(51, 76));
  const flags = [
    ...(!ended && REQUESTS_OPEN.has(last(...range(20, 26))) ? ['cancel_requested'] : []),
    ...(!ended && waybill !== 0 && PROGRESS[waybill] === undefined ? ['delivery_trouble'] : []),
    ...(REQUESTS_OPEN.has(last(...range(30, 36))) ? ['refund_requested'] : []),
    ...(!ended && has(45) && !has(56) ? ['reminder'] : []),
  ];
  const paid = told ? (order.onlinePaid ? order.totalFen : 0) : null;
  const refunded = whole ? paid : refunds.length * order.partFen;
  const sum = (fen: number): number | null => (told ? fen : null);
  // An order that is still downgraded when it is read again has its sums at a time that is the hub's business.
  const isOpen = plot.downgraded === 'long';
  return {
    status: statusOf(payment, cancelled, completed, fulfilment),
    payment,
    lifecycle: cancelled ? 'cancelled' : completed ? 'completed' : 'open',
    fulfilment,
    ...(isOpen ? {} : { flags }),
    amounts: {
      total: sum(order.totalFen),
      paid,
      refunded: payment === 'unpaid' || payment === 'paid' ? 0 : refunded,
      ...(isOpen
        ? {}
        : {
            original: sum(order.originalFen),
            deliveryFee: sum(order.deliveryFen),
            boxFee: sum(order.boxFen),
            platformFee: sum(order.serviceFen),
            income: sum(order.incomeFen),
          }),
    },
  };
}

const range = (first: number, last: number): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

const paymentOf = (whole: boolean, refunds: number): string =>
  whole ? 'refunded' : refunds > 0 ? 'partially_refunded' : 'paid';

function statusOf(payment: string, cancelled: boolean, completed: boolean, fulfilment: string): string {
  if (payment === 'refunded') return 'refunded';
  if (cancelled) return 'cancelled';
  if (completed) return 'completed';
  if (fulfilment === 'none') return payment === 'unpaid' ? 'pending' : 'paid';
  return fulfilment === 'accepted' ? 'accepted' : 'fulfilling';
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
    settings: { appType: 'own', baseUrl },
  }),
  tell,
  isReceived,
  answer,
  // Ele.me repeats, but count, spacing and time-out are in no source: these gaps are an assumption.
  retryGapsMs: [10_000, 30_000, MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, 60 * MINUTE_MS],
};
