import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import {
  deleteMerchantRow,
  findMerchant,
  insertMerchant,
  isMerchantInUse,
  listMerchants,
  renameMerchant,
} from '../store/merchants.ts';
import type { MerchantRow } from '../store/merchants.ts';
import type { Queryable } from '../store/pool.ts';
import type { Tx } from '../store/transaction.ts';
import type { Principal } from './access.ts';
import type { HubContext } from './context.ts';

/** A merchant as the API shows it. */
export interface MerchantJson {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

type Deps = Pick<HubContext, 'clock' | 'randomBytes'>;

/** Merchants that the key may see, by id, those after `afterId`. */
export async function readMerchants(
  db: Queryable,
  principal: Principal,
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly MerchantJson[]> {
  return (await listMerchants(db, principal, page)).map((row) => toJson(row));
}

/** One merchant. Error: `merchant_not_found`, also outside the key's limits. */
export async function readMerchant(db: Queryable, principal: Principal, id: string): Promise<MerchantJson> {
  const row = await findMerchant(db, principal, id);
  if (row === undefined) throw new HuidanError('merchant_not_found');
  return toJson(row);
}

/**
 * Makes a merchant, under an id of the caller's choice or a new one. Errors: `conflict`, `forbidden` (a limited key makes
 * only merchants that it is limited to).
 */
export async function createMerchant(
  ctx: Deps,
  tx: Tx,
  principal: Principal,
  input: { readonly id?: string | undefined; readonly name: string },
): Promise<MerchantJson> {
  const nowMs = ctx.clock();
  const id = input.id ?? newId('mch', nowMs, ctx.randomBytes);
  const isOurs = principal.merchants === null || principal.merchants.includes(id);
  if (!isOurs || principal.accounts !== null || principal.shops !== null) {
    throw new HuidanError('forbidden', 'The merchant lies outside the limits of the key.');
  }
  const now = new Date(nowMs);
  const row = { id, name: input.name, createdAt: now, updatedAt: now };
  if (!(await insertMerchant(tx, row))) throw new HuidanError('conflict', 'There is a merchant with this id.');
  return toJson(row);
}

/** Errors: `merchant_not_found`. */
export async function changeMerchant(
  ctx: Deps,
  tx: Tx,
  principal: Principal,
  id: string,
  change: { readonly name?: string | undefined },
): Promise<MerchantJson> {
  const before = await readMerchant(tx, principal, id);
  if (change.name !== undefined) await renameMerchant(tx, id, change.name, new Date(ctx.clock()));
  return change.name === undefined ? before : readMerchant(tx, principal, id);
}

/** Errors: `merchant_not_found`, `merchant_in_use`. */
export async function deleteMerchant(tx: Tx, principal: Principal, id: string): Promise<void> {
  await readMerchant(tx, principal, id);
  if (await isMerchantInUse(tx, id)) throw new HuidanError('merchant_in_use');
  await deleteMerchantRow(tx, id);
}

const toJson = (row: MerchantRow): MerchantJson => ({
  id: row.id,
  name: row.name,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});
