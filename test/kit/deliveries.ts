import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../src/core/ids.ts';
import { createRegistry, createWake } from '../../src/hub/context.ts';
import type { HubContext } from '../../src/hub/context.ts';
import { noCrash } from '../../src/hub/crash-points.ts';
import { wantsEvent } from '../../src/hub/deliver-endpoints.ts';
import { markDue, readSubscriptions } from '../../src/store/due-deliveries.ts';
import type { DueHead } from '../../src/store/due-deliveries.ts';
import { insertEvents, lockClock, moveClock } from '../../src/store/events.ts';
import { ensurePartitions } from '../../src/store/partitions.ts';
import type { Pool } from '../../src/store/pool.ts';
import { createSealer } from '../../src/store/seal.ts';
import { transaction } from '../../src/store/transaction.ts';

/** A clock that runs with the real one and can be put forward. */
export interface MovingClock {
  (): number;
  forward(ms: number): void;
}

export function movingClock(): MovingClock {
  let aheadMs = 0;
  const clock = (): number => Date.now() + aheadMs;
  return Object.assign(clock, {
    forward: (ms: number): void => {
      aheadMs += ms;
    },
  });
}

/** A hub context on a test database. */
export function testContext(pool: Pool, changes: Partial<HubContext> = {}): HubContext {
  return {
    pool,
    clock: Date.now,
    randomBytes: (size) => randomBytes(size),
    log: { debug() {}, info() {}, warn() {}, error: (fields, message) => console.error(message, fields) },
    sealer: createSealer(Buffer.alloc(32, 7)),
    registry: createRegistry([]),
    crash: noCrash,
    wake: createWake(),
    callPlatform: () => Promise.reject(new Error('deliveries call no platform')),
    publicUrl: () => 'http://hub.test',
    ...changes,
  };
}

/** An order as far as the tests look at it. */
export interface SeedEvent {
  readonly subject: string;
  readonly type?: string;
  readonly merchant?: string | null;
  readonly shop?: string | null;
  readonly receiptId?: string | null;
  readonly body?: Record<string, unknown>;
}

export async function seedAccount(ctx: HubContext, account: string): Promise<void> {
  await ensurePartitions(ctx.pool, ctx.clock());
  await ctx.pool.query('insert into account_clocks (account_id) values ($1) on conflict do nothing', [account]);
}

/** A fixed order id for a number. */
export function orderId(number: number): string {
  return `ord_${createHash('sha256').update(String(number)).digest('hex').slice(0, 26)}`;
}

/** Writes events as the intake does: numbers from the clock row, then what is due to whom, in one transaction. */
export async function seedEvents(ctx: HubContext, account: string, events: readonly SeedEvent[]): Promise<string[]> {
  const now = new Date(ctx.clock());
  const ids = await transaction(ctx.pool, async (tx) => {
    const feed = await lockClock(tx, account);
    const subscriptions = await readSubscriptions(tx);
    const known = await tx.query<{ subject: string; sequence: number }>(
      'select subject, max(sequence) as sequence from events where account_id = $1 and subject = any($2) group by 1',
      [account, events.map((event) => event.subject)],
    );
    const sequences = new Map(known.rows.map((row) => [row.subject, row.sequence]));
    const rows = events.map((event, index) => {
      const sequence = (sequences.get(event.subject) ?? 0) + 1;
      sequences.set(event.subject, sequence);
      return {
        feed: feed + index + 1,
        id: newId('evt', now.getTime(), ctx.randomBytes),
        subject: event.subject,
        sequence,
        type: event.type ?? (sequence === 1 ? 'order.paid' : 'order.changed'),
        previousStatus: sequence === 1 ? null : 'paid',
        merchant: event.merchant ?? null,
        shop: event.shop ?? null,
        receiptId: event.receiptId ?? null,
        body: event.body ?? {
          id: event.subject,
          account,
          status: 'paid',
          version: sequence,
          customer: null,
          takeaway: null,
        },
      };
    });
    await insertEvents(tx, account, rows, now);
    const heads = new Map<string, DueHead>();
    for (const row of rows) {
      for (const subscription of subscriptions) {
        if (!wantsEvent(subscription, { ...row, account })) continue;
        const key = `${subscription.id} ${row.subject}`;
        const first = heads.get(key)?.firstSequence ?? row.sequence;
        heads.set(key, {
          endpointId: subscription.id,
          subject: row.subject,
          firstSequence: first,
          lastSequence: row.sequence,
        });
      }
    }
    const sorted = [...heads.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, head]) => head);
    await markDue(tx, account, sorted, now);
    await moveClock(tx, account, feed + rows.length);
    return rows.map((row) => row.id);
  });
  ctx.wake.deliveries(account);
  return ids;
}

/** A webhook as a receiver got it. */
export interface Received {
  readonly atMs: number;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: {
    readonly id: string;
    readonly type: string;
    readonly data: {
      readonly sequence: number;
      readonly previousSequence: number | null;
      readonly order: { readonly id: string; readonly [key: string]: unknown };
    };
  };
}

export interface Answer {
  readonly status?: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly delayMs?: number;
  /** Breaks the connection instead of answering. */
  readonly hangUp?: boolean;
}

export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** How many requests the sender broke off before they were answered. */
  hungUp(): number;
  /** Requests that are open now. */
  openNow(): number;
  /** Most requests that were open at once. */
  mostAtOnce(): number;
  answer(decide: (received: Received) => Answer): void;
  close(): Promise<void>;
}

/** A real HTTP server that keeps what it gets and answers as told; 200 at first. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let decide: (received: Received) => Answer = () => ({});
  let open = 0;
  let most = 0;
  let hungUp = 0;
  const server = createServer((request, response) => {
    open += 1;
    most = Math.max(most, open);
    response.once('close', () => {
      open -= 1;
      if (!response.writableEnded) hungUp += 1;
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => {});
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      let event: Received['event'] | undefined;
      try {
        event = JSON.parse(body) as Received['event'];
      } catch {
        // A raw request need not be JSON.
      }
      const item = {
        atMs: Date.now(),
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body,
        event: event as Received['event'],
      };
      received.push(item);
      const answer = decide(item);
      const finish = (): void => {
        if (answer.hangUp === true) return void request.socket.destroy();
        response.writeHead(answer.status ?? 200, answer.headers ?? {});
        response.end(answer.body ?? '');
      };
      if (answer.delayMs === undefined) finish();
      else setTimeout(finish, answer.delayMs).unref();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    hungUp: () => hungUp,
    openNow: () => open,
    mostAtOnce: () => most,
    answer: (newDecide) => {
      decide = newDecide;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** Waits until the condition holds. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 15_000,
): Promise<void> {
  const endMs = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > endMs) throw new Error(`waited ${limitMs} ms for: ${what}`);
    await sleep(10);
  }
}
