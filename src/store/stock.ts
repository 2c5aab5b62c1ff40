import type { OrderHold, StockCause, StockSlot } from '../core/stock-book.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** A row of a slot's history. */
export interface StockChangeRow {
  /** Of the event that tells it; counts up per machine, with gaps. */
  readonly sequence: number;
  readonly at: Date;
  readonly machineNo: string;
  readonly productId: string;
  readonly slot: string;
  readonly cause: StockCause;
  readonly orderId: string | null;
  readonly onHandBy: number;
  readonly heldBy: number;
  readonly onHand: number;
  readonly held: number;
}

/** A slot's columns in the words of `StockSlot`; times in ms. */
export const SLOT_COLUMNS = `machine_no as "machineNo", product_id as "productId", slot, cabinet, slot_row as "row",
  slot_column as "column", name, sku, image, price_fen as price, capacity, on_hand as "onHand", held, fault,
  (extract(epoch from fault_at) * 1000)::bigint as "faultAt", is_low as "isLow",
  (extract(epoch from synced_at) * 1000)::bigint as "syncedAt", (extract(epoch from moved_at) * 1000)::bigint as "movedAt"`;

/** The slots of these machines and products, pair by pair; those that are not known are left out. */
export async function readSlots(
  db: Queryable,
  accountId: string,
  pairs: readonly { readonly machineNo: string; readonly productId: string }[],
): Promise<readonly StockSlot[]> {
  const found = await db.query<StockSlot>(
    sql(
      'read_stock_slots',
      `select ${SLOT_COLUMNS} from machine_slots
        where account_id = $1 and (machine_no, product_id) in (select unnest($2::text[]), unnest($3::text[]))`,
    )(
      accountId,
      pairs.map(({ machineNo }) => machineNo),
      pairs.map(({ productId }) => productId),
    ),
  );
  return found.rows;
}

/** All slots of a machine, in the order of their names. */
export async function readSlotsOfMachine(
  db: Queryable,
  accountId: string,
  machineNo: string,
): Promise<readonly StockSlot[]> {
  const found = await db.query<StockSlot>(
    `select ${SLOT_COLUMNS} from machine_slots
      where account_id = $1 and machine_no = $2
      order by cabinet, slot, product_id`,
    [accountId, machineNo],
  );
  return found.rows;
}

/** What orders do to stock, as it was last counted. */
export async function readHolds(
  db: Queryable,
  accountId: string,
  orderIds: readonly string[],
): Promise<readonly OrderHold[]> {
  const found = await db.query<OrderHold>(
    sql(
      'read_stock_holds',
      `select order_id as "orderId", product_id as "productId", machine_no as "machineNo", held, came_out as out, stuck
         from stock_holds
        where account_id = $1 and order_id = any($2)`,
    )(accountId, orderIds),
  );
  return found.rows;
}

/** What open orders hold of a machine, by product. */
export async function readHeldOfMachine(
  db: Queryable,
  accountId: string,
  machineNo: string,
): Promise<ReadonlyMap<string, number>> {
  const found = await db.query<{ productId: string; held: number }>(
    `select product_id as "productId", sum(held)::int as held
       from stock_holds
      where account_id = $1 and machine_no = $2 and held <> 0
      group by product_id`,
    [accountId, machineNo],
  );
  return new Map(found.rows.map(({ productId, held }) => [productId, held]));
}

export async function writeHolds(tx: Queryable, accountId: string, holds: readonly OrderHold[]): Promise<void> {
  if (holds.length === 0) return;
  await tx.query(
    sql(
      'write_stock_holds',
      `insert into stock_holds (account_id, order_id, product_id, machine_no, held, came_out, stuck)
       select $1, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::int[]), unnest($6::int[]),
              unnest($7::int[])
       on conflict (account_id, order_id, product_id) do update
          set held = excluded.held, came_out = excluded.came_out, stuck = excluded.stuck`,
    )(
      accountId,
      holds.map(({ orderId }) => orderId),
      holds.map(({ productId }) => productId),
      holds.map(({ machineNo }) => machineNo),
      holds.map(({ held }) => held),
      holds.map(({ out }) => out),
      holds.map(({ stuck }) => stuck),
    ),
  );
}

const date = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

/** Inserts or replaces slots as a whole. */
export async function writeSlots(tx: Queryable, accountId: string, slots: readonly StockSlot[]): Promise<void> {
  if (slots.length === 0) return;
  const column = <T>(of: (slot: StockSlot) => T): readonly T[] => slots.map(of);
  await tx.query(
    sql(
      'write_stock_slots',
      `insert into machine_slots (account_id, machine_no, product_id, slot, cabinet, slot_row, slot_column, name, sku,
                                  image, price_fen, capacity, on_hand, held, fault, fault_at, is_low, synced_at, moved_at)
       select $1, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]), unnest($5::text[]), unnest($6::int[]),
              unnest($7::int[]), unnest($8::text[]), unnest($9::text[]), unnest($10::text[]), unnest($11::bigint[]),
              unnest($12::int[]), unnest($13::int[]), unnest($14::int[]), unnest($15::text[]),
              unnest($16::timestamptz[]), unnest($17::boolean[]), unnest($18::timestamptz[]), unnest($19::timestamptz[])
       on conflict (account_id, machine_no, product_id) do update
          set slot = excluded.slot, cabinet = excluded.cabinet, slot_row = excluded.slot_row,
              slot_column = excluded.slot_column, name = excluded.name, sku = excluded.sku, image = excluded.image,
              price_fen = excluded.price_fen, capacity = excluded.capacity, on_hand = excluded.on_hand,
              held = excluded.held, fault = excluded.fault, fault_at = excluded.fault_at, is_low = excluded.is_low,
              synced_at = excluded.synced_at, moved_at = excluded.moved_at`,
    )(
      accountId,
      column(({ machineNo }) => machineNo),
      column(({ productId }) => productId),
      column(({ slot }) => slot),
      column(({ cabinet }) => cabinet),
      column(({ row }) => row),
      column((slot) => slot.column),
      column(({ name }) => name),
      column(({ sku }) => sku),
      column(({ image }) => image),
      column(({ price }) => price),
      column(({ capacity }) => capacity),
      column(({ onHand }) => onHand),
      column(({ held }) => held),
      column(({ fault }) => fault),
      column(({ faultAt }) => date(faultAt)),
      column(({ isLow }) => isLow),
      column(({ syncedAt }) => date(syncedAt)),
      column(({ movedAt }) => date(movedAt)),
    ),
  );
}

export async function deleteSlots(
  tx: Queryable,
  accountId: string,
  slots: readonly Pick<StockSlot, 'machineNo' | 'productId'>[],
): Promise<void> {
  if (slots.length === 0) return;
  await tx.query(
    `delete from machine_slots
      where account_id = $1 and (machine_no, product_id) in (select unnest($2::text[]), unnest($3::text[]))`,
    [accountId, slots.map(({ machineNo }) => machineNo), slots.map(({ productId }) => productId)],
  );
}

export async function insertStockChanges(
  tx: Queryable,
  accountId: string,
  changes: readonly StockChangeRow[],
): Promise<void> {
  if (changes.length === 0) return;
  const column = <T>(of: (change: StockChangeRow) => T): readonly T[] => changes.map(of);
  await tx.query(
    sql(
      'insert_stock_changes',
      `insert into stock_changes (account_id, sequence, at, machine_no, product_id, slot, cause, order_id, on_hand_by, held_by,
                                  on_hand, held)
       select $1, unnest($2::int[]), unnest($3::timestamptz[]), unnest($4::text[]), unnest($5::text[]),
              unnest($6::text[]), unnest($7::text[]), unnest($8::text[]), unnest($9::int[]), unnest($10::int[]),
              unnest($11::int[]), unnest($12::int[])`,
    )(
      accountId,
      column(({ sequence }) => sequence),
      column(({ at }) => at),
      column(({ machineNo }) => machineNo),
      column(({ productId }) => productId),
      column(({ slot }) => slot),
      column(({ cause }) => cause),
      column(({ orderId }) => orderId),
      column(({ onHandBy }) => onHandBy),
      column(({ heldBy }) => heldBy),
      column(({ onHand }) => onHand),
      column(({ held }) => held),
    ),
  );
}

/** A machine's changes, the youngest first, before a sequence. */
export async function readStockChanges(
  db: Queryable,
  accountId: string,
  machineNo: string,
  page: {
    readonly productId: string | null;
    readonly before: number | null;
    readonly limit: number;
  },
): Promise<readonly StockChangeRow[]> {
  const found = await db.query<StockChangeRow>(
    `select sequence, at, machine_no as "machineNo", product_id as "productId", slot, cause, order_id as "orderId",
            on_hand_by as "onHandBy", held_by as "heldBy", on_hand as "onHand", held
       from stock_changes
      where account_id = $1 and machine_no = $2 and ($3::text is null or product_id = $3)
        and ($4::int is null or sequence < $4)
      order by sequence desc
      limit $5`,
    [accountId, machineNo, page.productId, page.before, page.limit],
  );
  return found.rows;
}
