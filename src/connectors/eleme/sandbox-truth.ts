import type { ExpectedOrder, PlatformMemory } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { ACCEPTED_AGAIN, actsOf, heardSteps, readingsOf, stepTimes } from './sandbox-memory.ts';
import type { Reading } from './sandbox-memory.ts';
import { stateAfter } from './sandbox-order.ts';
import type { Order } from './sandbox-order.ts';
import type { Plot } from './sandbox-plots.ts';
import { CLOCKS_APART_MS } from './truth.ts';

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

/** Something that the hub was told: a message, or a request's state as an answer had it. */
interface Statement {
  readonly type: number;
  readonly at: TimeMs;
  readonly refundType?: 'normal' | 'part' | null;
}

/**
 * What the hub must show once these steps were told, worked out from the plot and not by the code that the sandbox is to
 * test. With the platform's memory it counts what the hub did, and what it found by asking; by the times of each, since a
 * sped-up order is ahead of the hub's clock.
 */
export function expectedOrder(
  order: Order,
  plot: Plot,
  told: readonly number[],
  happened: number | undefined,
  memory: PlatformMemory = {},
): ExpectedOrder {
  const times = stepTimes(order.id, memory);
  const heard = [...new Set([...told, ...heardSteps(order.id, memory)])].sort((a, b) => a - b);
  const own = heard.flatMap((index): readonly Statement[] => {
    const scene = plot.scenes[index];
    return scene === undefined ? [] : [{ ...scene, at: times[index] ?? index * 1000 }];
  });
  const readings = readingsOf(order.id, memory);
  // What is read of an order counts as said a bit before.
  const asked = readings.flatMap(({ request, at, state }): readonly Statement[] =>
    request === null
      ? []
      : [
          {
            type: (request.kind === 'cancel' ? 20 : 30) + (request.open ? 0 : 1),
            at: state === null ? at : at - CLOCKS_APART_MS,
          },
        ],
  );
  // Who says that an order was delivered by own riders shows it so, whatever message follows.
  const acts = actsOf(order.id, memory).flatMap((act): readonly Statement[] =>
    act.type === 18 ? [{ type: 56, at: act.at }, act] : [act],
  );
  const secondOf = ({ at }: Statement): number => Math.floor(at / 1000);
  // Within one second what happened is later than what was read.
  const all = [...asked, ...own, ...acts].sort((a, b) => secondOf(a) - secondOf(b));
  const readState = readings.findLast(({ state }) => state !== null)?.state ?? stateAsked(plot, told, happened);
  const expected = truth(order, plot, all, readState);
  if (acts.length === 0 || expected.lifecycle !== 'cancelled') return expected;
  // Done although the answer got lost, and cancelled before anybody asked: the hub need not have heard of it.
  const { fulfilment: _unsure, ...sure } = expected;
  return sure;
}

/** Only a downgraded order is read as a whole without more ado, with the state that it is in by then. */
function stateAsked(plot: Plot, told: readonly number[], happened: number | undefined): Reading['state'] {
  if (plot.downgraded === undefined) return null;
  const asked = told.findLast((index) => plot.scenes[index]?.type === 10);
  return asked === undefined ? null : stateAfter(plot.scenes.slice(0, happened ?? asked + 1));
}

function truth(order: Order, plot: Plot, said: readonly Statement[], read: Reading['state']): ExpectedOrder {
  const types = said.map(({ type }) => type);
  const has = (...wanted: readonly number[]): boolean => types.some((type) => wanted.includes(type));
  const last = (...wanted: readonly number[]): number => types.findLast((type) => wanted.includes(type)) ?? 0;
  const told = has(10, 217, 218) || read !== null;
  const cancelled = has(...CANCELLED) || read === 'invalid';
  const completed = !cancelled && (has(18) || read === 'settled');
  const ended = cancelled || completed;
  const refunds = said.filter(({ type }) => type === 33 || type === 35);
  const whole = has(23, 25) || refunds.some(({ refundType }) => refundType === 'normal');
  const isCash = told && !order.onlinePaid;
  const payment = isCash || (!told && !whole && refunds.length === 0) ? 'unpaid' : paymentOf(whole, refunds.length);
  // Being taken is what an order object says too; it makes no order less far along.
  const taken = has(218, ACCEPTED_AGAIN) || read === 'valid' ? 'accepted' : 'none';
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
