import { fenToYuan } from '../core/money.ts';
import type { Explanation } from '../hub/explain-commission.ts';
import type { PlanJson } from '../hub/plans.ts';
import type { PayoutJson } from '../hub/payouts.ts';
import type { EntryJson } from '../hub/read-commission.ts';
import { CommandError, UsageError, runVerbs, verb, wholeNumber } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { localTime } from './table.ts';

interface Checked {
  readonly orders: number;
  readonly entries: number;
  readonly differences: readonly { readonly account: string; readonly order: string | null; readonly what: string }[];
  readonly nextCursor: string | null;
}

const VERBS = {
  explain: verb({
    usage: `ORDER ${HUB_USAGE}`,
    summary: 'The whole reasoning about an order, by its id or any number of it.',
    options: HUB_OPTIONS,
    positionals: ['ORDER'],
    async run(cli, options, order = '') {
      const hub = await connectHub(cli, options);
      const said = await hub.call<Explanation>('GET', `/commission/orders/${encodeURIComponent(order)}/explain`);
      if (options.json) printJson(cli, said);
      else cli.out(explanationText(said));
    },
  }),
  plans: verb({
    usage: `${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List plans, each version.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS },
    async run(cli, options) {
      await printList<PlanJson>(cli, await connectHub(cli, options), '/commission/plans', {}, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'VERSION', value: ({ version }) => version },
        { title: 'ACCOUNT', value: ({ account }) => account },
        { title: 'LINE', value: ({ businessLine }) => businessLine },
        { title: 'ACTIVITY', value: ({ actId }) => actId },
        { title: 'FROM', value: ({ from }) => (from === null ? 'the beginning' : localTime(from)) },
        { title: 'UNTIL', value: ({ until }) => localTime(until) },
        { title: 'SHARES', value: ({ shares }) => `${shares.self}/${shares.inviter1}/${shares.inviter2}` },
        { title: 'NAME', value: ({ name }) => name },
      ]);
    },
  }),
  plan: verb({
    usage: `NAME --self BP [--inviter1 BP] [--inviter2 BP] [--account ID] [--line N] [--act ID] [--from TIME] ${HUB_USAGE}`,
    summary: 'Write a plan, or its next version; shares in basis points.',
    options: {
      ...HUB_OPTIONS,
      self: { type: 'string', default: '0' },
      inviter1: { type: 'string', default: '0' },
      inviter2: { type: 'string', default: '0' },
      account: { type: 'string' },
      line: { type: 'string' },
      act: { type: 'string' },
      from: { type: 'string' },
    },
    positionals: ['NAME'],
    async run(cli, options, name = '') {
      const { account, line, act, from } = options;
      const points = (role: 'self' | 'inviter1' | 'inviter2'): number => wholeNumber(role, options[role], 0, 10_000);
      const shares = { self: points('self'), inviter1: points('inviter1'), inviter2: points('inviter2') };
      const body = { name, account, businessLine: line, actId: act, from, shares };
      printJson(cli, await (await connectHub(cli, options)).call('POST', '/commission/plans', { body }));
    },
  }),
  entries: verb({
    usage: `[--order ID] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'Lines of the ledger, in fen.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS, order: { type: 'string' } },
    async run(cli, options) {
      const { order } = options;
      await printList<EntryJson>(cli, await connectHub(cli, options), '/commission/entries', { order }, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'AMOUNT', value: ({ amount }) => amount },
        { title: 'LEDGER', value: ({ ledger }) => ledger },
        { title: 'CAUSE', value: ({ cause }) => cause },
        { title: 'AT', value: ({ at }) => localTime(at) },
      ]);
    },
  }),
  payouts: verb({
    usage: `${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List payouts.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS },
    async run(cli, options) {
      await printList<PayoutJson>(cli, await connectHub(cli, options), '/commission/payouts', {}, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'KIND', value: ({ kind }) => kind },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'MEMBERS', value: ({ members }) => members },
        { title: 'AMOUNT', value: ({ amount }) => fenToYuan(amount) },
        { title: 'PAID', value: ({ paid }) => fenToYuan(paid) },
        { title: 'MADE', value: ({ createdAt }) => localTime(createdAt) },
      ]);
    },
  }),
  payout: verb({
    usage: `[--minimum FEN] ${HUB_USAGE}`,
    summary: 'Make a payout of all that is available.',
    options: { ...HUB_OPTIONS, minimum: { type: 'string', default: '1' } },
    async run(cli, options) {
      const body = { minimum: wholeNumber('minimum', options.minimum, 1, 1_000_000_000) };
      printJson(cli, await (await connectHub(cli, options)).call('POST', '/commission/payouts', { body }));
    },
  }),
  settle: verb({
    usage: `PAYOUT --state paid|failed [--members A,…] [--reason TEXT] ${HUB_USAGE}`,
    summary: 'Mark held items of a payout as paid or failed.',
    options: {
      ...HUB_OPTIONS,
      state: { type: 'string' },
      members: { type: 'string' },
      reason: { type: 'string' },
    },
    positionals: ['PAYOUT'],
    async run(cli, options, id = '') {
      const { state, members, reason } = options;
      if (state === undefined) throw new UsageError('--state is missing');
      const body = { state, members: members?.split(','), reason };
      const hub = await connectHub(cli, options);
      printJson(cli, await hub.call('POST', `/commission/payouts/${encodeURIComponent(id)}/result`, { body }));
    },
  }),
  recompute: verb({
    usage: `--check ${HUB_USAGE}`,
    summary: 'Work the ledger out from the facts again and compare it byte for byte; writes nothing.',
    options: { ...HUB_OPTIONS, check: { type: 'boolean', default: false } },
    async run(cli, options) {
      if (!options.check) throw new UsageError('recompute only checks: --check');
      const hub = await connectHub(cli, options);
      let [orders, entries, differences] = [0, 0, 0];
      let cursor: string | undefined;
      do {
        const part = await hub.call<Checked>('GET', '/commission/recompute', { query: { limit: '500', cursor } });
        orders += part.orders;
        entries += part.entries;
        differences += part.differences.length;
        for (const { account, order, what } of part.differences) cli.out(`${account} ${order ?? ''} ${what}\n`);
        cursor = part.nextCursor ?? undefined;
      } while (cursor !== undefined);
      if (differences > 0) throw new CommandError('ledger_differs', `${differences} differences in ${orders} orders`);
      cli.note(`${orders} orders, ${entries} entries: the ledger is what the facts give.\n`);
    },
  }),
};

/** `huidan commission`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'commission', VERBS, argv);
}

const signed = (fen: number): string => `${fen > 0 ? '+' : ''}${fenToYuan(fen)}`;

function explanationText(said: Explanation): string {
  const lines = [
    `${said.order} ${said.platformOrderId ?? ''} of ${said.account}: ${said.status}`,
    `sid ${said.sid ?? 'none'}, member ${said.member ?? 'none'}`,
    ...(said.waitsFor === null ? [] : [`waits: ${said.waitsFor}`]),
  ];
  for (const { booking, cause, at, orderVersion, phase, parts, plan, shares, entries } of said.bookings) {
    lines.push('', `${booking}. ${localTime(at)} ${cause} (version ${orderVersion} of the order): ${phase}`);
    lines.push(`   plan ${plan === null ? 'none' : `"${plan.name}" version ${plan.version} (${plan.id})`}`);
    for (const { line, gross, net } of parts)
      lines.push(`   earns ${fenToYuan(net)} of ${fenToYuan(gross)}${line === '' ? '' : ` by ${line}`}`);
    for (const { role, member, basisPoints, net, amount } of shares)
      lines.push(`   ${role} ${member}: ${fenToYuan(net)} × ${basisPoints}/10000 = ${fenToYuan(amount)}, rounded down`);
    for (const { ledger, amount, takenBack } of entries)
      lines.push(`   ${signed(amount).padStart(12)} ${ledger}${takenBack > 0 ? ', taken back' : ''}`);
  }
  return `${lines.join('\n')}\n`;
}
