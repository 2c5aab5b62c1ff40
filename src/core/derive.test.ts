import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deriveFacets } from './derive.ts';
import type { Facets } from './derive.ts';
import { applyReport } from './fact.ts';
import type { Fact, Lines, RegisterRules, Report } from './fact.ts';
import { partLine, PAYMENT_RANKS, RAISED_RANKS, REFUND_RANKS, refundLine, WHOLE } from './registers.ts';
import type { RegisterValues } from './registers.ts';

/** As most platforms have it: payments and refunds never revert, deliveries and money go by time. */
const usual: RegisterRules = {
  payment: { by: 'rank', ranks: PAYMENT_RANKS },
  lifecycle: { by: 'rank', ranks: { open: 0, completed: 1, expired: 2, cancelled: 2 } },
  fulfilment: { by: 'time', ranks: { none: 0, accepted: 1, preparing: 2, delivering: 3, delivered: 4, failed: 5 } },
  refund: { by: 'rank', ranks: REFUND_RANKS },
  'flag.risk': { by: 'rank', ranks: RAISED_RANKS },
  'flag.delivery_trouble': { by: 'time' },
  'flag.provisional_money': { by: 'time' },
  'flag.refund_requested': { by: 'time' },
  'money.total': { by: 'time' },
  'money.paid': { by: 'time' },
  parts: { by: 'rank', ranks: 'highest' },
  completedAt: { by: 'rank', ranks: 'lowest' },
  paidAt: { by: 'time' },
  closedAt: { by: 'time' },
};

type Registers = { readonly [R in keyof RegisterValues]?: RegisterValues[R] };

/** A report about one line: `said(3, WHOLE, { payment: 'paid' })`. */
function said(at: number | null, line: string, registers: Registers, words: Partial<Report> = {}): Report {
  const facts = Object.entries(registers).map(([register, value]) => ({ line, register, value }) as Fact);
  return { aliases: [{ kind: 'platform', value: '1' }], kind: 'cps', at, facts, ...words };
}

function* permutations<T>(items: readonly T[]): Generator<readonly T[]> {
  if (items.length === 0) yield [];
  for (const [index, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(index, 1))) yield [item, ...rest];
  }
}

/** The order after these reports, checked to be the same in every order of their coming, and with repeats. */
function after(...reports: readonly Report[]): Facets {
  const fold = (history: readonly Report[]): Facets =>
    deriveFacets(history.reduce<Lines>((lines, report) => applyReport(lines, report, usual), {}));
  const told = fold(reports);
  for (const mixed of permutations(reports)) assert.deepEqual(fold([...mixed, ...mixed]), told);
  return told;
}

function shows(facets: Facets, expected: Partial<Facets>): void {
  const shown = Object.fromEntries(Object.keys(expected).map((name) => [name, facets[name as keyof Facets]]));
  assert.deepEqual(shown, expected);
}

const A = partLine('a');
const B = partLine('b');
const C = partLine('c');

describe('an order is derived from its lines', () => {
  test('nothing is known of an order without facts', () => {
    shows(deriveFacets({}), {
      status: 'pending',
      payment: 'unpaid',
      fulfilment: 'none',
      lifecycle: 'open',
      settlement: 'none',
      flags: [],
      refunded: 0,
    });
  });

  test('two vouchers of one order, one used and one refunded: completed and partially refunded', () => {
    const paid = said(1, WHOLE, { payment: 'paid', 'money.paid': 6000, parts: 2 });
    const used = said(2, A, { payment: 'paid', lifecycle: 'completed', completedAt: 2 });
    const refunded = said(3, B, { payment: 'refunded' });
    shows(after(paid, used), { status: 'paid', payment: 'paid', lifecycle: 'open', refunded: 0, completedAt: null });
    shows(after(paid, refunded), { status: 'paid', payment: 'partially_refunded', lifecycle: 'open', refunded: null });
    shows(after(paid, used, refunded), {
      status: 'completed',
      payment: 'partially_refunded',
      lifecycle: 'completed',
      refunded: null,
      completedAt: 2,
    });
  });

  test('two vouchers both refunded: refunded, and what was paid went back', () => {
    const paid = said(1, WHOLE, { payment: 'paid', 'money.paid': 6000, parts: 2 });
    shows(after(paid, said(2, A, { payment: 'refunded' }), said(3, B, { payment: 'refunded' })), {
      status: 'refunded',
      payment: 'refunded',
      refunded: 6000,
    });
  });

  test('two vouchers both used: completed when the last one was', () => {
    const used = (line: string, at: number): Report =>
      said(at, line, { payment: 'paid', lifecycle: 'completed', completedAt: at });
    shows(after(said(1, WHOLE, { payment: 'paid', parts: 2 }), used(A, 5), used(B, 9)), {
      status: 'completed',
      completedAt: 9,
    });
  });

  test('one refunded voucher of an unknown number never makes the order refunded', () => {
    const refunded = said(2, A, { payment: 'refunded' });
    shows(after(refunded), { payment: 'partially_refunded', status: 'paid' });
    shows(after(said(1, WHOLE, { payment: 'paid' }), refunded), { payment: 'partially_refunded' });
  });

  test('one voucher of an unknown number, used: the order is completed, since nothing else is waited for', () => {
    shows(after(said(1, WHOLE, { payment: 'paid' }), said(2, A, { lifecycle: 'completed' })), { status: 'completed' });
  });

  test('a partial refund of the whole order is not forgotten once every voucher has spoken', () => {
    const whole = said(1, WHOLE, { payment: 'partially_refunded', parts: 2 });
    shows(after(whole, said(2, A, { payment: 'paid' }), said(2, B, { payment: 'paid' })), {
      payment: 'partially_refunded',
    });
  });

  test('risk first and completed later: neither is undone, and no money is said to have gone back', () => {
    const risk = said(1, WHOLE, { payment: 'refunded', 'flag.risk': true, 'money.paid': 3050 });
    const completed = said(2, WHOLE, { payment: 'paid', lifecycle: 'completed' });
    shows(after(risk, completed), { status: 'refunded', lifecycle: 'completed', flags: ['risk'], refunded: null });
  });

  test('a rider who cancels and another who delivers: trouble on the way, delivered in the end', () => {
    const accepted = said(1, WHOLE, { payment: 'paid', fulfilment: 'accepted' });
    const first = said(2, WHOLE, { fulfilment: 'delivering' });
    const cancelled = said(3, WHOLE, { fulfilment: 'accepted', 'flag.delivery_trouble': true });
    const second = said(4, WHOLE, { fulfilment: 'delivering', 'flag.delivery_trouble': false });
    const delivered = said(5, WHOLE, { fulfilment: 'delivered' });
    shows(after(accepted, first, cancelled), {
      status: 'accepted',
      fulfilment: 'accepted',
      flags: ['delivery_trouble'],
    });
    shows(after(accepted, first, cancelled, second, delivered), {
      status: 'fulfilling',
      fulfilment: 'delivered',
      flags: [],
    });
  });

  test('riders on lines of their own: one who cancels does not fail the order, one who delivers delivers it', () => {
    const accepted = said(1, WHOLE, { payment: 'paid', fulfilment: 'accepted' });
    const cancelled = said(3, A, { fulfilment: 'failed', 'flag.delivery_trouble': true });
    const delivered = said(5, B, { fulfilment: 'delivered' });
    shows(after(accepted, cancelled), { status: 'accepted', fulfilment: 'accepted', flags: ['delivery_trouble'] });
    shows(after(accepted, cancelled, delivered), { status: 'fulfilling', fulfilment: 'delivered' });
  });

  test('three dispense records of which one jams: not failed, and completed and partially refunded in the end', () => {
    const paid = said(1, WHOLE, { payment: 'paid', 'money.paid': 900, parts: 3 });
    const jammed = said(2, A, { fulfilment: 'failed' });
    const out = (line: string): Report => said(3, line, { fulfilment: 'delivered' });
    shows(after(paid, jammed), { status: 'paid', fulfilment: 'none' });
    shows(after(paid, jammed, out(B)), { status: 'fulfilling', fulfilment: 'delivering' });
    shows(after(paid, jammed, out(B), out(C)), { fulfilment: 'delivered', payment: 'paid' });
    const refund = said(4, refundLine('r1'), { refund: { state: 'succeeded', amount: 300 } });
    const closed = said(5, WHOLE, { lifecycle: 'completed' });
    shows(after(paid, jammed, out(B), out(C), refund, closed), {
      status: 'completed',
      payment: 'partially_refunded',
      refunded: 300,
    });
  });

  test('three dispense records that all jam: failed, and refunded once the money went back', () => {
    const paid = said(1, WHOLE, { payment: 'paid', 'money.paid': 900, parts: 3 });
    const jams = [A, B, C].map((line) => said(2, line, { fulfilment: 'failed' }));
    shows(after(paid, ...jams.slice(0, 2)), { fulfilment: 'none', status: 'paid' });
    shows(after(paid, ...jams), { fulfilment: 'failed', status: 'failed' });
    const refund = said(4, refundLine('r1'), { refund: { state: 'succeeded', amount: 900 } });
    shows(after(paid, ...jams, refund), { fulfilment: 'failed', status: 'refunded', refunded: 900 });
  });

  test('two refunds that add up to what was paid: refunded; one alone or one repeated: in part', () => {
    const paid = said(1, WHOLE, { payment: 'paid', 'money.paid': 3000 });
    const first = said(2, refundLine('r1'), { refund: { state: 'succeeded', amount: 1000 } });
    const second = said(3, refundLine('r2'), { refund: { state: 'succeeded', amount: 2000 } });
    shows(after(paid, first, first), { payment: 'partially_refunded', refunded: 1000, status: 'paid' });
    shows(after(paid, first, second), { payment: 'refunded', refunded: 3000, status: 'refunded' });
  });

  test('refunds of unknown paid sum or unknown amount are partial, never guessed to be all', () => {
    const known = said(2, refundLine('r1'), { refund: { state: 'succeeded', amount: 1000 } });
    const unknown = said(2, refundLine('r2'), { refund: { state: 'succeeded', amount: null } });
    shows(after(known), { payment: 'partially_refunded', refunded: 1000 });
    shows(after(said(1, WHOLE, { 'money.paid': 1000 }), unknown), { payment: 'partially_refunded', refunded: null });
  });

  test('a refund of the whole order gives back what was paid, whatever it and the parts before it name', () => {
    const facetsOf = (history: readonly Report[]): Facets =>
      deriveFacets(history.reduce<Lines>((lines, report) => applyReport(lines, report, usual), {}));
    const paid = said(1, WHOLE, { payment: 'paid', 'money.paid': 1688 });
    const part = said(2, refundLine('1'), { refund: { state: 'succeeded', amount: 500 } });
    const rest = said(3, refundLine('2'), { refund: { state: 'succeeded', amount: null, whole: true } });
    for (const history of permutations([paid, part, rest])) {
      const facets = facetsOf(history);
      assert.deepEqual([facets.payment, facets.refunded], ['refunded', 1688]);
    }
    const asked = said(3, refundLine('2'), { refund: { state: 'requested', amount: null, whole: true } });
    const facets = facetsOf([paid, part, asked]);
    assert.deepEqual(
      [facets.payment, facets.refunded, facets.flags],
      ['partially_refunded', 500, ['refund_requested']],
    );
    const replaced = said(4, refundLine('2'), { refund: { state: 'replaced', amount: null } });
    assert.deepEqual(facetsOf([paid, part, asked, replaced]).flags, []);
  });

  test('a refund that fails after it was accepted: still paid, and no longer asked for', () => {
    const paid = said(1, WHOLE, { payment: 'paid', 'money.paid': 3000 });
    const asked = said(2, refundLine('r1'), { refund: { state: 'requested', amount: 3000 } });
    const failed = said(4, refundLine('r1'), { refund: { state: 'failed', amount: 3000, reason: 'account closed' } });
    const retried = said(6, refundLine('r2'), { refund: { state: 'succeeded', amount: 3000 } });
    shows(after(paid, asked), { payment: 'paid', flags: ['refund_requested'], refunded: 0 });
    shows(after(paid, asked, failed), { payment: 'paid', status: 'paid', flags: [], refunded: 0 });
    shows(after(paid, asked, failed, retried), { payment: 'refunded', refunded: 3000, flags: [] });
  });

  test('a refund that succeeded is not undone by a late notice of failure', () => {
    const paid = said(1, WHOLE, { payment: 'paid', 'money.paid': 3000 });
    const done = said(2, refundLine('r1'), { refund: { state: 'succeeded', amount: 3000 } });
    const late = said(9, refundLine('r1'), { refund: { state: 'failed', amount: 3000 } });
    shows(after(paid, done, late), { payment: 'refunded', refunded: 3000 });
  });

  test('a downgraded order pushed again after its money was read keeps the money that was read', () => {
    const money = (paid: number, provisional: boolean): Registers => ({
      'money.paid': paid,
      'flag.provisional_money': provisional,
    });
    const downgraded = said(1, WHOLE, { payment: 'paid', ...money(0, true) }, { final: false });
    const readLater = said(2, WHOLE, money(4500, false));
    const pushedAgain = said(3, WHOLE, { payment: 'paid', ...money(0, true) }, { final: false });
    const everything = [downgraded, readLater, pushedAgain];
    shows(after(downgraded), { flags: ['provisional_money'] });
    shows(after(...everything), { flags: [], payment: 'paid' });
    const lines = everything.reduce<Lines>((held, report) => applyReport(held, report, usual), {});
    assert.equal(lines[WHOLE]?.['money.paid']?.v, 4500);
  });

  test('a late payment that is revived by a new generation lives on, and the expiry that is told again does not end it', () => {
    const expired = said(10, WHOLE, { lifecycle: 'expired', closedAt: 10 });
    const paid = said(12, WHOLE, { payment: 'paid', paidAt: 12, 'money.paid': 500 });
    shows(after(expired, paid), { status: 'expired', payment: 'paid', flags: ['late_payment'] });
    const revived = said(13, WHOLE, { lifecycle: 'open' }, { generation: 1 });
    shows(after(expired, paid, revived), { status: 'paid', lifecycle: 'open', flags: [] });
    const expiredAgain = said(99, WHOLE, { lifecycle: 'expired', closedAt: 99 });
    const completed = said(14, WHOLE, { lifecycle: 'completed', completedAt: 14 }, { generation: 1 });
    shows(after(expired, paid, revived, expiredAgain), { status: 'paid' });
    shows(after(expired, paid, revived, expiredAgain, completed), { status: 'completed', completedAt: 14 });
  });

  test('paid after it was cancelled keeps both truths; paid before is an ordinary cancellation', () => {
    const cancelled = said(10, WHOLE, { lifecycle: 'cancelled', closedAt: 10 });
    const paidAt = (at: number): Report => said(at, WHOLE, { payment: 'paid', paidAt: at });
    shows(after(cancelled, paidAt(12)), { status: 'cancelled', payment: 'paid', flags: ['late_payment'] });
    shows(after(cancelled, paidAt(8)), { status: 'cancelled', payment: 'paid', flags: [] });
    shows(after(cancelled), { status: 'cancelled', payment: 'unpaid', flags: [] });
  });

  test('a part that failed keeps nobody waiting, and alone it completes nothing', () => {
    const counted = said(1, WHOLE, { payment: 'paid', parts: 2, 'money.paid': 200 });
    const failed = said(2, A, { fulfilment: 'failed' });
    const delivered = said(3, B, { fulfilment: 'delivered', lifecycle: 'completed' });
    shows(after(counted, failed), { status: 'paid', lifecycle: 'open' });
    shows(after(counted, failed, said(3, B, { fulfilment: 'failed' })), { status: 'failed', lifecycle: 'open' });
    shows(after(counted, failed, delivered), { status: 'completed', lifecycle: 'completed', payment: 'paid' });
    const refunded = said(4, refundLine('1'), { refund: { state: 'succeeded', amount: 100 } });
    shows(after(counted, failed, delivered, refunded), { status: 'completed', payment: 'partially_refunded' });
  });

  test('the status is the first of the table that holds', () => {
    const status = (registers: Registers): string => after(said(1, WHOLE, registers)).status;
    assert.equal(status({ payment: 'refunded', lifecycle: 'cancelled' }), 'refunded');
    assert.equal(status({ payment: 'paid', lifecycle: 'cancelled', fulfilment: 'failed' }), 'cancelled');
    assert.equal(status({ lifecycle: 'expired', fulfilment: 'failed' }), 'expired');
    assert.equal(status({ payment: 'paid', lifecycle: 'completed', fulfilment: 'failed' }), 'failed');
    assert.equal(
      status({ payment: 'partially_refunded', lifecycle: 'completed', fulfilment: 'delivered' }),
      'completed',
    );
    for (const fulfilment of ['preparing', 'delivering', 'delivered'] as const) {
      assert.equal(status({ payment: 'paid', fulfilment }), 'fulfilling');
    }
    assert.equal(status({ payment: 'unpaid', fulfilment: 'accepted' }), 'accepted');
    assert.equal(status({ payment: 'partially_refunded' }), 'paid');
    assert.equal(status({ payment: 'unpaid' }), 'pending');
  });

  test('flags are sorted, and one that any line raises is raised', () => {
    const risk = said(1, A, { 'flag.risk': true });
    const asked = said(1, WHOLE, { 'flag.refund_requested': true });
    shows(after(risk, asked), { flags: ['refund_requested', 'risk'] });
  });
});
