import type { LostCount } from './lost-callbacks.ts';
import type { DifferenceKind, VerifyReport } from './verify.ts';

const SHOWN_IN_FULL = 20;

const MEANINGS: Readonly<Record<DifferenceKind, string>> = {
  unacknowledged: 'callbacks that the hub never took',
  missing: 'orders missing at the hub',
  extra: 'orders that only the hub has',
  order: 'fields of orders that differ',
  money: 'orders with another sum given back than the platform gave',
  goods: 'items that left a machine twice',
  attention: 'actions that nobody knows the outcome of, and that are in no queue',
  drop: 'callbacks that never came, and that the hub did not find out about',
  stock: 'products of machines of which the hub counts another stock',
  sequence: 'orders with events that never came',
  arrival: 'events out of order or under a second id',
  event: 'events that do not fit the order',
  refused: 'deliveries that the receiver refused',
};

/** What became of the callbacks that were never sent. */
function lostText({ lost, found, needless, inQueue, unasked }: LostCount): string {
  const parts = [
    `${found} found by asking`,
    `${needless} needless by then`,
    `${inQueue} in the attention queue`,
    `${unasked} that no call of a platform tells`,
  ];
  return `Of ${lost} lost callbacks ${parts.join(', ')}.`;
}

/** What `sandbox verify` says: one line when all agrees, else the first differences in full and the counts of all. */
export function reportText(report: VerifyReport): string {
  const { differences, orders, events } = report;
  if (differences.length === 0) {
    const ok = `verify: ok. ${orders} orders agree with the platforms' ledger; ${events} events came in order, without a gap.`;
    return report.drops.lost === 0 ? ok : `${ok}\n${lostText(report.drops)}`;
  }
  const shown = differences
    .slice(0, SHOWN_IN_FULL)
    .map(({ kind, subject, detail }) => `  [${kind}] ${subject}: ${detail}`);
  const rest = differences.length - shown.length;
  const counts = new Map<DifferenceKind, number>();
  for (const { kind } of differences) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [
    `verify: ${differences.length} differences in ${orders} orders and ${events} events.`,
    ...shown,
    ...(rest > 0 ? [`  … and ${rest} more`] : []),
    ...[...counts].map(([kind, count]) => `${String(count).padStart(7)}  ${kind}: ${MEANINGS[kind]}`),
  ].join('\n');
}
