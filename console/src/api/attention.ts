import { get, newIdempotencyKey, request } from './request.ts';
import type { BothWords } from './platforms.ts';
import type { Page } from './request.ts';

export interface AttentionItem {
  readonly id: string;
  readonly account: string;
  readonly platform: string;
  readonly kind: string;
  readonly state: 'open' | 'dismissed' | 'closed';
  readonly title: BothWords;
  readonly todo: BothWords;
  /** Codes, counts and numbers of this one. */
  readonly cause: Readonly<Record<string, unknown>>;
  readonly order: string | null;
  readonly action: string | null;
  readonly callback: string | null;
  readonly endpoint: string | null;
  readonly store: string | null;
  readonly since: string;
  readonly ageSeconds: number;
  readonly closedAt: string | null;
  readonly dismissed: {
    readonly at: string;
    readonly by: string;
    /** null: nobody knows any more. */
    readonly byName: string | null;
    readonly reason: string;
  } | null;
}

export interface AttentionPage extends Page<AttentionItem> {
  /** Of all pages, by kind, the most first. */
  readonly counts: readonly { readonly kind: string; readonly count: number }[];
}

const PAGE_SIZE = 50;

export const listAttention = (
  filter: { readonly kind: string | null; readonly state: string | null },
  cursor: string | null,
  signal?: AbortSignal,
): Promise<AttentionPage> => get('/attention', { ...filter, cursor, limit: PAGE_SIZE }, signal);

export const dismissAttention = (id: string, reason: string): Promise<AttentionItem> =>
  request('POST', `/attention/${encodeURIComponent(id)}/dismiss`, {
    body: { reason },
    idempotencyKey: newIdempotencyKey(),
  });
