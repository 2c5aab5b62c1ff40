import { POSSIBLE_AT_ONCE, readPossible } from '../../api/orders.ts';
import type { Order, PossibleActions } from '../../api/orders.ts';

/** A burst of changes is asked about together. */
const GATHER_MS = 250;
const RETRY_MS = 5000;
/** How often what is under way is looked at. */
const FOLLOW_MS = 10_000;

/**
 * What a takeaway order takes follows from its status and flags alone, and there are many of them; a promotion takes
 * nothing. Of all others the hub is asked.
 */
const isAskedAbout = ({ kind, lifecycle, refundDue, status }: Order): boolean =>
  kind !== 'takeaway' && kind !== 'cps' && (lifecycle === 'open' || refundDue !== null || status === 'failed');

/** What can be done to the orders of a board, asked of the hub a few at a time. */
export class PossibleBook {
  readonly #known = new Map<string, { readonly version: number; readonly possible: PossibleActions | null }>();
  readonly #wanted = new Map<string, number>();
  readonly #onNews: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #stopping = new AbortController();

  constructor(onNews: () => void) {
    this.#onNews = onNews;
  }

  of(id: string): PossibleActions | undefined {
    return this.#known.get(id)?.possible ?? undefined;
  }

  /** Asks about the order once for each of its versions. What was known before stands until then. */
  want(order: Order): void {
    if (!isAskedAbout(order)) {
      this.#known.delete(order.id);
      return;
    }
    if (this.#known.get(order.id)?.version === order.version) return;
    this.#wanted.set(order.id, order.version);
    this.#schedule(GATHER_MS);
  }

  /** Something was done to the order, or is no longer being done: ask again. */
  again(order: Order | undefined): void {
    if (order === undefined) return;
    this.#known.set(order.id, { version: -1, possible: this.of(order.id) ?? null });
    this.want(order);
  }

  forget(id: string): void {
    this.#known.delete(id);
    this.#wanted.delete(id);
  }

  stop(): void {
    this.#stopping.abort();
    this.#stopping = new AbortController();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Becoming late changes nothing about the order. */
  #followLater(ids: readonly string[]): void {
    const { signal } = this.#stopping;
    setTimeout(() => {
      if (signal.aborted) return;
      for (const id of ids) {
        const known = this.#known.get(id);
        if (known !== undefined && !this.#wanted.has(id)) this.#wanted.set(id, known.version);
      }
      this.#schedule(0);
    }, FOLLOW_MS);
  }

  #schedule(waitMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.#ask();
    }, waitMs);
  }

  async #ask(): Promise<void> {
    const asked = [...this.#wanted].slice(0, POSSIBLE_AT_ONCE);
    if (asked.length === 0) return;
    const { signal } = this.#stopping;
    for (const [id] of asked) this.#wanted.delete(id);
    try {
      const { data } = await readPossible(
        asked.map(([id]) => id),
        signal,
      );
      const answers = new Map(data.map((possible) => [possible.order, possible]));
      for (const [id, version] of asked) this.#known.set(id, { version, possible: answers.get(id) ?? null });
      this.#onNews();
      const open = data.filter(({ unsettled }) => unsettled.some(({ isLate }) => !isLate)).map(({ order }) => order);
      if (open.length > 0) this.#followLater(open);
      if (this.#wanted.size > 0) this.#schedule(0);
    } catch {
      // The buttons are only an offer: without them the order's own page still has all.
      if (signal.aborted) return;
      for (const [id, version] of asked) if (!this.#wanted.has(id)) this.#wanted.set(id, version);
      this.#schedule(RETRY_MS);
    }
  }
}
