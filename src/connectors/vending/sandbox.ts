import type { AccountView } from '../../core/connector.ts';
import type {
  ExpectedOrder,
  OutgoingCallback,
  PlatformMemory,
  Random,
  SandboxPlatform,
  Story,
} from '../../core/sandbox.ts';
import { toBeijingText } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { DISPENSE_REPORT } from './callback.ts';
import { answer, faults } from './sandbox-answers.ts';
import { tick } from './sandbox-clock.ts';
import { MACHINES } from './sandbox-machines.ts';
import { keep } from './sandbox-memory.ts';
import type { KeptOrder, KeptRecord } from './sandbox-memory.ts';
import { orders, stock, wish } from './sandbox-shop.ts';
import { callbackToken } from './signature.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;

/** How a machine's attempt ends: what it reports and what the platform then keeps. */
interface Ending {
  readonly deliver: '0' | '1';
  readonly floor: string;
  readonly text?: string;
  readonly status: string;
  readonly afterMs: readonly [number, number];
}

const QUICK = [2 * SECOND_MS, 30 * SECOND_MS] as const;
/** The platform gives a machine up after 120 s. */
const GIVEN_UP = [120 * SECOND_MS, 122 * SECOND_MS] as const;
const ENDINGS = {
  dispensed: { deliver: '1', floor: '1', status: 'IS_SUCCESS', afterMs: QUICK },
  jammed: { deliver: '0', floor: '2', text: 'Goods are Stuck', status: 'IS_FAILED', afterMs: QUICK },
  motor: { deliver: '0', floor: '3', text: 'Load No Current', status: 'IS_FAILED', afterMs: QUICK },
  missing: { deliver: '0', floor: '0', text: 'Slot Invalid', status: 'IS_FAILED', afterMs: QUICK },
  timeout: { deliver: '0', floor: '47', text: 'Slave Comm Error', status: 'IS_TIMEOUT', afterMs: GIVEN_UP },
  taken: { deliver: '1', floor: '1', status: '已取货', afterMs: QUICK },
  silent: { deliver: '0', floor: '2', text: 'Goods are Stuck', status: '未取货', afterMs: QUICK },
} as const satisfies Readonly<Record<string, Ending>>;
type EndingName = keyof typeof ENDINGS;

type Scene =
  /** A report about a record; the order's own status changes before it where one is named. */
  | { readonly record: number; readonly ending: EndingName; readonly order?: 'REFUND' }
  /** The 20 minutes are over. What is then sent is in no document: this body is ours. */
  | { readonly expired: true };

interface Plot {
  readonly plot: string;
  readonly weight: number;
  readonly records: number;
  readonly scenes: readonly Scene[];
  readonly orderStatus?: 'SUCCESS' | 'PICKUPCODE';
  /** How the platform calls a record that was not tried yet. */
  readonly waiting?: string;
}

const dispense = (...endings: readonly EndingName[]): readonly Scene[] =>
  endings.map((ending, record) => ({ record, ending }));

const PLOTS: readonly Plot[] = [
  { plot: 'one item dispensed', weight: 20, records: 1, scenes: dispense('dispensed') },
  {
    plot: 'three items dispensed one by one',
    weight: 15,
    records: 3,
    scenes: dispense('dispensed', 'dispensed', 'dispensed'),
  },
  {
    plot: 'the second of three items jams',
    weight: 10,
    records: 3,
    scenes: dispense('dispensed', 'jammed', 'dispensed'),
  },
  { plot: 'a motor fails for the last of two items', weight: 5, records: 2, scenes: dispense('dispensed', 'motor') },
  {
    plot: 'the machine is not heard of for one of two items',
    weight: 5,
    records: 2,
    scenes: dispense('timeout', 'dispensed'),
  },
  {
    plot: 'a machine that was given up answers after all',
    weight: 5,
    records: 2,
    scenes: [...dispense('dispensed', 'timeout'), { record: 1, ending: 'dispensed' }],
  },
  { plot: 'the only item jams', weight: 5, records: 1, scenes: dispense('jammed') },
  {
    plot: 'nothing comes out, so the merchant turns the order to refund and has the report pushed again',
    weight: 5,
    records: 2,
    scenes: [...dispense('jammed', 'missing'), { record: 1, ending: 'missing', order: 'REFUND' }],
  },
  {
    plot: 'the console pushes reports again',
    weight: 5,
    records: 2,
    scenes: [...dispense('dispensed', 'jammed'), { record: 0, ending: 'dispensed' }, { record: 1, ending: 'jammed' }],
  },
  { plot: 'not dispensed to the end yet', weight: 5, records: 3, scenes: dispense('dispensed', 'dispensed') },
  {
    plot: 'bought with a pick-up code',
    weight: 4,
    records: 1,
    orderStatus: 'PICKUPCODE',
    scenes: dispense('dispensed'),
  },
  {
    plot: 'dispensed, told in the words of the older generation',
    weight: 4,
    records: 2,
    waiting: '未取货',
    scenes: dispense('taken', 'taken'),
  },
  {
    plot: 'a jam that the older generation hides',
    weight: 3,
    records: 2,
    waiting: '未取货',
    scenes: dispense('taken', 'silent'),
  },
  { plot: 'never paid, closed after 20 minutes', weight: 6, records: 1, scenes: [{ expired: true }] },
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
const digits = (random: Random, length: number): string =>
  Array.from({ length }, () => Math.floor(random() * 10)).join('');

/** The same goods are in all of the merchant's machines, also in those that another system looks after. */
const PRODUCT_IDS = MACHINES.flatMap(({ slots }) => slots.map(({ productId }) => productId));

/** The order as another system of the merchant's placed it. */
function place(random: Random, number: number, atMs: TimeMs, plot: Plot): KeptOrder {
  const id = 500_000 + number;
  return {
    id,
    tradeId: `${toBeijingText(atMs).replaceAll(/\D/gu, '')}${String(number).padStart(8, '0')}`,
    // None of the machines that the platform lists: these orders move no stock.
    machineNo: `1001${digits(random, 4)}`,
    placedAt: atMs,
    status: 'NOTPAY',
    records: Array.from({ length: plot.records }, (_, index) => ({
      id: id * 10 + index,
      productId: PRODUCT_IDS[Math.floor(random() * PRODUCT_IDS.length)] ?? 0,
      quantity: 1,
      priceFen: 100 + Math.floor(random() * 20) * 50,
      status: '',
      reports: 0,
    })),
  };
}

/** The order after the scenes. */
function after(
  order: KeptOrder,
  { orderStatus = 'SUCCESS', waiting = 'WAITING_PICKED_UP' }: Plot,
  scenes: readonly Scene[],
): KeptOrder {
  let status: string = scenes.length === 0 ? order.status : orderStatus;
  const records: KeptRecord[] = order.records.map((record) => ({ ...record, status: waiting }));
  for (const scene of scenes) {
    if ('expired' in scene) return { ...order, status: 'CLOSED' };
    const record = records[scene.record];
    if (record === undefined) continue;
    records[scene.record] = { ...record, status: ENDINGS[scene.ending].status, reports: record.reports + 1 };
    status = scene.order ?? status;
  }
  return { ...order, status, records };
}

function body(order: KeptOrder, scene: Scene): string {
  if ('expired' in scene) return JSON.stringify({ error_msg: '订单已过期', order_id: order.id });
  const { deliver, floor, ...ending }: Ending = ENDINGS[scene.ending];
  return JSON.stringify({
    deliver_status: deliver,
    ...(ending.text === undefined ? {} : { error_msg: ending.text }),
    floor_status: floor,
    method: DISPENSE_REPORT,
    order_id: order.id,
    record_id: order.records[scene.record]?.id,
  });
}

const MEANINGS: Readonly<Record<string, string>> = {
  WAITING_PICKED_UP: 'none',
  IS_SUCCESS: 'delivered',
  已取货: 'delivered',
  IS_FAILED: 'failed',
  IS_TIMEOUT: 'failed',
};

/** The truth in the hub's words, worked out from the plot and not by the code that the sandbox is to test. */
function truth(order: KeptOrder, plot: Plot, told: readonly number[], happened: number): ExpectedOrder {
  const now = after(order, plot, plot.scenes.slice(0, happened));
  const reported = (record: number): readonly EndingName[] =>
    told.flatMap((index) => {
      const scene = plot.scenes[index];
      return scene !== undefined && !('expired' in scene) && scene.record === record ? [scene.ending] : [];
    });
  const states = now.records.map(({ status }, record) => {
    if (status === '') return 'none';
    // Of a record whose word says nothing the report stands.
    const heard = reported(record).map((ending) => (ENDINGS[ending].deliver === '1' ? 'delivered' : 'failed'));
    return MEANINGS[status] ?? (heard.includes('delivered') ? 'delivered' : (heard[0] ?? 'none'));
  });
  const isAll = (...wanted: readonly string[]): boolean => states.every((state) => wanted.includes(state));
  const isOut = states.includes('delivered');
  const fulfilment = isAll('failed')
    ? 'failed'
    : isAll('delivered', 'failed')
      ? 'delivered'
      : isOut
        ? 'delivering'
        : 'none';
  const isThrough = isAll('delivered', 'failed') && isOut;
  const isClosed = now.status === 'CLOSED';
  const payment = now.status === 'REFUND' ? 'refunded' : isClosed ? 'unpaid' : 'paid';
  const failures = now.records.filter(({ status }) => MEANINGS[status] === 'failed').length;
  const isVague = now.records.some(({ status }) => status === '未取货');
  const ended =
    payment === 'refunded'
      ? 'refunded'
      : isClosed
        ? 'cancelled'
        : fulfilment === 'failed'
          ? 'failed'
          : isThrough
            ? 'completed'
            : undefined;
  const totalFen = now.records.reduce((sum, { priceFen }) => sum + priceFen, 0);
  return {
    status: ended ?? (isOut ? 'fulfilling' : 'paid'),
    payment,
    lifecycle: isClosed ? 'cancelled' : isThrough ? 'completed' : 'open',
    fulfilment,
    flags: [...(isVague ? ['doubt'] : []), ...(failures > 0 && failures < states.length ? ['delivery_trouble'] : [])],
    amounts: {
      total: totalFen,
      ...(now.status === 'SUCCESS' || now.status === 'REFUND' ? { paid: totalFen } : {}),
      refunded: payment === 'refunded' ? totalFen : 0,
    },
  };
}

function tell(random: Random, number: number, atMs: TimeMs): Story {
  const plot = pickPlot(random);
  const order = place(random, number, atMs, plot);
  const act = (index: number, scene: Scene, account: AccountView, memory?: PlatformMemory): OutgoingCallback => {
    if (memory !== undefined) keep(memory, after(order, plot, plot.scenes.slice(0, index + 1)));
    return {
      topic: callbackToken(account, order),
      headers: { 'content-type': 'application/json' },
      body: body(order, scene),
    };
  };
  return {
    platformOrderId: String(order.id),
    plot: plot.plot,
    steps: plot.scenes.map((scene, index) => ({
      afterMs: 'expired' in scene ? 20 * MINUTE_MS : between(random, ENDINGS[scene.ending].afterMs),
      callback: (_stepMs, account, memory) => act(index, scene, account, memory),
    })),
    expected: (told, happened) => truth(order, plot, told, happened ?? (told.at(-1) ?? 0) + 1),
  };
}

const hex = (random: Random, length: number): string =>
  Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');

export const sandbox: SandboxPlatform = {
  demoAccount: (random, baseUrl) => ({
    credentials: {
      appid: `ds${hex(random, 16)}`,
      appSecret: hex(random, 32),
      merchantKey: hex(random, 32).toUpperCase(),
    },
    settings: { baseUrl },
  }),
  tell,
  // "200 means received"; no body is prescribed.
  isReceived: ({ status }) => status === 200,
  answer,
  tick,
  wish,
  orders,
  stock,
  faults,
  // Repeats are not documented, though the platform counts its notices: these gaps are an assumption.
  retryGapsMs: [30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS],
};
