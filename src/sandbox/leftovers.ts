import type { HubClient } from './hub-client.ts';
import type { Fields } from './untrusted-json.ts';
import { fieldsOf, listOf, textOf } from './untrusted-json.ts';
import type { Difference } from './verify.ts';

/** What no rule of the hub can finish, and whether it says so. */
export interface Leftovers {
  /** Orders that want a person's attention. */
  readonly orders: ReadonlySet<string>;
  /** What the hub left lying and did not tell of. */
  readonly differences: readonly Difference[];
}

/** The hub looks for causes every few seconds. */
const LOOK_MS = 5000;
const LOOKS = 4;

/** Reads the attention queue of the accounts, and the actions that the hub does not go on with by itself. */
export async function readLeftovers(
  hub: HubClient,
  accounts: readonly string[],
  sleep: (ms: number) => Promise<unknown>,
): Promise<Leftovers> {
  for (let look = 1; ; look += 1) {
    const found = await lookForLeftovers(hub, accounts);
    if (found.differences.length === 0 || look === LOOKS) return found;
    await sleep(LOOK_MS);
  }
}

/** The same, looked at once. */
export async function lookForLeftovers(hub: HubClient, accounts: readonly string[]): Promise<Leftovers> {
  const orders = new Set<string>();
  const actions = new Set<string>();
  const differences: Difference[] = [];
  for (const account of accounts) {
    for (const item of await readAll(hub, `/api/v1/attention?${query({ account })}`)) {
      orders.add(textOf(item['order']) ?? '');
      actions.add(textOf(item['action']) ?? '');
    }
    for (const action of await readAll(hub, `/api/v1/actions?${query({ account, state: 'unknown' })}`)) {
      const [id = '', order = ''] = [textOf(action['id']), textOf(action['order'])];
      if (textOf(action['nextAt']) !== undefined || actions.has(id) || orders.has(order)) continue;
      const detail = `nobody knows what became of ${textOf(action['action']) ?? '?'}, and no one is told`;
      differences.push({ kind: 'attention', subject: `${account} ${order} ${id}`, detail });
    }
  }
  return { orders, differences };
}

const query = (names: Readonly<Record<string, string>>): string =>
  new URLSearchParams({ ...names, limit: '500' }).toString();

/** All pages of a list; nothing where the hub has no such list. */
export async function readAll(hub: HubClient, path: string): Promise<readonly Fields[]> {
  const found: Fields[] = [];
  let cursor: string | undefined;
  do {
    const more: string = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const answer = await hub.call('GET', `${path}${more}`);
    if (answer.status !== 200) break;
    found.push(
      ...listOf(answer.fields['data'])
        .map(fieldsOf)
        .filter((fields) => fields !== undefined),
    );
    const next = textOf(answer.fields['nextCursor']);
    cursor = next === cursor ? undefined : next;
  } while (cursor !== undefined);
  return found;
}
