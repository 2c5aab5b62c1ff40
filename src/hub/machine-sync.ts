import { HuidanError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import type { MachineReport, Machines, SlotReport } from '../core/machine.ts';
import type { PlatformRefusal, PlatformResult } from '../core/outgoing.ts';
import { StockBook } from '../core/stock-book.ts';
import type { TimeMs } from '../core/time.ts';
import { putMachine, readMachineLabel, readMachines } from '../store/machines.ts';
import type { MachineRow } from '../store/machines.ts';
import { readHeldOfMachine, readSlotsOfMachine } from '../store/stock.ts';
import { transaction } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { holdFeed, publishEvents } from './publish-events.ts';
import type { NewEvent } from './publish-events.ts';
import { lowStockOf, machineEvents, writeBook } from './stock.ts';
import type { MachineNews, Owner } from './stock.ts';
import { askPlatform } from './store-tasks.ts';

/** What one reading of an account's machines found. */
export interface SyncReport {
  readonly machines: number;
  readonly slots: number;
  /** Changes of stock, and of what machines are, that nobody had told. */
  readonly changes: number;
  /** Machines whose slots could not be read, with the reason. */
  readonly failed: readonly { readonly machine: string; readonly code: string; readonly message: string }[];
}

/** A platform that counts its pages wrong must not keep a worker for ever. */
const MAX_PAGES = 200;
/** Machines read at once: each takes two calls or more, and the account's limit of calls is a second's. */
const AT_ONCE = 2;

/**
 * Reads an account's machines with their slots from the platform and puts the mirror right; `only`: the slots of that
 * one. A machine that cannot be read keeps what is known of it.
 */
export async function syncMachines(
  ctx: HubContext,
  account: KnownAccount,
  only?: string,
): Promise<PlatformResult<SyncReport>> {
  const { machines } = account.connector;
  if (machines === undefined) throw new HuidanError('machines_unsupported', account.row.platform);
  const list = await readPages(async (page) => {
    const answer = await machines.list(account.view, ctx.callPlatform, page, ctx.clock());
    return answer.ok ? { ok: true, value: { rows: answer.value.machines, next: answer.value.next } } : answer;
  });
  if (!list.ok) return list;
  let changes = await writeList(ctx, account, list.value);
  let slots = 0;
  const failed: { machine: string; code: string; message: string }[] = [];
  const waiting = list.value.filter(({ machineNo }) => only === undefined || machineNo === only).reverse();
  const lanes = Array.from({ length: AT_ONCE }, async () => {
    for (let own = waiting.pop(); own !== undefined; own = waiting.pop()) {
      const askedAt = ctx.clock();
      const read = await readSlotPages(ctx, account, machines, own.machineNo);
      if (read.ok) {
        slots += read.value.length;
        // Read after the wait: another lane counts too.
        const changed = await writeSlotReports(ctx, account, own.machineNo, read.value, askedAt);
        changes += changed;
      } else {
        const { code, message } = read.refusal;
        failed.push({ machine: own.machineNo, code, message });
      }
    }
  });
  await Promise.all(lanes);
  return { ok: true, value: { machines: list.value.length, slots, changes, failed } };
}

const readSlotPages = (
  ctx: HubContext,
  { view }: KnownAccount,
  machines: Machines,
  machineNo: string,
): Promise<PlatformResult<readonly SlotReport[]>> =>
  readPages(async (page) => {
    const answer = await machines.slots(view, ctx.callPlatform, machineNo, page, ctx.clock());
    return answer.ok ? { ok: true, value: { rows: answer.value.slots, next: answer.value.next } } : answer;
  });

interface Rows<Row> {
  readonly rows: readonly Row[];
  readonly next: Json;
}

async function readPages<Row>(
  ask: (page: Json) => Promise<PlatformResult<Rows<Row>>>,
): Promise<PlatformResult<readonly Row[]>> {
  const rows: Row[] = [];
  let page: Json = null;
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const asked: Json = page;
    const answer: PlatformResult<Rows<Row>> = await askPlatform(() => ask(asked));
    if (!answer.ok) return answer;
    rows.push(...answer.value.rows);
    page = answer.value.next;
    if (page === null) return { ok: true, value: rows };
  }
  const refusal: PlatformRefusal = { class: 'final', code: 'endless_list', message: 'The platform’s list has no end.' };
  return { ok: false, refusal };
}

/** Runs `work` in a transaction that holds the account's clock, and publishes what it tells. Returns how much that is. */
async function atMachines(
  ctx: HubContext,
  account: KnownAccount,
  work: (tx: Tx, now: Date) => Promise<readonly NewEvent[]>,
): Promise<number> {
  const accountId = account.row.id;
  const told = await transaction(ctx.pool, async (tx) => {
    const held = await holdFeed(ctx, tx, accountId);
    const events = await work(tx, held.createdAt);
    publishEvents(ctx, tx, accountId, held, events);
    return events.length;
  });
  if (told > 0) ctx.wake.deliveries(accountId);
  return told;
}

async function ownerOf(tx: Tx, { row }: KnownAccount, machineNo: string): Promise<Owner> {
  const { merchant, shop } = await readMachineLabel(tx, row.id, machineNo);
  return { merchant: merchant ?? row.merchant, shop };
}

/** Machines are few and change seldom: each that did is written by itself. */
const writeList = (ctx: HubContext, account: KnownAccount, list: readonly MachineReport[]): Promise<number> =>
  atMachines(ctx, account, async (tx, now) => {
    const known = new Map((await readMachines(tx, account.row.id)).map((row) => [row.machineNo, row]));
    const news: MachineNews[] = [];
    for (const report of new Map(list.map((one) => [one.machineNo, one])).values()) {
      const before = known.get(report.machineNo);
      known.delete(report.machineNo);
      const after = machineRow(account.row.id, report, before, now);
      const types = typesOf(before, after);
      if (types.length === 0) continue;
      await putMachine(tx, { ...after, updatedAt: now });
      const owner = await ownerOf(tx, account, report.machineNo);
      news.push(...types.map((type) => machineNews(type, after, owner)));
    }
    for (const row of known.values()) {
      if (row.goneAt !== null) continue;
      const gone = { ...row, goneAt: now, online: false, updatedAt: now };
      await putMachine(tx, gone);
      news.push(machineNews('machine.removed', gone, await ownerOf(tx, account, row.machineNo)));
    }
    return machineEvents(tx, account, news, now);
  });

function machineRow(account: string, report: MachineReport, before: MachineRow | undefined, now: Date): MachineRow {
  const wasOnline = before?.goneAt === null && before.online === report.online;
  return {
    ...{ account, slotsAt: null, createdAt: now, updatedAt: now, ...before },
    ...report,
    goneAt: null,
    onlineSince: wasOnline ? before.onlineSince : now,
  };
}

/** What a change of a machine is called; nothing where nothing changed. */
function typesOf(before: MachineRow | undefined, after: MachineRow): readonly string[] {
  if (before === undefined) return ['machine.added'];
  const types: string[] = [];
  if (before.goneAt !== null) types.push('machine.added');
  if (before.online !== after.online) types.push(after.online ? 'machine.online' : 'machine.offline');
  const words = ['name', 'address', 'kind', 'operating'] as const;
  if (words.some((word) => before[word] !== after[word])) types.push('machine.changed');
  return types;
}

const machineNews = (type: string, row: MachineRow, owner: Owner): MachineNews => ({
  type,
  machineNo: row.machineNo,
  owner,
  body: {
    name: row.name,
    address: row.address,
    kind: row.kind,
    online: row.online,
    operating: row.operating,
    onlineSince: row.onlineSince.toISOString(),
  },
});

const writeSlotReports = (
  ctx: HubContext,
  account: KnownAccount,
  machineNo: string,
  reports: readonly SlotReport[],
  askedAt: TimeMs,
): Promise<number> =>
  atMachines(ctx, account, async (tx, now) => {
    const accountId = account.row.id;
    const [slots, held, rows, owner] = await Promise.all([
      readSlotsOfMachine(tx, accountId, machineNo),
      readHeldOfMachine(tx, accountId, machineNo),
      readMachines(tx, accountId),
      ownerOf(tx, account, machineNo),
    ]);
    const book = new StockBook(slots, [], lowStockOf(account));
    book.takeSlots(machineNo, reports, { askedAt, heldOf: (productId) => held.get(productId) ?? 0 });
    const row = rows.find((one) => one.machineNo === machineNo);
    if (row !== undefined) await putMachine(tx, { ...row, slotsAt: new Date(askedAt) });
    return writeBook(tx, account, book, now, () => owner);
  });
