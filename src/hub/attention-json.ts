import { ATTENTION_KINDS } from '../core/attention.ts';
import type { AttentionKind, AttentionState } from '../core/attention.ts';
import type { Words } from '../core/account-fields.ts';
import type { Json } from '../core/json.ts';
import type { TimeMs } from '../core/time.ts';
import type { AttentionRow } from '../store/attention.ts';
import { nameOfAsker } from './action-json.ts';

/** Something that wants a person's attention, as the API and the events show it. Times are RFC 3339. */
export interface AttentionJson {
  readonly id: string;
  readonly account: string;
  readonly platform: string;
  readonly kind: AttentionKind;
  readonly state: AttentionState;
  readonly title: Words;
  /** What to do. */
  readonly todo: Words;
  /** What there is to say of this one: codes, counts, numbers. */
  readonly cause: Readonly<Record<string, Json>>;
  readonly order: string | null;
  readonly action: string | null;
  readonly callback: string | null;
  readonly endpoint: string | null;
  readonly store: string | null;
  /** Since when the cause lasts. */
  readonly since: string;
  readonly ageSeconds: number;
  readonly openedAt: string;
  readonly closedAt: string | null;
  readonly dismissed: {
    readonly at: string;
    /** The id of a user or an API key. */
    readonly by: string;
    /** Its name; null: nobody knows any more. */
    readonly byName: string | null;
    readonly reason: string;
  } | null;
}

export function attentionJson(row: AttentionRow, platform: string, nowMs: TimeMs): AttentionJson {
  const { title, todo } = ATTENTION_KINDS[row.kind];
  const endMs = row.closedAt?.getTime() ?? nowMs;
  return {
    id: row.id,
    account: row.account,
    platform,
    kind: row.kind,
    state: row.state,
    title,
    todo,
    cause: row.detail,
    order: row.orderId,
    action: row.actionId,
    callback: row.receiptId,
    endpoint: row.endpointId,
    store: row.store,
    since: row.since.toISOString(),
    ageSeconds: Math.max(0, Math.floor((endMs - row.since.getTime()) / 1000)),
    openedAt: row.openedAt.toISOString(),
    closedAt: row.closedAt?.toISOString() ?? null,
    dismissed:
      row.dismissedAt === null || row.dismissedBy === null
        ? null
        : {
            at: row.dismissedAt.toISOString(),
            by: row.dismissedBy,
            byName: nameOfAsker(row.dismissedBy, row.dismissedByName),
            reason: row.dismissReason ?? '',
          },
  };
}
