import { isSet } from '../../core/account-fields.ts';
import { emptyRequestEvidence, pendingBindingEvidence, storeHintEvidence } from '../../core/accept.ts';
import type { CallbackRequest, Evidence } from '../../core/accept.ts';
import type { AccountView, Verification } from '../../core/connector.ts';
import { parseForm } from '../../core/form.ts';
import { sha1Hex } from '../../core/signing.ts';
import { acceptSigned, refused } from '../../core/verification.ts';

/** The decoded fields of a callback. */
export type Fields = ReadonlyMap<string, string>;

/** Whether fields with an empty value are signed in an account's callbacks. */
export const signsEmpty = (account: Pick<AccountView, 'settings'>): boolean =>
  isSet(account, 'emptyInSignature', 'include');

const isSign = (name: string): boolean => name.toLowerCase() === 'sign';

/**
 * Names and decoded values joined without separators, names by character code; without `sign` in any letter case and
 * without fields that are null or, unless `empties`, empty (sheet, section 4). `0` stays. Without separators two sets of
 * fields can give one text, so nothing but the fields of known events is read after verification.
 */
export function signedText(fields: Iterable<readonly [string, string | null]>, empties: boolean): string {
  let text = '';
  // The plain sort compares UTF-16 units, as the sorted map of the platform's own code does.
  for (const [name, value] of [...fields].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    if (isSign(name) || value === null || (value === '' && !empties)) continue;
    text += name + value;
  }
  return text;
}

/** The signature of requests, callbacks and binding links alike: lower-case hex SHA-1 over the key and the text. */
export const sign = (fields: Iterable<readonly [string, string | null]>, signKey: string, empties = false): string =>
  sha1Hex(signKey + signedText(fields, empties));

/**
 * Says who vouches for a callback: its `sign`, which must be right wherever there is one; for a bind callback without
 * one the pending binding of its store; for an unbind callback without one nobody, so that it is no more than a hint.
 */
export function verify(request: CallbackRequest, account: AccountView): Verification<Fields> {
  // One integrator reads the query where the body has nothing (sheet, 1.3).
  const fields = parseForm(request.body.length === 0 ? request.query : request.body);
  if (fields === undefined) return refused('unreadable', 'The body is not a form in UTF-8, or names a field twice.');
  const named = fields.get('sign') ?? [...fields].find(([name]) => isSign(name))?.[1] ?? '';
  const voucher = named === '' ? (emptyRequestEvidence(request) ?? storeEvidence(request, account, fields)) : named;
  const text = signedText(fields, signsEmpty(account));
  const claim = { credential: 'signKey', given: voucher ?? UNSIGNED, content: fields };
  return acceptSigned(request, account, claim, (signKey) => sha1Hex(signKey + text));
}

const UNSIGNED = refused('missing_signature', 'There is no field sign, and its store waits for no binding.');

function storeEvidence({ topic }: CallbackRequest, account: AccountView, fields: Fields): Evidence | undefined {
  if (isSet(account, 'bindCallbacks', 'signed_only')) return undefined;
  const stores = storesOf(fields, account);
  if (topic === 'unbind') return storeHintEvidence(stores, account.knownStores ?? new Set());
  const [store, ...others] = topic === 'bind' ? stores : [];
  return store && others.length === 0 ? pendingBindingEvidence(store, account.pendingBindings) : undefined;
}

/**
 * Our numbers of the stores that a bind or unbind callback names: several by commas, unless a store's own number has
 * one. None where one of them is no number that a store can have.
 */
export function storesOf(fields: Fields, account: AccountView): readonly string[] {
  const text = fields.get('ePoiId') ?? fields.get('epoiId') ?? '';
  if (account.pendingBindings.has(text) || account.knownStores?.has(text) === true) return [text];
  const stores = text.split(',').filter((store) => store !== '');
  return stores.every((store) => store.length <= 100 && !/\p{Cc}/u.test(store)) ? stores : [];
}
