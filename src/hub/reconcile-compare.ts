import { applyReport, mergeLines, read } from '../core/fact.ts';
import type { Alias, Lines, OrderKind, RegisterRules, Report } from '../core/fact.ts';
import { orderJson } from '../core/order-json.ts';
import type { OrderJson } from '../core/order-json.ts';
import type { ReconciledSide } from '../store/reconciliations.ts';

/** An order as its platform tells it, made of nothing but the platform's reports. */
export interface ToldOrder {
  readonly aliases: readonly Alias[];
  readonly json: OrderJson;
  /** What the platform says and what only follows from what it does not say. */
  readonly lines: Lines;
}

interface Held {
  aliases: Alias[];
  kind: OrderKind;
  lines: Lines;
}

const nameOf = ({ kind, value }: Alias): string => `${kind} ${value}`;

/** Folds the reports of a day into orders, in memory, as the hub would if it knew nothing else. */
export class ToldDay {
  readonly #rules: RegisterRules;
  readonly #byName = new Map<string, Held>();
  #orders = new Set<Held>();

  constructor(rules: RegisterRules) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#orders.size;
  }

  take(report: Report): void {
    const named = report.aliases.map(nameOf);
    const known = [...new Set(named.map((name) => this.#byName.get(name)).filter((held) => held !== undefined))];
    const [first, ...others] = known;
    const held = first ?? { aliases: [], kind: report.kind, lines: {} };
    for (const other of others) {
      held.lines = mergeLines(held.lines, other.lines, this.#rules);
      held.aliases.push(...other.aliases);
      this.#orders.delete(other);
    }
    for (const alias of report.aliases) if (!this.#byName.has(nameOf(alias))) held.aliases.push(alias);
    for (const alias of held.aliases) this.#byName.set(nameOf(alias), held);
    held.lines = applyReport(held.lines, report, this.#rules);
    this.#orders.add(held);
  }

  orders(account: string, platform: string): readonly ToldOrder[] {
    return [...this.#orders].map(({ aliases, kind, lines }) => {
      const named = (wanted: Alias['kind']): string | null =>
        aliases.find((alias) => alias.kind === wanted)?.value ?? null;
      const head = {
        id: '',
        account,
        platform,
        kind,
        merchant: null,
        shop: null,
        parent: null,
        member: null,
        platformOrderId: named('platform'),
        displayId: named('display'),
        merchantOrderId: named('merchant'),
        mergedInto: null,
        updatedAtMs: 0,
        version: 0,
      };
      return { aliases, json: orderJson(head, lines), lines };
    });
  }
}

/** What of an order is held against the other side. */
export function sideOf({ status, payment, amounts }: OrderJson): ReconciledSide {
  const { total, paid, refunded } = amounts;
  return { status, payment, total, paid, refunded };
}

/** The fields that are amounts: what differs there is money, what differs elsewhere is a message that never came. */
export const AMOUNT_FIELDS: ReadonlySet<string> = new Set(['total', 'paid', 'refunded']);

/**
 * The names of what differs. Of what the platform does not say nothing can differ: a list may lack the total, or what was
 * given back.
 */
export function differencesOf({ json, lines }: ToldOrder, ours: OrderJson): readonly string[] {
  const [there, here] = [sideOf(json), sideOf(ours)];
  const differences: string[] = [];
  const saysPayment = Object.keys(lines).some((line) => read(lines, line, 'payment') !== undefined);
  if (there.status !== here.status) differences.push('status');
  if (saysPayment && there.payment !== here.payment) differences.push('payment');
  for (const name of ['total', 'paid', 'refunded'] as const) {
    const isSaid = name !== 'refunded' || saysPayment;
    if (isSaid && there[name] !== null && there[name] !== here[name]) differences.push(name);
  }
  return differences;
}

/**
 * The same of an order that was asked about by itself. Its status is left out: whether it was closed or ran out, and how far
 * it has come, the hub knows from more than this platform. What was given back counts where the platform speaks of refunds.
 */
export function differencesAsked({ json, lines }: ToldOrder, ours: OrderJson): readonly string[] {
  const [there, here] = [sideOf(json), sideOf(ours)];
  const says = (register: 'payment' | 'refund'): boolean =>
    Object.keys(lines).some((line) => read(lines, line, register) !== undefined);
  const saysRefunds = says('refund') || there.payment === 'refunded';
  const isPaid = (side: ReconciledSide): boolean => side.payment !== 'unpaid';
  const differences: string[] = [];
  const isOther = saysRefunds ? there.payment !== here.payment : isPaid(there) !== isPaid(here);
  if (says('payment') && isOther) differences.push('payment');
  for (const name of ['total', 'paid', 'refunded'] as const) {
    const isSaid = name !== 'refunded' || saysRefunds;
    if (isSaid && there[name] !== null && there[name] !== here[name]) differences.push(name);
  }
  return differences;
}
