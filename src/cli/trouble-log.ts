import type { HubDeps } from '../server/start.ts';

/** Where a line for a person goes. */
export interface TroubleOutput {
  note(text: string): void;
}

/** More than these make a line that nobody reads. */
const MOST_FIELDS = 6;
/** A host that is not there fails call after call, and would push everything else off the screen. */
const SAME_AGAIN_MS = 60_000;

/**
 * A log for the terminal: what goes wrong is told above the live line, in words; the rest would bury it. While everything
 * is being stopped a warning, of a connection that ended say, would only worry. What differs in numbers alone, such as
 * how long it took, is told once a minute.
 */
export function troubleLog(
  out: TroubleOutput,
  signal: AbortSignal,
  nowMs: () => number = () => performance.now(),
): NonNullable<HubDeps['log']> {
  const toldAtMs = new Map<string, number>();
  const tell = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    out.note(`${message}${detailOf(fields)}`);
  };
  const warn = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    if (signal.aborted) return;
    const texts = Object.entries(fields)
      .map(([name, value]) => [name, value instanceof Error ? value.message : value])
      .filter(([, value]) => typeof value === 'string');
    const same = JSON.stringify([message, texts]);
    const at = nowMs();
    if (at - (toldAtMs.get(same) ?? Number.NEGATIVE_INFINITY) < SAME_AGAIN_MS) return;
    // Only what counts now: the rest has been said long enough ago.
    for (const [key, told] of toldAtMs) if (at - told >= SAME_AGAIN_MS) toldAtMs.delete(key);
    toldAtMs.set(same, at);
    tell(fields, message);
  };
  return { debug: () => undefined, info: () => undefined, warn, error: tell };
}

/** ` (account waimai, call orderQuery): reason`: which one, and why. */
function detailOf(fields: Readonly<Record<string, unknown>>): string {
  const { err, message = err instanceof Error ? err.message : undefined, reason, ...rest } = fields;
  const named = Object.entries(rest)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .slice(0, MOST_FIELDS)
    .map(([name, value]) => `${name} ${String(value)}`);
  const where = named.length === 0 ? '' : ` (${named.join(', ')})`;
  const why = [message, reason].filter((part) => typeof part === 'string' && part !== '');
  return why.length === 0 ? where : `${where}: ${why.join(': ')}`;
}
