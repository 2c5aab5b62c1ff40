import type { Json } from '../core/json.ts';
import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';

export type EndpointKind = 'events' | 'raw';
export type EndpointState = 'enabled' | 'disabled';

/** A receiver of events as it is stored. `null` in a list of limits: all. */
export interface EndpointRow {
  readonly id: string;
  readonly url: string;
  readonly kind: EndpointKind;
  readonly events: readonly string[];
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
  readonly personalData: boolean;
  readonly strict: boolean;
  readonly retry: Json;
  readonly state: EndpointState;
  readonly description: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const COLUMNS = `id, url, kind, events, accounts, merchants, shops, personal_data as "personalData", strict, retry, state,
  description, created_at as "createdAt", updated_at as "updatedAt"`;

export async function insertEndpoint(db: Queryable, row: EndpointRow): Promise<void> {
  await db.query(
    `insert into endpoints (id, url, kind, events, accounts, merchants, shops, personal_data, strict, retry, state,
                            description, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    endpointValues(row),
  );
}

/** Replaces everything but `created_at`. */
export async function updateEndpoint(db: Queryable, row: EndpointRow): Promise<void> {
  await db.query(
    `update endpoints
        set url = $2, kind = $3, events = $4, accounts = $5, merchants = $6, shops = $7, personal_data = $8, strict = $9,
            retry = $10, state = $11, description = $12, updated_at = $14
      where id = $1 and $13::timestamptz is not null`,
    endpointValues(row),
  );
}

function endpointValues(row: EndpointRow): unknown[] {
  return [
    row.id,
    row.url,
    row.kind,
    row.events,
    row.accounts,
    row.merchants,
    row.shops,
    row.personalData,
    row.strict,
    row.retry === null ? null : JSON.stringify(row.retry),
    row.state,
    row.description,
    row.createdAt,
    row.updatedAt,
  ];
}

/** Locks the row, so that two changes at once do not undo each other. */
export async function lockEndpoint(db: Queryable, id: string): Promise<EndpointRow | undefined> {
  const found = await db.query<EndpointRow>(`select ${COLUMNS} from endpoints where id = $1 for update`, [id]);
  return found.rows[0];
}

export async function readEndpoint(db: Queryable, id: string): Promise<EndpointRow | undefined> {
  const found = await db.query<EndpointRow>(`select ${COLUMNS} from endpoints where id = $1`, [id]);
  return found.rows[0];
}

/** Endpoints after the id `after`, oldest first. */
export async function listEndpointRows(db: Queryable, after: string, limit: number): Promise<readonly EndpointRow[]> {
  const found = await db.query<EndpointRow>(`select ${COLUMNS} from endpoints where id > $1 order by id limit $2`, [
    after,
    limit,
  ]);
  return found.rows;
}

/** True when there was one. Its secrets go with it. */
export async function deleteEndpointRow(db: Queryable, id: string): Promise<boolean> {
  const deleted = await db.query('delete from endpoints where id = $1', [id]);
  return deleted.rowCount === 1;
}

/** Switches an endpoint off. False when it was off already, or is gone. */
export async function disableEndpointRow(db: Queryable, id: string, now: Date): Promise<boolean> {
  const changed = await db.query(
    `update endpoints set state = 'disabled', updated_at = $2 where id = $1 and state = 'enabled'`,
    [id, now],
  );
  return changed.rowCount === 1;
}

/** A signing secret of an endpoint. */
export interface EndpointSecretRow {
  readonly sealed: Buffer;
  readonly createdAt: Date;
  /** null: until it is replaced */
  readonly validUntil: Date | null;
}

export async function insertEndpointSecret(
  db: Queryable,
  endpointId: string,
  sealed: Buffer,
  now: Date,
): Promise<void> {
  await db.query('insert into endpoint_secrets (endpoint_id, sealed, created_at) values ($1, $2, $3)', [
    endpointId,
    sealed,
    now,
  ]);
}

/** Ends the newest secret at `until` and those before it now: at most two are valid at once. */
export async function endEndpointSecrets(db: Queryable, endpointId: string, now: Date, until: Date): Promise<void> {
  await db.query('delete from endpoint_secrets where endpoint_id = $1 and valid_until is not null', [endpointId]);
  if (until.getTime() > now.getTime()) {
    await db.query('update endpoint_secrets set valid_until = $2 where endpoint_id = $1', [endpointId, until]);
  } else {
    await db.query('delete from endpoint_secrets where endpoint_id = $1', [endpointId]);
  }
}

/** The newest first. */
export async function readEndpointSecrets(db: Queryable, endpointId: string): Promise<readonly EndpointSecretRow[]> {
  const found = await db.query<EndpointSecretRow>(
    `select sealed, created_at as "createdAt", valid_until as "validUntil"
       from endpoint_secrets where endpoint_id = $1 order by valid_until desc nulls first, created_at desc`,
    [endpointId],
  );
  return found.rows;
}

export interface EndpointWithSecrets extends EndpointRow {
  readonly secrets: readonly EndpointSecretRow[];
}

const readAllStatement = sql(
  'read_delivery_endpoints',
  `select ${COLUMNS},
          array(select encode(s.sealed, 'base64') || ' ' || coalesce((extract(epoch from s.valid_until) * 1000)::bigint::text, '')
                  from endpoint_secrets s where s.endpoint_id = endpoints.id
                 order by s.valid_until desc nulls first, s.created_at desc) as packed
     from endpoints`,
);

/** All endpoints with their secrets, the newest first, for the delivery worker. */
export async function readDeliveryEndpoints(db: Queryable): Promise<readonly EndpointWithSecrets[]> {
  const found = await db.query<EndpointRow & { readonly packed: readonly string[] }>(readAllStatement());
  return found.rows.map(({ packed, ...row }) => ({
    ...row,
    secrets: packed.map((text) => {
      // PostgreSQL breaks base64 into lines, so the parts are told apart from the right.
      const blank = text.lastIndexOf(' ');
      const until = text.slice(blank + 1);
      return {
        sealed: Buffer.from(text.slice(0, blank), 'base64'),
        createdAt: row.createdAt,
        validUntil: until === '' ? null : new Date(Number(until)),
      };
    }),
  }));
}

/** The accounts that can have anything to deliver. */
export async function readAccountIds(db: Queryable): Promise<string[]> {
  const found = await db.query<{ account_id: string }>(
    sql('read_clock_accounts', 'select account_id from account_clocks order by account_id')(),
  );
  return found.rows.map((row) => row.account_id);
}
