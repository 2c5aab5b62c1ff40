import type { AccountField } from '../../core/account-fields.ts';
import type { ParamFault } from '../../core/action-params.ts';
import type { Json } from '../../core/json.ts';

/** One product of a machine that is wanted. */
export interface WishedItem {
  readonly productId: number;
  readonly quantity: number;
}

/** 8 digits, longer only for special merchants (sheet, 4.1); what an address of ours carries ends it at 20. */
export const MACHINE_FIELD: AccountField = {
  name: 'machineNo',
  kind: 'text',
  maxLength: 20,
  pattern: String.raw`^\d{8,20}$`,
  required: true,
  label: { en: 'Machine', zh: '设备编号' },
  help: { en: 'Its number at the platform, 8 digits or more.', zh: '平台上的设备编号，8 位或更长的数字。' },
};

/** No limit of an order is documented. A machine has no more slots than this, and drops one item after the other. */
export const MAX_UNITS = 100;

export const wishedItemsField: AccountField = {
  name: 'items',
  kind: 'json',
  required: true,
  label: { en: 'Items', zh: '商品' },
  help: {
    en: `[{"productId": 121, "quantity": 1}, …]: products of the machine, ${MAX_UNITS} items at most.`,
    zh: `[{"productId": 121, "quantity": 1}, …]：该设备上的商品，最多 ${MAX_UNITS} 件。`,
  },
};

export type WishedItems =
  | { readonly ok: true; readonly items: readonly WishedItem[] }
  | { readonly ok: false; readonly faults: readonly ParamFault[] };

/** Reads `items`; each fault names its place in the list. */
export function readWishedItems(value: Json | undefined): WishedItems {
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_UNITS) {
    return { ok: false, faults: [{ field: 'items', message: `must be a list of 1 to ${MAX_UNITS} products` }] };
  }
  const faults: ParamFault[] = [];
  const items: WishedItem[] = [];
  for (const [index, entry] of (value as readonly Json[]).entries()) {
    const field = `items[${index}]`;
    const { productId, quantity, ...others } = fieldsOf(entry);
    for (const name of Object.keys(others)) {
      faults.push({ field: `${field}.${name}`, message: 'is not one of productId, quantity' });
    }
    if (!isCount(productId)) faults.push({ field: `${field}.productId`, message: 'must be a whole number above zero' });
    else if (!isCount(quantity) || quantity > MAX_UNITS) {
      faults.push({ field: `${field}.quantity`, message: `must be a whole number from 1 to ${MAX_UNITS}` });
    } else items.push({ productId, quantity });
  }
  const units = items.reduce((sum, { quantity }) => sum + quantity, 0);
  if (units > MAX_UNITS) faults.push({ field: 'items', message: `must be ${MAX_UNITS} items at most, taken together` });
  return faults.length > 0 ? { ok: false, faults } : { ok: true, items };
}

const fieldsOf = (entry: Json): Readonly<Record<string, Json>> =>
  entry !== null && typeof entry === 'object' && !Array.isArray(entry) ? (entry as Readonly<Record<string, Json>>) : {};

const isCount = (value: Json | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0;

/** One entry a record: with one item a command each item gets a record of its own. */
export const recordsOf = (items: readonly WishedItem[], isOnePerDispense: boolean): readonly WishedItem[] =>
  isOnePerDispense
    ? items.flatMap(({ productId, quantity }) => Array.from({ length: quantity }, () => ({ productId, quantity: 1 })))
    : items;
