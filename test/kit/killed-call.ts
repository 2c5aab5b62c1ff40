import assert from 'node:assert/strict';
import type { OrderJson } from '../../src/core/order-json.ts';
import { seededRandom } from '../../src/sandbox/seeded-random.ts';
import { until } from './killed-stage.ts';
import type { Fate, KilledStage, Trap } from './killed-stage.ts';

/** How the action ends, and how often the platform did it: the truth, where nobody can be asked too. */
export interface End {
  readonly state: 'succeeded' | 'failed' | 'unknown';
  readonly effects: number;
}

/** A call of a connector whose answer never comes, because the hub is killed before. */
export interface KilledCall {
  readonly account: string;
  readonly action: string;
  readonly ends: Readonly<Record<Fate, End>>;
  /** Brings an order to where the call can be made. */
  stage(world: KilledStage): Promise<StagedCall>;
}

export interface StagedCall extends Pick<Trap, 'isIt' | 'trace'> {
  /** Asks the hub for what leads to the call; the hub may be killed meanwhile. */
  ask(): Promise<unknown>;
  /** The order's id. */
  order(): Promise<string>;
  /** What the order must come to show. */
  shows?(order: OrderJson, fate: Fate): boolean;
}

export const ONCE = { state: 'succeeded', effects: 1 } as const;
export const DONE_EITHER_WAY = { done: ONCE, lost: ONCE } as const;
/** It says how things stand, which the platform keeps nothing of. */
export const NO_TRACE = { done: { ...ONCE, effects: 0 }, lost: { ...ONCE, effects: 0 } } as const;

let count = 0;
export const nextNumber = (): string => `20261120000000${String((count += 1)).padStart(6, '0')}`;
export type Params = Readonly<Record<string, unknown>>;

export async function act(world: KilledStage, order: string, action: string, params: Params = {}): Promise<void> {
  const answer = await world.api('POST', `/api/v1/orders/${order}/actions`, { action, params });
  assert.equal(answer.status, 202, JSON.stringify(answer.body));
}

const orderBy = async (world: KilledStage, query: string): Promise<OrderJson | undefined> =>
  (await world.api('GET', `/api/v1/orders?legs=true&${query}`)).body.data?.[0];

export async function untilOrder(
  world: KilledStage,
  query: string,
  isReady: (order: OrderJson) => boolean,
): Promise<OrderJson> {
  let order: OrderJson | undefined;
  const look = async (): Promise<boolean> => {
    order = await orderBy(world, query);
    return order !== undefined && isReady(order);
  };
  await until(query, look, 20_000).catch((error: unknown) => {
    throw new Error(`${query} is ${JSON.stringify(order)}`, { cause: error });
  });
  return order ?? assert.fail();
}

export async function make(world: KilledStage, body: Params): Promise<OrderJson> {
  let made = await world.api('POST', '/api/v1/orders', body);
  // No answer of the platform in time: the same again goes on with it, as the answer says.
  for (let again = 0; made.body.code === 'order_create_pending' && again < 5; again += 1)
    made = await world.api('POST', '/api/v1/orders', body);
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body as OrderJson;
}

/** Lets the platform tell the first steps of a life, and waits until the hub shows them. */
export async function told(
  world: KilledStage,
  account: string,
  plot: string,
  steps: number,
  isReady: (order: OrderJson) => boolean,
): Promise<OrderJson> {
  const { connector, view, memory } = world.played(account);
  for (;;) {
    count += 1;
    const story = connector.sandbox.tell(seededRandom(`${plot}/${count}`), count, world.clock());
    if (story.plot !== plot) continue;
    const pushes = story.steps.slice(0, steps).map((step) => step.callback(world.clock(), view, memory));
    world.post(account, pushes);
    return untilOrder(world, `account=${account}&platformOrderId=${story.platformOrderId}`, isReady);
  }
}
