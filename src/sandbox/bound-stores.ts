import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import type { Connector } from '../core/connector.ts';
import { refusal } from './hub-client.ts';
import type { HubClient } from './hub-client.ts';
import type { Ledger } from './ledger.ts';
import { boundKey } from './ledger-state.ts';
import { agreeAt } from './merchant-click.ts';
import { SandboxError } from './sandbox-error.ts';
import { fieldsOf, listOf, textOf } from './untrusted-json.ts';

export interface BindingWorld {
  readonly hub: HubClient;
  readonly ledger: Ledger;
  readonly dispatcher: Dispatcher;
  /** Repeats a call until the hub answers. */
  whenHubAnswers<T>(call: () => Promise<T>): Promise<T>;
  /** True when there is no point in waiting on. */
  isOver(): boolean;
  onNote(text: string): void;
}

/** From the click over the bind callback to the call that proves the token: a busy hub takes seconds. */
const BOUND_WAIT_MS = 20_000;
const POLL_MS = 50;

interface WantedStore {
  /** null: whatever the seller has. */
  readonly store: string | null;
  readonly name: string;
}

/**
 * Binds the demo stores of the platforms as a merchant would: asks the hub for the address, clicks there, and waits until
 * the hub has proved the token. What the ledger knows as bound stays as it is. A store that cannot be bound is noted and
 * does without: its orders come, only what the hub has to ask about stays open.
 */
export async function bindStores(world: BindingWorld, platforms: readonly Connector[]): Promise<void> {
  const bound = platforms.map((platform) =>
    bindStoresOf(world, platform).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      world.onNote(`The stores of ${platform.label.zh} are not bound: ${why}`);
    }),
  );
  await Promise.all(bound);
}

async function bindStoresOf(world: BindingWorld, platform: Connector): Promise<void> {
  const { ledger } = world;
  const account = ledger.state.accounts.get(platform.id);
  if (platform.binding === undefined || platform.sandbox.answer === undefined || account === undefined) return;
  const { demoStores = [] } = platform.sandbox;
  const wanted: readonly WantedStore[] = platform.binding.style === 'link' ? demoStores : [{ store: null, name: '' }];
  const open = wanted.filter(({ store }) => !ledger.state.bound.has(boundKey(account.id, store)));
  for (const { store, name } of open) {
    const url = await world.whenHubAnswers(() => askForAddress(world.hub, account.id, store, name));
    await agreeAt(url, world.dispatcher);
  }
  const deadlineMs = performance.now() + BOUND_WAIT_MS;
  for (const { store } of open) {
    while (!(await world.whenHubAnswers(() => isBound(world.hub, account.id, store)))) {
      if (world.isOver()) return;
      if (performance.now() > deadlineMs) throw new SandboxError(`the hub has not bound the store ${store ?? ''} yet`);
      await sleep(POLL_MS);
    }
    await ledger.write({ line: 'bound', account: account.id, store });
  }
}

async function askForAddress(hub: HubClient, account: string, store: string | null, name: string): Promise<string> {
  const wish = store === null ? { account } : { account, store, name };
  const answer = await hub.call('POST', '/api/v1/stores/bindings', wish);
  const url = textOf(answer.fields['url']);
  if (answer.status !== 201 || url === undefined)
    throw refusal(`make an address to bind the store ${store ?? ''}`, answer);
  return url;
}

async function isBound(hub: HubClient, account: string, store: string | null): Promise<boolean> {
  const query = new URLSearchParams({ account, state: 'bound' });
  const answer = await hub.call('GET', `/api/v1/stores?${query.toString()}`);
  if (answer.status !== 200) throw refusal('list the stores', answer);
  const stores = listOf(answer.fields['data']).map((entry) => textOf(fieldsOf(entry)?.['store']));
  return store === null ? stores.length > 0 : stores.includes(store);
}
