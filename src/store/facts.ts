import type { Alias, Fact, Report } from '../core/fact.ts';
import { PERSONAL_REGISTERS } from '../core/registers.ts';
import { bytesRows, joinBytes, joinJson, unnestJson } from './bulk-params.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';
import type { Sealer } from './seal.ts';

/** `own`: what the hub decided itself. */
export type FactSource = 'callback' | 'query' | 'poll' | 'action' | 'own';

/** A report as it is stored: once per order and key. */
export interface FactRow {
  readonly orderId: string;
  readonly key: string;
  readonly source: FactSource;
  readonly receiptId: string | null;
  readonly report: Report;
  readonly verdict: 'applied' | 'stale';
  /** Version of the order that it led to; null when it changed nothing that shows. */
  readonly version: number | null;
}

// `lateral … limit 1` keeps the planner at one look into the primary key per report: as a plain join it came to read all
// facts of the account, 10 ms a batch at 30 000 facts.
const knownFactsStatement = sql(
  'known_facts',
  `select a.order_id, q.key
     from (select unnest($2::text[]) as kind, unnest($3::text[]) as value, unnest($4::text[]) as key) q
     join order_aliases a on a.account_id = $1 and a.kind = q.kind and a.value = q.value
    cross join lateral (select from facts f where f.account_id = $1 and f.order_id = a.order_id and f.key = q.key limit 1) known`,
);

/** Which of the reports are stored already, as `<order id> <key>`. A report is asked for by each of its order's aliases. */
export async function findKnownFacts(
  db: Queryable,
  accountId: string,
  wanted: readonly { readonly alias: Alias; readonly key: string }[],
): Promise<Set<string>> {
  const found = await db.query<{ order_id: string; key: string }>(
    knownFactsStatement(
      accountId,
      wanted.map(({ alias }) => alias.kind),
      wanted.map(({ alias }) => alias.value),
      wanted.map(({ key }) => key),
    ),
  );
  return new Set(found.rows.map((row) => `${row.order_id} ${row.key}`));
}

const insertFactsStatement = sql(
  'insert_facts',
  `insert into facts (account_id, order_id, key, source, receipt_id, said_at, stored_at, final, generation, facts,
                      sealed_personal, verdict, version, stage)
   select $1, f.order_id, f.key, f.source, f.receipt_id, f.said_at, $2, f.final, f.generation, f.facts, b.bytes, f.verdict,
          f.version, f.stage
     from (select unnest($3::text[]) as order_id, unnest($4::text[]) as key, unnest($5::text[]) as source,
                  unnest($6::text[]) as receipt_id, unnest($7::timestamptz[]) as said_at, unnest($8::boolean[]) as final,
                  unnest($9::int[]) as generation, unnest($10::text[]) as verdict, unnest($11::int[]) as version, unnest($15::int[]) as stage,
                  ${unnestJson(12)} as facts, generate_series(1, cardinality($3)) as nth) f
     join ${bytesRows(13, 14)} b on b.nth = f.nth`,
);

/** Stores reports that are not known yet. A key stored before is an error (23505): the caller holds the account's clock. */
export async function insertFacts(
  db: Queryable,
  sealer: Sealer,
  accountId: string,
  rows: readonly FactRow[],
  storedAt: Date,
): Promise<void> {
  if (rows.length === 0) return;
  const split = rows.map((row) => splitFacts(sealer, row.report.facts));
  const sealed = joinBytes(split.map((facts) => facts.sealed));
  await db.query(
    insertFactsStatement(
      accountId,
      storedAt,
      rows.map((row) => row.orderId),
      rows.map((row) => row.key),
      rows.map((row) => row.source),
      rows.map((row) => row.receiptId),
      rows.map(({ report }) => (report.at === null ? null : new Date(report.at).toISOString())),
      rows.map((row) => row.report.final ?? true),
      rows.map((row) => row.report.generation ?? 0),
      rows.map((row) => row.verdict),
      rows.map((row) => row.version),
      joinJson(split.map(({ open }) => open)),
      sealed.bytes,
      sealed.lengths,
      rows.map(({ report }) => report.stage ?? 0),
    ),
  );
}

function splitFacts(
  sealer: Sealer,
  facts: readonly Fact[],
): { readonly open: readonly Fact[]; readonly sealed: Buffer | null } {
  const personal = facts.filter((fact) => PERSONAL_REGISTERS.has(fact.register));
  const open = personal.length === 0 ? facts : facts.filter((fact) => !PERSONAL_REGISTERS.has(fact.register));
  return {
    open,
    sealed: personal.length === 0 ? null : sealer.seal(JSON.stringify(personal)),
  };
}

/** Gives the facts of an order that was folded into another to the surviving one; repeats among them fall away. */
export async function moveFacts(
  db: Queryable,
  accountId: string,
  fromOrderId: string,
  toOrderId: string,
): Promise<void> {
  await db.query(
    `insert into facts
     select account_id, $3, key, source, receipt_id, said_at, stored_at, final, generation, facts, sealed_personal,
            verdict, null, stage
       from facts where account_id = $1 and order_id = $2
     on conflict (account_id, order_id, key) do nothing`,
    [accountId, fromOrderId, toOrderId],
  );
}

/** A stored report as far as an order is made of it; personal data is left out. */
export interface StoredFacts {
  readonly key: string;
  readonly saidAt: Date | null;
  readonly storedAt: Date;
  readonly final: boolean;
  readonly generation: number;
  readonly stage: number;
  readonly version: number | null;
  readonly facts: readonly Fact[];
}

/** The reports that took effect on orders, by order. */
export async function readAppliedFacts(
  db: Queryable,
  accountId: string,
  orderIds: readonly string[],
): Promise<ReadonlyMap<string, readonly StoredFacts[]>> {
  const found = await db.query<StoredFacts & { readonly orderId: string }>(
    `select order_id as "orderId", key, said_at as "saidAt", stored_at as "storedAt", final, generation, stage, version, facts
       from facts where account_id = $1 and order_id = any($2::text[]) and verdict = 'applied'
      order by order_id, version, key`,
    [accountId, orderIds],
  );
  return Map.groupBy(found.rows, ({ orderId }) => orderId);
}
