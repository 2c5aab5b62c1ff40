// node bench/lists.ts [--orders N] [--rounds N] [--folder DIR]   how fast lists answer over N orders, beside 10 000
import { chmod, mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connectors } from '../src/connectors/registry.ts';
import { sweepAccount } from '../src/hub/attention.ts';
import { createRegistry, createWake } from '../src/hub/context.ts';
import { noCrash } from '../src/hub/crash-points.ts';
import { NO_CHAOS, startSandbox } from '../src/sandbox/sandbox.ts';
import { IdPlace, createCursors } from '../src/server/cursor.ts';
import { removeDataFolder } from '../src/store/embedded/data-folders.ts';
import { startEmbeddedPostgres } from '../src/store/embedded/start.ts';
import type { EmbeddedPostgres } from '../src/store/embedded/start.ts';
import { createPool } from '../src/store/pool.ts';
import { pooledRandomBytes } from '../src/store/random-pool.ts';
import { createSealer } from '../src/store/seal.ts';
import { startChild } from './child.ts';
import type { Child } from './child.ts';
import { YEAR_MS, fill, makePatterns, withClient } from './lists-fill.ts';
import { questionsOf } from './lists-questions.ts';
import type { Known, Question } from './lists-questions.ts';

/**
 * Asks the API of two hubs the same, one over 10 000 orders and one over N, and prints how long each took and how many
 * times longer with N. Both lie in one PostgreSQL; orders are copies of some that the sandbox really played (all
 * platforms), spread over a year.
 *
 * With `--folder` the filled databases stay there, and the next run on the same folder goes on with them.
 * A million orders take 3.1 GB and 3 minutes on 2 cores.
 */
const { values } = parseArgs({
  options: {
    orders: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '40' },
    folder: { type: 'string' },
    only: { type: 'string' },
  },
});
const orders = Number(values.orders);
const rounds = Number(values.rounds);
const FEW = 10_000;
/** Orders that the sandbox plays, and how long it may take: a day passes in 72 s. */
const PLAYED = 900;
const PLAY_SPEED = 1200;
const PLAY_RATE = 20;
const EXPORTED = 100_000;
/** What a list may take at most, over however many orders. */
const BAR_MS = 1000;

type Hub = Child<{ url: string; key: string }>;
interface Side {
  readonly name: string;
  readonly orders: number;
  readonly hub: Hub;
  readonly databaseUrl: string;
  readonly keys: Readonly<Record<NonNullable<Question['key']>, string>>;
  readonly questions: readonly Question[];
  readonly known: Known;
}

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const folder = values.folder ?? (await mkdtemp(join(tmpdir(), 'huidan-bench-lists-')));
await mkdir(folder, { recursive: true });
// PostgreSQL must be able to enter it when root runs this.
await chmod(folder, 0o755);
const hubDir = join(folder, 'hub');
const postgres = await startEmbeddedPostgres({ dataDir: folder, log: quiet });
let slow = 0;
try {
  await prepare(postgres);
  await measure(postgres);
} finally {
  await postgres.stop();
  if (values.folder === undefined) await removeDataFolder(folder);
}
process.exitCode = slow === 0 ? 0 : 1;

function urlOf(server: EmbeddedPostgres, database: string): string {
  const url = new URL(server.url);
  url.pathname = `/${database}`;
  return url.href;
}

function startHub(databaseUrl: string): Promise<Hub> {
  return startChild('hub.ts', { databaseUrl, dataDir: hubDir });
}

async function masterKey(): Promise<Buffer> {
  return Buffer.from((await readFile(join(hubDir, 'master-key'), 'utf8')).trim(), 'base64');
}

/** Plays the patterns and fills both databases, unless an earlier run did. */
async function prepare(server: EmbeddedPostgres): Promise<void> {
  const there = await withClient(server.url, (client) =>
    client.query(`select datname from pg_database where datname in ('patterns', 'few', $1)`, [`n${orders}`]),
  );
  const has = (name: string): boolean => there.rows.some((row: { datname: string }) => row.datname === name);
  if (!has('patterns')) await playPatterns(server);
  if (!has('few')) await fillCopy(server, 'few', FEW);
  if (!has(`n${orders}`)) await fillCopy(server, `n${orders}`, orders);
}

async function playPatterns(server: EmbeddedPostgres): Promise<void> {
  await run(server, 'drop database if exists played');
  await run(server, 'create database played');
  const hub = await startHub(urlOf(server, 'played'));
  const sandbox = await startSandbox({
    hubUrl: hub.first.url,
    key: hub.first.key,
    platforms: connectors,
    ledgerDir: join(folder, 'ledger'),
    rate: PLAY_RATE,
    speed: PLAY_SPEED,
    chaos: { ...NO_CHAOS, duplicate: 0.2 },
    seed: 'lists',
    orderLimit: PLAYED,
    onNote() {},
  });
  await sandbox.allPlaced;
  // Some lives are over by now, and some are in the middle.
  await sleep(3000);
  await sandbox.stop();
  await hub.stop();
  const made = await makePatterns(urlOf(server, 'played'));
  // Under this name only when it is whole.
  await run(server, 'alter database played rename to patterns');
  say(`${made} orders were played on ${connectors.length} platforms`);
}

async function fillCopy(server: EmbeddedPostgres, name: string, count: number): Promise<void> {
  const startedMs = performance.now();
  await run(server, 'drop database if exists filling');
  await run(server, 'create database filling template patterns');
  let saidMs = startedMs;
  await fill(urlOf(server, 'filling'), await masterKey(), count, Date.now(), (done) => {
    if (performance.now() - saidMs < 15_000 && done < count) return;
    saidMs = performance.now();
    say(`  ${done} of ${count} orders after ${((saidMs - startedMs) / 1000).toFixed(0)} s`);
  });
  await run(server, `alter database filling rename to ${name}`);
  const size = await withClient(server.url, (client) =>
    client.query<{ size: string }>('select pg_size_pretty(pg_database_size($1)) as size', [name]),
  );
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0);
  say(`${count} orders were written in ${seconds} s, ${size.rows[0]?.size}`);
}

async function run(server: EmbeddedPostgres, text: string): Promise<void> {
  await withClient(server.url, (client) => client.query(text));
}

async function measure(server: EmbeddedPostgres): Promise<void> {
  const sides = [await openSide(server, 'few', FEW), await openSide(server, `n${orders}`, orders)] as const;
  say('');
  say(`${'ms'.padEnd(34)}${FEW} orders   p50     p99${`${orders} orders`.padStart(20)}   p50     p99   p50 times`);
  for (const [nth, question] of sides[0].questions.entries()) {
    if (values.only !== undefined && !question.name.includes(values.only)) continue;
    const [few, many] = [await askOften(sides[0], nth), await askOften(sides[1], nth)];
    report(question.name, few, many, question.mostMs);
  }
  if (values.only === undefined) {
    report('attention sweep of an account', await sweep(sides[0]), await sweep(sides[1]));
    for (const side of sides) await exportOrders(side);
  }
  for (const side of sides) await side.hub.stop();
  say(slow === 0 ? `everything within its bar (${BAR_MS} ms)` : `${slow} beyond the bar (${BAR_MS} ms)`);
}

function report(name: string, few: Taken, many: Taken, mostMs = BAR_MS): void {
  const isSlow = many.p99Ms > mostMs || many.faults > 0;
  if (isSlow) slow += 1;
  const side = ({ p50Ms, p99Ms }: Taken): string => `${p50Ms.toFixed(1).padStart(8)}${p99Ms.toFixed(1).padStart(8)}`;
  say(
    `${name.padEnd(44)}${side(few)}${' '.repeat(20)}${side(many)}${(many.p50Ms / few.p50Ms).toFixed(1).padStart(11)}` +
      `${many.faults > 0 ? `  ${many.faults} failed` : ''}${isSlow ? '  SLOW' : ''}`,
  );
}

interface Taken {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly faults: number;
}

async function takes(count: number, work: (nth: number) => Promise<boolean>): Promise<Taken> {
  const times: number[] = [];
  let faults = 0;
  for (let nth = 0; nth < count; nth += 1) {
    const startedMs = performance.now();
    if (!(await work(nth))) faults += 1;
    times.push(performance.now() - startedMs);
    // What takes seconds is known after three.
    if (nth >= 2 && times.reduce((sum, ms) => sum + ms, 0) > 20_000) break;
  }
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.ceil(times.length * share) - 1] ?? 0;
  return { p50Ms: at(0.5), p99Ms: at(0.99), faults };
}

async function askOften(side: Side, nth: number): Promise<Taken> {
  const question = side.questions[nth];
  if (question === undefined) throw new RangeError('both sides are asked the same');
  const key = question.key === undefined ? side.hub.first.key : side.keys[question.key];
  const ask = async (at: number): Promise<boolean> => {
    const response = await fetch(`${side.hub.first.url}${question.path(at)}`, {
      headers: { authorization: `Bearer ${key}` },
    });
    await response.arrayBuffer();
    return response.status === 200 || (response.status === 404 && question.name.endsWith('is none'));
  };
  // The first opens connections and reads the catalogue.
  await ask(rounds);
  return takes(rounds, ask);
}

async function sweep(side: Side): Promise<Taken> {
  const pool = createPool({ url: side.databaseUrl, max: 4 });
  const ctx = {
    pool,
    clock: Date.now,
    randomBytes: pooledRandomBytes,
    log: quiet,
    sealer: createSealer(await masterKey()),
    registry: createRegistry(connectors),
    crash: noCrash,
    wake: createWake(),
    callPlatform: () => Promise.reject(new Error('nothing is called')),
    publicUrl: () => 'http://127.0.0.1',
  };
  try {
    await sweepAccount(ctx, side.known.cps);
    return await takes(rounds, async (nth) => {
      await sweepAccount(ctx, nth % 2 === 0 ? side.known.cps : side.known.takeaway);
      return true;
    });
  } finally {
    await pool.end();
  }
}

/** A file of 100 000 orders, or of all where there are fewer. */
async function exportOrders(side: Side): Promise<void> {
  const { url, key } = side.hub.first;
  const count = Math.min(EXPORTED, side.orders);
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const placedFrom = new Date(side.known.nowMs - YEAR_MS * (count / side.orders)).toISOString();
  const startedMs = performance.now();
  const asked = await fetch(`${url}/api/v1/exports`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ kind: 'orders', filter: side.orders > count ? { placedFrom } : {} }),
  });
  const { id } = (await asked.json()) as { id: string };
  for (;;) {
    const answer = await fetch(`${url}/api/v1/exports/${id}`, { headers });
    const { state, progress, bytes, error } = (await answer.json()) as {
      state: string;
      progress: { done: number };
      bytes: number | null;
      error: string | null;
    };
    if (state === 'failed') throw new Error(`the export failed: ${error}`);
    if (state === 'done') {
      const seconds = (performance.now() - startedMs) / 1000;
      const perSecond = (progress.done / seconds).toFixed(0);
      say(
        `export of ${progress.done} of ${side.orders} orders: ${seconds.toFixed(1)} s, ${bytes} bytes, ${perSecond}/s`,
      );
      break;
    }
    await sleep(100);
  }
  await fetch(`${url}/api/v1/exports/${id}`, { method: 'DELETE', headers });
}

async function openSide(server: EmbeddedPostgres, name: string, count: number): Promise<Side> {
  const databaseUrl = urlOf(server, name);
  const hub = await startHub(databaseUrl);
  const keys = {
    'rare merchant': await makeKey(hub, { merchants: ['merchant-rare'] }),
    shops: await makeKey(hub, { shops: ['shop-1', 'shop-2', 'shop-rare'] }),
  };
  const known = await withClient(databaseUrl, async (client) => {
    const read = async <T>(text: string, given: readonly unknown[] = []): Promise<readonly T[]> =>
      (await client.query<{ v: T }>(text, [...given])).rows.map(({ v }) => v);
    const [nowMs = 0] = await read<number>(
      `select (extract(epoch from max(created_at)) * 1000)::float8 as v from orders`,
    );
    const account = (kind: string): Promise<readonly string[]> =>
      read(`select account_id as v from bench_patterns where kind = $1 group by 1 order by count(*) desc limit 1`, [
        kind,
      ]);
    const [takeaway = ''] = await account('takeaway');
    const [cps = ''] = await account('cps');
    const [platform = ''] = await read<string>('select platform as v from accounts where id = $1', [takeaway]);
    const sample = `orders tablesample system (${Math.min(100, (2000 / count) * 100)})`;
    const numbers = await read<string>(
      `select platform_order_id as v from ${sample} where platform_order_id is not null limit 1000`,
    );
    const ids = await read<string>(`select id as v from ${sample} limit 1000`);
    const withHistory = await read<string>(
      `select id as v from orders where account_id = $1 order by id desc limit 200`,
      [takeaway],
    );
    return { orders: count, nowMs, takeaway, cps, platform, ids, withHistory, numbers, deep: '', middle: '' };
  });
  const deep = await cursorBehind(hub, Math.min(1000, count / 100));
  // Nobody pages that far; the cursor of the list is made here as the API makes it.
  const [middleId = ''] = await withClient(databaseUrl, async (client) =>
    (
      await client.query<{ id: string }>(`select bench_id('ord', $1, 1) as id`, [Math.round(known.nowMs - YEAR_MS / 2)])
    ).rows.map(({ id }) => id),
  );
  const middle = createCursors(createSealer(await masterKey()), 'orders', IdPlace).write({ id: middleId }, {});
  const whole = { ...known, deep, middle };
  return { name, orders: count, hub, databaseUrl, keys, known: whole, questions: questionsOf(whole) };
}

async function makeKey(hub: Hub, limits: object): Promise<string> {
  const answer = await fetch(`${hub.first.url}/api/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hub.first.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', right: 'read', ...limits }),
  });
  if (answer.status !== 201) throw new Error(`no key: ${await answer.text()}`);
  return ((await answer.json()) as { key: string }).key;
}

/** The cursor behind so many pages of 50: read in longer ones, for a cursor holds for pages of any length. */
async function cursorBehind(hub: Hub, pages: number): Promise<string> {
  let cursor = '';
  for (let read = 0; read < pages; read += 10) {
    const query = new URLSearchParams({ limit: '500', ...(cursor !== '' && { cursor }) });
    const answer = await fetch(`${hub.first.url}/api/v1/orders?${query.toString()}`, {
      headers: { authorization: `Bearer ${hub.first.key}` },
    });
    cursor = ((await answer.json()) as { nextCursor: string | null }).nextCursor ?? cursor;
  }
  return cursor;
}
