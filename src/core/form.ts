import { decodeUtf8 } from './json.ts';

/**
 * Reads `application/x-www-form-urlencoded`: split at `&` and the first `=`, then each name and value decoded exactly
 * once, `+` as a blank. Decoding before splitting would cut values at their own `&`; decoding twice would eat a `%` or
 * `+` that the user typed. Returns `undefined` for what is no such form: bytes that are not UTF-8, before or after
 * decoding, a `%` without two hex digits, or a name given twice (two receivers would read two different messages).
 */
export function parseForm(form: Uint8Array | string): ReadonlyMap<string, string> | undefined {
  const text = typeof form === 'string' ? form : decodeUtf8(form);
  if (text === undefined) return undefined;
  const fields = new Map<string, string>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const mark = pair.indexOf('=');
    const name = decodePart(mark === -1 ? pair : pair.slice(0, mark));
    const value = decodePart(mark === -1 ? '' : pair.slice(mark + 1));
    if (name === undefined || value === undefined || fields.has(name)) return undefined;
    fields.set(name, value);
  }
  return fields;
}

function decodePart(part: string): string | undefined {
  const spaced = part.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  try {
    // Strict where it matters: bad escapes and bytes that are not UTF-8 throw.
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}

/** Writes such a form: UTF-8, blanks as `+`, everything but letters, digits and `*-._` escaped. */
export function writeForm(fields: Iterable<readonly [string, string]>): string {
  return new URLSearchParams([...fields].map(([name, value]): [string, string] => [name, value])).toString();
}
