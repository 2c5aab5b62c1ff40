import type { ExpectedOrder, PlatformMemory } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import type { PlayedOrder } from './sandbox-orders.ts';
import { isRefund, refundsOf } from './sandbox-plots.ts';
import type { Scene } from './sandbox-plots.ts';
import type { PlayedRefund } from './sandbox-refunds.ts';
import { actsOf, readingOf, recallOrder, timesOf } from './sandbox-told.ts';
import type { ActedScene } from './sandbox-told.ts';

const RIDERS_STATE: Readonly<Record<number, string>> = {
  10: 'preparing',
  15: 'preparing',
  20: 'delivering',
  40: 'delivered',
};

type Heard = (Scene & { readonly at: TimeMs }) | ActedScene;

/**
 * The truth in the hub's words, worked out from the plot and not by the code that the sandbox is to test. With the
 * platform's memory it counts what the hub did and what it found by asking, by the times of each: a sped-up order is
 * ahead of the hub's clock.
 */
export function expectedOrder(
  order: PlayedOrder,
  scenes: readonly Scene[],
  told: readonly number[],
  happened: number | undefined,
  memory: PlatformMemory = {},
): ExpectedOrder {
  const times = timesOf(memory, order.id);
  const own = told.flatMap((index): readonly Heard[] => {
    const scene = scenes[index];
    return scene === undefined ? [] : [{ ...scene, at: times[index] ?? index * 1000 }];
  });
  const secondOf = ({ at }: Heard): number => Math.floor(at / 1000);
  const heard = [...own, ...actsOf(memory, order.id)].sort((a, b) => secondOf(a) - secondOf(b));
  const reading = readingOf(memory, order.id);
  const read = [reading.order?.status, reading.reached].filter((status) => status !== undefined);
  const asked = read.length === 0 ? statusesAsked(scenes, told, happened) : read;
  const refunds = refundsKnown(order, scenes, told, happened, memory);
  const expected = truth(order, heard, asked, refunds);
  const isByActs = own.length < heard.length && expected.lifecycle === 'cancelled';
  if (!isByActs) return expected;
  // Done although the answer got lost, and cancelled before anybody asked: the hub need not have heard of it.
  const { fulfilment: _unsure, ...sure } = expected;
  return sure;
}

/** A push with gaps makes the hub ask for the order, whose status it then learns as well. */
function statusesAsked(
  scenes: readonly Scene[],
  told: readonly number[],
  happened: number | undefined,
): readonly number[] {
  const gap = told.find((index) => {
    const scene = scenes[index];
    return scene?.kind === 'order' && scene.degraded === true;
  });
  const asked = gap === undefined ? [] : scenes.slice(0, happened ?? gap + 1);
  return asked.flatMap((scene) => (scene.kind === 'order' ? [scene.status] : []));
}

/** Refunds are read from the platform's list, which every push about one makes the hub ask for. */
function refundsKnown(
  order: PlayedOrder,
  scenes: readonly Scene[],
  told: readonly number[],
  happened: number | undefined,
  memory: PlatformMemory,
): readonly PlayedRefund[] {
  const wasTold = (index: number): boolean => scenes[index] !== undefined && isRefund(scenes[index]);
  const last = told.findLast(wasTold);
  const acted = actsOf(memory, order.id).findLastIndex(({ kind }) => kind === 'refund');
  const read = readingOf(memory, order.id).refunds;
  const noted = recallOrder(memory, order.id);
  const isPending = read === undefined || (last ?? -1) >= read.steps || acted >= read.acts;
  if (!isPending) return read.list;
  if (last === undefined && acted < 0) return [];
  return noted?.refunds ?? refundsOf(order, scenes.slice(0, happened ?? (last ?? 0) + 1), 0);
}

/**
 * Whether the hub has read since what a step did. What riders and users say shows in no answer, and of a cancelled order
 * none says how far it had come: whoever was told the order and its cancellation has nothing left to ask.
 */
export function answeredStep(
  order: PlayedOrder,
  scenes: readonly Scene[],
  step: number,
  told: readonly number[],
  memory: PlatformMemory,
): 'yes' | 'no' | 'never' {
  const scene = scenes[step];
  const reading = readingOf(memory, order.id);
  if (scene === undefined) return 'never';
  if (isRefund(scene)) return (reading.refunds?.steps ?? 0) > step ? 'yes' : 'no';
  if (scene.kind !== 'order' && scene.kind !== 'cancel') return 'never';
  const wanted = scene.kind === 'cancel' ? 9 : scene.status;
  if ((reading.order?.status ?? 0) >= wanted) return 'yes';
  const heard = new Set(told.map((index) => scenes[index]?.kind));
  const isKnown = heard.has('order') || reading.order !== undefined;
  return scene.kind === 'order' && isKnown && heard.has('cancel') ? 'never' : 'no';
}

function truth(
  order: PlayedOrder,
  heard: readonly Heard[],
  asked: readonly number[],
  refunds: readonly PlayedRefund[],
): ExpectedOrder {
  const statuses = [...heard.map((scene) => (scene.kind === 'order' ? scene.status : 0)), ...asked];
  const given = refunds.filter(({ result }) => result === 2);
  const isWhole = given.some(({ whole }) => whole);
  // A cancelled order does not say whether it was paid.
  const isPaid = order.payType === 2 && statuses.some((status) => status >= 2 && status < 9);
  const returnedFen = given.reduce((sum, { fen }) => sum + fen, 0);

  const payment = isWhole ? 'refunded' : given.length > 0 ? 'partially_refunded' : isPaid ? 'paid' : 'unpaid';
  const isCancelled = heard.some(({ kind }) => kind === 'cancel') || statuses.includes(9);
  const lifecycle = isCancelled ? 'cancelled' : statuses.includes(8) ? 'completed' : 'open';
  const riders = heard.filter((scene) => scene.kind === 'delivery');
  const last = riders.at(-1);
  const fulfilment = last === undefined ? fulfilmentBy(statuses) : (RIDERS_STATE[last.status] ?? 'accepted');
  const flags = [
    ...(last?.status === 100 && !statuses.includes(8) ? ['delivery_trouble'] : []),
    ...(refunds.some(({ result }) => result === 0) ? ['refund_requested'] : []),
    ...(heard.some(({ kind }) => kind === 'reminder') ? ['reminder'] : []),
  ];
  const ended = isWhole ? 'refunded' : isCancelled ? 'cancelled' : statuses.includes(8) ? 'completed' : undefined;
  const isKnown = statuses.some((status) => status > 0);
  return {
    status: ended ?? statusUnderWay(payment, fulfilment),
    payment,
    lifecycle,
    fulfilment,
    flags,
    amounts: {
      ...(isKnown ? { original: order.originalFen, total: order.totalFen } : {}),
      ...(isKnown && (isPaid || !statuses.includes(9)) ? { paid: isPaid ? order.totalFen : 0 } : {}),
      refunded: isWhole ? (isPaid ? order.totalFen : null) : returnedFen,
    },
  };
}

/** What the status says of fulfilment, as long as no rider has been heard of. */
function fulfilmentBy(statuses: readonly number[]): string {
  if (statuses.includes(8)) return 'delivered';
  if (statuses.includes(6)) return 'delivering';
  return statuses.includes(4) ? 'accepted' : 'none';
}

function statusUnderWay(payment: string, fulfilment: string): string {
  if (fulfilment === 'none') return payment === 'unpaid' ? 'pending' : 'paid';
  return fulfilment === 'accepted' ? 'accepted' : 'fulfilling';
}
