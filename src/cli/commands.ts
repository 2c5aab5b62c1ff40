import type { Cli } from './command.ts';

/** A command of `huidan`, loaded when it is used. */
export interface Command {
  readonly summary: string;
  load(): Promise<{ run(argv: readonly string[], cli: Cli): Promise<void> }>;
}

/** Every command: one file each. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  serve: { summary: 'the hub: callbacks, API, deliveries', load: () => import('./serve.ts') },
  demo: {
    summary: 'a hub with its database and all platforms played against it: what npm start shows',
    load: () => import('./demo.ts'),
  },
  sandbox: {
    summary: 'play the platforms against a hub; `sandbox verify` compares both sides',
    load: () => import('./sandbox.ts'),
  },
  account: { summary: 'accounts of platforms: add, list, change, remove', load: () => import('./account.ts') },
  stores: {
    summary: 'stores of accounts: bind, release, import, list, open and close',
    load: () => import('./stores.ts'),
  },
  machines: { summary: 'machines that sell goods, their slots and stock', load: () => import('./machines.ts') },
  shops: { summary: 'shops: join stores of several platforms', load: () => import('./shops.ts') },
  merchants: { summary: 'merchants: whose shops they are', load: () => import('./merchants.ts') },
  orders: { summary: 'list orders, show one, its timeline', load: () => import('./orders.ts') },
  actions: {
    summary: 'what is done to orders at their platforms: do something, list, show one',
    load: () => import('./actions.ts'),
  },
  attention: {
    summary: 'what no rule can finish: list, show what to do, dismiss',
    load: () => import('./attention.ts'),
  },
  repair: {
    summary: 'what the platforms are asked for because no callback told it; ask now',
    load: () => import('./repair.ts'),
  },
  reconcile: {
    summary: 'hold a business day against its platform: only there, only here, amounts that differ',
    load: () => import('./reconcile.ts'),
  },
  callbacks: { summary: 'what the platforms sent; apply one again', load: () => import('./callbacks.ts') },
  doctor: { summary: 'find out why a signature does not verify', load: () => import('./doctor.ts') },
  endpoints: { summary: 'where events are delivered to', load: () => import('./endpoints.ts') },
  deliveries: { summary: 'attempts to deliver, dead letters', load: () => import('./deliveries.ts') },
  replay: { summary: 'send past events again', load: () => import('./replay.ts') },
  events: { summary: 'read or follow the stream of events', load: () => import('./events.ts') },
  members: { summary: 'CPS members, their links, balances and statements', load: () => import('./members.ts') },
  commission: {
    summary: 'plans, payouts, the ledger; explain an order; recompute --check',
    load: () => import('./commission.ts'),
  },
  users: { summary: 'users of the console: add, list, remove, a link to sign in', load: () => import('./users.ts') },
  keys: { summary: 'API keys: make, list, revoke', load: () => import('./keys.ts') },
  migrate: { summary: 'bring the database to the newest migration', load: () => import('./migrate.ts') },
  data: { summary: 'databases that root’s hubs left behind: list, remove', load: () => import('./data.ts') },
  config: { summary: 'show the effective configuration and where it comes from', load: () => import('./config.ts') },
};
