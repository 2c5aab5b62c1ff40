/**
 * Many values as one parameter. A PostgreSQL array is text in which every quote and backslash of a JSON value is escaped
 * and every byte of a `bytea` takes two characters; escaping alone was 16 of the 130 µs that a callback cost the process.
 */

/** JSON.stringify writes every control character as an escape, so this one never stands in JSON text. */
const SEPARATOR = '\u001e';

/** JSON texts as one text parameter; `unnestJson` takes it apart. */
export function joinJson(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(SEPARATOR);
}

/** SQL for a column of JSON out of parameter `n`. Only for statements with at least one row. */
export const unnestJson = (n: number): string => `unnest(string_to_array($${n}::text, e'\\x1e'))::json`;

/** Byte strings as one binary parameter and the length of each, -1 for null. */
export function joinBytes(values: readonly (Buffer | null)[]): {
  readonly bytes: Buffer;
  readonly lengths: readonly number[];
} {
  return {
    bytes: Buffer.concat(values.filter((value) => value !== null)),
    lengths: values.map((value) => value?.length ?? -1),
  };
}

/**
 * SQL for rows `(nth, bytes)` out of the parameters of `joinBytes`: `bytesParam` the bytes, `lengthsParam` the lengths.
 */
export const bytesRows = (bytesParam: number, lengthsParam: number): string =>
  `(select nth, case when length < 0 then null
                     else substr($${bytesParam}::bytea,
                                 (1 + coalesce(sum(greatest(length, 0)) over (order by nth rows between unbounded preceding and 1 preceding), 0))::int,
                                 length) end as bytes
      from unnest($${lengthsParam}::int[]) with ordinality as l (length, nth))`;
