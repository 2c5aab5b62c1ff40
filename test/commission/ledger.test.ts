import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createCommissionHub } from '../kit/commission.ts';
import type { CommissionHub } from '../kit/commission.ts';

let hub: CommissionHub;

before(async () => {
  hub = await createCommissionHub({ availableAfterSeconds: 3600 });
  await hub.post('/members', { id: 'top' });
  await hub.post('/members', { id: 'mid', inviter: 'top' });
  await hub.post('/members', { id: '5f6c1c1e-4e0c-4c43-9a2e-0d4b2f6f7a10', sids: ['u1001', 'u1002'], inviter: 'mid' });
  await hub.post('/commission/plans', { name: 'usual', shares: { self: 6000, inviter1: 1000, inviter2: 500 } });
});
after(() => hub.api.close());

const ME = '5f6c1c1e-4e0c-4c43-9a2e-0d4b2f6f7a10';
const balance = (member: string) => hub.get(`/members/${member}/balance`);
const EMPTY = { estimated: 0, confirmed: 0, available: 0, paid: 0, takenBack: 0 };

async function entriesOf(number: string): Promise<readonly { ledger: string; amount: number; cause: string }[]> {
  const { data } = await hub.get(`/commission/entries?limit=500&order=${await hub.orderId(number)}`);
  const sum = data.reduce((total: number, entry: { amount: number }) => total + entry.amount, 0);
  assert.equal(sum, 0);
  return data;
}

function sums(entries: readonly { ledger: string; amount: number }[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { ledger, amount } of entries) totals[ledger] = (totals[ledger] ?? 0) + amount;
  return Object.fromEntries(Object.entries(totals).filter(([, amount]) => amount !== 0));
}

async function assertRecomputes(): Promise<void> {
  const checked = await hub.get('/commission/recompute');
  assert.deepEqual(checked.differences, []);
}

test('a pushed order is asked for, split by the plan, confirmed, released, paid out and taken back to the fen', async () => {
  await hub.tell('O1', 1, { payprice: '30.50', profit: '1.01', cpaProfit: '0.50' });
  assert.deepEqual(await balance(ME), EMPTY);
  await hub.settle();
  assert.deepEqual(await balance(ME), { ...EMPTY, estimated: 90 });
  assert.deepEqual(await balance('mid'), { ...EMPTY, estimated: 15 });
  assert.deepEqual(await balance('top'), { ...EMPTY, estimated: 7 });
  assert.deepEqual(sums(await entriesOf('O1')), {
    platform: -151,
    house: 39,
    [`member:${ME}:estimated`]: 90,
    'member:mid:estimated': 15,
    'member:top:estimated': 7,
  });
  const order = (await hub.get('/orders?platformOrderId=O1')).data[0];
  assert.deepEqual(order.attribution, { sid: 'u1001', member: ME });
  assert.equal(order.amounts.commission, 151);
  assert.equal((await hub.get(`/orders?member=${ME}`)).data.length, 1);

  await hub.tell('O1', 8, { payprice: '30.50', profit: '1.01', cpaProfit: '0.50' });
  assert.deepEqual((await balance(ME)).estimated, 90, 'the amount for the completed order is yet to be asked for');
  await hub.settle();
  assert.deepEqual(await balance(ME), { ...EMPTY, confirmed: 90 });
  hub.nowMs += 3_600_000;
  await hub.settle();
  assert.deepEqual(await balance(ME), { ...EMPTY, available: 90 });

  const payout = await hub.post('/commission/payouts');
  assert.deepEqual([payout.members, payout.amount, payout.state], [3, 112, 'open']);
  assert.deepEqual(await balance(ME), EMPTY);
  const again = await hub.post('/commission/payouts');
  assert.deepEqual([again.members, again.amount], [0, 0]);
  const csv = await hub.api.call('GET', `/api/v1/commission/payouts/${payout.id}/csv`);
  assert.ok(csv.text.startsWith('\uFEFF') && csv.text.includes('0.90'));
  await hub.post(`/commission/payouts/${payout.id}/result`, { state: 'failed', members: ['top'] }, 200);
  await hub.post(`/commission/payouts/${payout.id}/result`, { state: 'paid' }, 200);
  const done = await hub.post(`/commission/payouts/${payout.id}/result`, { state: 'paid' }, 200);
  assert.deepEqual([done.state, done.paid, done.failed], ['done', 105, 7]);
  assert.deepEqual(await balance(ME), { ...EMPTY, paid: 90 });
  assert.deepEqual(await balance('top'), { ...EMPTY, available: 7 });

  await hub.tell('O1', 9, { payprice: '30.50', profit: '1.01', riskOrder: 1 }, { refundType: '3' });
  await hub.settle();
  assert.deepEqual(await balance(ME), { ...EMPTY, available: -90, paid: 90, takenBack: 90 });
  assert.deepEqual(sums(await entriesOf('O1')), {});
  assert.equal((await hub.post('/commission/payouts')).members, 0, 'what is owed is netted first');
  await assertRecomputes();
});

test('repeated and reordered pushes write nothing twice', async () => {
  await hub.tell('O2', 8, { payprice: '20.00', profit: '2.00' });
  await hub.settle();
  const count = (await entriesOf('O2')).length;
  await hub.push('O2', '8');
  await hub.push('O2', '1');
  await hub.settle();
  assert.equal((await entriesOf('O2')).length, count);
  await assertRecomputes();
});

test('a refund in part takes its part back, by the refunded reward where there is one and in proportion else', async () => {
  await hub.tell('O3', 8, { payprice: '20.00', profit: '2.00' });
  await hub.tell('O4', 8, { payprice: '20.00', profit: '2.00' });
  await hub.settle();
  await hub.tell(
    'O3',
    8,
    { payprice: '20.00', profit: '2.00', refundprice: '5.00', refundprofit: '0.70' },
    { payPrice: '20.00', refundType: '2', modTime: '1700000020' },
  );
  await hub.tell(
    'O4',
    8,
    { payprice: '20.00', profit: '2.00', refundprice: '5.00' },
    { payPrice: '20.00', refundType: '2', modTime: '1700000020' },
  );
  await hub.settle();
  assert.equal(sums(await entriesOf('O3'))['platform'], -130);
  assert.equal(sums(await entriesOf('O4'))['platform'], -150);
  await assertRecomputes();
});

test('vouchers of one order count apart', async () => {
  const row = { orderId: 'O5', payprice: '50.00', profit: '1.05' };
  hub.platform.set('O5', [
    { ...row, status: 8, couponCode: 'A' },
    { ...row, status: 8, couponCode: 'B' },
  ]);
  await hub.push('O5', '8', { couponCode: 'A', quantity: '2' });
  await hub.push('O5', '8', { couponCode: 'B', quantity: '2' });
  await hub.settle();
  // 60 % of 1.05 yuan is 63 fen for each voucher.
  assert.equal(sums(await entriesOf('O5'))[`member:${ME}:confirmed`], 126);
  hub.platform.set('O5', [
    { ...row, status: 8, couponCode: 'A' },
    { ...row, status: 9, couponCode: 'B' },
  ]);
  await hub.push('O5', '9', { couponCode: 'B', quantity: '2', refundType: '1', modTime: '1700000030' });
  assert.equal(sums(await entriesOf('O5'))[`member:${ME}:confirmed`], 63, 'taken back with the push itself');
  await hub.settle();
  assert.equal(sums(await entriesOf('O5'))[`member:${ME}:confirmed`], 63);
  await assertRecomputes();
});

test('an order of an unknown sid waits for its member, and is attributed after the fact', async () => {
  await hub.tell('O6', 8, { payprice: '20.00', profit: '2.00' }, { sid: 'late' });
  await hub.settle();
  const waiting = await hub.get('/commission/unattributed');
  assert.deepEqual(
    waiting.data.map((order: { sid: string }) => order.sid),
    ['late'],
  );
  await hub.post('/members', { id: 'late', inviter: 'top' });
  await hub.settle();
  assert.deepEqual((await balance('late')).confirmed, 120);
  assert.deepEqual((await hub.get('/commission/unattributed')).data, []);
  await assertRecomputes();
});

test('another inviter holds for later orders only, the first one from the beginning', async () => {
  await hub.post('/members', { id: 'solo' });
  await hub.tell('O7', 8, { payprice: '20.00', profit: '2.00' }, { sid: 'solo' });
  await hub.settle();
  const earlier = await balance('mid');
  const patched = await hub.api.call('PATCH', '/api/v1/members/solo', { body: { inviter: 'mid' } });
  assert.equal(patched.status, 200, patched.text);
  await hub.settle();
  assert.equal((await balance('mid')).confirmed, earlier.confirmed + 20);
  await hub.api.call('PATCH', '/api/v1/members/solo', { body: { inviter: 'top' } });
  await hub.settle();
  assert.equal((await balance('mid')).confirmed, earlier.confirmed + 20);
  const seconds = String(Math.floor(hub.nowMs / 1000) + 10);
  await hub.tell('O8', 8, { payprice: '20.00', profit: '2.00' }, { sid: 'solo', ordertime: seconds, modTime: seconds });
  await hub.settle();
  assert.equal((await balance('mid')).confirmed, earlier.confirmed + 20);
  await assertRecomputes();
});

test('a claim that a person allows makes the order the member’s', async () => {
  await hub.tell('O9', 8, { payprice: '20.00', profit: '2.00' }, { sid: 'nobody' });
  await hub.settle();
  await hub.post('/members', { id: 'claimer' });
  const claim = await hub.post('/commission/claims', { member: 'claimer', number: 'O9' });
  assert.equal(claim.state, 'pending');
  await hub.post('/commission/claims', { member: 'claimer', number: 'O9' }, 422);
  await hub.post(`/commission/claims/${claim.id}/decision`, { approve: true }, 200);
  assert.equal((await balance('claimer')).confirmed, 120);
  await hub.post(`/commission/claims/${claim.id}/decision`, { approve: true }, 422);
  await hub.push('O9', '8', { sid: 'nobody', modTime: '1700000040' });
  await hub.settle();
  assert.equal((await balance('claimer')).confirmed, 120, 'a later push does not take it away');
  await assertRecomputes();
});

test('by hand with a reason, and one member withdraws once', async () => {
  await hub.post('/commission/adjustments', { member: 'claimer', amount: 500, reason: 'a gift' });
  const key = { 'idempotency-key': 'withdraw-1' };
  const twice = await Promise.all(
    [1, 2].map(() =>
      hub.api.call('POST', '/api/v1/members/claimer/withdrawals', { body: { amount: 300 }, headers: key }),
    ),
  );
  assert.ok(twice.some(({ status }) => status === 201));
  assert.equal((await balance('claimer')).available, 200);
  await hub.post('/members/claimer/withdrawals', { amount: 201 }, 422);
  await assertRecomputes();
});

test('entries are found by any number of the order', async () => {
  const { data } = await hub.get('/commission/entries?limit=500&order=O1');
  assert.deepEqual(data, await entriesOf('O1'));
});

test('explain and the statement say why', async () => {
  const explained = await hub.get('/commission/orders/O1/explain');
  assert.equal(explained.waitsFor, null);
  assert.ok(explained.bookings.length >= 4);
  assert.ok(explained.bookings[1].cause.startsWith('fact:'));
  const days = await hub.get(`/members/${ME}/statement`);
  assert.equal(days.data[0].day, '2026-06-01');
  const first = await hub.get(`/members/${ME}/statement?by=order&limit=1`);
  assert.ok(first.nextCursor !== null && first.data[0].order.startsWith('ord_'));
  await hub.get(`/members/${ME}/statement?by=order&limit=1&cursor=${first.nextCursor}`);
  const { data } = await hub.get('/events?limit=500');
  assert.ok(data.some(({ type }: { type: string }) => type === 'commission.confirmed'));
  assert.ok(data.some(({ type }: { type: string }) => type === 'commission.taken_back'));
});
