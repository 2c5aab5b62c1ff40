import type { World } from './kit.ts';
import { until } from './until.ts';

export interface Takeaway {
  readonly id: string;
  readonly status: string;
  readonly flags: readonly string[];
  readonly customer: { readonly phone: string | null } | null;
}

/** Lives of the sandbox in which nothing more happens for half a minute after the order has come. */
const CALM = new Set([
  'taken, delivered by a rider, completed',
  'taken, delivered by the shop itself, completed',
  'new and not yet taken',
  'on its way',
]);
const STILL = 0.01;

/** A takeaway order that waits for the shop, as it stays: the sandbox's time stands all but still afterwards. */
export async function placeWaitingTakeaway(world: World): Promise<Takeaway> {
  world.sandbox.setSpeed(STILL);
  const number = await calmOrder(world);
  world.sandbox.setSpeed(1);
  const order = await until(`the order ${number}`, async () => {
    const { data } = await world.call<{ data: Takeaway[] }>('GET', `/orders?platformOrderId=${number}`);
    return data.find(({ status, flags }) => status === 'paid' && flags.length === 0);
  });
  world.sandbox.setSpeed(STILL);
  return order;
}

async function calmOrder(world: World): Promise<string> {
  for (let placed = 0; placed < 200; placed += 1) {
    const { plot, platformOrderId } = await world.sandbox.placeOrder('eleme');
    if (CALM.has(plot)) return platformOrderId;
  }
  throw new Error('the sandbox placed no takeaway order that waits for the shop');
}
