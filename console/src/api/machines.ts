import { get, request } from './request.ts';
import type { Page } from './request.ts';

export interface Machine {
  readonly account: string;
  readonly platform: string;
  readonly machine: string;
  readonly name: string | null;
  readonly address: string | null;
  readonly online: boolean;
  readonly onlineSince: string;
  readonly operating: boolean;
  readonly goneAt: string | null;
  readonly slotCount: number;
  readonly onHand: number;
  readonly held: number;
  readonly available: number;
  readonly lowSlots: number;
  readonly faultySlots: number;
  readonly syncedAt: string | null;
}

export interface Slot {
  readonly slot: string;
  readonly productId: string;
  readonly name: string;
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
}

export interface MachineWithSlots extends Machine {
  readonly slots: readonly Slot[];
}

export interface StockChange {
  readonly sequence: number;
  readonly at: string;
  readonly slot: string;
  readonly productId: string;
  readonly cause: 'held' | 'dispensed' | 'failed' | 'returned' | 'found' | 'sync' | 'added' | 'removed';
  readonly order: string | null;
  readonly onHandBy: number;
  readonly heldBy: number;
  readonly onHand: number;
  readonly held: number;
  readonly available: number;
}

export interface Product {
  readonly account: string;
  readonly productId: string;
  readonly name: string;
}

const PAGE_SIZE = 50;
const pathOf = (account: string, machine: string, rest = ''): string =>
  `/machines/${encodeURIComponent(account)}/${encodeURIComponent(machine)}${rest}`;

export const listMachines = (
  filter: { readonly q: string | null; readonly low: boolean | null; readonly faulty: boolean | null },
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<Machine>> => get('/machines', { ...filter, cursor, limit: PAGE_SIZE }, signal);

/** More products than this are looked up nowhere but on the machine's own page. */
const MOST_PRODUCTS = 5000;
const PRODUCTS_AT_ONCE = 500;

/** What all machines sell, by the number that orders name it by. */
export async function readProducts(signal?: AbortSignal): Promise<readonly Product[]> {
  const found: Product[] = [];
  for (let cursor: string | null = null; found.length < MOST_PRODUCTS;) {
    const page: Page<Product> = await get('/products', { cursor, limit: PRODUCTS_AT_ONCE }, signal);
    found.push(...page.data);
    cursor = page.nextCursor;
    if (cursor === null) break;
  }
  return found;
}

export const readMachine = (account: string, machine: string, signal?: AbortSignal): Promise<MachineWithSlots> =>
  get(pathOf(account, machine), undefined, signal);

export const listStockChanges = (
  account: string,
  machine: string,
  productId: string | null,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<StockChange>> =>
  get(pathOf(account, machine, '/changes'), { productId, cursor, limit: PAGE_SIZE }, signal);

export const syncMachine = (account: string, machine: string): Promise<MachineWithSlots> =>
  request('POST', pathOf(account, machine, '/sync'));
