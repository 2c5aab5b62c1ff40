import type { Queryable } from './pool.ts';

/** Keeps a link; `userId` null: for the first admin. */
export async function insertSignInLink(
  tx: Queryable,
  link: {
    readonly hash: Buffer;
    readonly userId: string | null;
    readonly createdAt: Date;
    readonly expiresAt: Date;
  },
): Promise<void> {
  await tx.query('insert into sign_in_links (hash, user_id, created_at, expires_at) values ($1, $2, $3, $4)', [
    link.hash,
    link.userId,
    link.createdAt,
    link.expiresAt,
  ]);
}

/** Whom an open link is for. `undefined`: there is no such link, or not any more. */
export async function findSignInLink(
  db: Queryable,
  hash: Buffer,
  now: Date,
): Promise<{ readonly userId: string | null } | undefined> {
  const found = await db.query<{ userId: string | null }>(
    'select user_id as "userId" from sign_in_links where hash = $1 and expires_at > $2',
    [hash, now],
  );
  return found.rows[0];
}

/** Uses up a link. Of two who come at once one gets it. */
export async function takeSignInLink(
  tx: Queryable,
  hash: Buffer,
  now: Date,
): Promise<{ readonly userId: string | null } | undefined> {
  const taken = await tx.query<{ userId: string | null }>(
    'delete from sign_in_links where hash = $1 and expires_at > $2 returning user_id as "userId"',
    [hash, now],
  );
  return taken.rows[0];
}

/** Ends every open link of a user; null: those for the first admin. */
export async function deleteSignInLinks(tx: Queryable, userId: string | null): Promise<void> {
  await tx.query('delete from sign_in_links where user_id is not distinct from $1', [userId]);
}
