import { sql } from './pool.ts';
import type { Queryable } from './pool.ts';
import { USER_COLUMNS } from './users.ts';
import type { UserRow } from './users.ts';

/** A browser that a user has signed in with. */
export interface SessionRow {
  readonly id: string;
  readonly userId: string;
  /** Where it signed in from. */
  readonly address: string | null;
  /** What the browser calls itself. */
  readonly agent: string | null;
  readonly createdAt: Date;
  readonly seenAt: Date;
}

const COLUMNS = `s.id, s.user_id as "userId", s.address, s.agent, s.created_at as "createdAt", s.seen_at as "seenAt"`;

/** Sessions made or seen before these times are over. */
export interface SessionBounds {
  readonly madeAfter: Date;
  readonly seenAfter: Date;
}

const findSessionStatement = sql(
  'find_session',
  `select s.id as "sessionId", s.seen_at as "seenAt", ${USER_COLUMNS}
     from sessions s join users u on u.id = s.user_id and u.deleted_at is null
    where s.hash = $1 and s.created_at > $2 and s.seen_at > $3`,
);

/** The living session with this hash, with its user as that is now. */
export async function findSession(
  db: Queryable,
  hash: Buffer,
  bounds: SessionBounds,
): Promise<(UserRow & { readonly sessionId: string; readonly seenAt: Date }) | undefined> {
  const found = await db.query<UserRow & { readonly sessionId: string; readonly seenAt: Date }>(
    findSessionStatement(hash, bounds.madeAfter, bounds.seenAfter),
  );
  return found.rows[0];
}

export async function insertSession(
  tx: Queryable,
  session: Omit<SessionRow, 'seenAt'> & { readonly hash: Buffer },
): Promise<void> {
  await tx.query(
    `insert into sessions (id, hash, user_id, address, agent, created_at, seen_at) values ($1, $2, $3, $4, $5, $6, $6)`,
    [session.id, session.hash, session.userId, session.address, session.agent, session.createdAt],
  );
}

export async function touchSession(db: Queryable, id: string, at: Date): Promise<void> {
  await db.query('update sessions set seen_at = $2 where id = $1 and seen_at < $2', [id, at]);
}

/** Living sessions of a user, the latest first. */
export async function listSessions(
  db: Queryable,
  userId: string,
  bounds: SessionBounds,
): Promise<readonly SessionRow[]> {
  const found = await db.query<SessionRow>(
    `select ${COLUMNS} from sessions s
      where s.user_id = $1 and s.created_at > $2 and s.seen_at > $3 order by s.id desc limit 500`,
    [userId, bounds.madeAfter, bounds.seenAfter],
  );
  return found.rows;
}

export async function readSession(db: Queryable, id: string): Promise<SessionRow | undefined> {
  const found = await db.query<SessionRow>(`select ${COLUMNS} from sessions s where s.id = $1`, [id]);
  return found.rows[0];
}

/** Ends a session; the id of its user, or undefined when there is none such. */
export async function deleteSession(tx: Queryable, id: string): Promise<string | undefined> {
  const gone = await tx.query<{ user_id: string }>('delete from sessions where id = $1 returning user_id', [id]);
  return gone.rows[0]?.user_id;
}

export async function deleteSessionByHash(tx: Queryable, hash: Buffer): Promise<void> {
  await tx.query('delete from sessions where hash = $1', [hash]);
}

/** Ends the sessions of a user but for one. */
export async function deleteSessionsOfUser(tx: Queryable, userId: string, exceptId: string | null): Promise<void> {
  await tx.query('delete from sessions where user_id = $1 and ($2::text is null or id <> $2)', [userId, exceptId]);
}

/** Forgets sessions, links and tries that count no longer. */
export async function deleteOverdueSignIns(
  db: Queryable,
  bounds: SessionBounds & { readonly now: Date; readonly triesAfter: Date },
): Promise<void> {
  await db.query('delete from sessions where created_at <= $1 or seen_at <= $2', [bounds.madeAfter, bounds.seenAfter]);
  await db.query('delete from sign_in_links where expires_at <= $1', [bounds.now]);
  await db.query('delete from sign_in_tries where since <= $1', [bounds.triesAfter]);
}
