import assert from 'node:assert/strict';
import type { Json } from '../../src/core/json.ts';
import { shareOut } from '../../src/core/share-out.ts';
import { LifeWorld } from './life-world.ts';
import type { WorldOptions } from './life-platforms.ts';

export const MINUTE_MS = 60_000;
const SETTINGS = { settleAfterSeconds: 3600, dispenseTimeoutSeconds: 120 };

export function createWorld(
  more: Partial<WorldOptions> = {},
  settings: Readonly<Record<string, Json>> = {},
): LifeWorld {
  const { prices = [200, 150], amount = 350, hasPayment = true, ...others } = more;
  return new LifeWorld({ ...others, prices, amount, hasPayment, settings: { ...SETTINGS, ...settings } });
}

/** Everything that is under way comes to its end, and time goes on until nobody wants anything any more. */
export function finish(world: LifeWorld): void {
  let quiet = 0;
  for (let round = 0; round < 2000 && quiet < 12; round += 1) {
    const before = fingerprint(world);
    world.platformClocks();
    while (world.messages.length > 0) world.deliver(0);
    world.settleDoubt();
    for (let open = world.openCount; open > 0; open -= 1) world.run(open - 1, 'ok');
    for (let nth = 0; nth < world.machine.records.length; nth += 1) world.machineMoves(nth, true);
    world.refundsEnd();
    world.personLooks();
    world.shopGivesBack();
    const plans = [world.sale, world.pay].flatMap((order) => (order === undefined ? [] : [world.look(order)]));
    const looks = plans.flatMap(({ lookAt }) => (lookAt === null ? [] : [lookAt]));
    if (fingerprint(world) !== before || world.messages.length > 0) {
      quiet = 0;
      continue;
    }
    quiet += 1;
    world.now = Math.max(world.now + 5 * MINUTE_MS, Math.min(...looks, Infinity) === Infinity ? 0 : Math.min(...looks));
  }
  assert.ok(quiet >= 12, 'it comes to an end');
}

const fingerprint = (world: LifeWorld): string =>
  JSON.stringify([
    world.sale.version,
    world.pay?.version,
    [world.sale, world.pay].map((order) => order?.actions.map(({ state, isOpen }) => `${state}${isOpen}`)),
    world.messages.length,
  ]);

/** What must hold whatever happened. */
export function check(
  world: LifeWorld,
  { prices, amount }: Pick<WorldOptions, 'prices' | 'amount'>,
  policy: string,
): void {
  const { machine, payment } = world;
  for (const { id, drops } of machine.records) assert.ok(drops <= 1, `record ${id} was sent ${drops} times`);
  const order = world.json(world.sale);
  const isPaid = world.pay === undefined ? order.payment !== 'unpaid' : payment.status === 'SUCCESS';
  const back = [...payment.refunds.values()]
    .filter(({ state }) => state === 'succeeded')
    .reduce((sum, one) => sum + one.amount, 0);
  const refunded = world.pay === undefined ? (order.amounts.refunded ?? 0) : back;
  assert.ok(refunded <= (isPaid ? amount : 0), `${refunded} of ${amount} went back`);
  assert.ok(machine.returned <= machine.held, `the stock came back ${machine.returned} times of ${machine.held}`);
  const stays = machine.held - machine.returned;
  assert.ok(payment.settled <= 1, 'settled once');

  const shares = shareOut(amount, prices);
  const kept = machine.records.reduce(
    (sum, { status }, nth) => (status === 'IS_SUCCESS' ? sum + (shares[nth] ?? 0) : sum),
    0,
  );
  const wasServed = machine.status === 'SUCCESS' || machine.status === 'REFUND';
  if (!isPaid) {
    assert.ok(order.status === 'expired' || order.status === 'cancelled', order.status);
    assert.equal(stays, 0);
  } else if (payment.givenBackToUser) {
    // What fell before that has fallen, and is not paid for.
    assert.equal(refunded, amount);
    assert.equal(stays, machine.records.some(({ status }) => status === 'IS_SUCCESS') ? 1 : 0);
  } else if (wasServed) {
    assert.equal(refunded, amount - kept, 'what did not come out went back');
    assert.equal(order.status, kept === 0 ? 'refunded' : 'completed');
    const nothingOut = machine.records.every(({ status }) => status !== 'IS_SUCCESS');
    assert.equal(stays, nothingOut ? 0 : 1);
    if (world.pay !== undefined) assert.equal(payment.settled, kept === 0 ? 0 : 1);
  } else {
    assert.equal(stays, 0);
    assert.ok(policy !== 'refund' || refunded === amount, 'paid late and given back');
    assert.ok(policy === 'refund' || refunded === 0, 'paid late and a person decides');
    assert.ok(order.flags.includes('late_payment'), JSON.stringify(order));
    const raised = world.look(world.sale, { crash: true }).conditions.map(({ name }) => name);
    if (policy !== 'refund') assert.ok(raised.includes('late_payment'));
  }
  assert.equal(order.amounts.refunded ?? 0, refunded, 'the order shows what went back');
  assert.equal(order.refundDue, null);
  checkPushes(world, isPaid);
  for (const one of [world.sale, world.pay]) {
    if (one === undefined) continue;
    const plan = world.look(one, { crash: true });
    const wants = plan.acts.map(({ action, cause }) => `${action} ${cause}`);
    assert.deepEqual([wants, plan.words, plan.lookAt], [[], [], null], 'nothing is left to be done');
  }
}

function checkPushes({ payment, pay }: LifeWorld, isPaid: boolean): void {
  if (pay === undefined) return;
  const { pushes } = payment;
  assert.equal(pushes[0], 'created');
  const places = [pushes.indexOf('created'), pushes.indexOf('paid')];
  if (isPaid) assert.ok((places[1] ?? -1) > (places[0] ?? 0), pushes.join());
  for (const [nth, push] of pushes.entries()) {
    if (push === 'refunded' || push === 'refund_failed') assert.equal(pushes[nth - 1], 'refunding', pushes.join());
  }
}
