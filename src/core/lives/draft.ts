import type { Cell, Fact } from '../fact.ts';
import { sameJson } from '../json.ts';
import type { Json } from '../json.ts';
import { dueLine } from '../registers.ts';
import type { TimeMs } from '../time.ts';
import type { Condition, LifeAction, LifePlan, LifeView, OwnWord, RefundDue, WantedAction } from './life.ts';

/** How something that is done at most once at a time stands. */
export type Progress =
  /** Asked for now, or under way, or waiting for its next try. */
  | { readonly state: 'running' }
  | { readonly state: 'done'; readonly action: LifeAction }
  /** Refused, and every try is used up. */
  | { readonly state: 'failed'; readonly action: LifeAction }
  /** Nobody knows whether it was done: a person's. */
  | { readonly state: 'unknown'; readonly action: LifeAction };

interface Wish {
  readonly action: string;
  readonly cause: string;
  readonly params?: Readonly<Record<string, Json>>;
  /** How long after a failure the next try comes, in ms; none: there is one try. */
  readonly retryAfterMs?: readonly number[];
}

/** The tries of what is done under a cause: `cause`, `cause#2`, … in their order, whenever they were stored. */
export function triesOf(actions: readonly LifeAction[], cause: string): readonly LifeAction[] {
  const nth = ({ cause: own }: LifeAction): number => (own === cause ? 1 : Number(own?.slice(cause.length + 1)));
  return actions
    .filter((one) => one.cause === cause || (one.cause?.startsWith(`${cause}#`) ?? false))
    .toSorted((a, b) => nth(a) - nth(b));
}

/** Collects the steps that a life finds. */
export class PlanDraft {
  readonly #view: LifeView;
  readonly #acts: WantedAction[] = [];
  readonly #words: OwnWord[] = [];
  readonly #due: RefundDue[] = [];
  readonly #conditions = new Map<string, Condition>();
  #lookAt: TimeMs | null = null;
  #askAt: TimeMs | null = null;

  constructor(view: LifeView) {
    this.#view = view;
  }

  /** Wants an action once, or again some time after it failed; says how it stands. */
  act({ action, cause, params = {}, retryAfterMs = [] }: Wish): Progress {
    const tries = triesOf(this.#view.order.actions, cause);
    const last = tries.at(-1);
    if (last === undefined) {
      this.#acts.push({ action, cause, params });
      return { state: 'running' };
    }
    if (last.isOpen) return { state: 'running' };
    if (last.state === 'succeeded') return { state: 'done', action: last };
    if (last.state !== 'failed') return { state: 'unknown', action: last };
    const waitMs = retryAfterMs[tries.length - 1];
    if (waitMs === undefined) return { state: 'failed', action: last };
    if (this.#isDue((last.finishedAt ?? last.createdAt) + waitMs)) {
      this.#acts.push({ action, cause: `${cause}#${tries.length + 1}`, params });
    }
    return { state: 'running' };
  }

  /** Says something of the order's own lines: beats whatever is held, unless it is the same. */
  say(name: string, facts: readonly Fact[]): void {
    const { lines } = this.#view.order;
    const cellOf = ({ line, register }: Fact): Cell | undefined => lines[line]?.[register];
    const news = facts.filter((fact) => !sameJson(cellOf(fact)?.v, fact.value as Json));
    if (news.length === 0) return;
    const generation = Math.max(...facts.map((fact) => cellOf(fact)?.g ?? 0)) + 1;
    this.#words.push({ name, generation, facts });
  }

  /** Says what the platform may say too: its own rules decide between both. */
  tell(name: string, facts: readonly Fact[]): void {
    this.#words.push({ name, generation: 0, facts });
  }

  /** Money is to be given back. `byShop`: nobody but the shop can do it. */
  oweRefund(due: RefundDue, byShop: boolean): void {
    const { amount, reason } = due;
    const value = { state: 'requested', amount, reason } as const;
    this.tell(`due:${due.what}`, [{ line: dueLine(due.what), register: 'refund', value }]);
    if (byShop) this.#due.push(due);
  }

  raise(name: Condition['name'], detail: Condition['detail'] = {}): void {
    this.#conditions.set(name, { name, detail });
  }

  /** True when the time has come; otherwise it is looked at again then. */
  isDue(at: TimeMs): boolean {
    return this.#isDue(at);
  }

  /** The platform took something in and is to tell what became of it. */
  awaitResult(askAt: TimeMs): void {
    this.#askAt = Math.min(this.#askAt ?? askAt, askAt);
  }

  plan(): LifePlan {
    return {
      acts: this.#acts,
      words: this.#words,
      due: this.#due,
      conditions: [...this.#conditions.values()],
      lookAt: this.#lookAt,
      askAt: this.#askAt,
    };
  }

  #isDue(at: TimeMs): boolean {
    if (at <= this.#view.now) return true;
    this.#lookAt = this.#lookAt === null ? at : Math.min(this.#lookAt, at);
    return false;
  }
}
