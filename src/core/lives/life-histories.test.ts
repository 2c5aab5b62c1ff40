import { describe, test } from 'node:test';
import fc from 'fast-check';
import { check, createWorld, finish, MINUTE_MS } from '../../../test/kit/life-check.ts';
import type { LifeWorld } from '../../../test/kit/life-world.ts';
import type { OrderSide } from './life.ts';

function goSmoothly(world: LifeWorld, rounds: number): void {
  if (rounds === 0) return;
  if (world.pay === undefined) world.shopSaysPaid();
  else world.userPays();
  for (let round = 0; round < rounds; round += 1) {
    while (world.messages.length > 0) world.deliver(0);
    for (let open = world.openCount; open > 0; open -= 1) world.run(open - 1, 'ok');
    for (const order of [world.pay, world.sale]) if (order !== undefined) world.look(order);
  }
}

const step = fc.record({
  kind: fc.constantFrom(
    ...([
      'sale',
      'pay',
      'sale',
      'pay',
      'stale',
      'crash',
      'run',
      'run',
      'run',
      'run',
      'deliver',
      'repeat',
      'drop',
    ] as const),
    ...([
      'doubt',
      'pays',
      'wantsOut',
      'getsBack',
      'moves',
      'moves',
      'silently',
      'refunds',
      'time',
      'longTime',
      'person',
      'clocks',
    ] as const),
  ),
  nth: fc.nat(20),
  fate: fc.constantFrom('ok', 'ok', 'ok', 'silent', 'lost' as const),
  ok: fc.boolean(),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function take(
  world: LifeWorld,
  { kind, nth, fate, ok }: Step,
  seen: { sale: OrderSide; pay: OrderSide | undefined },
): void {
  const { sale, pay } = world;
  switch (kind) {
    case 'sale':
      return void world.look(sale);
    case 'pay':
      if (pay !== undefined) world.look(pay);
      return;
    case 'stale':
      // Another process still sees the other order as it was a while ago.
      if (pay === undefined) return;
      if (ok) world.look(sale, seen.pay === undefined ? {} : { other: seen.pay });
      else world.look(pay, { other: seen.sale });
      return;
    case 'crash':
      return void world.look(ok || pay === undefined ? sale : pay, { crash: true });
    case 'run':
      return world.run(nth, fate);
    case 'deliver':
      return world.deliver(nth);
    case 'repeat':
      return world.deliver(nth, true);
    case 'drop':
      // A payment's callback comes again for a day; a machine's may never come.
      if (world.messages[0]?.to === 'sale') world.messages.shift();
      return;
    case 'doubt':
      return world.settleDoubt();
    case 'pays':
      return world.pay === undefined ? world.shopSaysPaid() : world.userPays();
    case 'getsBack':
      return nth < 10 ? world.userGetsBack() : undefined;
    case 'wantsOut':
      return nth === 0 ? world.wantsOut() : undefined;
    case 'moves':
      return world.machineMoves(nth, ok, nth % 4 === 3 ? 'lie' : 'truth');
    case 'silently':
      return world.machineMoves(nth, ok, 'nothing');
    case 'refunds':
      return world.refundsEnd();
    case 'time':
      world.now += 1000 * (nth + 1);
      return;
    case 'longTime':
      world.now += MINUTE_MS * (nth + 1);
      return;
    case 'person':
      return world.personLooks();
    case 'clocks':
      return world.platformClocks();
  }
}

describe('whatever happens in whatever order', () => {
  for (const hasPayment of [true, false]) {
    test(`nothing is dispensed twice, no more goes back than came in, and every life ends (${hasPayment ? 'paid by an order of its own' : 'paid to the shop'})`, () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 0, max: 999 }), { minLength: 1, maxLength: 4 }),
          fc.integer({ min: 1, max: 2000 }),
          fc.constantFrom('refund', 'ask', 'revive'),
          fc.nat(2),
          // Half of the histories begin where the goods are paid and the machine has its first command.
          fc.constantFrom(0, 6),
          fc.array(step, { maxLength: 120 }),
          (prices, amount, policy, failing, smoothRounds, steps) => {
            const world = createWorld({ prices, amount, hasPayment }, { latePayment: policy });
            world.payment.failsNextRefunds = failing;
            goSmoothly(world, smoothRounds);
            let seen = { sale: world.side(world.sale), pay: world.pay && world.side(world.pay) };
            for (const [index, one] of steps.entries()) {
              take(world, one, seen);
              if (index % 5 === 4) seen = { sale: world.side(world.sale), pay: world.pay && world.side(world.pay) };
            }
            finish(world);
            check(world, { prices, amount }, policy);
          },
        ),
        { numRuns: 1000 },
      );
    });
  }
});
