import type { AccountView } from '../../core/connector.ts';
import type { OrderKind } from '../../core/fact.ts';
import type { ExpectedOrder, OutgoingCallback, Random, SandboxPlatform, Story } from '../../core/sandbox.ts';
import { beijingDay } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { sign } from './signature.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** What one message says of an order's fate. */
interface Saying {
  readonly payment?: 'unpaid' | 'paid';
  readonly fulfilment?: 'accepted' | 'preparing' | 'delivering' | 'delivered' | 'failed';
  readonly lifecycle?: 'open' | 'completed' | 'cancelled' | 'expired';
  /** Of the order's one refund; `part`: a third of what was paid, else all of it. */
  readonly refund?: { readonly state: 'requested' | 'failed' | 'succeeded'; readonly part: boolean };
}

interface Scene {
  /** Waiting time before it, at least and at most. */
  readonly afterMs: readonly [number, number];
  readonly says: Saying;
}

interface Plot {
  readonly plot: string;
  readonly kind: OrderKind;
  /** How often it is told, against the others. */
  readonly weight: number;
  readonly scenes: readonly Scene[];
}

const scene = (fromMs: number, toMs: number, says: Saying): Scene => ({ afterMs: [fromMs, toMs], says });
const UNPAID = scene(0, 3 * SECOND_MS, { payment: 'unpaid', lifecycle: 'open' });
const PAID = scene(SECOND_MS, 5 * MINUTE_MS, { payment: 'paid', lifecycle: 'open' });
const ACCEPTED = scene(20 * SECOND_MS, 3 * MINUTE_MS, { fulfilment: 'accepted' });
const COOKING = scene(MINUTE_MS, 5 * MINUTE_MS, { fulfilment: 'preparing' });
const ON_THE_WAY = scene(10 * MINUTE_MS, 20 * MINUTE_MS, { fulfilment: 'delivering' });
const DONE = scene(10 * MINUTE_MS, 40 * MINUTE_MS, { fulfilment: 'delivered', lifecycle: 'completed' });
const CANCELLED = scene(MINUTE_MS, 30 * MINUTE_MS, { lifecycle: 'cancelled' });
const refund = (state: 'requested' | 'failed' | 'succeeded', part: boolean): Scene =>
  scene(10 * MINUTE_MS, 5 * HOUR_MS, { refund: { state, part } });

const PLOTS: readonly Plot[] = [
  { plot: 'phone order, delivered', kind: 'takeaway', weight: 30, scenes: [PAID, ACCEPTED, COOKING, ON_THE_WAY, DONE] },
  { plot: 'phone order, paid on the way', kind: 'takeaway', weight: 10, scenes: [UNPAID, ACCEPTED, PAID, DONE] },
  { plot: 'phone order, cancelled', kind: 'takeaway', weight: 8, scenes: [UNPAID, CANCELLED] },
  {
    plot: 'cancelled by mistake, then delivered',
    kind: 'takeaway',
    weight: 4,
    scenes: [PAID, CANCELLED, scene(MINUTE_MS, 5 * MINUTE_MS, { lifecycle: 'open' }), DONE],
  },
  {
    plot: 'refunded in part',
    kind: 'takeaway',
    weight: 8,
    scenes: [PAID, DONE, refund('requested', true), refund('succeeded', true)],
  },
  {
    plot: 'refund refused',
    kind: 'takeaway',
    weight: 5,
    scenes: [PAID, refund('requested', false), refund('failed', false)],
  },
  { plot: 'refunded whole', kind: 'payment', weight: 8, scenes: [UNPAID, PAID, refund('succeeded', false)] },
  {
    plot: 'never paid',
    kind: 'payment',
    weight: 8,
    scenes: [UNPAID, scene(20 * MINUTE_MS, 21 * MINUTE_MS, { lifecycle: 'expired' })],
  },
  {
    plot: 'machine did not dispense',
    kind: 'vending',
    weight: 5,
    scenes: [PAID, scene(5 * SECOND_MS, MINUTE_MS, { fulfilment: 'failed' }), refund('succeeded', false)],
  },
];

const SOURCES = ['phone', 'wechat-shop', 'counter', '微商城'];
const DISHES = ['牛肉面（大碗）', '酸辣粉', '拿铁 "半糖" ☕️', 'A&B 套餐 100%', '米饭'];
const NOTES = ['少辣', '不要香菜，多加醋', '电话 13812341234 打不通请敲门', '🌶🌶'];

/** What an order is made of; told with its first message, or with each. */
interface Order {
  readonly number: string;
  readonly kind: OrderKind;
  readonly totalFen: number;
  readonly sid: string | null;
  readonly content: Readonly<Record<string, unknown>>;
}

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

function invent(random: Random, number: number, atMs: TimeMs, kind: OrderKind): Order {
  const price = between(random, [300, 5_000]);
  const quantity = between(random, [1, 4]);
  const totalFen = price * quantity + 500;
  const sid = random() < 0.3 ? pick(random, ['u1001', 'u1002', '门店 3']) : null;
  const takeaway = {
    customer: {
      name: '张三丰',
      phone: `138${String(between(random, [0, 1e8])).padStart(8, '0')}`,
      address: '学正街18号',
    },
    takeaway: { daySequence: number % 1000, note: pick(random, NOTES), deliveryMode: 'own' },
  };
  return {
    number: `C${beijingDay(atMs).replaceAll('-', '')}-${String(number).padStart(5, '0')}`,
    kind,
    totalFen,
    sid,
    content: {
      source: pick(random, SOURCES),
      store: String(8859 + (number % 3)),
      placedAt: new Date(atMs).toISOString(),
      amounts: { original: totalFen + 200, total: totalFen, deliveryFee: 500 },
      items: [{ name: pick(random, DISHES), quantity, price, total: price * quantity }],
      ...(sid === null ? {} : { sid }),
      ...(kind === 'takeaway' ? takeaway : {}),
    },
  };
}

const refundFen = (order: Order, part: boolean): number => (part ? Math.floor(order.totalFen / 3) : order.totalFen);

function message(
  order: Order,
  says: Saying,
  withContent: boolean,
  atMs: TimeMs,
  account: AccountView,
): OutgoingCallback {
  const [secret] = account.secrets('secret');
  if (secret === undefined) throw new TypeError('the account has no secret to sign with');
  const { refund: refunded, ...facets } = says;
  const { amounts, ...content } = withContent ? order.content : {};
  const paid = says.payment === 'paid' ? { paid: order.totalFen } : {};
  const body = JSON.stringify({
    platformOrderId: order.number,
    kind: order.kind,
    // RFC 3339 with an offset, as often as in UTC.
    at: new Date(atMs).toISOString().replace('Z', '+00:00'),
    ...facets,
    ...(refunded === undefined
      ? {}
      : { refunds: [{ number: 'R1', state: refunded.state, amount: refundFen(order, refunded.part) }] }),
    ...content,
    amounts: { ...(amounts as object | undefined), ...paid },
  });
  const id = `msg_${order.number}_${atMs}`;
  const timestamp = String(Math.floor(atMs / 1000));
  return {
    topic: '',
    headers: {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': sign(secret.value, id, timestamp, Buffer.from(body)),
    },
    body,
  };
}

/** The truth after these sayings, worked out from them and not by the code that the sandbox is to test. */
function truth(order: Order, says: Saying, hasContent: boolean): ExpectedOrder {
  const { payment = 'unpaid', fulfilment = 'none', lifecycle = 'open', refund: refunded } = says;
  const isBack = refunded?.state === 'succeeded';
  const part = refunded?.part === true || says.payment !== 'paid';
  const paid = payment === 'paid' ? order.totalFen : says.payment === 'unpaid' ? 0 : null;
  const shownPayment = isBack ? (part ? 'partially_refunded' : 'refunded') : payment;
  const open = { none: payment === 'paid' || isBack ? 'paid' : 'pending', accepted: 'accepted', failed: 'failed' };
  const moving = open[fulfilment as keyof typeof open] ?? 'fulfilling';
  const ended = fulfilment === 'failed' && lifecycle === 'completed' ? 'failed' : lifecycle;
  return {
    status: shownPayment === 'refunded' ? 'refunded' : ended === 'open' ? moving : ended,
    payment: shownPayment,
    lifecycle,
    fulfilment,
    flags: refunded?.state === 'requested' ? ['refund_requested'] : [],
    amounts: {
      total: hasContent ? order.totalFen : null,
      paid,
      refunded: isBack ? refundFen(order, refunded.part) : 0,
    },
    sid: hasContent ? order.sid : null,
  };
}

function tell(random: Random, number: number, atMs: TimeMs): Story {
  const { plot, kind, scenes } = pickPlot(random);
  const order = invent(random, number, atMs, kind);
  // Some senders repeat all that they know with every message, some tell only what is new.
  const tellsAll = random() < 0.5;
  const joined = (indexes: readonly number[]): Saying =>
    Object.assign({}, ...indexes.map((index) => scenes[index]?.says)) as Saying;
  const upTo = (index: number): readonly number[] => scenes.slice(0, index + 1).map((_, place) => place);
  return {
    platformOrderId: order.number,
    plot: tellsAll ? `${plot}; all of it with every message` : plot,
    steps: scenes.map(({ afterMs, says }, index) => ({
      afterMs: between(random, afterMs),
      callback: (stepMs, account) =>
        message(order, tellsAll ? joined(upTo(index)) : says, tellsAll || index === 0, stepMs, account),
    })),
    expected: (told) => truth(order, joined(tellsAll ? upTo(told.at(-1) ?? -1) : told), tellsAll || told.includes(0)),
  };
}

export const sandbox: SandboxPlatform = {
  demoAccount: (random, baseUrl) => ({
    credentials: {
      secret: `whsec_${Buffer.from(Array.from({ length: 24 }, () => Math.floor(random() * 256))).toString('base64')}`,
    },
    // The sandbox's clock may run faster than the hub's.
    settings: { toleranceSeconds: 0, baseUrl },
  }),
  tell,
  // Any 2xx, as Standard Webhooks has it.
  isReceived: ({ status }) => status >= 200 && status < 300,
  // The gaps that Standard Webhooks suggests to senders, up to a day.
  retryGapsMs: [5_000, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS],
};
