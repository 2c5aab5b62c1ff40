import { randomBytes } from 'node:crypto';
import type { Connector } from '../core/connector.ts';
import type { HubClient } from './hub-client.ts';
import type { Ledger } from './ledger.ts';
import type { AccountLine } from './ledger-lines.ts';
import { ensureAccount, findAccount, ForeignHub } from './registration.ts';
import type { CallbackUrls } from './registration.ts';
import { SandboxError } from './sandbox-error.ts';
import { seededRandom } from './seeded-random.ts';

export interface AccountsWorld {
  readonly hub: HubClient;
  readonly ledger: Ledger;
  readonly ledgerDir: string;
  readonly now: number;
  /** Where the hub reaches the platforms. */
  readonly origin: string;
  readonly playing: readonly Connector[];
  /** No account is made: the ledger of an earlier run is finished. */
  readonly finishOnly: boolean;
  /** Filled in: the callback addresses by platform. */
  readonly urls: Map<string, CallbackUrls>;
  whenHubAnswers<T>(call: () => Promise<T>): Promise<T>;
}

/** Makes or finds the accounts of the platforms that play, and those that the ledger's open orders are in. */
export async function registerAccounts(world: AccountsWorld): Promise<void> {
  const { hub, ledger, finishOnly, playing } = world;
  const { state } = ledger;
  if (state.begin === undefined) {
    if (finishOnly) throw new SandboxError(`There is no ledger in ${world.ledgerDir}: run the sandbox first.`);
    const id = randomBytes(4).toString('hex');
    await ledger.write({ line: 'ledger', version: 1, id, hub: hub.url, at: world.now });
  }
  if (playing.length === 0 && !finishOnly) throw new SandboxError('There is no platform to play.');
  for (const account of state.accounts.values()) {
    if (!playing.some(({ id }) => id === account.platform)) await findAgain(world, account);
  }
  for (const platform of playing) {
    // A secret that a seed gives away would be no secret at a hub that others reach.
    const random = seededRandom(randomBytes(16).toString('hex'));
    const urls = await world.whenHubAnswers(() => ensureAccount(hub, ledger, platform, random, world.origin));
    world.urls.set(platform.id, urls);
  }
}

async function findAgain({ hub, ledger, urls, whenHubAnswers }: AccountsWorld, account: AccountLine): Promise<void> {
  const { state } = ledger;
  const found = await whenHubAnswers(() => findAccount(hub, account, state.begin?.id ?? ''));
  const isUsed = [...state.orders.values()].some(({ order }) => order.account === account.id);
  if (found !== undefined) urls.set(account.platform, found);
  else if (isUsed) throw new ForeignHub(`${hub.url} does not have the account ${account.id} of this ledger`);
}
