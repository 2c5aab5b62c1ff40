import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { connectors, findConnector } from '../../src/connectors/registry.ts';
import type { Connector } from '../../src/core/connector.ts';
import type { KilledCall, StagedCall } from './killed-call.ts';
import { ELEME_CALLS, WAIMAI_CALLS } from './killed-meals.ts';
import { MACHINE_CALLS, PAYMENT_CALLS, SUPPLY_CALLS } from './killed-sales.ts';
import { KilledStage, until } from './killed-stage.ts';
import type { Fate, Trap } from './killed-stage.ts';
import { storeTokens } from './waimai-shop.ts';

/** Calls that only ask. A new one that moves money or goods is none, whatever its name. */
const QUESTIONS: ReadonlySet<string> = new Set(['query', 'unsettled']);
/** The hub has so many of an account in hand at a time, at most 8. */
const MOST_OF_AN_ACCOUNT = 6;
/** A dead process keeps what it had in hand for 40 s. */
const LEASE_MS = 45_000;
/** Long enough for a machine that does other things as well; nobody waits longer than it takes. */
const HIT_MS = 60_000;
const END_MS = 90_000;

/** A round for every call by which a connector changes something at its platform. */
const KILLED_CALLS: readonly KilledCall[] = [
  ...MACHINE_CALLS,
  ...PAYMENT_CALLS,
  ...SUPPLY_CALLS,
  ...WAIMAI_CALLS,
  ...ELEME_CALLS,
];

const connector = (id: string): Connector => findConnector(id) ?? assert.fail(id);

/** Accounts of the stage by the name that the rounds use. The takeaway orders and the payments take no step by themselves. */
const accounts = () => ({
  vm: { connector: connector('vending'), settings: { latePayment: 'revive' } },
  dy: { connector: connector('douyin'), settings: { life: false } },
  'dy-trade': { connector: connector('douyin'), settings: { life: false, generation: 'trade' } },
  em: { connector: connector('em'), settings: {} },
  wm: { connector: connector('meituan-waimai'), settings: { life: false } },
  el: { connector: connector('eleme'), settings: { life: false } },
});

/** The calls of all connectors that change something, as `platform action`; `trade` where a generation has its own. */
export function callsToBeKilled(): readonly string[] {
  return connectors.flatMap(({ id, actions }) =>
    (actions?.specs ?? []).flatMap(({ name, atOnce, moves, needsAccessToken }) => {
      if (atOnce === true || (QUESTIONS.has(name) && moves === 'nothing')) return [];
      // Of a platform with two generations both are called.
      const hasTwo = typeof needsAccessToken === 'function';
      return hasTwo ? [`${id} ${name}`, `${id} ${name} trade`] : [`${id} ${name}`];
    }),
  );
}

/** Those that have a round. */
export function killedCalls(): readonly string[] {
  const known = accounts();
  return KILLED_CALLS.map(({ account, action }) => {
    const { id } = known[account as keyof typeof known].connector;
    return `${id} ${action}${account.endsWith('-trade') ? ' trade' : ''}`;
  });
}

/**
 * Makes each call, kills the hub before it hears the answer, starts it anew and lets it find out. In the end the platform
 * must have done it as often as it should (once), and the hub must say what is true. Several calls share a death, so that
 * starting hubs does not take the time.
 */
export async function killEachCall(test: TestContext, fates: readonly Fate[], rounds = 1): Promise<void> {
  const world = await KilledStage.open(accounts());
  try {
    await authorise(world);
    for (let round = 0; round < rounds; round += 1) {
      if (round > 0) console.log(`${round} of ${rounds} rounds`);
      for (const fate of fates) for (const wave of wavesOf(KILLED_CALLS)) await killWave(test, world, wave, fate);
    }
  } finally {
    await world.close();
  }
}

function wavesOf(calls: readonly KilledCall[]): readonly (readonly KilledCall[])[] {
  const waves: KilledCall[][] = [];
  const counts = new Map<string, number>();
  for (const call of calls) {
    const nth = counts.get(call.account) ?? 0;
    counts.set(call.account, nth + 1);
    (waves[Math.floor(nth / MOST_OF_AN_ACCOUNT)] ??= []).push(call);
  }
  return waves;
}

/** Gives the hub the tokens of the stores. */
async function authorise(world: KilledStage): Promise<void> {
  const waimai = world.played('wm');
  const stores = storeTokens(waimai.memory, waimai.view).map(({ store, token }) => ({ store, ...token }));
  const eleme = world.played('el');
  const proof = `${eleme.view.credential('appKey') ?? ''}:${eleme.view.secrets('appSecret')[0]?.value ?? ''}`;
  const answer = eleme.connector.sandbox.answer?.(
    {
      ...{ method: 'POST', path: '/token', query: '', at: world.clock(), body: 'grant_type=client_credentials' },
      headers: { authorization: `Basic ${Buffer.from(proof).toString('base64')}` },
    },
    eleme.view,
    eleme.memory,
  );
  const { access_token: accessToken } = JSON.parse(answer?.body ?? '{}') as { readonly access_token: string };
  for (const [account, tokens] of [
    ['wm', stores],
    ['el', [{ accessToken }]],
  ] as const) {
    const taken = await world.api('POST', '/api/v1/stores/import', { account, stores: tokens });
    assert.equal(taken.body.bound, tokens.length, JSON.stringify(taken.body));
  }
}

interface Round {
  readonly call: KilledCall;
  readonly staged: StagedCall;
  readonly trap: Trap;
}

async function killWave(test: TestContext, world: KilledStage, wave: readonly KilledCall[], fate: Fate): Promise<void> {
  const startedMs = performance.now();
  const rounds = await Promise.all(
    wave.map(async (call): Promise<Round> => {
      const staged = await call.stage(world);
      const { isIt, trace } = staged;
      return { call, staged, trap: { account: call.account, fate, isIt, trace, isHit: false, effects: 0, bodies: [] } };
    }),
  );
  world.traps = rounds.map(({ trap }) => trap);
  const troubles: string[] = [];
  // What comes after the hub's death says nothing.
  for (const { call, staged } of rounds)
    staged.ask().catch((error: unknown) => troubles.push(`${call.account} ${call.action}: ${String(error)}`));
  const missing = (): readonly string[] =>
    rounds.filter(({ trap }) => !trap.isHit).map(({ call }) => `${call.account} ${call.action}`);
  await until('the calls', () => missing().length === 0, HIT_MS).catch(() => {
    assert.fail(`never made: ${missing().join(', ')}\n${troubles.join('\n')}`);
  });
  await world.kill();
  await world.restart(LEASE_MS);
  for (const round of rounds) await checkEnd(world, round, fate);
  world.traps = [];
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  test.diagnostic(`${rounds.length} calls ${fate} without an answer: ${seconds} s`);
}

interface SeenAction {
  readonly action: string;
  readonly state: string;
  readonly nextAt: string | null;
}

async function checkEnd(world: KilledStage, { call, staged, trap }: Round, fate: Fate): Promise<void> {
  const name = `${call.account} ${call.action}, ${fate}`;
  const { state, effects } = call.ends[fate];
  const order = await staged.order();
  let seen: readonly SeenAction[] = [];
  let shown: unknown;
  const isOver = async (): Promise<boolean> => {
    const listed = await world.api('GET', `/api/v1/actions?order=${order}&action=${call.action}`);
    seen = listed.body.data as readonly SeenAction[];
    shown = (await world.api('GET', `/api/v1/orders/${order}`)).body;
    // What is unknown may be asked about for hours.
    const isEnded =
      seen.length > 0 && seen.every((one) => one.state === state && (one.nextAt === null || state === 'unknown'));
    return isEnded && staged.shows?.(shown as never, fate) !== false;
  };
  let looks = 0;
  const look = async (): Promise<boolean> => {
    if (await isOver()) return true;
    // Machines turn, refunds take seconds, and what cannot be known is waited for.
    looks += 1;
    if (looks > 10) world.jump(2000);
    return false;
  };
  await until(name, look, END_MS).catch((error: unknown) => {
    const about = { wanted: call.ends[fate], seen, effects: trap.effects, calls: trap.bodies.length, shown };
    throw new Error(`${name}: ${JSON.stringify(about, null, 1)}`, { cause: error });
  });
  assert.equal(seen.length, 1, `${name}: asked for once`);
  assert.equal(trap.effects, effects, `${name}: effects after ${trap.bodies.length} calls`);
}
