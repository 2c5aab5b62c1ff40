import { NOTHING, basisJson, memberOfLedger, postingsBetween, sameBasis, sharesOf } from '../core/commission/ledger.ts';
import type { Basis, Phase, Posting } from '../core/commission/ledger.ts';
import { commissionOf } from '../core/commission/order-commission.ts';
import { inviterAt, planFor } from '../core/commission/plan.ts';
import type { Plan } from '../core/commission/plan.ts';
import { read } from '../core/fact.ts';
import type { Lines } from '../core/fact.ts';
import { timeOfId } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import type { OrderJson } from '../core/order-json.ts';
import { WHOLE } from '../core/registers.ts';
import type { TimeMs } from '../core/time.ts';
import type { CommissionWorld, OrderCommissionRow, People } from '../store/commission-reads.ts';
import { appendEntries, insertBookings, writeOrderCommissions } from '../store/commission-writes.ts';
import type { BookingRow, EntryRow } from '../store/commission-writes.ts';
import type { OrderClock } from '../store/order-clocks.ts';
import { defer } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { NewEvent } from './publish-events.ts';

/** Kind of the order clock that ends the wait of a confirmed amount. */
export const AVAILABLE_CLOCK = 'commission:available';

export interface DeskOptions {
  readonly account: string;
  readonly platform: string;
  readonly nowMs: TimeMs;
  readonly availableAfterMs: number;
}

/** An order as the transaction has it now. */
export interface FollowedOrder {
  readonly json: OrderJson;
  readonly lines: Lines;
}

type Held = OrderCommissionRow;

/**
 * The ledger of one account within the transaction that applies its facts: each change of an order is followed by what
 * must be booked for it. In memory until `write`.
 */
export class CommissionDesk {
  readonly #options: DeskOptions;
  readonly #world: CommissionWorld;
  readonly #held: Map<string, Held>;
  readonly #changed = new Set<string>();
  readonly #bookings: BookingRow[] = [];
  readonly #entries: EntryRow[] = [];
  readonly clocks: OrderClock[] = [];
  readonly events: NewEvent[] = [];

  constructor(options: DeskOptions, world: CommissionWorld) {
    this.#options = options;
    this.#world = world;
    this.#held = new Map(world.held);
  }

  /** Whose an order is: by an allowed claim, else by its sid. `undefined`: the hub keeps no members. */
  memberOf(orderId: string, sid: string | undefined): string | null | undefined {
    if (!this.#world.isUsed) return undefined;
    const claimed = this.#held.get(orderId)?.claimedBy;
    return claimed ?? (sid === undefined ? null : (this.#world.memberOfSid.get(sid) ?? null));
  }

  /** Lets an order belong to a member whatever its sid says. */
  claim(orderId: string, member: string): void {
    this.#held.set(orderId, { ...(this.#held.get(orderId) ?? blank(orderId)), claimedBy: member });
    this.#changed.add(orderId);
  }

  /** Books what an order's change asks for. Returns whether anything was booked. */
  follow({ json, lines }: FollowedOrder, cause: string | ((booking: number) => string)): boolean {
    if (!this.#world.isUsed || json.kind !== 'cps') return false;
    const held = this.#held.get(json.id);
    if (held === undefined && (json.attribution?.member ?? null) === null) return false;
    const before = held ?? blank(json.id);
    const { basis, confirmedAt } = this.#basisOf(json, lines, before);
    if (held !== undefined && sameBasis(basis, before.basis)) return false;
    const postings = postingsBetween(before.basis, basis);
    // A booking without entries too: that an order has no plan, or no amount yet, is part of what must be explained.
    const booking = before.booking + 1;
    if (basis.phase === 'confirmed' && before.basis.phase !== 'confirmed' && confirmedAt !== null) {
      const dueAt = new Date(confirmedAt.getTime() + this.#options.availableAfterMs);
      this.clocks.push({ orderId: json.id, kind: AVAILABLE_CLOCK, dueAt });
    }
    this.#held.set(json.id, { ...before, basis, booking, confirmedAt, orderVersion: json.version });
    this.#changed.add(json.id);
    this.#book(json, basis, booking, typeof cause === 'string' ? cause : cause(booking), postings);
    return true;
  }

  /** Writes everything, to be done with the commit. */
  write(tx: Tx): void {
    const { account, nowMs } = this.#options;
    const changed = [...this.#changed].map((id) => this.#held.get(id)).filter((row) => row !== undefined);
    defer(tx, writeOrderCommissions(tx, account, changed, new Date(nowMs)));
    defer(tx, insertBookings(tx, account, this.#bookings));
    defer(tx, appendEntries(tx, account, this.#entries));
  }

  #basisOf(json: OrderJson, lines: Lines, held: Held): { readonly basis: Basis; readonly confirmedAt: Date | null } {
    const { account, nowMs, availableAfterMs } = this.#options;
    // What was folded into another order counts there.
    if (json.mergedInto !== null) return { basis: NOTHING, confirmedAt: null };
    const earned = commissionOf(lines);
    const confirmedAt = earned.phase === 'confirmed' ? (held.confirmedAt ?? new Date(nowMs)) : null;
    const isAvailable =
      confirmedAt !== null && (held.basis.phase === 'available' || confirmedAt.getTime() + availableAfterMs <= nowMs);
    const phase: Phase = isAvailable ? 'available' : earned.phase;
    return {
      basis: basisJson({ parts: earned.parts, phase, ...splitOf(this.#world, account, json, lines) }),
      confirmedAt,
    };
  }

  #book(json: OrderJson, basis: Basis, booking: number, cause: string, postings: readonly Posting[]): void {
    const at = new Date(this.#options.nowMs);
    this.#bookings.push({ orderId: json.id, booking, cause, orderVersion: json.version, basis, at });
    this.#entries.push(...entriesOf(json.id, booking, cause, postings, at));
    const takenBack = postings.reduce((sum, posting) => sum + posting.takenBack, 0);
    this.events.push({
      subject: `commission:${json.id}`,
      sequence: booking,
      type: takenBack > 0 ? 'commission.taken_back' : `commission.${basis.phase}`,
      previousStatus: null,
      merchant: json.merchant,
      shop: json.shop,
      receiptId: null,
      body: {
        account: json.account,
        platform: json.platform,
        order: json.id,
        platformOrderId: json.platformOrderId,
        cause,
        phase: basis.phase,
        takenBack,
        plan: basis.plan as unknown as Json,
        shares: sharesOf(basis).map(({ role, member, amount }) => ({ role, member, amount })),
        entries: postings.map(({ ledger, amount }) => ({ ledger, amount })),
      },
    });
  }
}

const blank = (orderId: string): Held => ({
  orderId,
  claimedBy: null,
  basis: NOTHING,
  booking: 0,
  orderVersion: 0,
  confirmedAt: null,
});

/** The lines of the ledger of one booking. Their ids follow from it, so that a recomputed ledger has the same. */
export function entriesOf(
  orderId: string,
  booking: number,
  cause: string,
  postings: readonly Posting[],
  at: Date,
): readonly EntryRow[] {
  return postings.map(({ ledger, amount, takenBack }, index) => {
    const owner = memberOfLedger(ledger);
    return {
      id: `${orderId}-${String(booking).padStart(4, '0')}-${index + 1}`,
      orderId,
      ledger,
      member: owner?.member ?? null,
      bucket: owner?.bucket ?? null,
      amount,
      takenBack,
      cause,
      at,
    };
  });
}

/** Who shares in an order and by which plan, as both held when it was placed. */
export function splitOf(
  world: People & { readonly plans: readonly Plan[] },
  account: string,
  json: Pick<OrderJson, 'id' | 'attribution' | 'platformFields'>,
  lines: Lines,
): Pick<Basis, 'people' | 'plan'> {
  const self = json.attribution?.member ?? null;
  // An order whose time was never told counts from when it was first heard of.
  const placedAtMs = read(lines, WHOLE, 'placedAt') ?? read(lines, WHOLE, 'paidAt') ?? timeOfId('ord', json.id) ?? 0;
  const above = (member: string | null): string | null =>
    member === null ? null : inviterAt(world.inviters.get(member) ?? [], placedAtMs);
  const inviter1 = above(self);
  const text = (name: string): string | null => {
    const value = json.platformFields[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
  };
  const plan =
    self === null
      ? undefined
      : planFor(world.plans, { account, businessLine: text('businessLine'), actId: text('actId'), placedAtMs });
  return {
    people: { self, inviter1, inviter2: above(inviter1) },
    plan: plan === undefined ? null : { id: plan.id, name: plan.name, version: plan.version, shares: plan.shares },
  };
}
