import { addressOf } from './request.ts';

/** An event of the feed, as `docs/events.md` has it. */
export interface HubEvent {
  readonly id: string;
  readonly type: string;
  readonly timestamp: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** `lost`: reconnecting; `ended`: the hub wants a new sign-in. */
export type StreamState = 'connecting' | 'live' | 'lost' | 'ended';

export interface StreamListener {
  onEvents(events: readonly HubEvent[]): void;
  onState(state: StreamState, sinceMs: number): void;
  /** Events may have been missed: what is shown must be read again. */
  onGap(): void;
}

/** The hub writes a comment every 15 s; two of them missing is a connection that only looks alive. */
const SILENCE_LIMIT_MS = 35_000;
const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 10_000;

/**
 * Keeps one connection to the hub's live stream. By `fetch` and not by `EventSource`, which neither sees the pings nor
 * tells a lost session from a lost line. Goes on where it ended, so nothing is missed while the line is down. Runs in a
 * page as in a worker.
 */
export class HubStream {
  #cursor: string | null = null;
  #state: StreamState = 'connecting';
  #sinceMs = Date.now();
  #stopping = new AbortController();
  #wake: (() => void) | null = null;
  #attempt: AbortController | null = null;
  readonly #listener: StreamListener;
  readonly #types: string;

  constructor(types: string, listener: StreamListener) {
    this.#types = types;
    this.#listener = listener;
  }

  start(): void {
    this.#stopping = new AbortController();
    void this.#run(this.#stopping.signal);
    globalThis.addEventListener('online', this.retryNow);
    globalThis.addEventListener('offline', this.#breakOff);
  }

  stop(): void {
    this.#stopping.abort();
    globalThis.removeEventListener('online', this.retryNow);
    globalThis.removeEventListener('offline', this.#breakOff);
    this.#wake?.();
  }

  /** Somebody looks, or the network is back: no reason to wait on. */
  readonly retryNow = (): void => this.#wake?.();

  /** An open line gives no sign when the network goes: without this it would look alive for another half minute. */
  readonly #breakOff = (): void => this.#attempt?.abort();

  #tell(state: StreamState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#sinceMs = Date.now();
    this.#listener.onState(state, this.#sinceMs);
  }

  async #run(stopping: AbortSignal): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (!stopping.aborted) {
      const end = await this.#connect(stopping);
      if (stopping.aborted) return;
      if (end === 'refused') {
        this.#tell('ended');
        return;
      }
      this.#tell('lost');
      if (end === 'cursor') {
        this.#cursor = null;
        continue;
      }
      waitMs = end === 'was live' ? FIRST_WAIT_MS : Math.min(waitMs * 2, LONGEST_WAIT_MS);
      await this.#pause(waitMs);
    }
  }

  #pause(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #connect(stopping: AbortSignal): Promise<'was live' | 'failed' | 'refused' | 'cursor'> {
    const attempt = new AbortController();
    this.#attempt = attempt;
    const abort = (): void => attempt.abort();
    stopping.addEventListener('abort', abort);
    let silence = setTimeout(abort, SILENCE_LIMIT_MS);
    const heard = (): void => {
      clearTimeout(silence);
      silence = setTimeout(abort, SILENCE_LIMIT_MS);
    };
    const hadCursor = this.#cursor !== null;
    let isLive = false;
    try {
      const response = await fetch(addressOf('/stream', { types: this.#types, after: this.#cursor }), {
        headers: { accept: 'text/event-stream' },
        credentials: 'same-origin',
        cache: 'no-store',
        signal: attempt.signal,
      });
      if (response.status === 401 || response.status === 403) return 'refused';
      if (response.status === 400 && hadCursor) return 'cursor';
      if (!response.ok || response.body === null) return 'failed';
      isLive = true;
      const wasLost = this.#state === 'lost';
      this.#tell('live');
      if (wasLost && !hadCursor) this.#listener.onGap();
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return 'was live';
        heard();
        const blocks = (rest + value).split('\n\n');
        rest = blocks.pop() ?? '';
        this.#deliver(blocks);
      }
    } catch {
      return isLive ? 'was live' : 'failed';
    } finally {
      clearTimeout(silence);
      stopping.removeEventListener('abort', abort);
      attempt.abort();
    }
  }

  #deliver(blocks: readonly string[]): void {
    const events: HubEvent[] = [];
    for (const block of blocks) {
      const data: string[] = [];
      for (const line of block.split('\n')) {
        if (line.startsWith('id:')) this.#cursor = line.slice(3).trim();
        else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /u, ''));
      }
      if (data.length === 0) continue;
      const event = JSON.parse(data.join('\n')) as Partial<HubEvent>;
      // The first block only says where the stream begins.
      if (event.type !== undefined) events.push(event as HubEvent);
    }
    if (events.length > 0) this.#listener.onEvents(events);
  }
}
