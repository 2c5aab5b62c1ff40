import { readdirSync, readFileSync } from 'node:fs';
import type { CallbackRequest } from '../../src/core/accept.ts';
import type { Refusal } from '../../src/core/connector.ts';
import type { Report } from '../../src/core/fact.ts';
import type { OutgoingCallback } from '../../src/core/sandbox.ts';
import type { StoreNotice } from '../../src/core/store-binding.ts';
import type { AccountWords } from './account-view.ts';

/** A request as a fixture writes it; what is left out is what a plain POST to the one address has. */
export interface RequestWords {
  readonly method?: 'POST' | 'GET';
  readonly topic?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The raw body as text, signature and all. */
  readonly body: string;
}

/** What the connector must make of a request. */
export type Says =
  | { readonly kind: 'reports'; readonly reports: readonly Report[]; readonly stores?: readonly StoreNotice[] }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unrecognised'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: Refusal['reason'] };

/** One file of a connector's `fixtures/`: requests about one order in the order of their coming, and what they make. */
export interface Fixture {
  readonly name: string;
  readonly account: AccountWords;
  readonly requests: readonly (RequestWords & { readonly says: Says })[];
  /** Number of the order and what it must show in the end; only the named fields are compared. */
  readonly order?: { readonly number: string; readonly shows: Readonly<Record<string, unknown>> };
}

export function loadFixtures(folder: URL): readonly Fixture[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Fixture);
}

export function callbackRequest(words: RequestWords): CallbackRequest {
  return {
    method: words.method ?? 'POST',
    topic: words.topic ?? '',
    query: words.query ?? '',
    headers: words.headers ?? { 'content-type': 'application/json' },
    body: Buffer.from(words.body),
    receivedAt: Date.UTC(2026, 10, 1),
  };
}

export const sentRequest = ({ topic, headers, body }: OutgoingCallback): CallbackRequest =>
  callbackRequest({ topic, headers, body });
