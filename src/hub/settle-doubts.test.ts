import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { createTestHub } from '../../test/kit/context.ts';
import type { TestHub } from '../../test/kit/context.ts';
import { takeawayPlatform, takeawaySignature } from '../../test/kit/takeaway-platform.ts';
import type { OrderToRead, Connector, Parsed } from '../core/connector.ts';
import type { Report } from '../core/fact.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import type { PlatformResult } from '../core/outgoing.ts';
import { ADMIN_PRINCIPAL } from './access.ts';
import { startDueWork } from './due-work.ts';
import { createRegistry } from './context.ts';
import { runRepairNow } from './read-repair.ts';
import { settleDueDoubts } from './settle-doubts.ts';

type Answer = () => PlatformResult<readonly Report[]> | Promise<PlatformResult<readonly Report[]>>;

let hub: TestHub;
let nowMs = Date.UTC(2026, 10, 20, 4, 0, 0);
let asked: OrderToRead[] = [];
let answer: Answer;
let accounts = 0;

/** A platform that says nothing but that an order must be read; which doubts it raises is its note. */
const doubtful: Connector = {
  ...takeawayPlatform,
  registers: { ...takeawayPlatform.registers, 'flag.doubt': { by: 'time' } },
  parse(accepted, view): Parsed {
    const parsed = takeawayPlatform.parse(accepted, view);
    if (parsed.kind !== 'reports') return parsed;
    const { note = 'refund' } = accepted.content as { readonly note?: string };
    const [report] = parsed.reports;
    if (report === undefined) return parsed;
    const flag = { line: '', register: 'flag.doubt', value: true } as const;
    const reports = note.split(' ').map((doubt) => ({ ...report, doubt, facts: [...report.facts, flag] }));
    return { kind: 'reports', reports };
  },
  // So that it is looked through for orders that rest; none of these ever does too long.
  restMs: () => undefined,
  async readTruth(_account, _call, order) {
    asked.push(order);
    return answer();
  },
};

/** What the platform says once it knows. */
const settled =
  (number: string, more: Partial<Report> = {}): Answer =>
  () => ({
    ok: true,
    value: [
      {
        aliases: [{ kind: 'platform', value: number }],
        kind: 'takeaway',
        at: nowMs,
        facts: [
          { line: '', register: 'payment', value: 'refunded' },
          { line: '', register: 'flag.doubt', value: false },
        ],
        ...more,
      },
    ],
  });
const refused =
  (kind: 'retry' | 'alert' | 'final'): Answer =>
  () => ({
    ok: false,
    refusal: { class: kind, code: `is_${kind}`, message: 'no' },
  });

before(async () => {
  hub = await createTestHub({ registry: createRegistry([doubtful]), clock: () => nowMs });
});
after(() => hub.close());
beforeEach(async () => {
  asked = [];
  await hub.database.pool.query('delete from order_clocks');
});

async function account(mode = 'live'): Promise<string> {
  const id = `acc-${(accounts += 1)}`;
  await hub.addAccount(id, doubtful.id, { developerId: '1', signKey: 'k' }, mode);
  return id;
}

async function push(id: string, number: string, note = 'refund'): Promise<void> {
  const body = Buffer.from(JSON.stringify({ number, payment: 'paid', at: (nowMs += 1), note, store: '8859' }));
  const known = await hub.accounts.find(id);
  assert.ok(known !== undefined);
  const headers = { 'x-sign': takeawaySignature(body.toString('utf8'), 'k') };
  const request = { method: 'POST' as const, topic: 'order', query: '', headers, body, receivedAt: nowMs };
  assert.equal((await hub.take(known, request)).verdict, 'applied');
}

const settle = (): Promise<number> => settleDueDoubts(hub.ctx, { accounts: hub.accounts, commits: hub.commits });
const later = (ms: number): void => {
  nowMs += ms;
};

async function clocks(
  id: string,
): Promise<readonly { kind: string; waitMs: number | null; attempts: number; reason: string | null }[]> {
  const { rows } = await hub.database.pool.query<{
    kind: string;
    due_at: Date | null;
    attempts: number;
    reason: string | null;
  }>('select kind, due_at, attempts, reason from order_clocks where account_id = $1 order by kind', [id]);
  return rows.map(({ kind, due_at: dueAt, attempts, reason }) => ({
    kind,
    waitMs: dueAt === null ? null : dueAt.getTime() - nowMs,
    attempts,
    reason,
  }));
}

async function status(id: string): Promise<readonly [string, readonly string[]][]> {
  const { rows } = await hub.database.pool.query<{ status: string; flags: string[] }>(
    'select status, flags from orders where account_id = $1',
    [id],
  );
  return rows.map((row) => [row.status, row.flags]);
}

test('however many messages raise a doubt, the platform is asked once, for all doubts of the order', async () => {
  const id = await account();
  for (let count = 0; count < 20; count += 1) await push(id, '1', count % 2 === 0 ? 'refund' : 'cancel');
  assert.deepEqual(
    (await clocks(id)).map(({ kind }) => kind),
    ['doubt:cancel', 'doubt:refund'],
  );
  assert.equal(await settle(), 0);
  later(1000);
  answer = settled('1');
  assert.equal(await settle(), 1);
  assert.equal(asked.length, 1);
  assert.deepEqual(asked[0]?.doubts, ['cancel', 'refund']);
  assert.deepEqual(asked[0]?.aliases, [{ kind: 'platform', value: '1' }]);
  assert.deepEqual([asked[0]?.store, asked[0]?.storeToken, asked[0]?.kind], ['8859', null, 'takeaway']);
  assert.deepEqual(await status(id), [['refunded', []]]);
  assert.deepEqual(await clocks(id), []);
});

test('a doubt that is raised during the read is read again', async () => {
  const id = await account();
  await push(id, '1');
  later(1000);
  answer = async () => {
    await push(id, '1');
    return settled('1', { at: nowMs - 1000 })();
  };
  await settle();
  assert.deepEqual(
    (await clocks(id)).map(({ kind }) => kind),
    ['doubt:refund'],
  );
  later(1000);
  answer = settled('1');
  await settle();
  assert.equal(asked.length, 2);
  assert.deepEqual(await clocks(id), []);
  assert.deepEqual(await status(id), [['refunded', []]]);
});

test('a refusal is met with longer and longer waits, and its reason is kept', async () => {
  const id = await account();
  await push(id, '1');
  later(1000);
  answer = refused('retry');
  const waits: (number | null | undefined)[] = [];
  for (let turn = 0; turn < 9; turn += 1) {
    await settle();
    const [clock] = await clocks(id);
    waits.push(clock?.waitMs);
    assert.equal(clock?.reason, 'is_retry: no');
    later(clock?.waitMs ?? 0);
  }
  assert.deepEqual(waits, [2000, 5000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 3_600_000, 3_600_000]);
  answer = settled('1');
  await settle();
  assert.deepEqual(await clocks(id), []);
});

test('a platform that is away holds up its own orders, not those of others', async () => {
  const [away, other] = [await account(), await account()];
  for (const number of ['1', '2', '3', '4']) await push(away, number);
  await push(other, '9');
  later(1000);
  answer = () => {
    if (asked.at(-1)?.aliases[0]?.value === '9') return settled('9')();
    throw new PlatformUnreachable('order.query: connection refused', false);
  };
  while ((await settle()) > 0);
  assert.deepEqual(await status(other), [['refunded', []]]);
  const held = await clocks(away);
  assert.equal(held.length, 4);
  assert.ok(held.every(({ waitMs, attempts }) => waitMs === 2000 && attempts === 1));
});

test('what was asked in vain is asked again as soon as somebody wants the platform asked now', async () => {
  const [id, other] = [await account(), await account()];
  for (const about of [id, other]) await push(about, '1');
  answer = refused('retry');
  for (const waitMs of [1000, 2000, 5000, 15_000, 60_000]) {
    later(waitMs);
    assert.equal(await settle(), 2);
  }
  await push(id, '2');
  await runRepairNow(hub.ctx, ADMIN_PRINCIPAL, id, undefined);
  const waits = async (about: string) => (await clocks(about)).map(({ waitMs }) => waitMs ?? 0).sort((a, b) => a - b);
  assert.deepEqual(await waits(other), [299_999], 'a millisecond later than it was put off');
  assert.deepEqual(await waits(id), [0, 1000]);
  answer = settled('1');
  assert.equal(await settle(), 1);
  assert.deepEqual(await waits(id), [1000], 'what waits for its first time waits on');
  assert.deepEqual(await status(other), [['paid', ['doubt']]]);
});

test('what can never be answered stops, stays visible, and begins anew with the next message', async () => {
  const id = await account();
  await push(id, '1');
  later(1000);
  answer = refused('final');
  await settle();
  assert.deepEqual(await clocks(id), [{ kind: 'doubt:refund', waitMs: null, attempts: 1, reason: 'is_final: no' }]);
  later(10 * 86_400_000);
  assert.equal(await settle(), 0);
  await push(id, '1');
  later(1000);
  answer = settled('1');
  assert.equal(await settle(), 1);
  assert.deepEqual(await clocks(id), []);
});

test('an answer that is not the whole truth yet is applied and asked for again', async () => {
  const id = await account();
  await push(id, '1');
  later(1000);
  answer = settled('1', { doubt: 'money', facts: [{ line: '', register: 'payment', value: 'partially_refunded' }] });
  await settle();
  assert.deepEqual(await status(id), [['paid', ['doubt']]]);
  assert.deepEqual(
    (await clocks(id)).map(({ kind, waitMs }) => [kind, waitMs]),
    [['doubt:refund', 2000]],
  );
  later(2000);
  answer = settled('1');
  await settle();
  assert.deepEqual(await status(id), [['refunded', []]]);
});

test('a paused account asks nothing, one that observes does', async () => {
  const [paused, observing] = [await account(), await account('observe')];
  await push(paused, '1');
  await push(observing, '2');
  await hub.database.pool.query(`update accounts set mode = 'paused' where id = $1`, [paused]);
  hub.accounts.forget(paused);
  later(1000);
  answer = settled('2');
  await settle();
  assert.equal(asked.length, 1);
  assert.deepEqual(await status(observing), [['refunded', []]]);
  assert.deepEqual(
    (await clocks(paused)).map(({ waitMs, attempts }) => [waitMs, attempts]),
    [[60_000, 0]],
  );
  await hub.database.pool.query(`update accounts set mode = 'live' where id = $1`, [paused]);
  hub.accounts.forget(paused);
  later(60_000);
  answer = settled('1');
  await settle();
  assert.deepEqual(await status(paused), [['refunded', []]]);
});

test('two processes that look at once do not ask twice', async () => {
  const id = await account();
  for (let number = 0; number < 12; number += 1) await push(id, String(number));
  later(1000);
  answer = () => settled(asked.at(-1)?.aliases[0]?.value ?? '')();
  for (let took = 1; took > 0;) {
    const counts = await Promise.all([settle(), settle(), settle()]);
    took = counts.reduce((sum, count) => sum + count, 0);
  }
  assert.equal(asked.length, 12);
  assert.deepEqual(await clocks(id), []);
});

test('a process that dies while it reads leaves the doubt to the next', async () => {
  const id = await account();
  await push(id, '1');
  later(1000);
  answer = () => new Promise(() => {});
  void settle();
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(await settle(), 0, 'it is held');
  later(150_000);
  answer = settled('1');
  assert.equal(await settle(), 1);
  assert.deepEqual(await clocks(id), []);
});

test('the work loop wakes for a doubt at once and ends when told to', async () => {
  const id = await account();
  answer = settled('1');
  const step = {
    name: 'settle',
    run: () => {
      later(1000);
      return settle();
    },
  };
  const work = startDueWork(hub.ctx, [step], 60_000);
  await push(id, '1');
  const untilMs = Date.now() + 5000;
  while ((await clocks(id)).length > 0 && Date.now() < untilMs) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(await clocks(id), []);
  await work.stop();
});

test('the work loop goes on after a step that failed', async () => {
  let runs = 0;
  const step = {
    name: 'failing',
    run: () => {
      runs += 1;
      return runs === 1 ? Promise.reject(new Error('the database is away')) : Promise.resolve(0);
    },
  };
  const work = startDueWork(hub.ctx, [step], 5);
  while (runs < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  await work.stop();
});
