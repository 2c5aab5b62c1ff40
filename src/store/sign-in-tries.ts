import type { Queryable } from './pool.ts';

/** How often was tried under a subject since when, this try counted. */
export interface Tries {
  readonly subject: Buffer;
  readonly tries: number;
  readonly since: Date;
}

/**
 * Counts a try under each subject and tells what that makes. Counting comes before the password is looked at, so that
 * a hundred tries at once are not a hundred first ones. Windows that began before `windowStart` begin anew.
 */
export async function countTry(
  db: Queryable,
  subjects: readonly Buffer[],
  now: Date,
  windowStart: Date,
): Promise<readonly Tries[]> {
  const counted = await db.query<Tries>(
    // In one order, so that two who sign in at once never wait for each other in a circle.
    `insert into sign_in_tries as t (subject, tries, since)
     select subject, 1, $2 from unnest($1::bytea[]) subject order by subject
     on conflict (subject) do update
        set tries = case when t.since <= $3 then 1 else t.tries + 1 end,
            since = case when t.since <= $3 then excluded.since else t.since end
     returning subject, tries, since`,
    [subjects, now, windowStart],
  );
  return counted.rows;
}

/** Takes a try back that was none: it succeeded, or was refused unlooked at. */
export async function uncountTry(db: Queryable, subjects: readonly Buffer[]): Promise<void> {
  await db.query(
    `update sign_in_tries set tries = greatest(tries - 1, 0)
      where subject = any(array(select subject from sign_in_tries where subject = any($1) order by subject for update))`,
    [subjects],
  );
}

export async function forgetTries(db: Queryable, subject: Buffer): Promise<void> {
  await db.query('delete from sign_in_tries where subject = $1', [subject]);
}
