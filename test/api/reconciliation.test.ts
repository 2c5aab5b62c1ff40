import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { parseCsv } from '../../src/core/csv.ts';
import type { Connector } from '../../src/core/connector.ts';
import type { Fact, Report } from '../../src/core/fact.ts';
import { REFUND_RANKS } from '../../src/core/registers.ts';
import type { PlatformResult } from '../../src/core/outgoing.ts';
import type { ReadDay } from '../../src/core/poll.ts';
import { createActGate } from '../../src/hub/act-gate.ts';
import { ADMIN_PRINCIPAL } from '../../src/hub/access.ts';
import { createRegistry } from '../../src/hub/context.ts';
import { planNightlyReconciliations, reconcileDueDay } from '../../src/hub/reconcile.ts';
import { createTestApi } from '../kit/api.ts';
import type { TestApi } from '../kit/api.ts';
import { takeawayPlatform } from '../kit/takeaway-platform.ts';

const DAY = '2026-11-19';
/** Noon of the day in Beijing. */
const NOON = Date.UTC(2026, 10, 19, 4);

let api: TestApi;
let nowMs = Date.UTC(2026, 10, 20, 2);
let accounts = 0;
let pages: (() => PlatformResult<Awaited<ReturnType<ReadDay>> extends PlatformResult<infer Page> ? Page : never>)[] =
  [];
let asked: Parameters<ReadDay>[2][] = [];

interface Said {
  readonly payment?: 'unpaid' | 'paid' | 'refunded';
  readonly at?: number;
  readonly paid?: number;
  readonly total?: number;
}

const said = (number: string, { payment = 'paid', at = NOON, paid, total }: Said = {}): Report => ({
  aliases: [{ kind: 'platform', value: number }],
  kind: 'takeaway',
  at,
  facts: [
    { line: '', register: 'payment', value: payment },
    { line: '', register: 'placedAt', value: at },
    ...(paid === undefined ? [] : [{ line: '', register: 'money.paid', value: paid } as const]),
    ...(total === undefined ? [] : [{ line: '', register: 'money.total', value: total } as const]),
  ],
});

const listing = {
  ...takeawayPlatform,
  id: 'test-listing',
  registers: {
    ...takeawayPlatform.registers,
    payment: { by: 'time' } as const,
    'money.paid': { by: 'time' } as const,
    'money.total': { by: 'time' } as const,
  },
  async readDay(...[, , ask]: Parameters<ReadDay>) {
    asked.push(ask);
    const page = pages.length > 1 ? pages.shift() : pages[0];
    assert.ok(page);
    return page();
  },
};

const { readDay: _lists, ...unlisted } = listing;
/** Lists nothing, and answers about one order after the other. */
const answering = {
  ...unlisted,
  id: 'test-answering',
  registers: { ...unlisted.registers, refund: { by: 'rank', ranks: REFUND_RANKS } as const },
  absentCodes: new Set(['no_such_order']),
  async readTruth(...[, , order]: Parameters<NonNullable<Connector['readTruth']>>) {
    const number = order.aliases[0]?.value ?? '';
    questions.push(`${number} ${order.doubts.join(' ')}`.trim());
    return truth.get(number) ?? refused('final', 'no_such_order');
  },
} satisfies Connector;
let questions: string[] = [];
let truth = new Map<string, PlatformResult<readonly Report[]>>();
const refused = (kind: 'retry' | 'final', code: string): PlatformResult<never> => ({
  ok: false,
  refusal: { class: kind, code, message: 'no' },
});

before(async () => {
  api = await createTestApi({ clock: () => nowMs, registry: createRegistry([listing, answering, takeawayPlatform]) });
});
after(() => api.close());
beforeEach(async () => {
  asked = [];
  questions = [];
  nowMs += 3_600_000;
  await api.hub.database.pool.query('delete from reconciliations');
  await api.hub.database.pool.query('update accounts set deleted_at = now()');
});

const page =
  (reports: readonly Report[], next: number | null = null) =>
  () =>
    ({ ok: true, value: { reports, next } }) as const;

async function account(platform = listing.id): Promise<string> {
  const id = `acc-${(accounts += 1)}`;
  await api.hub.addAccount(id, platform, { developerId: '1', signKey: 'k' });
  return id;
}

async function heard(id: string, ...reports: readonly Report[]): Promise<void> {
  const known = await api.hub.accounts.find(id);
  assert.ok(known);
  for (const report of reports) {
    const content = { kind: 'reports', reports: [report] } as const;
    await api.hub.commits.submit(known, { receipt: null, stored: false, content, source: 'callback' });
  }
}

const run = (): Promise<number> =>
  reconcileDueDay(api.hub.ctx, { accounts: api.hub.accounts, gate: createActGate(), sleep: async () => {} });

async function asks(id: string, day = DAY) {
  return api.call('POST', '/api/v1/reconciliations', { body: { account: id, day } });
}

test('a day is held against its platform: in both, only there, only here, amounts and status that differ', async () => {
  const id = await account();
  await heard(
    id,
    said('same', { paid: 100, total: 120 }),
    said('amount', { paid: 100 }),
    said('status'),
    said('here'),
    said('yesterday', { at: NOON - 86_400_000 }),
    said('tomorrow', { at: NOON + 86_400_000 }),
  );
  pages = [
    page([said('same', { paid: 100 }), said('amount', { paid: 99 })], 2),
    page([
      said('status', { payment: 'refunded', at: NOON + 1 }),
      said('there', { paid: 7 }),
      said('yesterday', { at: NOON - 86_400_000 }),
    ]),
  ];
  const made = await asks(id);
  assert.equal(made.status, 201);
  assert.equal(made.body.state, 'queued');
  assert.equal(made.body.counts, null);
  assert.equal(await run(), 1);
  assert.equal(await run(), 0);
  const url = `/api/v1/reconciliations/${made.body.id}`;
  const done = await api.call('GET', url);
  assert.equal(done.body.state, 'done');
  assert.equal(done.body.read, 5);
  // What both have counts whichever day it was placed on.
  assert.deepEqual(done.body.counts, { both: 4, onlyThere: 1, onlyHere: 1, amountsDiffer: 1, statusDiffers: 1 });
  assert.deepEqual(
    asked.map(({ from, to, page: at }) => [from, to, at]),
    [
      [Date.UTC(2026, 10, 18, 16), Date.UTC(2026, 10, 19, 16) - 1, null],
      [Date.UTC(2026, 10, 18, 16), Date.UTC(2026, 10, 19, 16) - 1, 2],
    ],
  );

  const lines: { kind: string; platformOrderId: string; differences: string[]; order: string | null }[] = [];
  for (let cursor = ''; ;) {
    const list = await api.call('GET', `${url}/lines?limit=2${cursor}`);
    lines.push(...list.body.data);
    if (list.body.nextCursor === null) break;
    cursor = `&cursor=${list.body.nextCursor}`;
  }
  assert.deepEqual(
    lines.map(({ kind, platformOrderId, differences }) => [kind, platformOrderId, differences]),
    [
      ['only_there', 'there', []],
      ['differs', 'amount', ['paid']],
      ['differs', 'status', ['status', 'payment']],
      ['only_here', 'here', []],
      ['same', 'same', []],
      ['same', 'yesterday', []],
    ],
  );
  assert.equal(lines[0]?.order, null);
  const only = await api.call('GET', `${url}/lines?kind=differs`);
  assert.equal(only.body.data.length, 2);
  assert.equal(only.body.data[0].theirs.paid, 99);
  assert.equal(only.body.data[0].ours.paid, 100);
});

test('a report is given as CSV with a byte order mark, ids as text and amounts in yuan', async () => {
  const id = await account();
  await heard(id, said('9000000000000000001', { paid: 3050 }));
  pages = [page([said('9000000000000000001', { paid: 3000 })])];
  const made = await asks(id);
  await run();
  const csv = await api.call('GET', `/api/v1/reconciliations/${made.body.id}/csv`);
  assert.match(String(csv.headers['content-type']), /^text\/csv/u);
  assert.equal(csv.text.charCodeAt(0), 0xfeff);
  const [head, row] = parseCsv(csv.text) ?? [];
  const cell = (name: string): string | undefined => row?.[head?.indexOf(name) ?? -1];
  assert.equal(cell('platform_order_id'), '\t9000000000000000001');
  assert.equal(cell('paid_there'), '30.00');
  assert.equal(cell('paid_here'), '30.50');
  assert.equal(cell('differences'), 'paid');
});

test('what the platform does not say differs from nothing', async () => {
  const id = await account();
  await heard(id, said('1', { paid: 100, total: 120 }));
  pages = [page([said('1')])];
  const made = await asks(id);
  await run();
  const done = await api.call('GET', `/api/v1/reconciliations/${made.body.id}`);
  assert.deepEqual(done.body.counts, { both: 1, onlyThere: 0, onlyHere: 0, amountsDiffer: 0, statusDiffers: 0 });
});

test('a platform that is away is asked again, one that refuses is not, and a dead process’s work is taken over', async () => {
  const id = await account();
  const no = (kind: 'retry' | 'alert') => () =>
    ({ ok: false, refusal: { class: kind, code: `is_${kind}`, message: 'no' } }) as const;
  pages = [no('retry'), page([])];
  const made = await asks(id);
  const state = async () => (await api.call('GET', `/api/v1/reconciliations/${made.body.id}`)).body;
  await run();
  assert.deepEqual([(await state()).state, (await state()).reason], ['queued', 'is_retry: no']);
  assert.equal(await run(), 0);
  nowMs += 10_000;
  await run();
  assert.equal((await state()).state, 'done');

  pages = [no('alert')];
  const other = await asks(id);
  await run();
  const failed = await api.call('GET', `/api/v1/reconciliations/${other.body.id}`);
  assert.equal(failed.body.state, 'failed');
  assert.equal(failed.body.reason, 'is_alert: no');

  const third = await asks(id);
  pages = [page([])];
  // A worker that took it and died: its lease runs out.
  await api.hub.database.pool.query(
    `update reconciliations set state = 'running', lease = 'gone', due_at = $2 where id = $1`,
    [third.body.id, new Date(nowMs + 60_000)],
  );
  assert.equal(await run(), 0);
  nowMs += 60_000;
  assert.equal(await run(), 1);
  assert.equal((await api.call('GET', `/api/v1/reconciliations/${third.body.id}`)).body.state, 'done');
});

test('a platform whose list leads round in a circle is not asked for ever', async () => {
  const id = await account();
  pages = [page([said('C1')], 2), page([said('C2')], 3), page([said('C2')], 3), page([])];
  const made = await asks(id);
  await run();
  const { state, reason } = (await api.call('GET', `/api/v1/reconciliations/${made.body.id}`)).body;
  assert.equal(state, 'failed');
  assert.match(reason, /^endless_list: /u);
  assert.equal(asked.length, 3);
});

test('where a platform lists nothing each order of the day is asked about, and what differs is in the queue', async () => {
  const id = await account(answering.id);
  const refund = (amount: number): Fact => ({
    line: 'refund:R',
    register: 'refund',
    value: { state: 'succeeded', amount },
  });
  const told = (number: string, more: Said, ...facts: readonly Fact[]) => {
    const report = said(number, more);
    return { ...report, facts: [...report.facts, ...facts] };
  };
  await heard(
    id,
    told('same', { paid: 100 }, refund(30)),
    told('silent', { paid: 100 }, refund(30)),
    said('amount', { paid: 100 }),
    said('unpaid'),
    told('given-back', { paid: 100 }),
    said('gone'),
    said('odd'),
    said('yesterday', { at: NOON - 86_400_000 }),
  );
  const yes = (report: Report): PlatformResult<readonly Report[]> => ({ ok: true, value: [report] });
  truth = new Map([
    ['same', yes(told('same', { paid: 100 }, refund(30)))],
    // It says nothing of refunds, and so cannot differ in them.
    ['silent', yes(said('silent', { paid: 100 }))],
    ['amount', yes(said('amount', { paid: 99 }))],
    ['unpaid', yes(said('unpaid', { payment: 'unpaid' }))],
    ['given-back', yes(told('given-back', { paid: 100 }, refund(40)))],
    ['odd', refused('final', 'no_number')],
  ]);
  const made = await asks(id);
  assert.equal(made.status, 201, made.text);
  await run();
  assert.deepEqual(questions.toSorted(), ['amount', 'given-back', 'gone', 'odd', 'same', 'silent', 'unpaid']);
  const done = (await api.call('GET', `/api/v1/reconciliations/${made.body.id}`)).body;
  assert.deepEqual([done.state, done.read], ['done', 6]);
  assert.deepEqual(done.counts, { both: 5, onlyThere: 0, onlyHere: 1, amountsDiffer: 3, statusDiffers: 2 });
  assert.match(done.reason, /^1 orders could not be asked about/u);
  const lines = (await api.call('GET', `/api/v1/reconciliations/${made.body.id}/lines`)).body.data;
  const differences = Object.fromEntries(
    lines.map(({ platformOrderId, kind, differences: names }: (typeof lines)[number]) => [
      platformOrderId,
      [kind, ...names].join(' '),
    ]),
  );
  assert.deepEqual(differences, {
    ...{ amount: 'differs paid', unpaid: 'differs payment paid', 'given-back': 'differs payment refunded' },
    ...{ gone: 'only_here', same: 'same', silent: 'same' },
  });
});

test('a platform that does not answer about an order has the day asked about again', async () => {
  const id = await account(answering.id);
  await heard(id, said('A'));
  truth = new Map([['A', refused('retry', 'busy')]]);
  const made = await asks(id);
  await run();
  const waiting = (await api.call('GET', `/api/v1/reconciliations/${made.body.id}`)).body;
  assert.deepEqual([waiting.state, waiting.reason], ['queued', 'busy: no']);
  truth = new Map([['A', { ok: true, value: [said('A')] }]]);
  nowMs += 60_000;
  await run();
  assert.equal((await api.call('GET', `/api/v1/reconciliations/${made.body.id}`)).body.state, 'done');
});

test('once a night each account that can be is reconciled for the day before', async () => {
  const id = await account();
  await account('test-takeaway');
  nowMs = Date.UTC(2026, 10, 20, 19, 10);
  assert.equal(await planNightlyReconciliations(api.hub.ctx), 1);
  assert.equal(await planNightlyReconciliations(api.hub.ctx), 0);
  const list = await api.call('GET', `/api/v1/reconciliations?account=${id}`);
  assert.deepEqual(
    list.body.data.map(({ day, askedBy }: { day: string; askedBy: string | null }) => [day, askedBy]),
    [['2026-11-20', null]],
  );
});

test('what cannot be reconciled is refused', async () => {
  const id = await account();
  assert.equal((await asks('nobody')).body.code, 'account_not_found');
  assert.equal((await asks(id, '2026-02-30')).body.code, 'malformed_request');
  assert.equal((await asks(id, '2027-01-01')).body.code, 'malformed_request');
  assert.equal((await asks(await account('test-takeaway'))).body.code, 'reconcile_unsupported');
  assert.equal((await api.call('GET', '/api/v1/reconciliations/rec_none')).body.code, 'reconciliation_not_found');
  const made = await asks(id);
  assert.deepEqual([made.body.askedBy, made.body.askedByName], [ADMIN_PRINCIPAL.id, ADMIN_PRINCIPAL.name]);
  const key = await api.key({ right: 'read', accounts: ['another'] });
  const hidden = await api.call('GET', `/api/v1/reconciliations/${made.body.id}`, { key });
  assert.equal(hidden.body.code, 'reconciliation_not_found');
  assert.deepEqual((await api.call('GET', '/api/v1/reconciliations', { key })).body.data, []);
});
