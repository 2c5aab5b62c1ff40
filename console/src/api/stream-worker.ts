import type { TabWord, WorkerWord } from './stream-talk.ts';
import { HubStream } from './stream.ts';
import type { StreamState } from './stream.ts';

// Holds the stream for all tabs of this browser: see docs/decisions/0046-tabs-share-one-stream.md.

const tabs = new Set<MessagePort>();
let stream: HubStream | null = null;
let told: { readonly state: StreamState; readonly sinceMs: number } = { state: 'connecting', sinceMs: Date.now() };

function tellTab(tab: MessagePort, word: WorkerWord): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin to name
  tab.postMessage(word);
}

function tell(word: WorkerWord): void {
  for (const tab of tabs) tellTab(tab, word);
}

function begin(types: string): void {
  told = { state: 'connecting', sinceMs: Date.now() };
  stream = new HubStream(types, {
    onEvents: (events) => tell({ kind: 'events', events }),
    onState(state, sinceMs) {
      told = { state, sinceMs };
      tell({ kind: 'state', ...told });
    },
    onGap: () => tell({ kind: 'gap' }),
  });
  stream.start();
}

function end(): void {
  stream?.stop();
  stream = null;
}

function join(tab: MessagePort, types: string): void {
  // A stream that was refused belonged to a session that is over; whoever joins now has signed in since.
  if (told.state === 'ended') end();
  tabs.add(tab);
  if (stream === null) begin(types);
  tellTab(tab, { kind: 'state', ...told });
}

function hear(tab: MessagePort, word: TabWord): void {
  switch (word.kind) {
    case 'join':
      join(tab, word.types);
      break;
    case 'leave':
      tabs.delete(tab);
      if (tabs.size === 0) end();
      break;
    case 'look':
      stream?.retryNow();
      break;
    case 'ping':
      tellTab(tab, { kind: 'pong' });
      break;
  }
}

globalThis.addEventListener('connect', (event) => {
  const [tab] = (event as MessageEvent).ports;
  if (tab === undefined) return;
  tab.addEventListener('message', ({ data }) => hear(tab, data as TabWord));
  tab.start();
});
