import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReconciliationJson, ReconciliationLineJson } from '../hub/read-reconciliations.ts';
import { runVerbs, verb } from './command.ts';
import type { Cli } from './command.ts';
import { HUB_OPTIONS, HUB_USAGE, connectHub } from './hub-client.ts';
import type { HubClient } from './hub-client.ts';
import { LIST_OPTIONS, LIST_USAGE, printJson, printList } from './listing.ts';
import { list as pairs, localTime, yuan } from './table.ts';

const LOOK_MS = 1000;

const VERBS = {
  list: verb({
    usage: `[--account A] [--day YYYY-MM-DD] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'List the business days that were held against their platforms.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS, account: { type: 'string' }, day: { type: 'string' } },
    async run(cli, options) {
      const { account, day } = options;
      const hub = await connectHub(cli, options);
      await printList<ReconciliationJson>(cli, hub, '/reconciliations', { account, day }, options, [
        { title: 'ID', value: ({ id }) => id },
        { title: 'ACCOUNT', value: (row) => row.account },
        { title: 'DAY', value: (row) => row.day },
        { title: 'STATE', value: ({ state }) => state },
        { title: 'BOTH', value: ({ counts }) => counts?.both },
        { title: 'ONLY THERE', value: ({ counts }) => counts?.onlyThere },
        { title: 'ONLY HERE', value: ({ counts }) => counts?.onlyHere },
        { title: 'AMOUNTS', value: ({ counts }) => counts?.amountsDiffer },
        { title: 'STATUS', value: ({ counts }) => counts?.statusDiffers },
        { title: 'REASON', value: ({ reason }) => reason },
      ]);
    },
  }),
  run: verb({
    usage: `ACCOUNT DAY [--wait] ${HUB_USAGE}`,
    summary: 'Hold a business day (YYYY-MM-DD in Shanghai) of an account against its platform.',
    options: { ...HUB_OPTIONS, wait: { type: 'boolean', default: false } },
    positionals: ['ACCOUNT', 'DAY'],
    async run(cli, options, account = '', day = '') {
      const hub = await connectHub(cli, options);
      let report = await hub.call<ReconciliationJson>('POST', '/reconciliations', { body: { account, day } });
      while (options.wait && (report.state === 'queued' || report.state === 'running')) {
        await sleep(LOOK_MS);
        report = await read(hub, report.id);
      }
      if (options.json) printJson(cli, report);
      else show(cli, report);
    },
  }),
  show: verb({
    usage: `ID [--kind KIND] ${LIST_USAGE} ${HUB_USAGE}`,
    summary: 'Show a reconciliation, and its orders: those that want a look first.',
    options: { ...HUB_OPTIONS, ...LIST_OPTIONS, kind: { type: 'string' } },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      if (!options.json) show(cli, await read(hub, id));
      const path = `/reconciliations/${encodeURIComponent(id)}/lines`;
      await printList<ReconciliationLineJson>(cli, hub, path, { kind: options.kind }, options, [
        { title: 'KIND', value: ({ kind }) => kind },
        { title: 'NUMBER', value: ({ platformOrderId }) => platformOrderId },
        { title: 'ORDER', value: ({ order }) => order },
        { title: 'DIFFERENT', value: ({ differences }) => differences.join(', ') },
        { title: 'STATUS THERE', value: ({ theirs }) => theirs?.status },
        { title: 'HERE', value: ({ ours }) => ours?.status },
        { title: 'PAID THERE', value: ({ theirs }) => yuan(theirs?.paid) },
        { title: 'HERE', value: ({ ours }) => yuan(ours?.paid) },
      ]);
    },
  }),
  csv: verb({
    usage: `ID [--out FILE] ${HUB_USAGE}`,
    summary: 'Write a reconciliation as CSV, for a spreadsheet.',
    options: { ...HUB_OPTIONS, out: { type: 'string' } },
    positionals: ['ID'],
    async run(cli, options, id = '') {
      const hub = await connectHub(cli, options);
      const csv = await hub.call<string>('GET', `/reconciliations/${encodeURIComponent(id)}/csv`, { asText: true });
      if (options.out === undefined) cli.out(csv);
      else await writeFile(options.out, csv);
    },
  }),
};

/** `huidan reconcile`. */
export async function run(argv: readonly string[], cli: Cli): Promise<void> {
  await runVerbs(cli, 'reconcile', VERBS, argv, 'list');
}

const read = (hub: HubClient, id: string): Promise<ReconciliationJson> =>
  hub.call<ReconciliationJson>('GET', `/reconciliations/${encodeURIComponent(id)}`);

function show(cli: Cli, { id, account, day, state, read: told, counts, reason, finishedAt }: ReconciliationJson): void {
  cli.out(
    pairs([
      ['id', id],
      ['account', account],
      ['day', day],
      ['state', state],
      ['read', told],
      ['in both', counts?.both],
      ['only there', counts?.onlyThere],
      ['only here', counts?.onlyHere],
      ['amounts', counts?.amountsDiffer],
      ['status', counts?.statusDiffers],
      ['reason', reason],
      ['finished', localTime(finishedAt)],
    ]),
  );
}
