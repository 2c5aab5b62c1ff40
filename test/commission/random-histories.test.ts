import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { createCommissionHub } from '../kit/commission.ts';
import type { CommissionHub } from '../kit/commission.ts';

const SEED = 20_261_121;
const HISTORIES = 20;

let hub: CommissionHub;
before(async () => {
  hub = await createCommissionHub({ availableAfterSeconds: 60 });
});
after(() => hub.api.close());

const order = fc.constantFrom('1', '2', '3');
const person = fc.constantFrom('a', 'b', 'c');
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('tell' as const),
      order,
      status: fc.constantFrom(1, 8, 9),
      risk: fc.boolean(),
      part: fc.boolean(),
      profit: fc.nat(2000),
      cpa: fc.nat(300),
      sid: person,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('repeat' as const), order, status: fc.constantFrom(1, 8) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('settle' as const), waitMs: fc.constantFrom(0, 30_000, 120_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('plan' as const),
      laterS: fc.integer({ min: 0, max: 400 }),
      self: fc.nat(7000),
      inviter1: fc.nat(2000),
      inviter2: fc.nat(1000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('join' as const), person, inviter: fc.option(person) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('inviter' as const), person, inviter: fc.option(person) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('payout' as const), state: fc.constantFrom('paid', 'failed') }) },
);

const yuan = (fen: number): string => (fen / 100).toFixed(2);
let run = 0;

test('random histories of orders, refunds, risk, plans, inviters and payouts keep the ledger whole and replayable', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 30 }), async (steps) => {
      run += 1;
      const name = (text: string): string => `r${run}${text}`;
      const call = (method: string, path: string, body: unknown) => hub.api.call(method, `/api/v1${path}`, { body });
      // Without a plan and somebody to share, most histories would move nothing.
      await call('POST', '/members', { id: name('a') });
      await call('POST', '/members', { id: name('b'), inviter: name('a') });
      const shares = { self: 5000, inviter1: 1333, inviter2: 777 };
      await call('POST', '/commission/plans', { name: name('p'), actId: String(1000 + run), shares });
      for (const now of steps) {
        hub.nowMs += 1000;
        const seconds = String(Math.floor(hub.nowMs / 1000));
        if (now.do === 'tell') {
          const isRefund = now.status === 9;
          const refund =
            isRefund && now.part && !now.risk
              ? { refundprice: '10.00', refundprofit: yuan(Math.floor(now.profit / 3)) }
              : {};
          const refundType = isRefund ? { refundType: now.risk ? '3' : now.part ? '2' : '1' } : {};
          const row = {
            payprice: '30.50',
            profit: yuan(now.profit),
            cpaProfit: yuan(now.cpa),
            riskOrder: isRefund && now.risk ? 1 : 0,
            ...refund,
          };
          const more = {
            sid: name(now.sid),
            modTime: seconds,
            ordertime: seconds,
            actId: String(1000 + run),
            ...refundType,
          };
          await hub.tell(name(now.order), now.status, row, more);
        } else if (now.do === 'repeat') {
          await hub.push(name(now.order), String(now.status), {
            sid: name('a'),
            modTime: '1700000000',
            actId: String(1000 + run),
          });
        } else if (now.do === 'settle') {
          hub.nowMs += now.waitMs;
          await hub.settle();
        } else if (now.do === 'plan') {
          const { self, inviter1, inviter2, laterS } = now;
          const from = new Date(hub.nowMs + laterS * 1000 - 200_000).toISOString();
          await call('POST', '/commission/plans', {
            name: name('p'),
            actId: String(1000 + run),
            from,
            shares: { self, inviter1, inviter2 },
          });
        } else if (now.do === 'join') {
          const inviter = now.inviter === null ? {} : { inviter: name(now.inviter) };
          const made = await call('POST', '/members', { id: name(now.person), ...inviter });
          if (made.status === 422) await call('POST', '/members', { id: name(now.person) });
        } else if (now.do === 'inviter') {
          await call('PATCH', `/members/${name(now.person)}`, {
            inviter: now.inviter === null ? null : name(now.inviter),
          });
        } else {
          const made = await call('POST', '/commission/payouts', {});
          await call('POST', `/commission/payouts/${made.body.id}/result`, { state: now.state });
        }
      }
      await hub.settle();
      await check(name);
      for (const one of ['1', '2', '3']) {
        hub.nowMs += 1000;
        const known = (await hub.get(`/orders?platformOrderId=${name(one)}`)).data.length > 0;
        if (known)
          await hub.tell(
            name(one),
            9,
            { payprice: '30.50', profit: '1.00', riskOrder: 1 },
            { refundType: '3', actId: String(1000 + run) },
          );
      }
      await hub.settle();
      await check(name, true);
    }),
    { seed: SEED, numRuns: HISTORIES },
  );
  const { entries } = await hub.get('/commission/recompute?limit=500');
  assert.ok(entries > 10 * HISTORIES, `the histories moved hardly any money: ${entries} entries`);
});

async function check(name: (text: string) => string, isAllGone = false): Promise<void> {
  for (const number of ['1', '2', '3']) {
    const [found] = (await hub.get(`/orders?platformOrderId=${name(number)}`)).data;
    if (found === undefined) continue;
    const { data } = await hub.get(`/commission/entries?limit=500&order=${found.id}`);
    const ledgers = new Map<string, number>();
    for (const { ledger, amount } of data) ledgers.set(ledger, (ledgers.get(ledger) ?? 0) + amount);
    assert.equal(
      [...ledgers.values()].reduce((sum, amount) => sum + amount, 0),
      0,
    );
    const given = [...ledgers]
      .filter(([ledger]) => ledger.startsWith('member:'))
      .reduce((sum, [, amount]) => sum + amount, 0);
    assert.ok(given <= (found.commission?.net ?? 0), 'no more is given than was earned');
    if (isAllGone) for (const [ledger, amount] of ledgers) assert.equal(amount, 0, ledger);
  }
  const checked = await hub.get('/commission/recompute?limit=500');
  assert.deepEqual(checked.differences, []);
  assert.equal(checked.nextCursor, null);
}
