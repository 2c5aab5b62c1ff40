import { HuidanError } from '../core/errors.ts';
import type { UserJson } from '../hub/users.ts';
import { UsageError, runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import type { HubClient } from './hub-client.ts';
import { limitsText } from './limits-text.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { localTime } from './table.ts';

interface Link {
  readonly url: string;
  readonly expiresAt: string;
}

const VERBS = {
  list: verb({
    usage: `${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List the users of the console.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS },
    async run(cli, options) {
      await printList<UserJson>(cli, await connectHub(cli, options), '/users', {}, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'USERNAME', value: ({ username }) => username },
        { title: 'ROLE', value: ({ role, reveal }) => `${role}${reveal ? ' +reveal' : ''}` },
        { title: 'LIMITS', value: limitsText },
        { title: 'SIGNED IN', value: ({ signedInAt }) => localTime(signedInAt) },
        { title: 'NAME', value: ({ name }) => name },
      ]);
    },
  }),
  add: verb({
    usage: `USERNAME --role admin|operator|viewer [--name TEXT] [--reveal] [--accounts A,…] [--merchants M,…] [--shops S,…] ${HUB_USAGE}`,
    summary: 'Add a user; prints a link by which the user sets a password and comes in. It works once.',
    options: {
      ...HUB_OPTIONS,
      role: { type: 'string' },
      name: { type: 'string' },
      reveal: { type: 'boolean' },
      accounts: { type: 'string' },
      merchants: { type: 'string' },
      shops: { type: 'string' },
    },
    positionals: ['USERNAME'],
    async run(cli, options, username = '') {
      const { role, name, reveal, accounts, merchants, shops } = options;
      if (role === undefined) throw new UsageError('--role is missing');
      const hub = await connectHub(cli, options);
      const limits = { accounts: accounts?.split(','), merchants: merchants?.split(','), shops: shops?.split(',') };
      const user = await hub.call<UserJson>('POST', '/users', { body: { username, role, name, reveal, ...limits } });
      const link = await hub.call<Link>('POST', `/users/${user.id}/link`);
      if (options.json) return printJson(cli, { ...user, link });
      printLink(cli, link);
    },
  }),
  link: verb({
    usage: `[USERNAME] ${HUB_USAGE}`,
    summary: 'Print a new link by which a user sets a password; without a name: for the first admin of a new hub.',
    options: HUB_OPTIONS,
    optional: ['USERNAME'],
    async run(cli, options, username) {
      const hub = await connectHub(cli, options);
      const path = username === undefined ? '/setup/link' : `/users/${await idOf(hub, username)}/link`;
      const link = await hub.call<Link>('POST', path);
      if (options.json) return printJson(cli, link);
      printLink(cli, link);
    },
  }),
  remove: verb({
    usage: `USERNAME ${HUB_USAGE}`,
    summary: 'Remove a user and end its sessions at once.',
    options: HUB_OPTIONS,
    positionals: ['USERNAME'],
    async run(cli, options, username = '') {
      const hub = await connectHub(cli, options);
      await hub.call('DELETE', `/users/${await idOf(hub, username)}`);
      cli.note(`The user ${username} is removed.\n`);
    },
  }),
};

/** `huidan users`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'users', VERBS, argv, 'list');
}

function printLink(cli: Cli, { url, expiresAt }: Link): void {
  cli.out(`${url}\n`);
  cli.note(`The link works once, until ${localTime(expiresAt)}. Whoever has it is let in.\n`);
}

/** A user by name or id. Error: `user_not_found`. */
async function idOf(hub: HubClient, given: string): Promise<string> {
  let cursor: string | undefined;
  do {
    const query = { limit: '500', cursor };
    const page = await hub.call<{ data: UserJson[]; nextCursor: string | null }>('GET', '/users', { query });
    const found = page.data.find(
      ({ id, username }) => id === given || username.toLowerCase() === given.normalize('NFKC').toLowerCase(),
    );
    if (found !== undefined) return found.id;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  throw new HuidanError('user_not_found', `Not '${given}'.`);
}
