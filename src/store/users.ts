import type { Queryable } from './pool.ts';

/** What a user is allowed to do. */
export type Role = 'admin' | 'operator' | 'viewer';

/** A person who signs in to the console. */
export interface UserRow {
  readonly id: string;
  readonly username: string;
  readonly name: string | null;
  readonly role: Role;
  readonly reveal: boolean;
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
  /** As `hub/passwords.ts` writes it; null: none yet. */
  readonly password: string | null;
  readonly locale: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly signedInAt: Date | null;
}

/** For `select … from users u`. */
export const USER_COLUMNS = `u.id, u.username, u.name, u.role, u.reveal, u.accounts, u.merchants, u.shops, u.password, u.locale,
  u.created_at as "createdAt", u.updated_at as "updatedAt", u.signed_in_at as "signedInAt"`;

/** Any number that all who write users agree on. */
const USERS_LOCK = 0x75_73_65_72;

/** Holds other writers of users back until the transaction ends: who is the first, and who the last admin, is a count. */
export async function lockUsers(tx: Queryable): Promise<void> {
  await tx.query('select pg_advisory_xact_lock($1)', [USERS_LOCK]);
}

export async function insertUser(tx: Queryable, user: Omit<UserRow, 'updatedAt' | 'signedInAt'>): Promise<void> {
  await tx.query(
    `insert into users (id, username, name, role, reveal, accounts, merchants, shops, password, locale, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)`,
    [
      user.id,
      user.username,
      user.name,
      user.role,
      user.reveal,
      user.accounts,
      user.merchants,
      user.shops,
      user.password,
      user.locale,
      user.createdAt,
    ],
  );
}

export async function updateUser(tx: Queryable, user: Omit<UserRow, 'createdAt' | 'signedInAt'>): Promise<void> {
  await tx.query(
    `update users set username = $2, name = $3, role = $4, reveal = $5, accounts = $6, merchants = $7, shops = $8,
            password = $9, locale = $10, updated_at = $11
      where id = $1`,
    [
      user.id,
      user.username,
      user.name,
      user.role,
      user.reveal,
      user.accounts,
      user.merchants,
      user.shops,
      user.password,
      user.locale,
      user.updatedAt,
    ],
  );
}

/** Ends a user. The name is free again, the password gone. */
export async function markUserDeleted(tx: Queryable, id: string, at: Date): Promise<void> {
  await tx.query('update users set deleted_at = $2, updated_at = $2, password = null where id = $1', [id, at]);
}

/** A living user by id. */
export async function readUser(db: Queryable, id: string): Promise<UserRow | undefined> {
  const found = await db.query<UserRow>(
    `select ${USER_COLUMNS} from users u where u.id = $1 and u.deleted_at is null`,
    [id],
  );
  return found.rows[0];
}

/** A living user by name, in any letter case. */
export async function findUser(db: Queryable, username: string): Promise<UserRow | undefined> {
  const found = await db.query<UserRow>(
    `select ${USER_COLUMNS} from users u where lower(u.username) = lower($1) and u.deleted_at is null`,
    [username],
  );
  return found.rows[0];
}

/** Living users by age, those after `afterId`. */
export async function listUsers(
  db: Queryable,
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly UserRow[]> {
  const found = await db.query<UserRow>(
    `select ${USER_COLUMNS} from users u
      where u.deleted_at is null and ($1::text is null or u.id > $1) order by u.id limit $2`,
    [page.afterId, page.limit],
  );
  return found.rows;
}

/** Whether anybody can sign in. */
export async function hasUsers(db: Queryable): Promise<boolean> {
  const found = await db.query('select from users where deleted_at is null limit 1');
  return found.rowCount === 1;
}

/** Whether there is an admin of the whole hub beside this one. */
export async function hasOtherAdmin(db: Queryable, exceptId: string): Promise<boolean> {
  const found = await db.query(
    `select from users
      where role = 'admin' and id <> $1 and deleted_at is null
        and accounts is null and merchants is null and shops is null
      limit 1`,
    [exceptId],
  );
  return found.rowCount === 1;
}

export async function noteSignIn(tx: Queryable, id: string, at: Date): Promise<void> {
  await tx.query('update users set signed_in_at = $2 where id = $1', [id, at]);
}
