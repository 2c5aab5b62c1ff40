import type { AccountSpec } from '../core/account-fields.ts';
import type { Connector } from '../core/connector.ts';
import type { Json } from '../core/json.ts';
import type { Random } from '../core/sandbox.ts';
import { refusal } from './hub-client.ts';
import type { HubAnswer, HubClient } from './hub-client.ts';
import type { Ledger } from './ledger.ts';
import type { AccountLine, ReceiverLine } from './ledger-lines.ts';
import type { MessageRecord } from './ledger-state.ts';
import { platformUrl } from './platform-door.ts';
import { SandboxError } from './sandbox-error.ts';
import { fieldsOf, listOf, textOf } from './untrusted-json.ts';

/** Callback addresses by topic. */
export type CallbackUrls = ReadonlyMap<string, string>;

/** The ledger has orders in an account that this hub does not have, or that is not ours there. */
export class ForeignHub extends Error {
  override readonly name = 'ForeignHub';
}

const MOST_ACCOUNTS_TRIED = 50;

/**
 * Finds or creates the sandbox's account of a platform. Somebody else's account of that name, another sandbox's for
 * instance, is left alone and the next free id taken: changing its credentials would break the other's callbacks.
 */
export async function ensureAccount(
  hub: HubClient,
  ledger: Ledger,
  platform: Connector,
  random: Random,
  origin: string,
): Promise<CallbackUrls> {
  const ledgerId = ledger.state.begin?.id ?? '';
  const known = ledger.state.accounts.get(platform.id);
  if (known !== undefined) {
    const found = await findAccount(hub, known, ledgerId);
    if (found !== undefined) {
      await moveAccount(hub, ledger, known, platformUrl(origin, platform.id, known.id));
      return found;
    }
    if ([...ledger.state.orders.values()].some(({ order }) => order.account === known.id)) {
      throw new ForeignHub(`${hub.url} does not have the account ${known.id} of this ledger`);
    }
  }
  for (let attempt = 1; attempt <= MOST_ACCOUNTS_TRIED; attempt += 1) {
    const id = `sandbox-${platform.id}${attempt === 1 ? '' : `-${attempt}`}`;
    const baseUrl = platformUrl(origin, platform.id, id);
    const { credentials, settings: own } = platform.sandbox.demoAccount(random, baseUrl);
    const settings = { ...shortWaits(platform.account), ...own };
    const account: AccountLine = { line: 'account', platform: platform.id, id, credentials, settings, baseUrl };
    // Written first: an account whose credentials nobody knows could never be used again.
    await ledger.write(account);
    const answer = await hub.call('POST', '/api/v1/accounts', {
      id,
      platform: platform.id,
      name: accountName(platform, ledgerId),
      credentials: credentials as Json,
      settings: settings as Json,
    });
    if (answer.status === 201) return urlsOf(answer);
    if (answer.status !== 409) throw refusal(`create the account ${id}`, answer);
  }
  throw new SandboxError(`Every account id from sandbox-${platform.id} to …-${MOST_ACCOUNTS_TRIED} is taken.`);
}

/**
 * Seconds that the hub itself waits, by name of the setting: an account that has one gets it, so that a run in which much
 * goes wrong ends in minutes. The hub counts them by the wall's clock, whatever the speed.
 */
const SHORT_WAITS: Readonly<Record<string, number>> = {
  repairSeconds: 2,
  holdSeconds: 20,
  dispenseTimeoutSeconds: 20,
  settleAfterSeconds: 15,
  breakerSeconds: 2,
};

const shortWaits = ({ settings }: AccountSpec): Readonly<Record<string, number>> =>
  Object.fromEntries(settings.flatMap(({ name }) => (name in SHORT_WAITS ? [[name, SHORT_WAITS[name] ?? 0]] : [])));

/**
 * Lets what nobody can be asked about be alarmed at once: the alarm of an audit that was never told counts hours by the
 * wall's clock, and a run takes minutes.
 */
export async function alarmAtOnce(hub: HubClient, ledger: Ledger, platforms: Iterable<Connector>): Promise<void> {
  for (const platform of platforms) {
    const account = ledger.state.accounts.get(platform.id);
    if (account === undefined || !platform.account.settings.some(({ name }) => name === ALARM)) continue;
    if (account.settings[ALARM] === 0) continue;
    const settings = { ...account.settings, [ALARM]: 0 };
    const answer = await hub.call('PATCH', `/api/v1/accounts/${encodeURIComponent(account.id)}`, { settings });
    if (answer.status !== 200) throw refusal(`change the account ${account.id}`, answer);
    await ledger.write({ ...account, settings });
  }
}

/** Hours after which an order that waits for its audit is in the attention queue. */
export const ALARM = 'auditAlarmHours';

/** The account's addresses, or undefined when the hub has no such account or one of another sandbox. */
export async function findAccount(
  hub: HubClient,
  account: AccountLine,
  ledgerId: string,
): Promise<CallbackUrls | undefined> {
  const answer = await hub.call('GET', `/api/v1/accounts/${encodeURIComponent(account.id)}`);
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw refusal(`show the account ${account.id}`, answer);
  const name = textOf(answer.fields['name']) ?? '';
  // A name that a person gave it says nothing; one of ours says whose it is.
  if (/^Sandbox .*\([0-9a-f]{8}\)$/u.test(name) && !name.endsWith(`(${ledgerId})`)) return undefined;
  if (textOf(answer.fields['platform']) !== account.platform) return undefined;
  return urlsOf(answer);
}

const accountName = (platform: Connector, ledgerId: string): string => `Sandbox ${platform.label.zh} (${ledgerId})`;

/** Tells the hub where the platform is reached now. */
async function moveAccount(hub: HubClient, ledger: Ledger, account: AccountLine, baseUrl: string): Promise<void> {
  if (account.baseUrl === baseUrl) return;
  const move = (value: Json): Json =>
    typeof value === 'string' && value.startsWith(account.baseUrl)
      ? baseUrl + value.slice(account.baseUrl.length)
      : value;
  const settings = Object.fromEntries(Object.entries(account.settings).map(([name, value]) => [name, move(value)]));
  const answer = await hub.call('PATCH', `/api/v1/accounts/${encodeURIComponent(account.id)}`, { settings });
  if (answer.status !== 200) throw refusal(`move the account ${account.id}`, answer);
  await ledger.write({ ...account, settings, baseUrl });
}

function urlsOf(answer: HubAnswer): CallbackUrls {
  const urls = new Map<string, string>();
  for (const callback of listOf(answer.fields['callbacks']).map(fieldsOf)) {
    const url = textOf(callback?.['url']);
    if (url !== undefined) urls.set(textOf(callback?.['topic']) ?? '', url);
  }
  return urls;
}

/**
 * The address of a callback: one that the hub named, or the documented one where an order's token ends it and no
 * address can be named before.
 */
export function callbackUrl(
  hub: string,
  urls: CallbackUrls | undefined,
  platform: Connector,
  message: MessageRecord,
): string {
  const { account, callback } = message;
  const url =
    platform.topics === 'token'
      ? `${hub}/callbacks/${platform.id}/${encodeURIComponent(account)}/${encodeURIComponent(callback.topic)}`
      : urls?.get(callback.topic);
  if (url === undefined) throw new SandboxError(`The hub names no address for ${platform.id} ${callback.topic}`);
  return url;
}

/** Subscribes the receiver to the events of the accounts, or tells the hub where it is now. */
export async function ensureEndpoint(
  hub: HubClient,
  ledger: Ledger,
  url: string,
  port: number,
  accounts: readonly string[],
): Promise<ReceiverLine> {
  const known = ledger.state.receiver;
  if (known !== undefined) {
    const path = `/api/v1/endpoints/${encodeURIComponent(known.endpoint)}`;
    const found = await hub.call('GET', path);
    if (found.status === 200) {
      const change: Record<string, Json> = {};
      if (textOf(found.fields['url']) !== url) change['url'] = url;
      const held = listOf(found.fields['accounts']);
      if (!accounts.every((account) => held.includes(account))) change['accounts'] = accounts;
      if (Object.keys(change).length > 0) {
        const changed = await hub.call('PATCH', path, change);
        if (changed.status !== 200) throw refusal('move the endpoint', changed);
      }
      if (known.port === port) return known;
      const moved: ReceiverLine = { ...known, port };
      await ledger.write(moved);
      return moved;
    }
    if (found.status !== 404) throw refusal('show the endpoint', found);
  }
  const answer = await hub.call('POST', '/api/v1/endpoints', { url, events: ['order.*'], accounts });
  if (answer.status !== 201) throw refusal('subscribe the endpoint', answer);
  const endpoint = textOf(answer.fields['id']);
  const secret = textOf(answer.fields['secret']);
  if (endpoint === undefined || secret === undefined)
    throw new SandboxError('The hub gave no id or secret of the endpoint.');
  const receiver: ReceiverLine = { line: 'receiver', endpoint, secret, port };
  await ledger.write(receiver);
  return receiver;
}
