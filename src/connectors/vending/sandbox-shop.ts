import type { ExpectedOrder, PlatformOrder, Random, SandboxPlatform } from '../../core/sandbox.ts';
import { shareOut } from '../../core/share-out.ts';
import { MACHINES, machineNow } from './sandbox-machines.ts';
import { allKept } from './sandbox-memory.ts';
import type { KeptOrder, KeptRecord, MadeByHub } from './sandbox-memory.ts';

/** A customer before a machine that works, at least mostly. */
export const wish: NonNullable<SandboxPlatform['wish']> = (random: Random, number: number) => {
  const open = MACHINES.filter(({ isOnline, isOperating }) => isOnline && isOperating);
  const pick = <T>(choices: readonly T[]): T => {
    const chosen = choices[Math.floor(random() * choices.length)];
    if (chosen === undefined) throw new RangeError('there is nothing to choose');
    return chosen;
  };
  const machine = pick(open);
  const count = 1 + Math.floor(random() * 3);
  const items = Array.from({ length: count }, () => ({ productId: pick(machine.slots).productId, quantity: 1 }));
  const amount = items.reduce((sum, { productId }) => sum + priceOf(productId), 0);
  const [fate, hurry] = [random(), random()];
  const walksAway = fate < 0.1;
  // Now and then somebody takes longer than the hold of the sandbox's account.
  const paysAfterMs = fate < 0.2 ? 20_000 + hurry * 20_000 : 1000 + hurry * 12_000;
  const ids = items.map(({ productId }) => productId).join(', ');
  return {
    body: { merchantOrderId: `2026${String(number).padStart(16, '0')}`, machineNo: machine.machineNo, items, amount },
    needsPayment: true,
    plot: walksAway ? `wants ${ids} and walks away` : `wants ${ids} and pays`,
    paysAfterMs: walksAway ? null : Math.floor(paysAfterMs),
  };
};

const priceOf = (productId: number): number =>
  MACHINES.flatMap(({ slots }) => slots).find((slot) => slot.productId === productId)?.priceFen ?? 0;

/** What is left to be sold, by machine and product; not of one that was filled up and not read since. */
export const stock: NonNullable<SandboxPlatform['stock']> = (_account, memory) =>
  Object.fromEntries(
    MACHINES.map(({ machineNo }) => [machineNo, machineNow(memory, machineNo)] as const)
      .filter(([, { filledAt = 0, readAt = 0 }]) => filledAt < readAt || filledAt === 0)
      .map(([machineNo, { left }]) => [machineNo, left]),
  );

/** The orders that the hub made, as far as it can know of them. */
export const orders: NonNullable<SandboxPlatform['orders']> = (_account, memory) =>
  allKept(memory).flatMap((order): readonly PlatformOrder[] => {
    const { id, made, records } = order;
    if (made === undefined) return [];
    const dispensed = Object.fromEntries(records.map((record) => [String(record.id), record.drops ?? 0]));
    const about = { platformOrderId: String(id), ownNumber: order.tradeId, dispensed };
    // Asked for twice and never named: the answer was lost, and the platform tells no number to a repeat.
    return [made.isNamed ? { ...about, ...expectedOf(order, made) } : about];
  });

const isOut = ({ status }: KeptRecord): boolean => status === 'IS_SUCCESS';
const hasFailed = ({ status, isRefused }: KeptRecord): boolean =>
  isRefused === true || ['IS_FAILED', 'IS_TIMEOUT', 'IS_REFUND'].includes(status);

/** What the hub must show: what did not come out has been given back by then. */
function expectedOf(order: KeptOrder, made: MadeByHub): Pick<PlatformOrder, 'expected' | 'orElse'> {
  const ends = endsOf(order, made);
  const { status, records } = order;
  if (status !== 'SUCCESS' || !records.some(isUntouched)) return ends;
  // A command that got lost on its way here is given up by the hub in the end, which gives the money back.
  const givenUp = records.map((record) => (isUntouched(record) ? { ...record, isRefused: true as const } : record));
  const { expected } = endsOf({ ...order, records: givenUp }, made);
  return expected === undefined ? ends : { ...ends, orElse: [...(ends.orElse ?? []), expected] };
}

const isUntouched = ({ status }: KeptRecord): boolean => status === 'WAITING_PICKED_UP';

function endsOf(
  { records, status }: KeptOrder,
  { closedBy, isClosingTold }: MadeByHub,
): Pick<PlatformOrder, 'expected' | 'orElse'> {
  const total = records.reduce((sum, { priceFen }) => sum + priceFen, 0);
  const unpaid = { payment: 'unpaid', fulfilment: 'none', amounts: { total, paid: 0, refunded: 0 } } as const;
  const open = { ...unpaid, status: 'pending', lifecycle: 'open' };
  if (status === 'NOTPAY') return { expected: open };
  if (status === 'CLOSED') {
    const ends = closed(total, unpaid);
    // Its clock ran faster than the hub's, and the callback of it was lost: the hub's own end of the hold is to come.
    const isUnheard = closedBy === 'platform' && isClosingTold !== true;
    return isUnheard ? { ...ends, orElse: [...(ends.orElse ?? []), open] } : ends;
  }
  const shares = shareOut(
    total,
    records.map(({ priceFen }) => priceFen),
  );
  const refunded = records.reduce((sum, record, index) => sum + (hasFailed(record) ? (shares[index] ?? 0) : 0), 0);
  const amounts = { total, paid: total, refunded };
  if (records.every(hasFailed)) {
    const nothing = { status: 'refunded', payment: 'refunded', lifecycle: 'open', fulfilment: 'failed', amounts };
    return { expected: nothing };
  }
  const payment = refunded > 0 ? 'partially_refunded' : 'paid';
  if (records.every((record) => isOut(record) || hasFailed(record))) {
    return { expected: { status: 'completed', payment, lifecycle: 'completed', fulfilment: 'delivered', amounts } };
  }
  const isMoving = records.some((record) => isOut(record) || record.status === 'IS_DELIVERING');
  return { expected: { status: isMoving ? 'fulfilling' : 'paid', payment, lifecycle: 'open', amounts } };
}

/**
 * The platform says only that it is closed: whether it ran out or somebody wanted it, and whether it was paid too late
 * elsewhere and given back, is not told here.
 */
function closed(
  total: number,
  unpaid: Pick<ExpectedOrder, 'payment' | 'fulfilment' | 'amounts'>,
): Pick<PlatformOrder, 'expected' | 'orElse'> {
  const late = { payment: 'refunded', status: 'refunded', amounts: { total, paid: total, refunded: total } };
  return {
    expected: { ...unpaid, status: 'expired', lifecycle: 'expired' },
    orElse: [
      { ...unpaid, status: 'cancelled', lifecycle: 'cancelled' },
      { ...late, lifecycle: 'expired' },
      { ...late, lifecycle: 'cancelled' },
    ],
  };
}
