import type { Json } from '../core/json.ts';
import { toRfc3339 } from '../core/time.ts';
import type { TimeMs } from '../core/time.ts';
import type { Sealer } from '../store/seal.ts';
import { readTimeline } from '../store/timeline-reads.ts';
import type { TimelineKind, TimelinePlace, TimelineSqlRow } from '../store/timeline-reads.ts';
import type { Principal } from './access.ts';
import { nameOfAsker } from './action-json.ts';
import type { HubContext } from './context.ts';
import { readVisibleOrder } from './read-orders.ts';
import { mayReveal, recordReveal } from './reveal.ts';
import type { RevealWish } from './reveal.ts';

/** Something that happened to an order. The other fields depend on the kind. */
export interface TimelineEntry {
  readonly kind: TimelineKind;
  readonly at: string;
  readonly id: string;
  readonly [field: string]: Json;
}

/** An entry with its place, for the next page. */
export interface PlacedEntry {
  readonly entry: TimelineEntry;
  readonly place: TimelinePlace;
}

type Deps = Pick<HubContext, 'pool' | 'clock' | 'randomBytes' | 'sealer'>;

/**
 * What happened to an order, the oldest first: callbacks, the facts they said, the events that followed, the attempts to
 * deliver those, and what was done at the platform. Personal facts show without their value unless the wish holds.
 * Errors: `order_not_found`, `forbidden`, `reveal_needs_reason`.
 */
export async function readOrderTimeline(
  ctx: Deps,
  principal: Principal,
  orderId: string,
  page: { readonly after: TimelinePlace | null; readonly limit: number },
  wish: RevealWish,
): Promise<readonly PlacedEntry[]> {
  const reveal = mayReveal(principal, wish);
  const order = await readVisibleOrder(ctx, principal, orderId);
  const rows = await readTimeline(ctx.pool, order.account_id, orderId, page.after, page.limit);
  if (reveal) await recordReveal(ctx, ctx.pool, principal, wish, [orderId]);
  return rows.map((row) => ({
    entry: toEntry(ctx.sealer, row, reveal),
    place: { atMs: row.at.getTime(), rank: row.rank, id: row.id },
  }));
}

function toEntry(sealer: Sealer, row: TimelineSqlRow, reveal: boolean): TimelineEntry {
  const { kind, at, id, detail } = row;
  const head = { kind, at: at.toISOString(), id };
  if (kind === 'action') {
    const { sentAt = null, finishedAt = null, askedBy = null } = detail;
    const askedByName = nameOfAsker(askedBy, detail['askedByName'] ?? null);
    return { ...head, ...detail, askedByName, sentAt: timeText(sentAt), finishedAt: timeText(finishedAt) };
  }
  if (kind !== 'fact') return { ...head, ...detail };
  return {
    ...head,
    ...detail,
    saidAt: timeText(detail['saidAt'] ?? null),
    facts: [
      ...(detail['facts'] as unknown as readonly TimelineFact[]),
      ...personalFacts(sealer, row.sealed_personal, reveal),
    ].map((fact) => factEntry(fact)),
  };
}

/** PostgreSQL writes a time into JSON in a form of its own. */
const timeText = (value: Json): string | null => (typeof value === 'string' ? new Date(value).toISOString() : null);

/** A fact as it is shown: with a time of its own where that is not the report's. */
function factEntry({ at, ...fact }: TimelineFact): Json {
  return { ...fact, ...(at === undefined ? {} : { saidAt: toRfc3339(at) }) };
}

interface TimelineFact {
  readonly line: string;
  readonly register: string;
  readonly value: Json;
  readonly at?: TimeMs | null;
  /** Personal data that was not revealed. */
  readonly masked?: true;
}

function personalFacts(sealer: Sealer, sealed: Buffer | null, reveal: boolean): readonly TimelineFact[] {
  if (sealed === null) return [];
  const facts = JSON.parse(sealer.open(sealed).toString('utf8')) as readonly TimelineFact[];
  if (reveal) return facts;
  return facts.map(({ value: _value, ...fact }) => ({ ...fact, value: null, masked: true }));
}
