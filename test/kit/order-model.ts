import type { Connector } from '../../src/core/connector.ts';
import { applyReport, mergeLines } from '../../src/core/fact.ts';
import type { Alias, Lines, Report } from '../../src/core/fact.ts';
import { orderJson } from '../../src/core/order-json.ts';
import type { OrderJson } from '../../src/core/order-json.ts';

interface Held {
  aliases: readonly Alias[];
  lines: Lines;
}

/**
 * The smallest hub: reports in, orders out. Finds orders by their aliases and folds two that turn out to be one, as the
 * real one does, but keeps nothing and numbers nothing.
 */
export class OrderModel {
  readonly #connector: Connector;
  #orders: Held[] = [];

  constructor(connector: Connector) {
    this.#connector = connector;
  }

  take(report: Report): void {
    const touches = (order: Held): boolean =>
      order.aliases.some((held) =>
        report.aliases.some((named) => named.kind === held.kind && named.value === held.value),
      );
    const touched = this.#orders.filter(touches);
    const { registers } = this.#connector;
    const lines = touched.reduce<Lines>((merged, order) => mergeLines(merged, order.lines, registers), {});
    const joined = {
      aliases: [...touched.flatMap((order) => order.aliases), ...report.aliases],
      lines: applyReport(lines, report, registers),
    };
    this.#orders = [...this.#orders.filter((order) => !touches(order)), joined];
  }

  /** What the order with this number follows from. */
  lines(value: string): Lines {
    return this.#orders.find((order) => order.aliases.some((alias) => alias.value === value))?.lines ?? {};
  }

  /** The order with this number, of whatever kind the number is. */
  order(value: string): OrderJson | undefined {
    const held = this.#orders.find((order) => order.aliases.some((alias) => alias.value === value));
    if (held === undefined) return undefined;
    const named = (kind: Alias['kind']): string | null =>
      held.aliases.find((alias) => alias.kind === kind)?.value ?? null;
    return orderJson(
      {
        id: 'ord_model',
        account: 'suite',
        platform: this.#connector.id,
        kind: this.#connector.orderKinds[0] ?? 'cps',
        merchant: null,
        shop: null,
        parent: null,
        member: null,
        platformOrderId: named('platform'),
        displayId: named('display'),
        merchantOrderId: named('merchant'),
        mergedInto: null,
        updatedAtMs: 0,
        version: 1,
      },
      held.lines,
      true,
    );
  }
}
