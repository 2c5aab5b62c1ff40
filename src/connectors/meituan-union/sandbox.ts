import type { AccountView } from '../../core/connector.ts';
import { NumberText, stringifyLossless } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import { fenToYuan } from '../../core/money.ts';
import type {
  ExpectedOrder,
  OutgoingCallback,
  PlatformMemory,
  Random,
  SandboxPlatform,
  Story,
} from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { signingRules } from './account.ts';
import { answer, faults } from './sandbox-answers.ts';
import { commissionOf, noteOrder } from './sandbox-rows.ts';
import type { PlayedRow } from './sandbox-rows.ts';
import { sign } from './signature.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** One push of a plot. `voucher` names the voucher that it is about, else it is about the whole order. */
interface Scene {
  /** Waiting time before it, at least and at most. */
  readonly afterMs: readonly [number, number];
  readonly status: 1 | 8 | 9;
  readonly refundType?: 1 | 2 | 3;
  readonly voucher?: 'A' | 'B';
}

interface Plot {
  readonly plot: string;
  /** How often it is told, against the others. */
  readonly weight: number;
  readonly scenes: readonly Scene[];
  /** The vouchers that the order has, where they have fates of their own. */
  readonly vouchers?: number;
  readonly line?: 'youxuan' | 'voucher';
}

const PAID: Scene = { afterMs: [0, 3_000], status: 1 };
const DONE: Scene = { afterMs: [20 * MINUTE_MS, 90 * MINUTE_MS], status: 8 };
const SOON: Scene['afterMs'] = [2 * MINUTE_MS, 30 * MINUTE_MS];
const LATER: Scene['afterMs'] = [HOUR_MS, 20 * HOUR_MS];

const PLOTS: readonly Plot[] = [
  { plot: 'paid, then completed', weight: 40, scenes: [PAID, DONE] },
  { plot: 'paid and not yet completed', weight: 8, scenes: [PAID] },
  { plot: 'completed, and paid never told', weight: 6, scenes: [{ ...DONE, afterMs: [0, 3_000] }] },
  { plot: 'paid, then refunded', weight: 10, scenes: [PAID, { afterMs: SOON, status: 9, refundType: 1 }] },
  { plot: 'paid, then refunded without a refund type', weight: 4, scenes: [PAID, { afterMs: SOON, status: 9 }] },
  {
    plot: 'paid, completed, then refunded',
    weight: 5,
    scenes: [PAID, DONE, { afterMs: LATER, status: 9, refundType: 1 }],
  },
  {
    plot: 'paid, completed, then refunded in part',
    weight: 6,
    scenes: [PAID, DONE, { afterMs: LATER, status: 9, refundType: 2 }],
  },
  {
    plot: 'paid, then stopped by risk control',
    weight: 5,
    scenes: [PAID, { afterMs: SOON, status: 9, refundType: 3 }],
  },
  {
    plot: 'paid, stopped by risk control, then completed',
    weight: 2,
    scenes: [PAID, { afterMs: SOON, status: 9, refundType: 3 }, DONE],
  },
  { plot: 'a Youxuan order, paid, then completed', weight: 6, line: 'youxuan', scenes: [PAID, DONE] },
  {
    plot: 'two vouchers, one used and one refunded',
    weight: 5,
    line: 'voucher',
    vouchers: 2,
    scenes: [
      PAID,
      { afterMs: LATER, status: 8, voucher: 'A' },
      { afterMs: LATER, status: 9, refundType: 1, voucher: 'B' },
    ],
  },
  {
    plot: 'two vouchers, both refunded one after the other',
    weight: 3,
    line: 'voucher',
    vouchers: 2,
    scenes: [
      PAID,
      { afterMs: SOON, status: 9, refundType: 1, voucher: 'B' },
      { afterMs: LATER, status: 9, refundType: 1, voucher: 'A' },
    ],
  },
];

const TITLES = [
  '美团外卖-老王牛肉面（望京店）🍜',
  '美团外卖-山城小面 & 串串（三里屯店）',
  '美团闪购-鲜花速递💐 520=心意',
  '美团外卖-Café "Größe" 手冲咖啡☕️',
  '瑞幸咖啡（国贸店）满30减10',
  '喜茶 👨‍👩‍👧‍👦 家庭分享装',
];
const GROCERIES = ['鸡蛋 30枚/盒 & 特价=9.9', '阳光玫瑰葡萄🍇 500g', '五常大米 5kg\t真空装'];
const VOUCHERS = ['四川火锅双人餐 100元代金券', '海底捞 4人餐（周末通用）'];
const SIDS = ['u1001', 'u1002', 'u1003a', 'u2001', 'm0042', 'channelwx7', 'guest'];

function pick<T>(random: Random, list: readonly T[]): T {
  const item = list[Math.floor(random() * list.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

const between = (random: Random, [least, most]: readonly [number, number]): number =>
  Math.floor(least + random() * (most - least));

function pickPlot(random: Random): Plot {
  let rest = random() * PLOTS.reduce((sum, { weight }) => sum + weight, 0);
  for (const plot of PLOTS) {
    rest -= plot.weight;
    if (rest < 0) return plot;
  }
  return pick(random, PLOTS);
}

function hex(random: Random, length: number): string {
  let text = '';
  while (text.length < length) text += Math.floor(random() * 16).toString(16);
  return text;
}

/** What stays the same in every push of an order. */
interface Order {
  readonly id: string;
  readonly content: Readonly<Record<string, string>>;
  readonly totalFen: number;
  readonly paidFen: number;
  readonly sid: string | null;
  /** Whether scalars that look like numbers are sent as JSON numbers: no source shows the wire types. */
  readonly asNumbers: boolean;
}

function invent(random: Random, number: number, atMs: TimeMs, { line, vouchers }: Plot): Order {
  const seconds = Math.floor(atMs / 1000);
  const totalFen = between(random, [900, 20_000]);
  const paidFen = totalFen - between(random, [0, Math.floor(totalFen / 3)]);
  const sid = random() < 0.95 ? pick(random, SIDS) : null;
  const title = pick(random, line === 'voucher' ? VOUCHERS : TITLES);
  const kinds = {
    takeaway: { actId: '33', businessLine: '2', subBusinessLine: pick(random, ['1', '2', '4']), dealid: '0' },
    youxuan: {
      actId: '105',
      businessLine: '4',
      productId: String(between(random, [1e6, 1e7])),
      productName: pick(random, GROCERIES),
    },
    // Two public lists number 到综 differently: 10 and 7.
    voucher: { actId: '143', businessLine: pick(random, ['10', '7']), dealid: String(between(random, [1e5, 1e6])) },
  };
  return {
    // 19 digits with the second in front: unique over the runs of a sandbox, and no double holds it.
    id: `${seconds}${String(number % 1e9).padStart(9, '0')}`,
    content: {
      smstitle: title,
      quantity: String(vouchers ?? between(random, [1, 4])),
      paytime: String(seconds),
      ordertime: String(seconds - between(random, [5, 300])),
      ...kinds[line ?? 'takeaway'],
      // Empty where nobody is to be credited, as requests of the platform's own samples have it.
      sid: sid ?? '',
      uid: '12345',
      total: fenToYuan(totalFen),
      payPrice: fenToYuan(paidFen),
      direct: fenToYuan(paidFen),
      ratio: '0.03',
    },
    totalFen,
    paidFen,
    sid,
    asNumbers: random() < 0.3,
  };
}

/** The voucher's code as the platform shows it. */
const couponOf = (order: Order, voucher: 'A' | 'B'): string => `${order.id.slice(-8)}${voucher}`;

/** What the platform answers about the order after this scene: a row of its own for each voucher that has a fate. */
function rowsAfter(order: Order, scenes: readonly Scene[], vouchers: number | undefined): readonly PlayedRow[] {
  const row = (own: readonly Scene[], coupon: string | null, paidFen: number): PlayedRow => {
    const last = own.toSorted((a, b) => a.status - b.status).at(-1);
    const risk = own.some(({ refundType }) => refundType === 3);
    const partly = last?.refundType === 2;
    const isDone = own.some(({ status }) => status === 8);
    return {
      coupon,
      // A partial refund does not show in the state of a completed order.
      status: partly && isDone ? 8 : (last?.status ?? 1),
      risk,
      paidFen,
      returnedFen: last?.status !== 9 ? 0 : partly ? Math.floor(paidFen / 4) : paidFen,
      title: order.content['smstitle'] ?? '',
      sid: order.sid ?? '',
    };
  };
  if (vouchers === undefined) return [row(scenes, null, order.paidFen)];
  const named = (['A', 'B'] as const).filter((voucher) => scenes.some((scene) => scene.voucher === voucher));
  if (named.length === 0) return [row(scenes, null, order.paidFen)];
  const share = Math.floor(order.paidFen / vouchers);
  return named.map((voucher) => {
    const own = scenes.filter((scene) => scene.voucher === voucher);
    return row(own, couponOf(order, voucher), share);
  });
}

function push(order: Order, scene: Scene, line: Plot['line'], atMs: TimeMs, account: AccountView): OutgoingCallback {
  const [secret] = account.secrets('callbackSecret');
  if (secret === undefined) throw new TypeError('the account has no callbackSecret to sign with');
  const said: Record<string, string> = {
    orderid: order.id,
    ...order.content,
    modTime: String(Math.floor(atMs / 1000)),
    status: String(scene.status),
    appkey: account.credential('appkey') ?? '',
  };
  if (scene.refundType !== undefined) said['refundType'] = String(scene.refundType);
  if (scene.voucher !== undefined) {
    said['couponCode'] = couponOf(order, scene.voucher);
    said['consumeType'] = scene.status === 8 ? '1' : '0';
  }
  const isNumber = (value: string): boolean => order.asNumbers && /^(?:0|[1-9]\d*)(?:\.\d+)?$/u.test(value);
  const fields = new Map<string, Lossless>(
    Object.entries(said).map(([name, value]) => [name, isNumber(value) ? new NumberText(value) : value]),
  );
  // Reward types are told once the order is completed.
  if (line === 'youxuan' && scene.status === 8) fields.set('tradeTypeList', [new NumberText('2'), new NumberText('3')]);
  fields.set('sign', sign(fields, secret.value, signingRules(account)));
  return { topic: '', headers: { 'content-type': 'application/json; charset=utf-8' }, body: stringifyLossless(fields) };
}

/** The truth after these scenes, worked out from the plot and not by the code that the sandbox is to test. */
function truth(
  order: Order,
  vouchers: number | undefined,
  scenes: readonly Scene[],
  read: readonly Scene[] | undefined,
  told: boolean,
): ExpectedOrder {
  const risk = scenes.some(({ refundType }) => refundType === 3);
  const completed = scenes.filter(({ status }) => status === 8);
  const returned = scenes.filter(({ status }) => status === 9);
  const allHeard = completed.length + returned.length === vouchers;
  const partly =
    returned.length > 0 && (vouchers === undefined ? returned[0]?.refundType === 2 : returned.length < vouchers);
  const payment = returned.length === 0 ? 'paid' : partly ? 'partially_refunded' : 'refunded';
  const lifecycle = completed.length > 0 && (vouchers === undefined || allHeard) ? 'completed' : 'open';
  return {
    status: payment === 'refunded' ? 'refunded' : lifecycle === 'completed' ? 'completed' : 'paid',
    payment,
    lifecycle,
    fulfilment: 'none',
    flags: risk ? ['risk'] : [],
    amounts: {
      // Only a push tells the total: no list and no query has it.
      ...(told ? { total: order.totalFen } : {}),
      paid: order.paidFen,
      ...(read === undefined ? {} : { commission: earned(order, vouchers, scenes, read) }),
      refunded: returnedOf(order, vouchers, payment, risk),
    },
    sid: order.sid,
  };
}

/** A push names no refunded sum: of a part of an order without vouchers the platform's answer does. */
function returnedOf(order: Order, vouchers: number | undefined, payment: string, risk: boolean): number | null {
  if (payment === 'paid') return 0;
  if (payment === 'refunded') return risk ? null : order.paidFen;
  return vouchers === undefined ? Math.floor(order.paidFen / 4) : null;
}

/** What is left of the commission. */
function earned(order: Order, vouchers: number | undefined, scenes: readonly Scene[], read: readonly Scene[]): number {
  if (scenes.some(({ refundType }) => refundType === 3)) return 0;
  return rowsAfter(order, read, vouchers).reduce((sum, row) => {
    const { cps, cpa, refundedCps, refundedCpa } = commissionOf(row);
    return sum + cps + cpa - refundedCps - refundedCpa;
  }, 0);
}

/** The platform's answer names one state: that an order was completed before all went back is not in it. */
const isHidden = (scene: Scene, happened: readonly Scene[]): boolean =>
  scene.status === 8 &&
  happened.some(({ status, refundType, voucher }) => status === 9 && refundType !== 2 && voucher === scene.voucher);

function tell(random: Random, number: number, atMs: TimeMs): Story {
  const plot = pickPlot(random);
  const order = invent(random, number, atMs, plot);
  return {
    platformOrderId: order.id,
    plot: plot.plot,
    steps: plot.scenes.map((scene, index) => ({
      afterMs: between(random, scene.afterMs),
      callback: (stepMs: TimeMs, account: AccountView, memory?: PlatformMemory) => {
        if (memory !== undefined)
          noteOrder(memory, {
            id: order.id,
            paid: Number(order.content['paytime']),
            updated: Math.floor(stepMs / 1000),
            fields: order.content,
            rows: rowsAfter(order, plot.scenes.slice(0, index + 1), plot.vouchers),
          });
        return push(order, scene, plot.line, stepMs, account);
      },
    })),
    // What the platform has told about the order since heals what was never pushed.
    expected: (told, happened = (told.at(-1) ?? -1) + 1) =>
      truth(
        order,
        plot.vouchers,
        plot.scenes.filter(
          (scene, index) =>
            told.includes(index) || (index < happened && !isHidden(scene, plot.scenes.slice(0, happened))),
        ),
        happened === 0 ? undefined : plot.scenes.slice(0, happened),
        told.length > 0,
      ),
  };
}

/** HTTP 200 and `errcode` 0; of the public receivers some answer it as text and some as a number. */
function isReceived({ status, body }: { readonly status: number; readonly body: string }): boolean {
  if (status !== 200) return false;
  try {
    const { errcode } = JSON.parse(body) as { readonly errcode?: unknown };
    return errcode === '0' || errcode === 0;
  } catch {
    return false;
  }
}

export const sandbox: SandboxPlatform = {
  demoAccount: (random, baseUrl) => ({
    credentials: { appkey: `demo${hex(random, 12)}`, secret: hex(random, 32), callbackSecret: hex(random, 32) },
    settings: { generation: 'g2', baseUrl, mediaBaseUrl: baseUrl, listBusinessLines: '2,4,7,10' },
  }),
  tell,
  isReceived,
  answer,
  faults,
  // No source tells whether or how Meituan repeats a push: these gaps are an assumption.
  retryGapsMs: [5_000, 15_000, MINUTE_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS],
};
