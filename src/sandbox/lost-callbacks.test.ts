import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Connector } from '../core/connector.ts';
import type { ExpectedOrder, PlatformOrder, Story } from '../core/sandbox.ts';
import { NO_TROUBLE } from './chaos.ts';
import { applyLine, emptyLedgerState } from './ledger-state.ts';
import type { LedgerState } from './ledger-state.ts';
import { judgeLost } from './lost-callbacks.ts';
import type { LostWorld } from './lost-callbacks.ts';
import type { Fields } from './untrusted-json.ts';

/** Paid, delivered, rated: the last word changes nothing that is compared. */
const STATES = ['paid', 'completed', 'completed'] as const;
const expectedAfter = (steps: readonly number[]): ExpectedOrder => ({
  payment: 'paid',
  status: STATES[Math.max(...steps, 0)] ?? 'paid',
  amounts: {},
});
const callback = { topic: '', headers: {}, body: '{"order":"N00001"}' };

function story(): Story {
  const steps = STATES.map(() => ({ afterMs: 0, callback: () => callback }));
  const expected = (told: readonly number[], happened = 0) =>
    expectedAfter([...told, ...STATES.keys()].filter((step) => told.includes(step) || step < happened));
  return { platformOrderId: 'N00001', plot: 'plot', steps, expected };
}

/** A platform that can be asked about an order, and lists its orders, unless it is said otherwise. */
const platformWith = (more: Partial<Connector> = {}): Connector =>
  ({
    id: 'p',
    account: { callbackSecrets: [], credentials: [], settings: [] },
    polls: [],
    readTruth: async () => ({ ok: true, value: [] }),
    sandbox: { tell: story },
    ...more,
  }) as unknown as Connector;

/** An order of which these steps have happened and were told, and that was last read after so many. */
function stateWith(happened: number, told: readonly number[], read?: number, settings = {}): LedgerState {
  const state = emptyLedgerState();
  const about = { platform: 'p', number: 1 } as const;
  applyLine(state, { line: 'account', platform: 'p', id: 'a', credentials: {}, settings, baseUrl: '' });
  const order = { account: 'a', seed: 's', placedAt: 0, platformOrderId: 'N00001', plot: 'plot', steps: STATES.length };
  applyLine(state, { line: 'order', ...about, ...order });
  for (let step = 0; step < happened; step += 1) {
    const fate = { ...NO_TROUBLE, dropped: !told.includes(step) };
    applyLine(state, { line: 'message', ...about, step, at: 0, callback, fate, expected: null });
    if (read === step + 1)
      applyLine(state, { line: 'read', ...about, happened: read, expected: expectedAfter([step]) });
  }
  return state;
}

const hubOrder = (status: string, more: Fields = {}): Fields => ({
  ...{ account: 'a', platformOrderId: 'N00001', payment: 'paid', kind: 'takeaway', status, amounts: {} },
  ...more,
});

interface Case {
  readonly state: LedgerState;
  readonly platform?: Connector;
  readonly order?: Fields;
  readonly waiting?: boolean;
  readonly repaired?: readonly string[];
  readonly made?: readonly PlatformOrder[];
  readonly differences?: LostWorld['differences'];
}

function judge({ state, platform = platformWith(), order, waiting = false, repaired, made, differences = [] }: Case) {
  const orders = new Map((made ?? []).map((one) => [one.platformOrderId, one]));
  const world: LostWorld = {
    state,
    platforms: new Map([['p', platform]]),
    hubOrders: new Map(order === undefined ? [] : [['ord_1', order]]),
    truth: { expected: () => null, orders: new Map([['a', orders]]), stock: new Map() },
    leftovers: { orders: new Set(waiting ? ['ord_1'] : []) },
    differences,
    ...(repaired === undefined ? {} : { repaired: new Set(repaired) }),
  };
  const { count, differences: missed } = judgeLost(world);
  const { lost, ...fates } = count;
  return {
    lost,
    fates: Object.entries(fates).flatMap(([name, times]) => (times > 0 ? [`${times} ${name}`] : [])),
    missed: missed.map(({ detail }) => detail),
  };
}

test('a lost callback is found by an answer about its order that came after it, and by none that came before', () => {
  const found = judge({ state: stateWith(2, [0], 2), order: hubOrder('completed') });
  assert.deepEqual(found, { lost: 1, fates: ['1 found'], missed: [] });
  const before = judge({ state: stateWith(2, [0], 1), order: hubOrder('paid') });
  assert.deepEqual(before, {
    lost: 1,
    fates: [],
    missed: ['callback 2 of 3 never came, and the hub has not asked since'],
  });
});

test('a lost callback is needless when the order would look the same had it come', () => {
  const told = judge({ state: stateWith(3, [0, 1]), order: hubOrder('completed') });
  assert.deepEqual(told, { lost: 1, fates: ['1 needless'], missed: [] });
  const missing = judge({ state: stateWith(3, [0]), order: hubOrder('paid') });
  assert.equal(missing.missed.length, 2, 'each is named');
});

test('an order that nobody told of is to be found where the platform lists its orders', () => {
  const state = stateWith(2, []);
  assert.deepEqual(judge({ state }).missed, ['none of its 2 callbacks came, and the hub did not find it']);
  const { polls: _none, ...unlisted } = platformWith();
  assert.deepEqual(judge({ state, platform: unlisted }), { lost: 2, fates: ['2 unasked'], missed: [] });
});

test('what only a question told must be in the hub’s count of what never came', () => {
  const asked: Case = { state: stateWith(2, [], 2), order: hubOrder('completed') };
  assert.deepEqual(judge({ ...asked, repaired: ['ord_1'] }), { lost: 2, fates: ['2 found'], missed: [] });
  const { lost, missed } = judge({ ...asked, repaired: ['ord_2'] });
  assert.deepEqual([lost, missed], [2, ['no callback of it came, and it is not in the count of those']]);
});

test('of a platform that cannot be asked what is left must be in the attention queue once its alarm is over', () => {
  const { readTruth: _none, polls: _no, ...deaf } = platformWith();
  const about: Case = { state: stateWith(2, [0], undefined, { auditAlarmHours: 0 }), platform: deaf };
  const supply = hubOrder('paid', { kind: 'supply' });
  assert.deepEqual(judge({ ...about, order: supply, waiting: true }).fates, ['1 inQueue']);
  assert.equal(judge({ ...about, order: supply }).missed.length, 1);
  assert.deepEqual(judge({ ...about, order: hubOrder('paid') }).fates, ['1 unasked'], 'no clock is kept for it');
  assert.deepEqual(judge({ ...about, state: stateWith(2, [0]), order: supply }).fates, ['1 unasked'], 'not due yet');
});

test('what no call of the platform tells is nobody’s fault', () => {
  const answered = (): 'never' => 'never';
  const platform = platformWith({ sandbox: { tell: () => ({ ...story(), answered }) } as never });
  assert.deepEqual(judge({ state: stateWith(2, [0], 2), platform, order: hubOrder('paid') }).fates, ['1 unasked']);
});

test('a callback that the hub’s own doing set off is missed when its order differs, or when nobody was told', () => {
  const state = stateWith(0, [], undefined, { auditAlarmHours: 0 });
  applyLine(state, {
    ...{ line: 'call', platform: 'p', account: 'a', method: 'POST', path: '/make', at: 0, memory: [], first: 0 },
    callbacks: [callback],
    fates: [{ ...NO_TROUBLE, dropped: true }],
  });
  const order = hubOrder('paid', { kind: 'supply' });
  const differences = [{ kind: 'order', subject: 'a N00001 ord_1', detail: 'status is' }] as const;
  assert.deepEqual(judge({ state, order }), { lost: 1, fates: ['1 found'], missed: [] });
  assert.equal(judge({ state, order, differences }).missed.length, 1);
  const made = [{ platformOrderId: 'N00001', isUntold: true }] as const;
  assert.equal(judge({ state, order, made }).missed.length, 1);
  assert.deepEqual(judge({ state, order, made, waiting: true }).fates, ['1 inQueue']);
});
