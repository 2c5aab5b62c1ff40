import { mkdtemp } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { removeDataFolder } from '../src/store/embedded/data-folders.ts';
import { startEmbeddedPostgres } from '../src/store/embedded/start.ts';
import { runChild, startChild } from './child.ts';
import type { Child } from './child.ts';
import type { LoadResult } from './load.ts';
import { CALLBACK_SECRET } from './pushes.ts';
import type { ReceiverReport } from './receiver.ts';

/**
 * Callbacks acknowledged per second, side by side in one run on one machine and one PostgreSQL with fsync on:
 *   a  the hub, with one subscribed endpoint that is delivered to meanwhile
 *   b  a controller written the plain way
 *   c  the same, telling its own system by a webhook that it does not wait for
 *   d  the hub's HTTP door verifying and answering from memory
 * Each round measures all four in turn; the ratios are of the medians. Afterwards every acknowledged callback must be
 * stored and every event delivered, else the run fails.
 */
const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '15000' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '256' },
  },
});
const orders = Number(values.orders);
const rounds = Number(values.rounds);
const connections = Number(values.connections);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

type Variant = 'a' | 'b' | 'c' | 'd';
const LABELS: Readonly<Record<Variant, string>> = {
  a: 'hub, one endpoint',
  b: 'plain controller',
  c: 'plain controller + webhook',
  d: 'from memory',
};

const folder = await mkdtemp(join(tmpdir(), 'huidan-bench-'));
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const postgres = await startEmbeddedPostgres({ dataDir: folder, log: quiet });
let faults = 0;
try {
  await measure();
} finally {
  await postgres.stop();
  await removeDataFolder(folder);
}
process.exitCode = faults === 0 ? 0 : 1;

async function measure(): Promise<void> {
  say(
    `${cpus().length} cores, ${connections} connections, ${orders * 2} callbacks a variant and round, ${rounds} rounds`,
  );
  await createDatabase('plain_b');
  await createDatabase('plain_c');
  const receiver = await startChild<{ port: number }>('receiver.ts');
  const webhook = `http://127.0.0.1:${receiver.first.port}/events`;
  const hub = await startChild<{ url: string; key: string }>('hub.ts', {
    databaseUrl: postgres.url,
    dataDir: join(folder, 'hub'),
  });
  const callbackUrl = await prepareHub(hub, webhook);
  const plain = await startChild<{ url: string }>('plain-controller.ts', {
    databaseUrl: databaseUrl('plain_b'),
    webhook: null,
  });
  const telling = await startChild<{ url: string }>('plain-controller.ts', {
    databaseUrl: databaseUrl('plain_c'),
    webhook,
  });
  const memory = await startChild<{ url: string }>('memory-server.ts');
  const urls: Readonly<Record<Variant, string>> = {
    a: callbackUrl,
    b: plain.first.url,
    c: telling.first.url,
    d: memory.first.url,
  };
  const results: Record<Variant, LoadResult[]> = { a: [], b: [], c: [], d: [] };

  // The first requests of a process run uncompiled code.
  for (const variant of ['a', 'b', 'c', 'd'] as const) await load(urls[variant], `9${variant.codePointAt(0)}`, 1500);
  await delivered(receiver, hub, 'warm-up');

  for (let round = 1; round <= rounds; round += 1) {
    for (const variant of ['a', 'b', 'c', 'd'] as const) {
      await receiver.ask('reset');
      const result = await load(urls[variant], `${round}${variant.codePointAt(0)}`, orders);
      results[variant].push(result);
      say(
        `round ${round} ${variant} ${LABELS[variant].padEnd(27)} ${result.perSecond.toFixed(0).padStart(7)}/s` +
          `  p50 ${result.p50Ms.toFixed(1)} ms  p99 ${result.p99Ms.toFixed(1)} ms  failed ${result.failed}`,
      );
      if (result.failed > 0) fault(`${result.failed} callbacks of ${variant} were not acknowledged`);
      if (variant === 'a') await checkHub(receiver, hub, round, result);
    }
  }
  printReport(results);
  await Promise.all([hub, plain, telling, memory, receiver].map((child: Child<unknown>) => child.stop()));
}

function load(url: string, run: string, count: number): Promise<LoadResult> {
  return runChild<LoadResult>('load.ts', { url, run: `77${run}`, orders: count, connections });
}

async function prepareHub(hub: Child<{ url: string; key: string }>, webhook: string): Promise<string> {
  const account = await callHub<{ callbacks: { url: string }[] }>(hub, '/api/v1/accounts', {
    id: 'bench',
    platform: 'meituan-union',
    name: 'bench',
    credentials: { appkey: 'benchkey', secret: 'bench-api-secret', callbackSecret: CALLBACK_SECRET },
    // There is no platform behind this account to ask for the commission of each order.
    settings: { queryCommission: false },
  });
  await callHub(hub, '/api/v1/endpoints', { url: webhook, events: ['order.*'] });
  return account.callbacks[0]?.url ?? '';
}

async function callHub<Answer>(hub: Child<{ url: string; key: string }>, path: string, body: unknown): Promise<Answer> {
  const response = await fetch(`${hub.first.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hub.first.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status !== 201) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

/** Waits until nothing is due any more and returns how long that took. */
async function delivered(receiver: Child<unknown>, _hub: unknown, what: string): Promise<ReceiverReport> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    for (let waitedMs = 0; waitedMs < 120_000; waitedMs += 100) {
      const due = await client.query('select 1 from delivery_heads where due_at is not null limit 1');
      if (due.rowCount === 0) return await receiver.ask<ReceiverReport>('report');
      await sleep(100);
    }
  } finally {
    await client.end();
  }
  fault(`deliveries of ${what} did not come to an end in 120 s`);
  return receiver.ask<ReceiverReport>('report');
}

async function checkHub(receiver: Child<unknown>, hub: unknown, round: number, result: LoadResult): Promise<void> {
  const startedAt = performance.now();
  const report = await delivered(receiver, hub, `round ${round}`);
  const drainSeconds = (performance.now() - startedAt) / 1000;
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const stored = await client.query<{ orders: number; receipts: number; events: number }>(
    `select (select count(*)::int from orders where platform_order_id like $1) as orders,
            (select count(*)::int from receipts r where exists
               (select from orders o where o.account_id = r.account_id and o.id = r.order_ids[1] and o.platform_order_id like $1)) as receipts,
            (select coalesce(sum(version), 0)::int from orders where platform_order_id like $1) as events`,
    [`77${round}97%`],
  );
  await client.end();
  const [row] = stored.rows;
  const events = row?.events ?? 0;
  say(
    `         stored ${row?.receipts} of ${result.acknowledged} callbacks, ${row?.orders} orders; delivered ${report.sequences} of ${events} events,` +
      ` ${report.gaps} gaps, the last ${drainSeconds.toFixed(1)} s after the last acknowledgement`,
  );
  if (row?.receipts !== result.acknowledged) fault(`round ${round}: acknowledged callbacks are missing`);
  if (report.sequences !== events || report.gaps > 0) fault(`round ${round}: events are missing or came with gaps`);
}

function printReport(results: Readonly<Record<Variant, readonly LoadResult[]>>): void {
  const median = (variant: Variant): number => {
    const sorted = results[variant].map(({ perSecond }) => perSecond).toSorted((x, y) => x - y);
    return sorted[sorted.length >> 1] ?? 0;
  };
  say('');
  for (const variant of ['a', 'b', 'c', 'd'] as const)
    say(`${variant} ${LABELS[variant].padEnd(27)} ${median(variant).toFixed(0).padStart(7)}/s (median)`);
  for (const [label, other, bar] of [
    ['a/b', 'b', null],
    ['a/c', 'c', 1.5],
    ['a/d', 'd', 0.15],
  ] as const) {
    const ratio = median('a') / median(other);
    say(
      `${label} ${ratio.toFixed(2)}${bar === null ? '' : ` (bar: at least ${bar}${ratio >= bar ? '' : ', missed'})`}`,
    );
  }
  if (faults > 0) say(`${faults} faults`);
}

function fault(text: string): void {
  faults += 1;
  say(`FAULT: ${text}`);
}

function databaseUrl(name: string): string {
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return url.href;
}

async function createDatabase(name: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
}
