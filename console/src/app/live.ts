import { useEffect, useSyncExternalStore } from 'react';
import { HubStream } from '../api/stream.ts';
import type { HubEvent, StreamState } from '../api/stream.ts';

export interface LiveListener {
  /** In the order of the feed; several at a time when many come. */
  onEvents?(events: readonly HubEvent[]): void;
  /** Events may have been missed: read again what is shown. */
  onGap?(): void;
}

export interface LiveState {
  readonly state: StreamState;
  readonly sinceMs: number;
}

/** Often enough to feel instant, seldom enough that a thousand orders a second do not freeze the page. */
const BATCH_MS = 120;
const TYPES = 'order.*,action.*,attention.*,machine.*,stock.*';

const listeners = new Set<LiveListener>();
const stateListeners = new Set<() => void>();
let current: LiveState = { state: 'connecting', sinceMs: Date.now() };
let waiting: HubEvent[] = [];
let timer: ReturnType<typeof setTimeout> | null = null;

function flush(): void {
  timer = null;
  const events = waiting;
  waiting = [];
  for (const listener of listeners) listener.onEvents?.(events);
}

const stream = new HubStream(TYPES, {
  onEvents(events) {
    waiting.push(...events);
    timer ??= setTimeout(flush, BATCH_MS);
  },
  onState(state, sinceMs) {
    current = { state, sinceMs };
    for (const tell of stateListeners) tell();
  },
  onGap() {
    for (const listener of listeners) listener.onGap?.();
  },
});

/** One connection for the whole page, open while somebody is signed in. */
export function useLiveConnection(): void {
  useEffect(() => {
    stream.start();
    return () => stream.stop();
  }, []);
}

/** `listener` must stay the same object from render to render. */
export function useLiveEvents(listener: LiveListener): void {
  useEffect(() => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, [listener]);
}

function subscribeState(tell: () => void): () => void {
  stateListeners.add(tell);
  return () => stateListeners.delete(tell);
}

export const useLiveState = (): LiveState => useSyncExternalStore(subscribeState, () => current);
