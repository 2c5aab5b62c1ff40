/** Milliseconds since 1970-01-01 UTC. The core never reads a clock: times come in as parameters. */
export type TimeMs = number;

/** What gives the time; handed in everywhere, so that tests can move it. */
export type Clock = () => TimeMs;

const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2200, 0, 1);
const BEIJING_OFFSET_MS = 8 * 3_600_000;
const BEIJING_TEXT = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?$/u;

/** The time when it lies between the years 2000 and 2200, else `undefined`: no order of these platforms lies outside. */
export function plausibleTime(ms: number): TimeMs | undefined {
  return Number.isFinite(ms) && ms >= EARLIEST_MS && ms < LATEST_MS ? Math.trunc(ms) : undefined;
}

/** Unix seconds as text (10 digits) to ms; 13 digits are read as ms, since fields of one name come in both units. */
export function unixTime(text: string): TimeMs | undefined {
  if (!/^\d{1,16}$/u.test(text)) return undefined;
  const number = Number(text);
  return plausibleTime(text.length >= 13 ? number : number * 1000);
}

/**
 * `YYYY-MM-DD HH:mm:ss` (or with `T`) in Beijing time, which has no summer time, to ms. `undefined` for a day or an hour
 * that does not exist: `Date` would roll 31 February over into March.
 */
export function beijingTime(text: string): TimeMs | undefined {
  const match = BEIJING_TEXT.exec(text);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const ms = plausibleTime(Date.UTC(year, month - 1, day, hour, minute, second) - BEIJING_OFFSET_MS);
  return ms !== undefined && toBeijingText(ms) === text.slice(0, 19).replace('T', ' ') ? ms : undefined;
}

/** ms to `YYYY-MM-DD HH:mm:ss` in Beijing time. */
export function toBeijingText(ms: TimeMs): string {
  return new Date(ms + BEIJING_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

/** The business day (Asia/Shanghai) of a time, `YYYY-MM-DD`. */
export function beijingDay(ms: TimeMs): string {
  return toBeijingText(ms).slice(0, 10);
}

const RFC3339 = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/u;

/** RFC 3339 with its offset to ms. `undefined` without an offset, and for a day or an hour that does not exist. */
export function rfc3339Time(text: string): TimeMs | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  // `Date` rolls 31 February over into March; read as UTC the wall time must come back as it went in.
  const wallMs = Date.parse(`${match[1]}T${match[2]}Z`);
  if (Number.isNaN(wallMs) || new Date(wallMs).toISOString().slice(0, 19) !== `${match[1]}T${match[2]}`)
    return undefined;
  return plausibleTime(Date.parse(text));
}

/** ms to RFC 3339 UTC, or null. */
export function toRfc3339(ms: TimeMs | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString();
}
