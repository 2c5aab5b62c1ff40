import type { MachineReport } from '../core/machine.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

/** A machine of an account. Written as a whole, behind the account's clock. */
export interface MachineRow extends MachineReport {
  readonly account: string;
  readonly goneAt: Date | null;
  readonly onlineSince: Date;
  /** When its slots were last read whole; null: never. */
  readonly slotsAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A machine with whose it is and what is in it, all slots together. */
export interface ListedMachineRow extends MachineRow {
  readonly platform: string;
  /** Of the shop that joined it as a store; else the account's. */
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly slots: number;
  readonly onHand: number;
  readonly held: number;
  readonly lowSlots: number;
  readonly faultySlots: number;
}

const COLUMNS = `m.account_id as account, m.machine_no as "machineNo", m.name, m.address, m.kind, m.online, m.operating,
  m.gone_at as "goneAt", m.online_since as "onlineSince", m.slots_at as "slotsAt", m.created_at as "createdAt",
  m.updated_at as "updatedAt"`;

export async function readMachines(db: Queryable, accountId: string): Promise<readonly MachineRow[]> {
  const found = await db.query<MachineRow>(`select ${COLUMNS} from machines m where m.account_id = $1`, [accountId]);
  return found.rows;
}

/** Inserts or replaces a machine. */
export async function putMachine(tx: Queryable, row: MachineRow): Promise<void> {
  await tx.query(
    `insert into machines (account_id, machine_no, name, address, kind, online, operating, gone_at, online_since,
                           slots_at, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (account_id, machine_no) do update
        set name = excluded.name, address = excluded.address, kind = excluded.kind, online = excluded.online,
            operating = excluded.operating, gone_at = excluded.gone_at, online_since = excluded.online_since,
            slots_at = excluded.slots_at, updated_at = excluded.updated_at`,
    [
      row.account,
      row.machineNo,
      row.name,
      row.address,
      row.kind,
      row.online,
      row.operating,
      row.goneAt,
      row.onlineSince,
      row.slotsAt,
      row.createdAt,
      row.updatedAt,
    ],
  );
}

export interface MachineFilter {
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
  readonly account: string | null;
  readonly platform: string | null;
  readonly machineNo: string | null;
  readonly online: boolean | null;
  /** With a slot that is low, or faulty. */
  readonly low: boolean | null;
  readonly faulty: boolean | null;
  /** A number, or a part of the name or the address. */
  readonly search: string | null;
}

/** Machines with what is in them, by account and number, those after a place. */
export async function listMachines(
  db: Queryable,
  filter: MachineFilter,
  page: { readonly after: { readonly account: string; readonly machineNo: string } | null; readonly limit: number },
): Promise<readonly ListedMachineRow[]> {
  const found = await db.query<ListedMachineRow>(
    `select ${COLUMNS}, a.platform, coalesce(s.merchant, a.merchant) as merchant, s.shop, stock.*
       from machines m
       join accounts a on a.id = m.account_id and a.deleted_at is null
       left join stores s on s.account_id = m.account_id and s.ref = m.machine_no
      cross join lateral (
        select count(*)::int as slots, coalesce(sum(on_hand), 0)::int as "onHand", coalesce(sum(held), 0)::int as held,
               count(*) filter (where is_low)::int as "lowSlots",
               count(*) filter (where fault is not null)::int as "faultySlots"
          from machine_slots l
         where l.account_id = m.account_id and l.machine_no = m.machine_no) stock
      where ($1::text[] is null or m.account_id = any($1))
        and ($2::text[] is null or coalesce(s.merchant, a.merchant) = any($2))
        and ($3::text[] is null or s.shop = any($3))
        and ($4::text is null or m.account_id = $4)
        and ($5::text is null or a.platform = $5)
        and ($6::text is null or m.machine_no = $6)
        and ($7::boolean is null or m.online = $7)
        and ($8::boolean is null or (stock."lowSlots" > 0) = $8)
        and ($9::boolean is null or (stock."faultySlots" > 0) = $9)
        and ($10::text is null or m.machine_no = $10 or strpos(lower(coalesce(m.name, '')), lower($10)) > 0
             or strpos(lower(coalesce(m.address, '')), lower($10)) > 0)
        and ($11::text is null or (m.account_id, m.machine_no) > ($11, $12))
      order by m.account_id, m.machine_no
      limit $13`,
    [
      filter.accounts,
      filter.merchants,
      filter.shops,
      filter.account,
      filter.platform,
      filter.machineNo,
      filter.online,
      filter.low,
      filter.faulty,
      filter.search,
      page.after?.account ?? null,
      page.after?.machineNo ?? null,
      page.limit,
    ],
  );
  return found.rows;
}

/** Whose a machine is, as a store of that number says; nulls where nobody joined it. */
export async function readMachineLabel(
  db: Queryable,
  accountId: string,
  machineNo: string,
): Promise<{ readonly merchant: string | null; readonly shop: string | null }> {
  const found = await db.query<{ merchant: string | null; shop: string | null }>(
    sql('read_machine_label', 'select merchant, shop from stores where account_id = $1 and ref = $2')(
      accountId,
      machineNo,
    ),
  );
  return found.rows[0] ?? { merchant: null, shop: null };
}
