import type { Json } from '../core/json.ts';
import type { Queryable } from './pool.ts';

/** Something that a key or a user did and that someone may have to answer for. */
export interface AuditRow {
  readonly id: string;
  readonly at: Date;
  /** One of both is null: who did it, a program by its key or a person. */
  readonly apiKeyId: string | null;
  readonly userId: string | null;
  /** What the key or the user was called at that time; null in entries of older releases. */
  readonly name: string | null;
  /** Such as `personal_data.revealed` or `account.created`. */
  readonly action: string;
  /** Id of what it was done to. */
  readonly subject: string;
  readonly detail: { readonly [name: string]: Json };
}

export async function insertAudit(db: Queryable, row: AuditRow): Promise<void> {
  await db.query(
    `insert into audit_log (id, at, api_key_id, user_id, name, action, subject, detail)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [row.id, row.at, row.apiKeyId, row.userId, row.name, row.action, row.subject, JSON.stringify(row.detail)],
  );
}

/** The newest entries first, those before `beforeId`. Filters that are null do not count. */
export async function listAudit(
  db: Queryable,
  filter: {
    readonly action: string | null;
    readonly subject: string | null;
    readonly apiKeyId: string | null;
    readonly userId: string | null;
    readonly beforeId: string | null;
    readonly limit: number;
  },
): Promise<readonly AuditRow[]> {
  const found = await db.query<AuditRow>(
    `select id, at, api_key_id as "apiKeyId", user_id as "userId", name, action, subject, detail
       from audit_log
      where ($1::text is null or action = $1)
        and ($2::text is null or subject = $2)
        and ($3::text is null or api_key_id = $3)
        and ($4::text is null or user_id = $4)
        and ($5::text is null or id < $5)
      order by id desc
      limit $6`,
    [filter.action, filter.subject, filter.apiKeyId, filter.userId, filter.beforeId, filter.limit],
  );
  return found.rows;
}
