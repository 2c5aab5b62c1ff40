import { applyReport, mergeLines, read } from '../core/fact.ts';
import type { Alias, Lines, RegisterRules, Report } from '../core/fact.ts';
import { orderEventType } from '../core/event.ts';
import { looksTheSame, orderJson } from '../core/order-json.ts';
import type { OrderHead, OrderJson } from '../core/order-json.ts';
import { WHOLE } from '../core/registers.ts';
import type { TimeMs } from '../core/time.ts';
import type { OrderClock } from '../store/order-clocks.ts';
import { aliasKey } from '../store/orders.ts';
import type { StoredOrder } from '../store/orders.ts';
import type { FactRow, FactSource } from '../store/facts.ts';
import type { StoreLabel } from '../store/stores.ts';

/** What a report did. */
export type ReportVerdict = 'applied' | 'duplicate' | 'stale';

/** A change of an order that shows: one event each. */
export interface OrderChange {
  readonly type: string;
  readonly previousStatus: string | null;
  readonly receiptId: string | null;
  readonly json: OrderJson;
}

interface WorkingOrder {
  head: OrderHead;
  readonly createdAt: Date;
  lines: Lines;
  json: OrderJson | undefined;
  touched: boolean;
}

/** A read of the truth waits so long for the messages that come together, and for the platform to know it itself. */
const DOUBT_DELAY_MS = 1000;

/** Who writes: what a new order takes from its account, and where reports come from. */
export interface OrderSetOptions {
  readonly account: string;
  readonly platform: string;
  readonly merchant: string | null;
  readonly rules: RegisterRules;
  readonly now: TimeMs;
  newOrderId(): string;
  /** Whose a promoted order is; null: nobody's. Left out or `undefined`: it stays as it is. */
  memberOf?(orderId: string, sid: string | undefined): string | null | undefined;
}

/**
 * The orders that one transaction works on, in memory: loaded, changed report by report, then written back together.
 * Pure bookkeeping; it issues no statement.
 */
export class OrderSet {
  readonly #options: OrderSetOptions;
  readonly #orders = new Map<string, WorkingOrder>();
  readonly #aliases = new Map<string, string>();
  readonly #knownFacts: Set<string>;
  readonly #labels: ReadonlyMap<string, StoreLabel>;
  readonly #clocks = new Map<string, OrderClock>();
  readonly newAliases: { alias: Alias; orderId: string }[] = [];
  readonly facts: FactRow[] = [];
  readonly changes: OrderChange[] = [];
  readonly folded: { from: string; into: string }[] = [];

  constructor(
    options: OrderSetOptions,
    loaded: {
      readonly orders: readonly StoredOrder[];
      readonly aliases: ReadonlyMap<string, string>;
      readonly knownFacts: Set<string>;
      /** Whose the stores are that the reports name. */
      readonly labels: ReadonlyMap<string, StoreLabel>;
    },
  ) {
    this.#options = options;
    this.#knownFacts = loaded.knownFacts;
    this.#labels = loaded.labels;
    for (const [key, orderId] of loaded.aliases) this.#aliases.set(key, orderId);
    for (const { head, createdAt, lines } of loaded.orders) {
      this.#orders.set(head.id, { head, createdAt, lines, json: orderJson(head, lines), touched: false });
    }
  }

  /** Lets a report with its key take effect. `parent`: what a new order is a leg of. Returns what it did to which order. */
  apply(
    report: Report,
    key: string,
    source: FactSource,
    receiptId: string | null,
    parent?: string,
  ): { readonly verdict: ReportVerdict; readonly orderId: string } {
    const order = this.#orderOf(report);
    const orderId = order.head.id;
    if (parent !== undefined && order.head.parent === null) order.head = { ...order.head, parent };
    // A read of the truth raises none: whoever reads knows whether it has to read again.
    if (report.doubt !== undefined && source !== 'query') this.#raiseDoubt(orderId, report.doubt);
    const factKey = `${orderId} ${key}`;
    if (this.#knownFacts.has(factKey)) return { verdict: 'duplicate', orderId };
    this.#knownFacts.add(factKey);

    const lines = applyReport(order.lines, report, this.#options.rules, key);
    const verdict = lines === order.lines ? 'stale' : 'applied';
    order.lines = lines;
    this.#label(order);
    this.#attribute(order);
    const version = this.#show(order, receiptId);
    order.touched ||= verdict === 'applied';
    this.facts.push({
      orderId,
      key,
      source,
      receiptId,
      report,
      verdict,
      version,
    });
    return { verdict, orderId };
  }

  /** The orders to write back. */
  *touched(): Iterable<{ readonly json: OrderJson; readonly lines: Lines; readonly createdAt: Date }> {
    for (const { json, lines, createdAt, touched } of this.#orders.values()) {
      if (touched && json !== undefined) yield { json, lines, createdAt };
    }
  }

  /** Clocks that the reports set: one an order and kind. */
  get clocks(): readonly OrderClock[] {
    return [...this.#clocks.values()];
  }

  /** Gives every loaded order the merchant and shop of its store. Returns how many look different now. */
  relabel(): number {
    const before = this.changes.length;
    for (const order of this.#orders.values()) {
      this.#label(order);
      this.#show(order, null);
    }
    return this.changes.length - before;
  }

  /** Gives every loaded order its member. */
  reattribute(): void {
    for (const order of this.#orders.values()) {
      this.#attribute(order);
      this.#show(order, null);
    }
  }

  /** An order as it is now, for those that follow its changes. */
  current(orderId: string): { readonly json: OrderJson; readonly lines: Lines } | undefined {
    const order = this.#orders.get(orderId);
    return order?.json === undefined ? undefined : { json: order.json, lines: order.lines };
  }

  #attribute(order: WorkingOrder): void {
    if (order.head.kind !== 'cps' || order.head.mergedInto !== null) return;
    const member = this.#options.memberOf?.(order.head.id, read(order.lines, WHOLE, 'sid'));
    if (member !== undefined && member !== order.head.member) order.head = { ...order.head, member };
  }

  #raiseDoubt(orderId: string, doubt: string): void {
    const kind = `doubt:${doubt}`;
    this.#clocks.set(`${orderId} ${kind}`, { orderId, kind, dueAt: new Date(this.#options.now + DOUBT_DELAY_MS) });
  }

  /** An order belongs to the shop that joined its store. Without one it stays with the merchant that it came to. */
  #label(order: WorkingOrder): void {
    const ref = read(order.lines, WHOLE, 'store')?.ref;
    const label = ref === undefined ? undefined : this.#labels.get(ref);
    if (label === undefined || (label.shop === null && order.head.shop === null)) return;
    const merchant = label.merchant ?? this.#options.merchant;
    if (label.shop === order.head.shop && merchant === order.head.merchant) return;
    order.head = { ...order.head, shop: label.shop, merchant };
  }

  /** Counts a new version when the order looks different now, and notes the change. */
  #show(order: WorkingOrder, receiptId: string | null): number | null {
    const head: OrderHead = { ...order.head, version: order.head.version + 1, updatedAtMs: this.#options.now };
    const json = orderJson(head, order.lines);
    if (order.json !== undefined && looksTheSame(order.json, json)) return null;
    this.changes.push({
      type: orderEventType(order.json, json),
      previousStatus: order.json?.status ?? null,
      receiptId,
      json,
    });
    order.head = head;
    order.json = json;
    order.touched = true;
    return head.version;
  }

  #orderOf(report: Report): WorkingOrder {
    const found = new Set<string>();
    for (const alias of report.aliases) {
      const orderId = this.#aliases.get(aliasKey(alias));
      if (orderId !== undefined) found.add(orderId);
    }
    const known = [...found].map((id) => this.#orders.get(id)).filter((order) => order !== undefined);
    // Ids sort by age, so the oldest survives whatever the report named first.
    known.sort((a, b) => (a.head.id < b.head.id ? -1 : 1));
    const [oldest, ...younger] = known;
    const order = oldest ?? this.#create(report);
    for (const other of younger) this.#fold(other, order);
    this.#nameOrder(order, report);
    return order;
  }

  #create(report: Report): WorkingOrder {
    const { account, platform, merchant, now } = this.#options;
    const head: OrderHead = {
      id: this.#options.newOrderId(),
      account,
      platform,
      kind: report.kind,
      merchant,
      shop: null,
      parent: null,
      member: null,
      platformOrderId: null,
      displayId: null,
      merchantOrderId: null,
      mergedInto: null,
      updatedAtMs: now,
      version: 0,
    };
    const order: WorkingOrder = { head, createdAt: new Date(now), lines: {}, json: undefined, touched: false };
    this.#orders.set(head.id, order);
    return order;
  }

  /** Folds an order into an older one: its facts compete there, its names lead there, and it says where it went. */
  #fold(from: WorkingOrder, into: WorkingOrder): void {
    into.lines = mergeLines(into.lines, from.lines, this.#options.rules);
    into.touched = true;
    into.head = {
      ...into.head,
      platformOrderId: into.head.platformOrderId ?? from.head.platformOrderId,
      displayId: into.head.displayId ?? from.head.displayId,
      merchantOrderId: into.head.merchantOrderId ?? from.head.merchantOrderId,
    };
    for (const [key, orderId] of this.#aliases) if (orderId === from.head.id) this.#aliases.set(key, into.head.id);
    from.head = { ...from.head, mergedInto: into.head.id };
    this.#show(from, null);
    this.folded.push({ from: from.head.id, into: into.head.id });
  }

  #nameOrder(order: WorkingOrder, report: Report): void {
    const names = { platform: 'platformOrderId', display: 'displayId', merchant: 'merchantOrderId' } as const;
    for (const alias of report.aliases) {
      if (alias.kind !== 'payment' && order.head[names[alias.kind]] === null) {
        order.head = { ...order.head, [names[alias.kind]]: alias.value };
      }
      const key = aliasKey(alias);
      if (this.#aliases.get(key) === order.head.id) continue;
      this.#aliases.set(key, order.head.id);
      this.newAliases.push({ alias, orderId: order.head.id });
    }
  }
}
