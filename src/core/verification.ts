import { accept } from './accept.ts';
import type { CallbackRequest, Evidence, Secret } from './accept.ts';
import type { AccountView, Parsed, Refusal, Verification } from './connector.ts';
import type { Report } from './fact.ts';
import { decodeUtf8, isLosslessObject, parseLossless } from './json.ts';
import type { LosslessObject } from './json.ts';
import type { JsonReader } from './json-reader.ts';
import type { StoreNotice } from './store-binding.ts';

export interface Refused {
  readonly ok: false;
  readonly refusal: Refusal;
}

/** A request that is not believed. */
export const refused = (reason: Refusal['reason'], detail: string): Refused => ({
  ok: false,
  refusal: { reason, detail },
});

export const isRefused = (value: object | string): value is Refused =>
  typeof value === 'object' && 'refusal' in value && !(value instanceof Map);

/** The body as a JSON object, numbers as their text. Any content type will do: the bytes prove themselves. */
export function jsonBody({ body }: Pick<CallbackRequest, 'body'>): LosslessObject | Refused {
  const text = decodeUtf8(body);
  if (text === undefined) return refused('unreadable', 'The body is not UTF-8.');
  const fields = parseLossless(text);
  if (fields === undefined) return refused('unreadable', 'The body is not JSON, or is nested too deeply.');
  return isLosslessObject(fields)
    ? fields
    : refused('missing_signature', 'The body is not a JSON object, so it has no field that signs it.');
}

/** The signature that a body holds in a field of its own. */
export function signatureIn(fields: LosslessObject, name: string): string | Refused {
  const given = fields.get(name);
  if (typeof given === 'string' && given !== '') return given;
  return refused('missing_signature', `The body has no field ${name}, or it is not text.`);
}

/**
 * Believes a request that one of the account's secrets proves: each that is valid now is tried, the newest first.
 * `field`: the credential; `given`: the signature, or why there is none; `content`: what was read on the way, for
 * `parse`; `prove`: the evidence that a secret gives, from the functions of `accept.ts`.
 */
export function acceptProved<Content>(
  request: CallbackRequest,
  account: Pick<AccountView, 'secrets'>,
  { field, given, content }: { readonly field: string; readonly given: string | Refused; readonly content: Content },
  prove: (given: string, secret: Secret) => Evidence | undefined,
): Verification<Content> {
  const secrets = account.secrets(field);
  // First, since it is what the account's owner can mend.
  if (secrets.length === 0) return refused('no_secret', `The account has no ${field} to check a callback with.`);
  if (typeof given !== 'string') return given;
  for (const secret of secrets) {
    const evidence = prove(given, secret);
    if (evidence !== undefined) return { ok: true, accepted: accept(request, evidence, content) };
  }
  return refused('wrong_signature', `The signature matches none of the valid values of ${field}.`);
}

/** Genuine and not understood: `reason` names the field, and nothing personal. */
export const unrecognised = (reason: string): Extract<Parsed, { kind: 'unrecognised' }> => ({
  kind: 'unrecognised',
  reason,
});

/** A field without which the message means nothing. */
export const isMissing = (name: string): Parsed => unrecognised(`${name} is missing`);

/** A value that no table of ours has: short, and escaped, since the reason is stored as text. */
export const isUnknown = (name: string, value: string | undefined): Parsed =>
  value === undefined ? isMissing(name) : unrecognised(`${name} ${quoted(value)} is not known`);

/** The row of a table; a status called `constructor` is in no table of ours. */
export const lookUp = <Row>(table: Readonly<Record<string, Row>>, value: string | undefined): Row | undefined =>
  value !== undefined && Object.hasOwn(table, value) ? table[value] : undefined;

/** A value of the sender inside a reason. */
export const quoted = (value: string): string => JSON.stringify(value.slice(0, 32));

/** What a message says of orders, unless something in it could not be read: half an order would hide that. */
export const aboutOrders = ({ fault }: Pick<JsonReader, 'fault'>, ...reports: readonly Report[]): Parsed =>
  fault === undefined ? { kind: 'reports', reports } : unrecognised(fault);

/** What a callback says about stores alone. */
export const aboutStores = (...stores: readonly StoreNotice[]): Parsed => ({ kind: 'reports', reports: [], stores });
