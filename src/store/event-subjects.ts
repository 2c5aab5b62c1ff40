import type { Queryable } from './pool.ts';

/**
 * Takes the next sequences of subjects that are no orders (`store:…`): `count` of each. Returns the first one taken, by
 * subject. Behind the account's clock, so sequences become visible in their order and without gaps.
 */
export async function takeSequences(
  tx: Queryable,
  accountId: string,
  counts: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const taken = await tx.query<{ subject: string; sequence: number }>(
    `insert into event_subjects (account_id, subject, sequence)
     select $1, unnest($2::text[]), unnest($3::int[])
     on conflict (account_id, subject) do update set sequence = event_subjects.sequence + excluded.sequence
     returning subject, sequence`,
    [accountId, [...counts.keys()], [...counts.values()]],
  );
  return new Map(taken.rows.map(({ subject, sequence }) => [subject, sequence - (counts.get(subject) ?? 1) + 1]));
}
