import type { KnownProduct } from '../core/creation.ts';
import { HuidanError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { availableOf } from '../core/stock-book.ts';
import type { StockCause, StockSlot } from '../core/stock-book.ts';
import { toRfc3339 } from '../core/time.ts';
import { listMachines } from '../store/machines.ts';
import type { ListedMachineRow, MachineFilter } from '../store/machines.ts';
import { listProducts } from '../store/products.ts';
import type { ProductRow } from '../store/products.ts';
import { readSlotsOfMachine, readStockChanges } from '../store/stock.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { syncMachines } from './machine-sync.ts';
import type { SyncReport } from './machine-sync.ts';

/** A machine as the API shows it, with the sums of its slots. Times are RFC 3339. */
export interface MachineJson {
  readonly account: string;
  readonly platform: string;
  readonly machine: string;
  readonly name: string | null;
  readonly address: string | null;
  readonly kind: string | null;
  readonly online: boolean;
  readonly onlineSince: string;
  readonly operating: boolean;
  /** Since when the platform lists it no more. */
  readonly goneAt: string | null;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly slotCount: number;
  readonly onHand: number;
  readonly held: number;
  readonly available: number;
  readonly lowSlots: number;
  readonly faultySlots: number;
  /** When its slots were last read. */
  readonly syncedAt: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface SlotJson {
  readonly slot: string;
  readonly productId: string;
  readonly name: string;
  readonly sku: string | null;
  readonly image: string | null;
  readonly price: number | null;
  readonly cabinet: string | null;
  readonly row: number | null;
  readonly column: number | null;
  readonly capacity: number | null;
  readonly onHand: number;
  readonly held: number;
  readonly available: number;
  readonly low: boolean;
  readonly fault: string | null;
  readonly faultAt: string | null;
  readonly syncedAt: string | null;
  readonly movedAt: string | null;
}

/** A change of a slot, with its cause. */
export interface StockChangeJson {
  /** Of the event that told it. */
  readonly sequence: number;
  readonly at: string;
  readonly slot: string;
  readonly productId: string;
  readonly cause: StockCause;
  readonly order: string | null;
  readonly onHandBy: number;
  readonly heldBy: number;
  readonly onHand: number;
  readonly held: number;
  readonly available: number;
}

export interface MachineWithSlots extends MachineJson {
  readonly slots: readonly SlotJson[];
}

/** Machines that the key may see, by account and number, those after a place. */
export async function readMachineList(
  ctx: Pick<HubContext, 'pool'>,
  { accounts, merchants, shops }: Principal,
  filter: Omit<MachineFilter, 'accounts' | 'merchants' | 'shops'>,
  page: Parameters<typeof listMachines>[2],
): Promise<readonly MachineJson[]> {
  return (await listMachines(ctx.pool, { ...filter, accounts, merchants, shops }, page)).map((row) => machineJson(row));
}

/** What the machines that the key may see sell, by account and number, those after a place. */
export async function readProducts(
  ctx: Pick<HubContext, 'pool'>,
  { accounts, merchants, shops }: Principal,
  account: string | null,
  page: Parameters<typeof listProducts>[2],
): Promise<readonly ProductRow[]> {
  return listProducts(ctx.pool, { account, accounts, merchants, shops }, page);
}

/** One machine with its slots. Error: `machine_not_found`, also outside the key's limits. */
export async function readMachine(
  ctx: Pick<HubContext, 'pool'>,
  principal: Principal,
  account: string,
  machineNo: string,
): Promise<MachineWithSlots> {
  const row = await visibleMachine(ctx, principal, account, machineNo);
  const slots = await readSlotsOfMachine(ctx.pool, account, machineNo);
  return { ...machineJson(row), slots: slots.map((slot) => slotJson(slot)) };
}

async function visibleMachine(
  ctx: Pick<HubContext, 'pool'>,
  { accounts, merchants, shops }: Principal,
  account: string,
  machineNo: string,
): Promise<ListedMachineRow> {
  const any = { platform: null, online: null, low: null, faulty: null, search: null };
  const filter = { accounts, merchants, shops, account, machineNo, ...any };
  const [row] = await listMachines(ctx.pool, filter, { after: null, limit: 1 });
  if (row === undefined) throw new HuidanError('machine_not_found');
  return row;
}

/** What changed in a machine, the youngest first. Error: `machine_not_found`. */
export async function readMachineChanges(
  ctx: Pick<HubContext, 'pool'>,
  principal: Principal,
  account: string,
  machineNo: string,
  page: Parameters<typeof readStockChanges>[3],
): Promise<readonly StockChangeJson[]> {
  await visibleMachine(ctx, principal, account, machineNo);
  const rows = await readStockChanges(ctx.pool, account, machineNo, page);
  return rows.map(({ sequence, at, slot, productId, cause, orderId, onHandBy, heldBy, onHand, held }) => ({
    sequence,
    at: at.toISOString(),
    slot,
    productId,
    cause,
    order: orderId,
    onHandBy,
    heldBy,
    onHand,
    held,
    available: onHand - held,
  }));
}

/**
 * Reads the machines of an account from its platform now; `machineNo`: the slots of that one. Errors: `machine_not_found`,
 * `account_not_found`, `account_paused`, `machines_unsupported`, `platform_unreachable`, `platform_refused`.
 */
export async function syncMachinesNow(
  ctx: HubContext,
  deps: { readonly accounts: AccountDirectory },
  principal: Principal,
  accountId: string,
  machineNo?: string,
): Promise<SyncReport> {
  const account = await deps.accounts.find(accountId);
  const isSeen = principal.accounts === null || principal.accounts.includes(accountId);
  if (account === undefined || !isSeen)
    throw new HuidanError(machineNo === undefined ? 'account_not_found' : 'machine_not_found');
  if (machineNo !== undefined) await visibleMachine(ctx, principal, accountId, machineNo);
  // The whole list of an account is for nobody who may see a part of it.
  else if (principal.merchants !== null || principal.shops !== null)
    throw new HuidanError('forbidden', 'The key is limited to a part of the account.');
  if (account.row.mode === 'paused') throw new HuidanError('account_paused');
  const answer = await syncMachines(ctx, account, machineNo);
  if (!answer.ok) refuse(answer.refusal);
  const [failed] = answer.value.failed;
  if (machineNo !== undefined && failed !== undefined) refuse({ class: 'retry', ...failed });
  return answer.value;
}

function refuse({
  class: kind,
  code,
  message,
}: {
  readonly class: string;
  readonly code: string;
  readonly message: string;
}): never {
  const isAway = code === 'unreachable' || code.startsWith('http_5');
  throw new HuidanError(
    kind === 'retry' && isAway ? 'platform_unreachable' : 'platform_refused',
    `${code}: ${message}`,
  );
}

/** What a machine sells, by product id; undefined where the hub has no mirror of it. */
export async function productsOfMachine(
  ctx: Pick<HubContext, 'pool'>,
  accountId: string,
  fields: Readonly<Record<string, Json>>,
): Promise<ReadonlyMap<string, KnownProduct> | undefined> {
  const { machineNo } = fields;
  if (typeof machineNo !== 'string') return undefined;
  const slots = await readSlotsOfMachine(ctx.pool, accountId, machineNo);
  if (slots.length === 0) return undefined;
  return new Map(slots.map(({ productId, name, sku, price, slot }) => [productId, { name, sku, price, slot }]));
}

function machineJson(row: ListedMachineRow): MachineJson {
  return {
    account: row.account,
    platform: row.platform,
    machine: row.machineNo,
    name: row.name,
    address: row.address,
    kind: row.kind,
    online: row.online,
    onlineSince: row.onlineSince.toISOString(),
    operating: row.operating,
    goneAt: row.goneAt?.toISOString() ?? null,
    merchant: row.merchant,
    shop: row.shop,
    slotCount: row.slots,
    onHand: row.onHand,
    held: row.held,
    available: row.onHand - row.held,
    lowSlots: row.lowSlots,
    faultySlots: row.faultySlots,
    syncedAt: row.slotsAt?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    updatedAt: row.updatedAt.toISOString(),
  };
}

const slotJson = (slot: StockSlot): SlotJson => ({
  slot: slot.slot,
  productId: slot.productId,
  name: slot.name,
  sku: slot.sku,
  image: slot.image,
  price: slot.price,
  cabinet: slot.cabinet,
  row: slot.row,
  column: slot.column,
  capacity: slot.capacity,
  onHand: slot.onHand,
  held: slot.held,
  available: availableOf(slot),
  low: slot.isLow,
  fault: slot.fault,
  faultAt: toRfc3339(slot.faultAt),
  syncedAt: toRfc3339(slot.syncedAt),
  movedAt: toRfc3339(slot.movedAt),
});
