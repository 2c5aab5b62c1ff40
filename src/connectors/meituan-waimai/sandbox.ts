import type { AccountView } from '../../core/connector.ts';
import { NumberText, stringifyLossless } from '../../core/json.ts';
import type {
  ExpectedOrder,
  OutgoingCallback,
  PlatformMemory,
  Random,
  SandboxPlatform,
  Story,
} from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { answer, noteOrder } from './sandbox-answers.ts';
import { inventOrder, orderText, signedCallback, STORES, yuanNumber } from './sandbox-orders.ts';
import type { PlayedOrder, Said } from './sandbox-orders.ts';
import { refundsAfter } from './sandbox-refunds.ts';
import type { PlayedRefund, RefundScene } from './sandbox-refunds.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

type Scene = (
  | {
      readonly kind: 'order';
      readonly topic: 'order' | 'confirmed' | 'completed';
      readonly status: number;
      readonly degraded?: true;
    }
  | { readonly kind: 'cancel'; readonly reasonCode: string; readonly reason: string }
  | { readonly kind: 'delivery'; readonly status: number }
  | { readonly kind: 'settlement' | 'reminder' }
  | RefundScene
) & {
  /** Waiting time before it, at least and at most. */
  readonly afterMs: readonly [number, number];
};

interface Plot {
  readonly plot: string;
  /** How often it is told, against the others. */
  readonly weight: number;
  readonly scenes: readonly Scene[];
  readonly cash?: true;
}

const SOON = [MINUTE_MS, 4 * MINUTE_MS] as const;
const LATER = [10 * MINUTE_MS, 40 * MINUTE_MS] as const;
const ordered: Scene & { readonly kind: 'order' } = {
  kind: 'order',
  topic: 'order',
  status: 2,
  afterMs: [0, 3 * SECOND_MS],
};
const confirmed: Scene = { kind: 'order', topic: 'confirmed', status: 4, afterMs: [5 * SECOND_MS, 2 * MINUTE_MS] };
const completed: Scene = { kind: 'order', topic: 'completed', status: 8, afterMs: LATER };
const settlement: Scene = { kind: 'settlement', afterMs: [HOUR_MS, 20 * HOUR_MS] };
const rider = (...statuses: readonly number[]): readonly Scene[] =>
  statuses.map((status) => ({ kind: 'delivery', status, afterMs: SOON }));
const refund = (...notifyTypes: readonly string[]): readonly Scene[] =>
  notifyTypes.map((notifyType) => ({ kind: 'refund', notifyType, afterMs: SOON }));
const part = (...notifyTypes: readonly string[]): readonly Scene[] =>
  notifyTypes.map((notifyType) => ({ kind: 'part', notifyType, afterMs: SOON }));
const cancelled = (reasonCode: string, reason: string, afterMs: readonly [number, number] = SOON): Scene => ({
  kind: 'cancel',
  reasonCode,
  reason,
  afterMs,
});

const PLOTS: readonly Plot[] = [
  {
    plot: 'delivered by the platform, then settled',
    weight: 30,
    scenes: [ordered, confirmed, ...rider(0, 10, 20, 40), completed, settlement],
  },
  {
    plot: 'delivered, every step of the rider told',
    weight: 8,
    scenes: [ordered, confirmed, ...rider(0, 5, 10, 15, 20, 40), completed],
  },
  { plot: 'new, not yet accepted', weight: 3, scenes: [ordered] },
  { plot: 'cash on delivery by own riders', weight: 6, cash: true, scenes: [ordered, confirmed, completed] },
  {
    plot: 'cancelled by the user before it was accepted',
    weight: 6,
    scenes: [ordered, cancelled('1102', '用户取消：点错了')],
  },
  {
    plot: 'never accepted, so the system cancelled it',
    weight: 4,
    scenes: [ordered, cancelled('1001', '超时未接单，系统取消', [5 * MINUTE_MS, 6 * MINUTE_MS])],
  },
  {
    plot: 'never paid, so the system cancelled it',
    weight: 3,
    scenes: [{ ...ordered, status: 1 }, cancelled('1002', '在线支付超时', [15 * MINUTE_MS, 16 * MINUTE_MS])],
  },
  {
    plot: 'accepted, then cancelled by the merchant',
    weight: 5,
    scenes: [ordered, confirmed, cancelled('2009', '商品已售完，抱歉😄 a+b&c=d')],
  },
  {
    plot: "accepted in the platform's own app, so that 'confirmed' came first",
    weight: 6,
    scenes: [confirmed, ...rider(0, 10, 20, 40), completed],
  },
  {
    plot: 'refund applied for, rejected, applied for again, agreed',
    weight: 5,
    scenes: [
      ordered,
      confirmed,
      ...rider(0, 10, 20, 40),
      ...refund('apply', 'reject', 'apply', 'agree'),
      cancelled('1103', '用户退款'),
    ],
  },
  {
    plot: 'refund applied for and withdrawn',
    weight: 4,
    scenes: [ordered, confirmed, ...refund('apply', 'cancelRefund'), ...rider(0, 20, 40), completed],
  },
  {
    plot: 'refund rejected, appealed, appeal withdrawn',
    weight: 3,
    scenes: [ordered, confirmed, ...refund('apply', 'reject', 'apply', 'cancelRefundComplaint'), completed],
  },
  {
    plot: 'completed, then refunded as a whole',
    weight: 3,
    scenes: [ordered, confirmed, completed, ...refund('apply', 'agree')],
  },
  {
    plot: 'completed, then refunded in part twice',
    weight: 5,
    scenes: [ordered, confirmed, ...rider(20, 40), completed, ...part('part', 'agree', 'part', 'agree')],
  },
  { plot: 'partial refund rejected', weight: 3, scenes: [ordered, confirmed, ...part('part', 'reject'), completed] },
  {
    plot: 'a part refunded, then the rest',
    weight: 2,
    scenes: [ordered, confirmed, ...part('part', 'agree'), ...refund('apply', 'agree')],
  },
  {
    plot: 'a rider is off and another one delivers',
    weight: 5,
    scenes: [ordered, confirmed, ...rider(0, 10, 20, 100, 0, 10, 20, 40), completed],
  },
  {
    plot: 'a rider is off, then cancelled by the service desk',
    weight: 2,
    scenes: [ordered, confirmed, ...rider(0, 10, 100), cancelled('1204', '客服取消')],
  },
  {
    plot: 'the user asks where it stays',
    weight: 4,
    scenes: [
      ordered,
      confirmed,
      ...rider(0, 10),
      { kind: 'reminder', afterMs: LATER },
      ...rider(20, 40),
      completed,
      settlement,
    ],
  },
  {
    plot: 'pushed before the platform had all of it together',
    weight: 3,
    scenes: [{ ...ordered, degraded: true }, confirmed, completed],
  },
];

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

const isRefund = (scene: Scene): scene is Scene & RefundScene => scene.kind === 'refund' || scene.kind === 'part';

function refundsOf(order: PlayedOrder, scenes: readonly Scene[], atMs: TimeMs): readonly PlayedRefund[] {
  let refunds: readonly PlayedRefund[] = [];
  for (const scene of scenes) if (isRefund(scene)) refunds = refundsAfter(refunds, scene, order.totalFen, atMs);
  return refunds;
}

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

const RIDERS_STATE: Readonly<Record<number, string>> = {
  10: 'preparing',
  15: 'preparing',
  20: 'delivering',
  40: 'delivered',
};

/** The truth in the hub's words, worked out from the plot and not by the code that the sandbox is to test. */
function truth(
  order: PlayedOrder,
  scenes: readonly Scene[],
  told: readonly number[],
  happened: number | undefined,
): ExpectedOrder {
  const heard = told.map((index) => scenes[index]).filter((scene) => scene !== undefined);
  const isDegraded = (index: number): boolean => {
    const scene = scenes[index];
    return scene?.kind === 'order' && scene.degraded === true;
  };
  // A push with gaps makes the hub ask for the order, whose status it then learns as well.
  const gap = told.find(isDegraded);
  const asked = gap === undefined ? [] : scenes.slice(0, happened ?? gap + 1);
  const statuses = [...heard, ...asked]
    .map((scene) => (scene.kind === 'order' ? scene.status : 0))
    .filter((status) => status > 0);
  const wasAsked = told.findLast((index) => scenes[index] !== undefined && isRefund(scenes[index]));
  const refunds = wasAsked === undefined ? [] : refundsOf(order, scenes.slice(0, happened ?? wasAsked + 1), 0);
  const given = refunds.filter(({ result }) => result === 2);
  const isWhole = given.some(({ whole }) => whole);
  const isPaid = order.payType === 2 && statuses.some((status) => status >= 2);
  const returnedFen = given.reduce((sum, { fen }) => sum + fen, 0);

  const payment = isWhole ? 'refunded' : given.length > 0 ? 'partially_refunded' : isPaid ? 'paid' : 'unpaid';
  const isCancelled = heard.some(({ kind }) => kind === 'cancel');
  const lifecycle = isCancelled ? 'cancelled' : statuses.includes(8) ? 'completed' : 'open';
  const riders = heard.filter((scene) => scene.kind === 'delivery');
  const last = riders.at(-1);
  const fulfilment =
    last !== undefined
      ? (RIDERS_STATE[last.status] ?? 'accepted')
      : statuses.includes(8)
        ? 'delivered'
        : statuses.includes(4)
          ? 'accepted'
          : 'none';
  const flags = [
    ...(last?.status === 100 && !statuses.includes(8) ? ['delivery_trouble'] : []),
    ...(refunds.some(({ result }) => result === 0) ? ['refund_requested'] : []),
    ...(heard.some(({ kind }) => kind === 'reminder') ? ['reminder'] : []),
  ];
  const ended = isWhole ? 'refunded' : isCancelled ? 'cancelled' : statuses.includes(8) ? 'completed' : undefined;
  const underWay =
    fulfilment === 'none'
      ? payment === 'unpaid'
        ? 'pending'
        : 'paid'
      : fulfilment === 'accepted'
        ? 'accepted'
        : 'fulfilling';
  const isKnown = statuses.length > 0;
  return {
    status: ended ?? underWay,
    payment,
    lifecycle,
    fulfilment,
    flags,
    amounts: {
      ...(isKnown ? { original: order.originalFen, total: order.totalFen, paid: isPaid ? order.totalFen : 0 } : {}),
      refunded: isWhole ? (isPaid ? order.totalFen : null) : returnedFen,
    },
  };
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
    if (memory !== undefined) noteOrder(memory, order, scene, stepMs);
    return signedCallback(account, order.store.ePoiId, say(order, scenes, scene, stepMs));
  };
  return {
    platformOrderId: order.id,
    plot: plot.plot,
    steps: plot.scenes.map((scene, index) => ({
      afterMs: between(random, scene.afterMs),
      callback: (stepMs, account, memory) => act(index, scene, stepMs, account, memory),
    })),
    expected: (told, happened) => truth(order, plot.scenes, told, happened),
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
  // Count, gaps and time-out of the platform's repeats are in no source: these are an assumption.
  retryGapsMs: [30_000, MINUTE_MS, 3 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS],
};
