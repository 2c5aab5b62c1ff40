import type { TimelineEntry } from '../../api/orders.ts';

export type CallbackEntry = Extract<TimelineEntry, { kind: 'callback' }>;
export type FactEntry = Extract<TimelineEntry, { kind: 'fact' }>;
export type EventEntry = Extract<TimelineEntry, { kind: 'event' }>;
export type DeliveryEntry = Extract<TimelineEntry, { kind: 'delivery' }>;
export type ActionEntry = Extract<TimelineEntry, { kind: 'action' }>;

/** Something that happened, with all that followed from it: a line of the picture, read from left to right. */
export interface TimelineRow {
  readonly key: string;
  readonly atMs: number;
  /** Callbacks that said the same: a repeat is drawn on the one that it repeats. */
  readonly callbacks: CallbackEntry[];
  readonly facts: FactEntry[];
  readonly events: EventEntry[];
  readonly actions: ActionEntry[];
  readonly deliveries: DeliveryEntry[];
}

/** Entries of an order, the oldest first, as rows by cause. */
export function timelineRows(entries: readonly TimelineEntry[]): readonly TimelineRow[] {
  const rows: TimelineRow[] = [];
  const byCallback = new Map<string, TimelineRow>();
  const byVersion = new Map<number, TimelineRow>();
  const byEvent = new Map<string, TimelineRow>();
  let lastChange: TimelineRow | undefined;

  const newRow = (entry: TimelineEntry): TimelineRow => {
    const row: TimelineRow = {
      key: `${entry.kind} ${entry.id}`,
      atMs: Date.parse(entry.at),
      callbacks: [],
      facts: [],
      events: [],
      actions: [],
      deliveries: [],
    };
    rows.push(row);
    return row;
  };
  const rowOf = (entry: TimelineEntry): TimelineRow => {
    switch (entry.kind) {
      case 'callback': {
        // Repeats that come in a row say one thing: "it was sent again".
        const before = rows.at(-1);
        const isRepeat = entry.verdict === 'duplicate' && before?.callbacks.at(-1)?.verdict === 'duplicate';
        return (isRepeat && before?.facts.length === 0 ? before : undefined) ?? newRow(entry);
      }
      case 'fact':
        return (entry.callback === null ? undefined : byCallback.get(entry.callback)) ?? newRow(entry);
      case 'event':
        return (
          byVersion.get(entry.sequence) ??
          (entry.callback === null ? undefined : byCallback.get(entry.callback)) ??
          newRow(entry)
        );
      case 'delivery':
        return byEvent.get(entry.event) ?? newRow(entry);
      case 'action':
        // What the hub did by itself it did because of the change before; a person's wish begins something.
        return (entry.cause === null ? undefined : lastChange) ?? newRow(entry);
    }
  };

  for (const entry of entries) {
    const row = rowOf(entry);
    switch (entry.kind) {
      case 'callback':
        row.callbacks.push(entry);
        byCallback.set(entry.id, row);
        break;
      case 'fact':
        row.facts.push(entry);
        if (entry.version !== null) byVersion.set(entry.version, row);
        break;
      case 'event':
        row.events.push(entry);
        byEvent.set(entry.id, row);
        lastChange = row;
        break;
      case 'delivery':
        row.deliveries.push(entry);
        break;
      case 'action':
        row.actions.push(entry);
        break;
    }
  }
  return inOrderOfVersions(rows);
}

/**
 * A callback is shown at the time it came, but what came a moment before it may have been applied after it: a row with a
 * version goes down below the version before.
 */
function inOrderOfVersions(rows: readonly TimelineRow[]): readonly TimelineRow[] {
  const placed = rows.map((row, index) => {
    const version = Math.min(...row.events.map(({ sequence }) => sequence));
    return { row, version: Number.isFinite(version) ? version : null, atMs: row.atMs, index };
  });
  type Placed = (typeof placed)[number];
  const isBehind = (a: Placed, b: Placed): boolean => (a.atMs === b.atMs ? a.index > b.index : a.atMs > b.atMs);
  let last: Placed | undefined;
  const versioned = placed.filter(({ version }) => version !== null);
  for (const one of versioned.toSorted((a, b) => (a.version ?? 0) - (b.version ?? 0))) {
    if (last !== undefined && isBehind(last, one)) Object.assign(one, { atMs: last.atMs, index: last.index });
    last = one;
  }
  return placed
    .toSorted((a, b) => a.atMs - b.atMs || a.index - b.index || (a.version ?? 0) - (b.version ?? 0))
    .map(({ row }) => row);
}

/** The row that gave the order the status that it has. */
export function decisiveRow(rows: readonly TimelineRow[], status: string): TimelineRow | undefined {
  return rows.findLast(({ events }) =>
    events.some(({ type, previousStatus }) => type === `order.${status}` && previousStatus !== status),
  );
}

/** The last attempt at each endpoint, with how many there were. */
export function lastAttempts(
  deliveries: readonly DeliveryEntry[],
): readonly { readonly last: DeliveryEntry; readonly count: number }[] {
  const found = new Map<string, { last: DeliveryEntry; count: number }>();
  for (const delivery of deliveries) {
    const key = `${delivery.endpoint} ${delivery.event}`;
    found.set(key, { last: delivery, count: (found.get(key)?.count ?? 0) + 1 });
  }
  return [...found.values()];
}
