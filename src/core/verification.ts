import { accept, signatureEvidence } from './accept.ts';
import type { CallbackRequest, Secret } from './accept.ts';
import type { Parsed, Refusal, Verification } from './connector.ts';
import type { StoreNotice } from './store-binding.ts';

/** A request that is not believed. */
export const refused = (
  reason: Refusal['reason'],
  detail: string,
): { readonly ok: false; readonly refusal: Refusal } => ({ ok: false, refusal: { reason, detail } });

/**
 * Believes a request whose signature is that of one of the valid secrets. `compute`: the signature that a secret gives,
 * in the letter case of `given`. `field`: the credential, for the words of a refusal.
 */
export function acceptSigned<Content>(
  request: CallbackRequest,
  signed: {
    readonly secrets: readonly Secret[];
    readonly field: string;
    readonly given: string;
    readonly content: Content;
    compute(secret: string): string;
  },
): Verification<Content> {
  const { secrets, field, given, content } = signed;
  if (secrets.length === 0) return refused('no_secret', `The account has no ${field} to check a callback with.`);
  for (const secret of secrets) {
    const evidence = signatureEvidence(given, signed.compute(secret.value), secret);
    if (evidence !== undefined) return { ok: true, accepted: accept(request, evidence, content) };
  }
  return refused('wrong_signature', `The signature matches none of the valid values of ${field}.`);
}

/** Genuine and not understood: `reason` names the field, and nothing personal. */
export const unrecognised = (reason: string): Parsed => ({ kind: 'unrecognised', reason });

/** What a callback says about stores alone. */
export const aboutStores = (stores: readonly StoreNotice[]): Parsed => ({ kind: 'reports', reports: [], stores });
