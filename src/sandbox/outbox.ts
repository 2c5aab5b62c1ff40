import type { SandboxPlatform } from '../core/sandbox.ts';
import type { Agenda } from './agenda.ts';
import type { PostCallback, PostResult } from './callback-post.ts';
import type { MessageRecord } from './ledger-state.ts';

export interface OutboxTotals {
  /** Requests, whatever became of them. */
  sent: number;
  resent: number;
  duplicates: number;
  /** Answers that did not count as received by the platform's rule. */
  refused: number;
  unreachable: number;
  gaveUp: number;
}

export interface OutboxHooks {
  platform(id: string): SandboxPlatform;
  url(message: MessageRecord): string;
  /** First answer that counts as received. */
  onReceived(message: MessageRecord): void;
  /** The sandbox itself failed with a callback. */
  onFault(error: unknown): void;
}

export interface Outbox {
  /** Sends until it is received or the platform's patience ends. */
  send(message: MessageRecord): void;
  /** Sends once more, whatever the answer. */
  sendRepeat(message: MessageRecord): void;
  /** From now on nothing is given up, and what was is taken up again. */
  insist(): void;
  /** Callbacks waiting for a free connection. */
  queued(): number;
  /** The same and the requests under way. */
  busy(): number;
  /** The last trouble in words, undefined once a callback was received after it. */
  trouble(): string | undefined;
  readonly totals: OutboxTotals;
  /** Starts nothing more; resolves when the requests under way have ended. */
  stop(): Promise<void>;
}

interface Letter {
  readonly message: MessageRecord;
  readonly repeat: boolean;
  attempts: number;
  readonly firstMs: number;
}

/** Wall-clock waiting times below which no gap falls, however fast the platform's clock runs. */
const FIRST_FLOOR_MS = 50;
const LAST_FLOOR_MS = 2000;
/** However fast the platform's clock runs, nothing is given up sooner: a restart of the hub takes its time. */
const LEAST_PATIENCE_MS = 600_000;

/** @param limit requests under way at a time */
export function createOutbox(limit: number, agenda: Agenda, post: PostCallback, hooks: OutboxHooks): Outbox {
  const queue: Letter[] = [];
  let head = 0;
  const open = new Set<MessageRecord>();
  const givenUp = new Set<Letter>();
  const underWay = new Set<Promise<void>>();
  const totals: OutboxTotals = { sent: 0, resent: 0, duplicates: 0, refused: 0, unreachable: 0, gaveUp: 0 };
  let insistent = false;
  let stopped = false;
  let lastTrouble: string | undefined;

  function pump(): void {
    if (stopped) return;
    while (underWay.size < limit && head < queue.length) {
      const letter = queue[head];
      head += 1;
      if (head > 1024 && head * 2 > queue.length) {
        queue.splice(0, head);
        head = 0;
      }
      if (letter === undefined) continue;
      const task = deliver(letter)
        .catch((error: unknown) => hooks.onFault(error))
        .then(() => {
          underWay.delete(task);
          pump();
        });
      underWay.add(task);
    }
  }

  async function deliver(letter: Letter): Promise<void> {
    const { message, repeat } = letter;
    totals.sent += 1;
    if (repeat) totals.duplicates += 1;
    else if (letter.attempts > 0) totals.resent += 1;
    letter.attempts += 1;
    const result = await post(hooks.url(message), message.callback);
    const platform = hooks.platform(message.platform);
    if (result.kind === 'reply' && platform.isReceived(result)) {
      lastTrouble = undefined;
      if (open.delete(message)) hooks.onReceived(message);
      return;
    }
    note(result);
    // A repeat may have brought the receipt in the meantime.
    if (!repeat && open.has(message)) again(letter, platform);
  }

  function note(result: PostResult): void {
    if (result.kind === 'unreachable') {
      totals.unreachable += 1;
      lastTrouble = `no answer (${result.reason})`;
    } else {
      totals.refused += 1;
      lastTrouble = `answer ${result.status} ${result.body.slice(0, 80)}`;
    }
  }

  function again(letter: Letter, platform: SandboxPlatform): void {
    const isPatient = insistent || performance.now() - letter.firstMs < LEAST_PATIENCE_MS;
    const gapsMs = platform.retryGapsOf?.(letter.message.callback) ?? platform.retryGapsMs;
    const gapMs = gapsMs[letter.attempts - 1] ?? (isPatient ? 0 : undefined);
    if (gapMs === undefined) {
      totals.gaveUp += 1;
      givenUp.add(letter);
      return;
    }
    const floorMs = Math.min(LAST_FLOOR_MS, FIRST_FLOOR_MS * 2 ** (letter.attempts - 1));
    agenda.after(gapMs, () => enqueue(letter), floorMs);
  }

  function enqueue(letter: Letter): void {
    if (stopped || (!letter.repeat && !open.has(letter.message))) return;
    queue.push(letter);
    pump();
  }

  return {
    send(message) {
      open.add(message);
      enqueue({ message, repeat: false, attempts: 0, firstMs: performance.now() });
    },
    sendRepeat(message) {
      enqueue({ message, repeat: true, attempts: 0, firstMs: performance.now() });
    },
    insist() {
      insistent = true;
      for (const letter of givenUp) enqueue(letter);
      givenUp.clear();
    },
    queued: () => queue.length - head,
    busy: () => queue.length - head + underWay.size,
    trouble: () => lastTrouble,
    totals,
    async stop() {
      stopped = true;
      await Promise.all(underWay);
    },
  };
}
