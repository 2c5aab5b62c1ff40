import type { SlotReport } from './machine.ts';
import type { OrderJson, OrderPart } from './order-json.ts';
import { NO_UNITS, unitsOf } from './stock-units.ts';
import type { StockUnits } from './stock-units.ts';
import type { TimeMs } from './time.ts';

/** A slot as the hub's mirror has it. What can be sold is what is on hand less what orders hold, always. */
export interface StockSlot extends Omit<SlotReport, 'available'> {
  readonly machineNo: string;
  readonly onHand: number;
  readonly held: number;
  /** What is wrong with it, such as `jammed`; null: nothing that is known. */
  readonly fault: string | null;
  readonly faultAt: TimeMs | null;
  readonly isLow: boolean;
  /** When its platform was last asked and believed. */
  readonly syncedAt: TimeMs;
  /** When an order last moved it. */
  readonly movedAt: TimeMs | null;
}

export const availableOf = ({ onHand, held }: Pick<StockSlot, 'onHand' | 'held'>): number => onHand - held;

/** Why stock changed. */
export type StockCause = 'held' | 'dispensed' | 'failed' | 'returned' | 'found' | 'sync' | 'added' | 'removed';

/** A change of one slot, with what it is after it. */
export interface StockMove {
  readonly slot: StockSlot;
  readonly cause: StockCause;
  readonly orderId: string | null;
  readonly onHandBy: number;
  readonly heldBy: number;
}

/** Something else about a slot that somebody should hear. */
export interface SlotNotice {
  readonly type: 'stock.low' | 'machine.fault' | 'machine.recovered';
  readonly slot: StockSlot;
  readonly orderId: string | null;
  readonly fault: string | null;
}

/** What an order does to a product, as it was last written. */
export interface OrderHold extends StockUnits {
  readonly orderId: string;
  readonly machineNo: string;
  readonly productId: string;
}

const slotKey = (machineNo: string, productId: string): string => `${machineNo} ${productId}`;

/**
 * The stock that one transaction works on, in memory: loaded, moved, then written back. Pure bookkeeping. An order is
 * compared with what was last written of it, so telling it again moves nothing and a hold is returned once.
 */
export class StockBook {
  readonly #slots = new Map<string, StockSlot>();
  readonly #holds = new Map<string, Map<string, OrderHold>>();
  readonly #touchedHolds = new Map<string, OrderHold>();
  readonly #touchedSlots = new Set<string>();
  readonly #lowStock: number;
  readonly moves: StockMove[] = [];
  readonly notices: SlotNotice[] = [];

  constructor(slots: readonly StockSlot[], holds: readonly OrderHold[], lowStock: number) {
    for (const slot of slots) this.#slots.set(slotKey(slot.machineNo, slot.productId), slot);
    for (const hold of holds) this.#holdsOf(hold.orderId).set(hold.productId, hold);
    this.#lowStock = lowStock;
  }

  slot(machineNo: string, productId: string): StockSlot | undefined {
    return this.#slots.get(slotKey(machineNo, productId));
  }

  /** Slots to write back. One that was removed is among `moves` alone. */
  get touchedSlots(): readonly StockSlot[] {
    return [...this.#touchedSlots].flatMap((key) => this.#slots.get(key) ?? []);
  }

  get touchedHolds(): readonly OrderHold[] {
    return [...this.#touchedHolds.values()];
  }

  /** Lets an order as it is now take effect. */
  takeOrder(order: OrderJson, at: TimeMs, faultOf?: (part: OrderPart) => string | undefined): void {
    const { id, store } = order;
    const known = this.#holdsOf(id);
    const wanted = unitsOf(order, faultOf);
    const machineNo = store ?? [...known.values()][0]?.machineNo;
    if (machineNo === undefined) return;
    const isNew = known.size === 0;
    for (const productId of new Set([...known.keys(), ...wanted.keys()])) {
      const before = known.get(productId) ?? NO_UNITS;
      const after = wanted.get(productId) ?? NO_UNITS;
      const by = {
        held: after.held - before.held,
        out: after.out - before.out,
        stuck: after.stuck - before.stuck,
      };
      if (by.held === 0 && by.out === 0 && by.stuck === 0) continue;
      const hold = { orderId: id, machineNo, productId, held: after.held, out: after.out, stuck: after.stuck };
      known.set(productId, hold);
      this.#touchedHolds.set(`${id} ${productId}`, hold);
      this.#moveByOrder(order, hold, by, { at, isNew, fault: wanted.get(productId)?.fault });
    }
  }

  #moveByOrder(
    { id, placedAt }: OrderJson,
    { machineNo, productId }: OrderHold,
    by: StockUnits,
    { at, isNew, fault }: { readonly at: TimeMs; readonly isNew: boolean; readonly fault: string | undefined },
  ): void {
    const slot = this.slot(machineNo, productId);
    if (slot === undefined) return;
    // An order that was placed before the last sync, and of which the hub hears only now: the platform's count was
    // without its items already, so what can be sold stays as it is.
    const wasCounted = isNew && placedAt !== null && Date.parse(placedAt) < slot.syncedAt;
    const onHandBy = (wasCounted ? by.held + by.out + by.stuck : 0) - by.out - by.stuck;
    const cause = wasCounted ? 'found' : causeOf(by);
    const moved = { ...slot, onHand: slot.onHand + onHandBy, held: slot.held + by.held, movedAt: at };
    this.#move(this.#withFault(moved, by, fault, { orderId: id, at }), {
      cause,
      orderId: id,
      onHandBy,
      heldBy: by.held,
    });
  }

  /** A failure shows what is wrong with a slot; the next item that comes out of it shows that it is put right. */
  #withFault(
    slot: StockSlot,
    by: StockUnits,
    fault: string | undefined,
    { orderId, at }: { readonly orderId: string; readonly at: TimeMs },
  ): StockSlot {
    if (by.stuck > 0 && fault !== undefined && slot.fault !== fault) {
      const faulty = { ...slot, fault, faultAt: at };
      this.notices.push({ type: 'machine.fault', slot: faulty, orderId, fault });
      return faulty;
    }
    if (by.out > 0 && by.stuck <= 0 && slot.fault !== null) {
      this.notices.push({ type: 'machine.recovered', slot, orderId, fault: slot.fault });
      return { ...slot, fault: null, faultAt: null };
    }
    return slot;
  }

  /**
   * Takes what the platform says of a machine's slots. `askedAt`: before the question. What moved since, or just before
   * it, is left for the next time: the platform may not have known of it when it counted. `heldOf`: what open orders hold
   * of a product that is new here.
   */
  takeSlots(
    machineNo: string,
    reports: readonly SlotReport[],
    about: { readonly askedAt: TimeMs; heldOf(productId: string): number },
  ): void {
    const told = new Set<string>();
    for (const report of reports) {
      told.add(report.productId);
      this.#takeSlot(machineNo, report, about);
    }
    for (const [key, slot] of this.#slots) {
      if (slot.machineNo !== machineNo || told.has(slot.productId)) continue;
      this.#slots.delete(key);
      const onHandBy = -slot.onHand;
      const heldBy = -slot.held;
      this.moves.push({ slot: { ...slot, onHand: 0, held: 0 }, cause: 'removed', orderId: null, onHandBy, heldBy });
    }
  }

  #takeSlot(
    machineNo: string,
    { available, ...words }: SlotReport,
    { askedAt, heldOf }: { readonly askedAt: TimeMs; heldOf(productId: string): number },
  ): void {
    const slot = this.slot(machineNo, words.productId);
    if (slot === undefined) {
      const held = heldOf(words.productId);
      const onHand = available + held;
      const fresh = { fault: null, faultAt: null, isLow: false, syncedAt: askedAt, movedAt: null };
      const added = { machineNo, ...words, onHand, held, ...fresh };
      return this.#move(added, { cause: 'added', orderId: null, onHandBy: onHand, heldBy: held });
    }
    const isMoving = slot.movedAt !== null && slot.movedAt > askedAt - SETTLED_MS;
    const onHand = isMoving ? slot.onHand : available + slot.held;
    const next = { ...slot, ...words, onHand, syncedAt: isMoving ? slot.syncedAt : askedAt };
    const onHandBy = onHand - slot.onHand;
    if (onHandBy === 0) return this.#put(next);
    this.#move(next, { cause: 'sync', orderId: null, onHandBy, heldBy: 0 });
  }

  #move(slot: StockSlot, move: Omit<StockMove, 'slot'>): void {
    const isLow = availableOf(slot) <= this.#lowStock;
    const next = { ...slot, isLow };
    this.moves.push({ ...move, slot: next });
    if (isLow && !slot.isLow) this.notices.push({ type: 'stock.low', slot: next, orderId: move.orderId, fault: null });
    this.#put(next);
  }

  #put(slot: StockSlot): void {
    const key = slotKey(slot.machineNo, slot.productId);
    this.#slots.set(key, slot);
    this.#touchedSlots.add(key);
  }

  #holdsOf(orderId: string): Map<string, OrderHold> {
    const held = this.#holds.get(orderId) ?? new Map<string, OrderHold>();
    this.#holds.set(orderId, held);
    return held;
  }
}

/** A hold is stored before the platform is asked for it, and a return after it was told. */
const SETTLED_MS = 5000;

function causeOf(by: StockUnits): StockCause {
  if (by.out > 0) return 'dispensed';
  if (by.stuck > 0) return 'failed';
  return by.held > 0 ? 'held' : 'returned';
}
