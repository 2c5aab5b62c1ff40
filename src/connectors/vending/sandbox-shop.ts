import type { AccountView } from '../../core/connector.ts';
import type { ExpectedOrder, PlatformMemory, PlatformOrder, Random, SandboxPlatform } from '../../core/sandbox.ts';
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
  const walksAway = random() < 0.1;
  const ids = items.map(({ productId }) => productId).join(', ');
  return {
    body: { merchantOrderId: `2026${String(number).padStart(16, '0')}`, machineNo: machine.machineNo, items, amount },
    needsPayment: true,
    plot: walksAway ? `wants ${ids} and walks away` : `wants ${ids} and pays`,
    paysAfterMs: walksAway ? null : Math.floor(3000 + random() * 60_000),
  };
};

const priceOf = (productId: number): number =>
  MACHINES.flatMap(({ slots }) => slots).find((slot) => slot.productId === productId)?.priceFen ?? 0;

/** What is left to be sold, by machine and product. */
export const stock: NonNullable<SandboxPlatform['stock']> = (_account, memory) =>
  Object.fromEntries(MACHINES.map(({ machineNo }) => [machineNo, machineNow(memory, machineNo).left]));

/** The orders that the hub made, as far as it can know of them. */
export const orders: NonNullable<SandboxPlatform['orders']> = (account: AccountView, memory: PlatformMemory) =>
  allKept(memory).flatMap((order): readonly PlatformOrder[] => {
    const { id, made, records } = order;
    if (made === undefined) return [];
    const dispensed = Object.fromEntries(records.map((record) => [String(record.id), record.drops ?? 0]));
    const about = { platformOrderId: String(id), dispensed };
    // Asked for twice and never named: the answer was lost, and the platform tells no number to a repeat.
    return [made.isNamed ? { ...about, expected: expectedOf(order, made, account) } : about];
  });

const isOut = ({ status }: KeptRecord): boolean => status === 'IS_SUCCESS';
const hasFailed = ({ status }: KeptRecord): boolean => ['IS_FAILED', 'IS_TIMEOUT', 'IS_REFUND'].includes(status);

/** What the hub must show: what did not come out has been given back by then. */
function expectedOf(order: KeptOrder, made: MadeByHub, account: AccountView): ExpectedOrder {
  const { records, status } = order;
  const total = records.reduce((sum, { priceFen }) => sum + priceFen, 0);
  if (status === 'NOTPAY') {
    return { status: 'pending', payment: 'unpaid', lifecycle: 'open', fulfilment: 'none', amounts: { total, paid: 0 } };
  }
  if (status === 'CLOSED') {
    const lifecycle = closedAs(order, made, account);
    return { status: lifecycle, payment: 'unpaid', lifecycle, amounts: { total, paid: 0, refunded: 0 } };
  }
  const shares = shareOut(
    total,
    records.map(({ priceFen }) => priceFen),
  );
  const refunded = records.reduce((sum, record, index) => sum + (hasFailed(record) ? (shares[index] ?? 0) : 0), 0);
  const amounts = { total, paid: total, refunded };
  if (records.every(hasFailed)) {
    return { status: 'refunded', payment: 'refunded', lifecycle: 'open', fulfilment: 'failed', amounts };
  }
  const payment = refunded > 0 ? 'partially_refunded' : 'paid';
  if (records.every((record) => isOut(record) || hasFailed(record))) {
    return { status: 'completed', payment, lifecycle: 'completed', fulfilment: 'delivered', amounts };
  }
  const isMoving = records.some((record) => isOut(record) || record.status === 'IS_DELIVERING');
  return { status: isMoving ? 'fulfilling' : 'paid', payment, lifecycle: 'open', amounts };
}

/** The platform says only that it is closed. Before the end of the hold somebody wanted it. */
function closedAs(
  { placedAt }: KeptOrder,
  { closedAt, closedBy, isRepeated }: MadeByHub,
  { settings }: AccountView,
): 'cancelled' | 'expired' {
  if (isRepeated) return 'cancelled';
  const { holdSeconds } = settings;
  const holdMs = (typeof holdSeconds === 'number' ? holdSeconds : 1200) * 1000;
  // The hold began with the wish, somewhat before the order was placed.
  const isEarly = closedAt !== null && closedAt < placedAt + holdMs * 0.8;
  return closedBy === 'merchant' && isEarly ? 'cancelled' : 'expired';
}
