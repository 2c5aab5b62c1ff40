import { readOrders } from '../../api/orders.ts';
import type { Order, OrderStatus, PossibleActions } from '../../api/orders.ts';
import type { HubEvent } from '../../api/stream.ts';
import { whenListening } from '../../app/live.ts';
import type { LiveListener } from '../../app/live.ts';
import { COLUMN_IDS, COLUMN_STATUSES, NEEDS_FLAGS, columnOf, compareCards } from './columns.ts';
import type { ColumnId } from './columns.ts';
import { PossibleBook } from './possible-book.ts';

/** Something that was asked of an order and has not ended yet. */
export interface UnderWay {
  readonly actionId: string | null;
  readonly label: string;
}

export interface BoardState {
  readonly isLoading: boolean;
  readonly error: Error | null;
  readonly cards: Readonly<Record<ColumnId, readonly Order[]>>;
  readonly hasMore: Readonly<Record<ColumnId, boolean>>;
  /** Orders that came while the board was open, for a moment: they flash. */
  readonly fresh: ReadonlySet<string>;
  readonly underWay: ReadonlyMap<string, UnderWay>;
  /** Of orders whose status does not tell it. */
  readonly possible: ReadonlyMap<string, PossibleActions>;
}

export interface EndedAction {
  readonly state: 'succeeded' | 'failed' | 'unknown';
  readonly label: string;
  readonly reason: string;
}

/** A column shows this many at first, and as many more each time it is asked. */
const OPEN_LIMIT = 25;
const DONE_LIMIT = 6;
/** More cards than this nobody reads, and every one costs the browser. The rest is on the page of all orders. */
const COLUMN_CAP = 120;
const FRESH_MS = 4000;

interface List {
  readonly filter: { readonly status?: OrderStatus; readonly flag?: string };
  readonly column: ColumnId;
  cursor: string | null;
}

const EMPTY: Readonly<Record<ColumnId, readonly Order[]>> = {
  needs: [],
  pending: [],
  paid: [],
  accepted: [],
  fulfilling: [],
  done: [],
};
const NO_MORE: Readonly<Record<ColumnId, boolean>> = {
  needs: false,
  pending: false,
  paid: false,
  accepted: false,
  fulfilling: false,
  done: false,
};

/**
 * The orders of the board. It reads each column once and from then on lives by the stream: an order takes the place that
 * its newest version has. Outside of React, so that a burst of events draws the page once.
 */
export class BoardStore implements LiveListener {
  #state: BoardState = {
    isLoading: true,
    error: null,
    cards: EMPTY,
    hasMore: NO_MORE,
    fresh: new Set(),
    underWay: new Map(),
    possible: new Map(),
  };
  readonly #orders = new Map<string, Order>();
  readonly #listeners = new Set<() => void>();
  readonly #platform: string | null;
  readonly #onEnded: (ended: EndedAction) => void;
  #lists: readonly List[] = [];
  readonly #book = new PossibleBook(() => this.#change({}));
  #loading = new AbortController();

  constructor(platform: string | null, onEnded: (ended: EndedAction) => void) {
    this.#platform = platform;
    this.#onEnded = onEnded;
  }

  readonly subscribe = (tell: () => void): (() => void) => {
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  };

  readonly read = (): BoardState => this.#state;

  readonly load = async (): Promise<void> => {
    this.#loading.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.#lists = [
      ...NEEDS_FLAGS.map((flag): List => ({ column: 'needs', filter: { flag }, cursor: null })),
      ...Object.entries(COLUMN_STATUSES).flatMap(([column, statuses]) =>
        statuses.map((status): List => ({ column: column as ColumnId, filter: { status }, cursor: null })),
      ),
    ];
    const known = new Map(this.#orders);
    this.#change({ isLoading: true, error: null });
    try {
      await whenListening();
      signal.throwIfAborted();
      const pages = await Promise.all(this.#lists.map((list) => this.#readList(list, signal)));
      // What was known before and is in none of the pages may have changed while nobody listened.
      for (const [id, order] of known) {
        if (this.#orders.get(id) !== order) continue;
        this.#orders.delete(id);
        this.#book.forget(id);
      }
      for (const order of pages.flat()) this.#put(order);
      this.#change({ isLoading: false });
    } catch (error) {
      if (signal.aborted) return;
      this.#change({ isLoading: false, error: error instanceof Error ? error : new Error(String(error)) });
    }
  };

  readonly stop = (): void => {
    this.#loading.abort();
    this.#book.stop();
  };

  readonly loadMore = async (column: ColumnId): Promise<void> => {
    const { signal } = this.#loading;
    const lists = this.#lists.filter((list) => list.column === column && list.cursor !== null);
    const pages = await Promise.all(lists.map((list) => this.#readList(list, signal)));
    for (const order of pages.flat()) this.#put(order);
    this.#change({});
  };

  onEvents(events: readonly HubEvent[]): void {
    const arrived: string[] = [];
    let isChanged = false;
    for (const { type, data } of events) {
      if (type.startsWith('order.')) {
        const order = data['order'] as Order | undefined;
        if (order === undefined || (this.#platform !== null && order.platform !== this.#platform)) continue;
        if (!this.#orders.has(order.id)) arrived.push(order.id);
        if (this.#put(order)) isChanged = true;
      } else if (type.startsWith('action.') && this.#endAction(type, data)) isChanged = true;
    }
    if (!isChanged) return;
    this.#change({ ...(arrived.length === 0 ? {} : { fresh: new Set([...this.#state.fresh, ...arrived]) }) });
    if (arrived.length > 0) setTimeout(() => this.#settle(arrived), FRESH_MS);
  }

  onGap(): void {
    void this.load();
  }

  /** Somebody said how it ended: no event tells of that where the order stays as it is. */
  askAgain(orderId: string): void {
    this.#book.again(this.#orders.get(orderId));
  }

  /** Shown on the card until the action's event, or until `end`. */
  begin(orderId: string, label: string, actionId: string | null): void {
    this.#change({ underWay: new Map(this.#state.underWay).set(orderId, { label, actionId }) });
  }

  /** The hub has taken it in. Its end may have come before its number. */
  sent(orderId: string, actionId: string): void {
    const underWay = this.#state.underWay.get(orderId);
    if (underWay !== undefined) this.begin(orderId, underWay.label, actionId);
  }

  end(orderId: string): void {
    const underWay = new Map(this.#state.underWay);
    underWay.delete(orderId);
    this.#change({ underWay });
  }

  async #readList(list: List, signal: AbortSignal): Promise<readonly Order[]> {
    const limit = list.column === 'done' || list.column === 'needs' ? DONE_LIMIT : OPEN_LIMIT;
    const platform = this.#platform === null ? {} : { platform: this.#platform };
    const page = await readOrders({ ...list.filter, ...platform, limit, cursor: list.cursor }, signal);
    // A flag outlives its matter: a page of mostly settled ones says that older ones are settled too.
    const isWorthMore = list.column !== 'needs' || page.data.every((order) => columnOf(order) === 'needs');
    list.cursor = isWorthMore ? page.nextCursor : null;
    return page.data;
  }

  /** @returns whether it was news: events and pages overtake each other. */
  #put(order: Order): boolean {
    const known = this.#orders.get(order.id);
    if (known !== undefined && known.version >= order.version) return false;
    this.#orders.set(order.id, order);
    this.#book.want(order);
    return true;
  }

  #endAction(type: string, data: HubEvent['data']): boolean {
    const action = data['action'] as
      | { readonly id: string; readonly order: string; readonly reason: string | null; readonly code: string | null }
      | undefined;
    if (action === undefined) return false;
    this.#book.again(this.#orders.get(action.order));
    const underWay = this.#state.underWay.get(action.order);
    if (underWay === undefined || (underWay.actionId !== null && underWay.actionId !== action.id)) return false;
    const state = type.slice('action.'.length);
    if (state === 'succeeded' || state === 'failed' || state === 'unknown') {
      this.#onEnded({ state, label: underWay.label, reason: action.reason ?? action.code ?? '' });
    }
    this.end(action.order);
    return true;
  }

  #settle(ids: readonly string[]): void {
    const fresh = new Set(this.#state.fresh);
    for (const id of ids) fresh.delete(id);
    this.#change({ fresh });
  }

  #change(change: Partial<BoardState>): void {
    this.#state = { ...this.#state, ...change, ...this.#arrange() };
    for (const tell of this.#listeners) tell();
  }

  #arrange(): Pick<BoardState, 'cards' | 'hasMore' | 'possible'> {
    const nowMs = Date.now();
    const possible = new Map<string, PossibleActions>();
    const found: Record<ColumnId, Order[]> = {
      needs: [],
      pending: [],
      paid: [],
      accepted: [],
      fulfilling: [],
      done: [],
    };
    for (const order of this.#orders.values()) {
      const known = this.#book.of(order.id);
      if (known !== undefined) possible.set(order.id, known);
      const column = columnOf(order, known);
      if (column !== undefined) found[column].push(order);
    }
    const cards = { ...EMPTY };
    const hasMore = { ...NO_MORE };
    for (const column of COLUMN_IDS) {
      const sorted = found[column].sort(compareCards(column, nowMs));
      for (const { id } of sorted.slice(COLUMN_CAP)) {
        this.#orders.delete(id);
        this.#book.forget(id);
      }
      Object.assign(cards, { [column]: sorted.slice(0, COLUMN_CAP) });
      const isFull = sorted.length >= COLUMN_CAP;
      Object.assign(hasMore, {
        [column]: isFull || this.#lists.some((list) => list.column === column && list.cursor !== null),
      });
    }
    return { cards, hasMore, possible };
  }
}
