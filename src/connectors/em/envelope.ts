import { parseForm } from '../../core/form.ts';
import { decodeUtf8, isLosslessObject, parseLossless, scalarText } from '../../core/json.ts';

/** The outer fields of a notice, each as text; what is missing or is no text is `undefined`. */
export interface Envelope {
  readonly appid: string | undefined;
  readonly timestamp: string | undefined;
  /** Byte for byte as it was sent, after form decoding; never JSON written again. */
  readonly request_data: string | undefined;
  readonly sign: string | undefined;
}

/**
 * Reads a body that is JSON, percent-encoded JSON or a form: the sources show the first, and code that expects the
 * others. `undefined` for anything else.
 */
export function readEnvelope(body: Uint8Array): Envelope | undefined {
  const text = decodeUtf8(body);
  if (text === undefined) return undefined;
  const json = startsJson(text) ? text : percentEncodedJson(text);
  return json === undefined ? fromForm(text) : fromJson(json);
}

const startsJson = (text: string): boolean => /^\s*\{/u.test(text);

function percentEncodedJson(text: string): string | undefined {
  try {
    // As the vendor's Java decoder does it, `+` is a blank.
    const decoded = decodeURIComponent(text.replaceAll('+', ' '));
    return startsJson(decoded) ? decoded : undefined;
  } catch {
    return undefined;
  }
}

function fromForm(text: string): Envelope | undefined {
  const fields = parseForm(text);
  if (fields === undefined) return undefined;
  return {
    appid: fields.get('appid'),
    timestamp: fields.get('timestamp'),
    request_data: fields.get('request_data'),
    sign: fields.get('sign'),
  };
}

function fromJson(json: string): Envelope | undefined {
  const fields = parseLossless(json);
  if (!isLosslessObject(fields)) return undefined;
  const data = fields.get('request_data');
  return {
    appid: scalarText(fields.get('appid')),
    timestamp: scalarText(fields.get('timestamp')),
    // The field list calls it an object, the sample sends text. Of an object only its slice of the body is exact.
    request_data: isLosslessObject(data) ? rawMember(json, 'request_data') : scalarText(data),
    sign: scalarText(fields.get('sign')),
  };
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gu;

/**
 * The text of a member of the outermost object of valid JSON, as it stands there. Of a repeated name the last one, as
 * the parser has it.
 */
function rawMember(json: string, name: string): string | undefined {
  let found: string | undefined;
  let member: unknown;
  let start = 0;
  let depth = 0;
  let previous = '';
  for (const { 0: token, index } of json.matchAll(TOKEN)) {
    if (depth === 1 && token === ':') {
      member = JSON.parse(previous);
      start = index + 1;
    }
    if (depth === 1 && (token === ',' || token === '}') && member === name) found = json.slice(start, index).trim();
    if (token === '{' || token === '[') depth += 1;
    if (token === '}' || token === ']') depth -= 1;
    previous = token;
  }
  return found;
}
