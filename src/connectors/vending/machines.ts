import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject } from '../../core/json.ts';
import type { Json, Lossless, LosslessObject } from '../../core/json.ts';
import { JsonReader } from '../../core/json-reader.ts';
import type { MachineReport, Machines, SlotReport } from '../../core/machine.ts';
import type { OrderPart } from '../../core/order-json.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import type { TimeMs } from '../../core/time.ts';
import { ask, failed } from './client.ts';
import type { Data, Wanted } from './client.ts';

/** The documents' default is 10; a machine has some 60 slots, so one call does for most. */
const PER_PAGE = 100;
/** More pages of one cabinet than this are a platform that counts wrong. */
const MAX_PAGES = 50;

/** `machine_type` (sheet, 4.6). */
const KINDS: Readonly<Record<string, string>> = {
  '1': 'vending',
  '2': 'amusement',
  '3': 'claw',
  '4': 'lending',
  '5': 'return',
  '6': 'locker',
};

/** A list comes bare or as `{data, current_page, last_page}`, and an empty one as either. */
function readList(data: Data): {
  readonly rows: readonly JsonReader[];
  readonly lastPage: number;
  readonly faults: string[];
} {
  const faults: string[] = [];
  const outer: LosslessObject = isLosslessObject(data) ? data : new Map<string, Lossless>([['data', data]]);
  const reader = new JsonReader(outer, '', faults);
  const rows = reader.list('data');
  return { rows, lastPage: Number(reader.number('last_page') ?? '1'), faults };
}

/** Zeros and falses are left out: an absent `is_online` is offline, an absent `status` out of service. */
function readMachine(row: JsonReader): MachineReport {
  const status = row.text('status', 64);
  return {
    machineNo: row.number('machine_no') ?? row.wrong('machine_no', 'is missing') ?? '',
    name: row.text('machine_name', 200) ?? null,
    online: isTrue(row.text('is_online', 64)),
    operating: isTrue(status) || status === 'OPERATIONAL',
    address: row.text('address', 400) ?? null,
    kind: KINDS[row.text('machine_type', 64) ?? ''] ?? null,
  };
}

const isTrue = (text: string | undefined): boolean => text === 'true' || text === '1';

async function list(
  account: AccountView,
  call: CallPlatform,
  _page: Json,
  at: TimeMs,
): Promise<PlatformResult<{ readonly machines: readonly MachineReport[]; readonly next: Json }>> {
  const answer = await ask(account, call, { call: 'machines', method: 'POST', path: '/rent/machines' }, at);
  if (!answer.ok) return answer;
  const { rows, faults } = readList(answer.value);
  const machines = rows.map(readMachine);
  const [fault] = faults;
  // No parameter for a page is documented: this is all there is.
  return fault === undefined
    ? { ok: true, value: { machines, next: null } }
    : failed('final', 'unreadable_answer', fault);
}

/** Where the reading of a machine's slots stands: products come cabinet by cabinet. */
interface Place {
  readonly cabinets: readonly string[];
  readonly cabinet: number;
  readonly page: number;
}

function placeOf(page: Json): Place | undefined {
  return page !== null && typeof page === 'object' && !Array.isArray(page) ? (page as unknown as Place) : undefined;
}

async function slots(
  account: AccountView,
  call: CallPlatform,
  machineNo: string,
  page: Json,
  at: TimeMs,
): Promise<PlatformResult<{ readonly slots: readonly SlotReport[]; readonly next: Json }>> {
  let place = placeOf(page);
  if (place === undefined) {
    const cabinets = await readCabinets(account, call, machineNo, at);
    if (!cabinets.ok) return cabinets;
    place = { cabinets: cabinets.value, cabinet: 0, page: 1 };
  }
  const cabinet = place.cabinets[place.cabinet] ?? 'A';
  const wanted: Wanted = {
    call: 'products',
    method: 'POST',
    path: '/products',
    payload: { machine_no: machineNo, page: String(place.page), per_page: String(PER_PAGE), cabinet_name: cabinet },
  };
  const answer = await ask(account, call, wanted, at);
  if (!answer.ok) return answer;
  const { rows, lastPage, faults } = readList(answer.value);
  const read = rows.map((row) => readSlot(row, cabinet));
  const [fault] = faults;
  if (fault !== undefined) return failed('final', 'unreadable_answer', fault);
  return { ok: true, value: { slots: read, next: nextPlace(place, Math.min(lastPage, MAX_PAGES)) as unknown as Json } };
}

function nextPlace(place: Place, lastPage: number): Place | null {
  if (place.page < lastPage) return { ...place, page: place.page + 1 };
  return place.cabinet + 1 < place.cabinets.length ? { ...place, cabinet: place.cabinet + 1, page: 1 } : null;
}

/** The cabinets of a machine: A is the main one, and the only one where the platform names none. */
async function readCabinets(
  account: AccountView,
  call: CallPlatform,
  machineNo: string,
  at: TimeMs,
): Promise<PlatformResult<readonly string[]>> {
  const wanted: Wanted = { call: 'machine', method: 'POST', path: `/rent/machines/${machineNo}` };
  const answer = await ask(account, call, wanted, at);
  if (!answer.ok) return answer;
  const model = isLosslessObject(answer.value) ? new JsonReader(answer.value, 'data.').object('model') : undefined;
  const names = (model?.texts('cabinet_names') ?? []).filter((name) => /^[A-Z]$/u.test(name));
  return { ok: true, value: names.length === 0 ? ['A'] : [...new Set(names)] };
}

function readSlot(row: JsonReader, cabinet: string): SlotReport {
  const good = row.object('good');
  const channel = row.object('channel');
  const productId = row.number('id') ?? row.wrong('id', 'is missing') ?? '';
  return {
    productId,
    slot: channel?.text('name', 64) ?? channel?.text('code', 64) ?? productId,
    cabinet: channel?.text('cabinet_name', 64) ?? cabinet,
    row: wholeOf(channel, 'x'),
    column: wholeOf(channel, 'y'),
    name: good?.text('name', 200) ?? productId,
    sku: good?.text('good_no', 64) ?? good?.text('slug', 64) ?? null,
    image: good?.text('thumb') ?? null,
    price: good?.yuan('price') ?? null,
    available: countOf(row, 'current_inventory') ?? 0,
    capacity: countOf(row, 'inventory') ?? null,
  };
}

function countOf(row: JsonReader, name: string): number | undefined {
  const thousandths = row.thousandths(name);
  if (thousandths === undefined) return undefined;
  return thousandths % 1000 === 0 ? thousandths / 1000 : row.wrong(name, 'is not a whole number');
}

const wholeOf = (reader: JsonReader | undefined, name: string): number | null => {
  const text = reader?.text(name, 20);
  return text !== undefined && /^\d{1,6}$/u.test(text) ? Number(text) : null;
};

/** `floor_status` of a report (sheet, 4.5): what is wrong with the slot that the item should have come from. */
const SLOT_FAULTS: Readonly<Record<string, string>> = {
  '0': 'no_such_slot',
  '2': 'jammed',
  '3': 'motor',
  '47': 'serial_timeout',
};

/** What a record that failed says of its slot; undefined: nothing, such as an order that was given up. */
function slotFault({ fulfilment, platformFields }: OrderPart): string | undefined {
  const floor = platformFields['floor_status'];
  return fulfilment === 'failed' && typeof floor === 'string' ? SLOT_FAULTS[floor] : undefined;
}

/** Machines, their slots and what is in them. */
export const machines: Machines = { list, slots, slotFault };
