import type { Json } from '../core/json.ts';
import type { OrderJson } from '../core/order-json.ts';
import { availableOf, StockBook } from '../core/stock-book.ts';
import type { SlotNotice, StockMove, StockSlot } from '../core/stock-book.ts';
import { takeSequences } from '../store/event-subjects.ts';
import { deleteSlots, insertStockChanges, readHolds, readSlots, writeHolds, writeSlots } from '../store/stock.ts';
import { defer } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { KnownAccount } from './account-directory.ts';
import type { NewEvent } from './publish-events.ts';

/** Whose a machine or an order is. */
export interface Owner {
  readonly merchant: string | null;
  readonly shop: string | null;
}

/** An event of a machine or of what is in it, before it has its number. */
export interface MachineNews {
  readonly type: string;
  readonly machineNo: string;
  readonly owner: Owner;
  readonly body: { readonly [name: string]: Json };
}

const DEFAULT_LOW_STOCK = 2;

/** Slots with so many items or fewer to be sold are low. */
export function lowStockOf({ view }: KnownAccount): number {
  const { lowStock } = view.settings;
  return typeof lowStock === 'number' ? lowStock : DEFAULT_LOW_STOCK;
}

/**
 * Lets changed orders take effect on the stock of their machines, within the orders' own transaction and behind the
 * account's clock. Returns the events. For accounts whose platform sells by machines; the caller spares the others even
 * the statements.
 */
export async function moveStock(
  tx: Tx,
  account: KnownAccount,
  changed: readonly OrderJson[],
  now: Date,
): Promise<readonly NewEvent[]> {
  // The last of several changes says it all.
  const orders = [...new Map(changed.map((order) => [order.id, order])).values()];
  if (orders.length === 0) return [];
  const accountId = account.row.id;
  const [holds, known] = await Promise.all([
    readHolds(
      tx,
      accountId,
      orders.map(({ id }) => id),
    ),
    readSlots(tx, accountId, slotsNamed(orders)),
  ]);
  const book = new StockBook(known, holds, lowStockOf(account));
  const { machines } = account.connector;
  for (const order of orders) book.takeOrder(order, now.getTime(), (part) => machines?.slotFault?.(part));
  const owners = new Map(orders.map(({ id, merchant, shop }) => [id, { merchant, shop }]));
  const ownerOf = (orderId: string | null): Owner =>
    owners.get(orderId ?? '') ?? { merchant: account.row.merchant, shop: null };
  return writeBook(tx, account, book, now, ownerOf);
}

/** Each product of each order once; what is held of an order stays with the machine that the order names. */
function slotsNamed(
  orders: readonly OrderJson[],
): readonly { readonly machineNo: string; readonly productId: string }[] {
  const pairs = new Map<string, { readonly machineNo: string; readonly productId: string }>();
  for (const { store, items } of orders) {
    if (store === null) continue;
    for (const { sku } of items) if (sku !== null) pairs.set(`${store} ${sku}`, { machineNo: store, productId: sku });
  }
  return [...pairs.values()];
}

/** Writes what moved in a book, and returns the events of it, in their order. */
export async function writeBook(
  tx: Tx,
  account: KnownAccount,
  book: StockBook,
  now: Date,
  ownerOf: (orderId: string | null) => Owner,
): Promise<readonly NewEvent[]> {
  const { moves, notices } = book;
  const accountId = account.row.id;
  const removed = moves.filter(({ cause }) => cause === 'removed').map(({ slot }) => slot);
  defer(tx, writeHolds(tx, accountId, book.touchedHolds));
  defer(tx, deleteSlots(tx, accountId, removed));
  defer(tx, writeSlots(tx, accountId, book.touchedSlots));
  const news = [
    ...moves.map((move) => moveNews(move, ownerOf(move.orderId))),
    ...notices.map((notice) => noticeNews(notice, ownerOf(notice.orderId))),
  ];
  const events = await machineEvents(tx, account, news, now);
  const changes = moves.map(({ slot, cause, orderId, onHandBy, heldBy }, index) => {
    const { machineNo, productId, onHand, held } = slot;
    const sequence = events[index]?.sequence ?? 0;
    return { sequence, at: now, machineNo, productId, slot: slot.slot, cause, orderId, onHandBy, heldBy, onHand, held };
  });
  defer(tx, insertStockChanges(tx, accountId, changes));
  return events;
}

const moveNews = ({ slot, cause, orderId, onHandBy, heldBy }: StockMove, owner: Owner): MachineNews => ({
  type: 'stock.changed',
  machineNo: slot.machineNo,
  owner,
  body: { slot: slotBody(slot), cause, order: orderId, onHandBy, heldBy },
});

const noticeNews = ({ type, slot, orderId, fault }: SlotNotice, owner: Owner): MachineNews => ({
  type,
  machineNo: slot.machineNo,
  owner,
  body: { slot: slotBody(slot), order: orderId, ...(type === 'stock.low' ? {} : { fault }) },
});

/** A slot in an event. */
export const slotBody = (slot: StockSlot): { readonly [name: string]: Json } => ({
  slot: slot.slot,
  productId: slot.productId,
  name: slot.name,
  sku: slot.sku,
  price: slot.price,
  capacity: slot.capacity,
  onHand: slot.onHand,
  held: slot.held,
  available: availableOf(slot),
  fault: slot.fault,
});

/** Numbers what is told of machines: one subject a machine, so that all of it comes in its order. */
export async function machineEvents(
  tx: Tx,
  account: KnownAccount,
  news: readonly MachineNews[],
  now: Date,
): Promise<readonly NewEvent[]> {
  if (news.length === 0) return [];
  const { id, platform } = account.row;
  const subjectOf = ({ machineNo }: MachineNews): string => `machine:${id}:${machineNo}`;
  const counts = new Map<string, number>();
  for (const one of news) counts.set(subjectOf(one), (counts.get(subjectOf(one)) ?? 0) + 1);
  const next = new Map(await takeSequences(tx, id, counts));
  return news.map((one) => {
    const subject = subjectOf(one);
    const sequence = next.get(subject) ?? 1;
    next.set(subject, sequence + 1);
    const { merchant, shop } = one.owner;
    const body = { account: id, platform, machine: one.machineNo, ...one.body, at: now.toISOString() };
    return { subject, sequence, type: one.type, previousStatus: null, merchant, shop, receiptId: null, body };
  });
}
