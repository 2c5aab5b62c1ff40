import { useEffect, useSyncExternalStore } from 'react';
import { SharedStream } from '../api/shared-stream.ts';
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

/** What is read before the stream has begun may miss what happens in between; longer than this nobody should wait. */
const BEGIN_LIMIT_MS = 1000;
let isReadEarly = false;

const stream = new SharedStream(TYPES, {
  onEvents(events) {
    waiting.push(...events);
    timer ??= setTimeout(flush, BATCH_MS);
  },
  onState(state, sinceMs) {
    current = { state, sinceMs };
    for (const tell of stateListeners) tell();
    if (state !== 'live' || !isReadEarly) return;
    isReadEarly = false;
    tellGap();
  },
  onGap: tellGap,
});

function tellGap(): void {
  for (const listener of listeners) listener.onGap?.();
}

/** Waits until events are heard: what is read from then on misses nothing. Not for ever; then it is read again later. */
export function whenListening(): Promise<void> {
  if (current.state === 'live') return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(limit);
      stateListeners.delete(look);
      resolve();
    };
    const look = (): void => {
      if (current.state === 'live') done();
    };
    const limit = setTimeout(() => {
      isReadEarly = true;
      done();
    }, BEGIN_LIMIT_MS);
    stateListeners.add(look);
  });
}

/** Open while somebody is signed in, for the whole page and, where the browser can, for all its tabs. */
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
