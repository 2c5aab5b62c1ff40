/** One block of a stream of server-sent events, as a browser would see it. */
export interface StreamEvent {
  readonly type: string;
  readonly id: string;
  readonly data: string;
}

/** A reader of server-sent events that keeps what came; a browser's own, without its coming back by itself. */
export class EventStream {
  readonly #gone = new AbortController();
  readonly events: StreamEvent[] = [];
  status = 0;
  lastId = '';
  /** What the hub said beside events. */
  comments = 0;
  isOver = false;
  /** The whole of an answer that is no stream. */
  text = '';
  over: Promise<void> = Promise.resolve();

  /** Resolves when the hub has answered: with a stream, or with a refusal in `status`. */
  static async open(url: string, headers: Readonly<Record<string, string>>): Promise<EventStream> {
    const stream = new EventStream();
    const response = await fetch(url, { headers, signal: stream.#gone.signal });
    stream.status = response.status;
    if (response.body === null || response.status !== 200) {
      stream.text = await response.text();
      stream.isOver = true;
      return stream;
    }
    stream.over = stream.#read(response.body).catch(() => {
      stream.isOver = true;
    });
    return stream;
  }

  async #read(body: ReadableStream<Uint8Array>): Promise<void> {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      rest += decoder.decode(chunk, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) this.#take(block);
    }
    this.isOver = true;
  }

  #take(block: string): void {
    let type = 'message';
    const data: string[] = [];
    for (const line of block.split('\n')) {
      if (line.startsWith(':')) this.comments += 1;
      if (line.startsWith('id: ')) this.lastId = line.slice(4);
      if (line.startsWith('event: ')) type = line.slice(7);
      if (line.startsWith('data: ')) data.push(line.slice(6));
    }
    if (data.length > 0) this.events.push({ type, id: this.lastId, data: data.join('\n') });
  }

  /** Events but for `ready`. */
  get news(): readonly StreamEvent[] {
    return this.events.filter(({ type }) => type !== 'ready');
  }

  close(): void {
    this.#gone.abort();
  }
}
