import type { TabWord, WorkerWord } from './stream-talk.ts';
import { HubStream } from './stream.ts';
import type { StreamListener } from './stream.ts';

/** A worker that is gone says nothing, not even that: it is asked so often, and given so long to answer. */
const PING_MS = 30_000;
const PONG_LIMIT_MS = 10_000;

/**
 * The live stream of a tab: shared with the other tabs where the browser has shared workers, else a connection of its own.
 * Over HTTP/1.1 a browser opens six connections to a host at most, so the seventh tab with one of its own would wait for
 * ever with everything that it asks.
 */
export class SharedStream {
  readonly #types: string;
  readonly #listener: StreamListener;
  #worker: SharedWorker | null = null;
  #own: HubStream | null = null;
  #pinging: ReturnType<typeof setInterval> | undefined;
  #patience: ReturnType<typeof setTimeout> | undefined;

  constructor(types: string, listener: StreamListener) {
    this.#types = types;
    this.#listener = listener;
  }

  start(): void {
    document.addEventListener('visibilitychange', this.#look);
    globalThis.addEventListener('pagehide', this.#leave);
    globalThis.addEventListener('pageshow', this.#comeBack);
    if (!this.#share()) this.#goAlone();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#look);
    globalThis.removeEventListener('pagehide', this.#leave);
    globalThis.removeEventListener('pageshow', this.#comeBack);
    this.#letGo();
    this.#own?.stop();
    this.#own = null;
  }

  #share(): boolean {
    if (!('SharedWorker' in globalThis)) return false;
    try {
      this.#worker = new SharedWorker(new URL('stream-worker.ts', import.meta.url), { type: 'module' });
    } catch {
      return false;
    }
    // Its file could not be had: the hub was updated meanwhile, say.
    this.#worker.addEventListener('error', this.#giveUp);
    this.#worker.port.addEventListener('message', ({ data }) => this.#hear(data as WorkerWord));
    this.#worker.port.start();
    this.#say({ kind: 'join', types: this.#types });
    this.#ping();
    this.#pinging = setInterval(() => this.#ping(), PING_MS);
    return true;
  }

  #ping(): void {
    this.#say({ kind: 'ping' });
    this.#patience ??= setTimeout(this.#giveUp, PONG_LIMIT_MS);
  }

  #say(word: TabWord): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin to name
    this.#worker?.port.postMessage(word);
  }

  #hear(word: WorkerWord): void {
    if (this.#worker === null) return;
    // Whatever it says, it is there.
    clearTimeout(this.#patience);
    this.#patience = undefined;
    if (word.kind === 'events') this.#listener.onEvents(word.events);
    else if (word.kind === 'state') this.#listener.onState(word.state, word.sinceMs);
    else if (word.kind === 'gap') this.#listener.onGap();
  }

  readonly #giveUp = (): void => {
    if (this.#worker === null) return;
    this.#letGo();
    this.#goAlone();
    this.#listener.onGap();
  };

  #goAlone(): void {
    this.#own = new HubStream(this.#types, this.#listener);
    this.#own.start();
  }

  #letGo(): void {
    clearInterval(this.#pinging);
    clearTimeout(this.#patience);
    this.#patience = undefined;
    this.#say({ kind: 'leave' });
    this.#worker?.removeEventListener('error', this.#giveUp);
    this.#worker?.port.close();
    this.#worker = null;
  }

  readonly #look = (): void => {
    if (document.visibilityState !== 'visible') return;
    this.#say({ kind: 'look' });
    this.#own?.retryNow();
  };

  readonly #leave = (): void => this.#say({ kind: 'leave' });

  /** Out of the browser's store of pages: what happened meanwhile was told to nobody here. */
  readonly #comeBack = ({ persisted }: PageTransitionEvent): void => {
    if (!persisted || this.#worker === null) return;
    this.#say({ kind: 'join', types: this.#types });
    this.#listener.onGap();
  };
}
