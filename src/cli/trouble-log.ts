import type { HubDeps } from '../server/start.ts';

/** Where a line for a person goes. */
export interface TroubleOutput {
  note(text: string): void;
}

/** More than these make a line that nobody reads. */
const MOST_FIELDS = 6;

/**
 * A log for the terminal: what goes wrong is told above the live line, in words; the rest would bury it. While everything
 * is being stopped a warning, of a connection that ended say, would only worry.
 */
export function troubleLog(out: TroubleOutput, signal: AbortSignal): NonNullable<HubDeps['log']> {
  const tell = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    out.note(`${message}${detailOf(fields)}`);
  };
  const warn = (fields: Readonly<Record<string, unknown>>, message: string): void => {
    if (!signal.aborted) tell(fields, message);
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
