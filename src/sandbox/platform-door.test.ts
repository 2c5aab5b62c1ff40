import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectors } from '../connectors/registry.ts';
import type { Connector } from '../core/connector.ts';
import type { CallAnswer, IncomingCall, PlatformMemory } from '../core/sandbox.ts';
import { startStandInHub } from '../../test/kit/stand-in-hub.ts';
import type { StandInHub } from '../../test/kit/stand-in-hub.ts';
import { LEDGER_FILE } from './ledger-file.ts';
import { applyChanges, draftOf } from './memory-draft.ts';
import { parseChaos } from './chaos.ts';
import type { Sandbox } from './sandbox-contract.ts';
import { startSandbox } from './sandbox.ts';

const cleanups: (() => Promise<unknown>)[] = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

/** A platform whose pushes need no asking, with a counter, a page and a callback of its own at the door. */
function withDoor(real: Connector, calls: IncomingCall[]): Playable {
  const answer = (call: IncomingCall, account: { readonly id: string }, memory: PlatformMemory): CallAnswer => {
    calls.push(call);
    if (call.path === '/fail') {
      memory['count'] = 1000;
      throw new Error('the platform stumbles');
    }
    if (call.path === '/page')
      return { status: 302, contentType: 'text/plain', body: '', location: 'https://a.example/back' };
    const count = Number(memory['count'] ?? 0) + 1;
    memory['count'] = count;
    const callback = { topic: '', headers: { 'content-type': 'application/json' }, body: `{"count":${count}}` };
    const callbacks = call.path === '/tell' ? [callback, callback] : [];
    return {
      status: 200,
      contentType: 'application/json',
      body: JSON.stringify({ count, account: account.id }),
      callbacks,
    };
  };
  return { ...real, sandbox: { ...real.sandbox, isReceived: ({ status }) => status === 200, answer } };
}

type Changeable<T> = { -readonly [K in keyof T]: T[K] };
type Playable = Connector & { readonly sandbox: Changeable<Connector['sandbox']> };

interface World {
  readonly hub: StandInHub;
  readonly dir: string;
  readonly calls: IncomingCall[];
  readonly platform: Playable;
  play(): Promise<Sandbox>;
}

async function newWorld(): Promise<World> {
  const calls: IncomingCall[] = [];
  const real = connectors.find(
    ({ topics, readTruth }) => topics !== 'token' && topics.length === 1 && readTruth === undefined,
  );
  assert.ok(real !== undefined);
  const platform = withDoor(real, calls);
  const hub = await startStandInHub([platform]);
  const dir = await mkdtemp(join(tmpdir(), 'huidan-door-'));
  cleanups.push(
    () => rm(dir, { recursive: true, force: true }),
    () => hub.stop(),
  );
  return {
    ...{ hub, dir, calls, platform },
    play: async () => {
      const sandbox = await startSandbox({
        ...{ hubUrl: hub.url, key: hub.key, platforms: [platform], ledgerDir: dir },
        ...{ rate: 0, speed: 1000, chaos: parseChaos('none'), seed: 'door' },
      });
      cleanups.push(() => sandbox.stop());
      return sandbox;
    },
  };
}

const baseOf = ({ hub }: World): string => {
  const [account] = hub.accounts.values();
  const { baseUrl } = account?.settings ?? {};
  return typeof baseUrl === 'string' ? baseUrl : assert.fail();
};

const countAt = async (url: string): Promise<unknown> => (await fetch(url, { method: 'POST', body: '你好' })).json();

test('the account names an address at which the platform answers, with everything of the request', async () => {
  const world = await newWorld();
  await world.play();
  const [id] = world.hub.accounts.keys();
  const response = await fetch(`${baseOf(world)}/a/b%20c?x=1&y=%26`, {
    method: 'PUT',
    headers: { appid: 'ds1' },
    body: '你好',
  });
  assert.deepEqual([response.status, await response.json()], [200, { count: 1, account: id }]);
  const [call] = world.calls;
  assert.deepEqual([call?.method, call?.path, call?.query, call?.body], ['PUT', '/a/b%20c', 'x=1&y=%26', '你好']);
  assert.equal(call?.headers['appid'], 'ds1');
  await fetch(baseOf(world), { method: 'POST' });
  assert.equal(world.calls.at(-1)?.path, '/');
  const page = await fetch(`${baseOf(world)}/page`, { redirect: 'manual' });
  assert.deepEqual([page.status, page.headers.get('location')], [302, 'https://a.example/back']);
  assert.equal((await fetch(`${baseOf(world)}x/page`)).status, 404, "another's account");
});

test('what a call changed is remembered after the sandbox was stopped, and at another port', async () => {
  const world = await newWorld();
  const first = await world.play();
  assert.deepEqual(await countAt(`${baseOf(world)}/count`), { count: 1, account: [...world.hub.accounts.keys()][0] });
  await first.stop();
  const second = await world.play();
  assert.equal(second.receiverPort, first.receiverPort);
  await second.stop();
  const text = await readFile(join(world.dir, LEDGER_FILE), 'utf8');
  assert.match(text, /"line":"call"/u);
  const third = await startSandbox({
    ...{ hubUrl: world.hub.url, key: world.hub.key, ledgerDir: world.dir, receiverPort: await freePort() },
    ...{
      platforms: [world.platform],
      rate: 0,
      speed: 1000,
      chaos: parseChaos('none'),
    },
  });
  cleanups.push(() => third.stop());
  assert.ok(baseOf(world).includes(`:${third.receiverPort}/`), 'the hub was told of the new port');
  assert.equal(((await countAt(`${baseOf(world)}/count`)) as { readonly count: number }).count, 2);
});

test('an answer that fails half-way leaves no trace', async () => {
  const world = await newWorld();
  const sandbox = await world.play();
  assert.equal((await fetch(`${baseOf(world)}/fail`)).status, 500);
  assert.match(sandbox.stats().trouble ?? '', /the platform stumbles/u);
  assert.equal(((await countAt(baseOf(world))) as { readonly count: number }).count, 1);
});

test('callbacks that a call sets off are sent until they are received, also by the next run', async () => {
  const world = await newWorld();
  world.hub.faults.down = true;
  const first = await world.play();
  await countAt(`${baseOf(world)}/tell`);
  while (world.hub.counts.callbacks < 2) await sleep(5);
  assert.deepEqual([first.stats().callbacks, first.stats().unreceived], [2, 2]);
  await first.stop();
  world.hub.faults.down = false;
  const second = await world.play();
  while (second.stats().unreceived > 0) await sleep(5);
  assert.equal(second.stats().acknowledged, 2);
});

test('a draft reads through, shows its own changes, and changes nothing until they are applied', () => {
  const held: PlatformMemory = { a: 1, b: [2], c: 'x' };
  const { memory, changes } = draftOf(held);
  memory['a'] = 5;
  delete memory['b'];
  memory['d'] = null;
  assert.deepEqual({ ...memory }, { a: 5, c: 'x', d: null });
  assert.ok('c' in memory && !('b' in memory));
  assert.deepEqual(held, { a: 1, b: [2], c: 'x' });
  const written = JSON.parse(JSON.stringify(changes())) as ReturnType<typeof changes>;
  applyChanges(held, written);
  assert.deepEqual(held, { a: 5, c: 'x', d: null });
});

async function freePort(): Promise<number> {
  const hub = await startStandInHub([]);
  const port = Number(new URL(hub.url).port);
  await hub.stop();
  return port;
}

test('a call can be done and its answer lost, or lost before it is done, or answered by a broken gateway', async () => {
  const world = await newWorld();
  const sandbox = await world.play();
  const url = baseOf(world);
  const post = (): Promise<number | string> =>
    fetch(`${url}/count`, { method: 'POST' }).then(
      async (response) => (response.status === 200 ? JSON.stringify(await response.json()) : response.status),
      () => 'lost',
    );
  const { id } = world.platform;
  const outcomes: (number | string)[] = [];
  for (const name of ['lost_answer', 'lost_request', 'server_error', 'server_error_done']) {
    sandbox.askForFault(id, name, 1);
    outcomes.push(await post());
  }
  outcomes.push(await post());
  assert.deepEqual(outcomes.slice(0, 4), ['lost', 'lost', 502, 502]);
  // Two of the four were done.
  assert.match(String(outcomes[4]), /"count":3/u);
});

/** Lets the platform plan a deed, or a lapse, so long after each call; a callback tells of it. */
function planDeeds({ platform }: Awaited<ReturnType<typeof newWorld>>, afterMs: number, isLapse: boolean): number[] {
  const ticks: number[] = [];
  platform.sandbox.tick = (at, _account, memory) => {
    const dueAt = Number(memory['dueAt'] ?? 0);
    if (dueAt === 0) return { callbacks: [], nextAt: null };
    if (at < dueAt) return { callbacks: [], nextAt: isLapse ? null : dueAt, lapsesAt: isLapse ? dueAt : null };
    ticks.push(at);
    memory['dueAt'] = 0;
    const headers = { 'content-type': 'application/json' };
    return { callbacks: [{ topic: '', headers, body: '{"count":9}' }], nextAt: null };
  };
  const { answer } = platform.sandbox;
  platform.sandbox.answer = (call, account, memory) => {
    memory['dueAt'] = call.at + afterMs;
    return answer?.(call, account, memory) ?? { status: 500, contentType: 'text/plain', body: '' };
  };
  return ticks;
}

test('what a platform does by its own clock happens when it is due, once, and sets callbacks off', async () => {
  const world = await newWorld();
  const ticks = planDeeds(world, 300, false);
  await world.play();
  const before = world.hub.counts.callbacks;
  const calledAt = Date.now();
  await fetch(`${baseOf(world)}/count`, { method: 'POST' });
  assert.equal(ticks.length, 0);
  while (world.hub.counts.callbacks === before) await sleep(5);
  // By the wall's clock, though stories pass a thousand times faster here.
  assert.ok(Date.now() - calledAt >= 300);
  await sleep(100);
  assert.equal(ticks.length, 1);
});

test('at the end of a run what a platform has begun ends at once, and what lapses keeps its time', async () => {
  for (const isLapse of [false, true]) {
    const world = await newWorld();
    const ticks = planDeeds(world, 60_000, isLapse);
    const sandbox = await world.play();
    await fetch(`${baseOf(world)}/count`, { method: 'POST' });
    await sandbox.drain(5000);
    assert.equal(ticks.length, isLapse ? 0 : 1);
  }
});
