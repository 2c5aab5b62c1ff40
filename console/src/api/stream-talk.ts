import type { HubEvent, StreamState } from './stream.ts';

/** What a tab says to the worker that holds the stream. */
export type TabWord =
  | { readonly kind: 'join'; readonly types: string }
  | { readonly kind: 'leave' }
  /** Somebody looks at the tab: do not wait on. */
  | { readonly kind: 'look' }
  | { readonly kind: 'ping' };

/** What the worker says to a tab. */
export type WorkerWord =
  | { readonly kind: 'state'; readonly state: StreamState; readonly sinceMs: number }
  | { readonly kind: 'events'; readonly events: readonly HubEvent[] }
  | { readonly kind: 'gap' }
  | { readonly kind: 'pong' };
