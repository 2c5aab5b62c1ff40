import type { MachineJson, MachineWithSlots, SlotJson, StockChangeJson } from '../hub/read-machines.ts';
import type { SyncReport } from '../hub/machine-sync.ts';
import { runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { list as pairs, localTime, table } from './table.ts';

const VERBS = {
  list: verb({
    usage: `[--account A] [--platform P] [--online true|false] [--low true|false] [--faulty true|false] [--q TEXT] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List machines with what is in them.',
    options: {
      ...HUB_OPTIONS,
      ...LIST_OPTIONS,
      account: { type: 'string' },
      platform: { type: 'string' },
      online: { type: 'string' },
      low: { type: 'string' },
      faulty: { type: 'string' },
      q: { type: 'string' },
    },
    async run(cli, options) {
      const { account, platform, online, low, faulty, q } = options;
      const query = { account, platform, online, low, faulty, q };
      await printList<MachineJson>(cli, await connectHub(cli, options), '/machines', query, options, [
        { title: 'ACCOUNT', value: (row) => row.account },
        { title: 'MACHINE', value: ({ machine }) => machine },
        { title: 'STATE', value: stateOf },
        { title: 'SLOTS', value: ({ slotCount }) => slotCount },
        { title: 'ON HAND', value: ({ onHand }) => onHand },
        { title: 'HELD', value: ({ held }) => held },
        { title: 'LOW', value: ({ lowSlots }) => lowSlots },
        { title: 'FAULTY', value: ({ faultySlots }) => faultySlots },
        { title: 'SYNCED', value: ({ syncedAt }) => (syncedAt === null ? null : localTime(syncedAt)) },
        { title: 'NAME', value: ({ name }) => name },
      ]);
    },
  }),
  show: verb({
    usage: `ACCOUNT MACHINE ${HUB_USAGE}`,
    summary: 'Show a machine with its slots.',
    options: HUB_OPTIONS,
    positionals: ['ACCOUNT', 'MACHINE'],
    async run(cli, options, account = '', machine = '') {
      printMachine(cli, await (await connectHub(cli, options)).call('GET', pathOf(account, machine)), options.json);
    },
  }),
  changes: verb({
    usage: `ACCOUNT MACHINE [--product ID] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List what changed in a machine and why, the youngest first.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS, product: { type: 'string' } },
    positionals: ['ACCOUNT', 'MACHINE'],
    async run(cli, options, account = '', machine = '') {
      const query = { productId: options.product };
      const path = `${pathOf(account, machine)}/changes`;
      await printList<StockChangeJson>(cli, await connectHub(cli, options), path, query, options, [
        { title: 'AT', value: ({ at }) => localTime(at) },
        { title: 'SLOT', value: ({ slot }) => slot },
        { title: 'PRODUCT', value: ({ productId }) => productId },
        { title: 'CAUSE', value: ({ cause }) => cause },
        { title: 'ON HAND', value: ({ onHand, onHandBy }) => `${onHand} (${signed(onHandBy)})` },
        { title: 'HELD', value: ({ held, heldBy }) => `${held} (${signed(heldBy)})` },
        { title: 'ORDER', value: ({ order }) => order },
      ]);
    },
  }),
  sync: verb({
    usage: `ACCOUNT [MACHINE] ${HUB_USAGE}`,
    summary: 'Read machines from their platform now.',
    options: HUB_OPTIONS,
    positionals: ['ACCOUNT'],
    optional: ['MACHINE'],
    async run(cli, options, account = '', machine?: string) {
      const hub = await connectHub(cli, options);
      if (machine !== undefined) {
        return printMachine(cli, await hub.call('POST', `${pathOf(account, machine)}/sync`), options.json);
      }
      const report = await hub.call<SyncReport>('POST', '/machines/sync', { body: { account } });
      if (options.json) return printJson(cli, report);
      cli.out(`${report.machines} machines, ${report.slots} slots, ${report.changes} changes.\n`);
      for (const { machine: failed, code, message } of report.failed) cli.out(`${failed}: ${code} ${message}\n`);
    },
  }),
};

/** `huidan machines`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'machines', VERBS, argv, 'list');
}

const pathOf = (account: string, machine: string): string =>
  `/machines/${encodeURIComponent(account)}/${encodeURIComponent(machine)}`;

const signed = (count: number): string => (count > 0 ? `+${count}` : String(count));

const stateOf = ({ goneAt, online, operating }: MachineJson): string =>
  goneAt !== null ? 'gone' : !online ? 'offline' : operating ? 'online' : 'out of service';

function printMachine(cli: Cli, machine: MachineWithSlots, asJson: boolean | undefined): void {
  if (asJson === true) return printJson(cli, machine);
  const { slots, ...head } = machine;
  const shown = Object.entries(head).map(
    ([name, value]) => [name, typeof value === 'boolean' ? String(value) : value] as const,
  );
  cli.out(pairs(shown));
  if (slots.length === 0) return;
  cli.out('\n');
  cli.out(
    table(
      [
        { title: 'SLOT', value: ({ slot }: SlotJson) => slot },
        { title: 'PRODUCT', value: ({ productId }) => productId },
        { title: 'NAME', value: ({ name }) => name },
        { title: 'PRICE', value: ({ price }) => price },
        { title: 'CAPACITY', value: ({ capacity }) => capacity },
        { title: 'ON HAND', value: ({ onHand }) => onHand },
        { title: 'HELD', value: ({ held }) => held },
        { title: 'AVAILABLE', value: ({ available }) => available },
        { title: 'FAULT', value: ({ fault }) => fault },
      ],
      slots,
    ),
  );
}
