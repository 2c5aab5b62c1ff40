import { equalInConstantTime } from './signing.ts';
import type { TimeMs } from './time.ts';

/** A request at a callback address, as its bytes came. */
export interface CallbackRequest {
  readonly method: 'POST' | 'GET';
  /** The event named in the path, '' where the platform has one address for all. */
  readonly topic: string;
  /** The raw query string without `?`. */
  readonly query: string;
  /** Lower-case names; of a repeated header the first value. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly receivedAt: TimeMs;
}

/** A secret of an account that is valid now. */
export interface Secret {
  /** Name of the credential field. */
  readonly name: string;
  readonly value: string;
  /** See `secretFingerprint`; may be shown and stored. */
  readonly fingerprint: string;
}

const MADE_HERE = Symbol('made by the evidence functions');

/**
 * Proof that a request comes from its platform. Only the functions below can make one, and `accept()` wants one: there
 * is no way to parse a body that nobody vouched for, in any mode.
 */
export class Evidence {
  /** Makes the type nominal and lets `isGenuine` tell an evidence from an object that only looks like one. */
  readonly #made = true;
  readonly kind: 'signature' | 'path-token' | 'pending-binding' | 'hint' | 'empty';
  /** Fingerprint of the secret that matched, '' where there was none. */
  readonly fingerprint: string;
  constructor(token: typeof MADE_HERE, kind: Evidence['kind'], fingerprint: string) {
    if (token !== MADE_HERE) throw new TypeError('evidence comes from a check, not from a constructor call');
    this.kind = kind;
    this.fingerprint = fingerprint;
  }

  /** True for what the functions below made; false for look-alikes and for objects with this prototype. */
  static isGenuine(value: unknown): value is Evidence {
    return typeof value === 'object' && value !== null && #made in value && value.#made;
  }
}

/** Evidence when the given signature equals, byte by byte, the one computed with the secret. */
export function signatureEvidence(given: string, computed: string, secret: Secret): Evidence | undefined {
  // Whoever knows the algorithm can sign with an empty secret.
  if (secret.value === '') return undefined;
  return equalInConstantTime(given, computed) ? new Evidence(MADE_HERE, 'signature', secret.fingerprint) : undefined;
}

/** Evidence from an asymmetric check that the caller hands in, so that no caller can forget to run it. */
export function publicKeyEvidence(check: (publicKey: string) => boolean, key: Secret): Evidence | undefined {
  return check(key.value) ? new Evidence(MADE_HERE, 'signature', key.fingerprint) : undefined;
}

/** Evidence when an unguessable token of the path is one that we gave out. */
export function pathTokenEvidence(given: string, issued: string): Evidence | undefined {
  return issued !== '' && equalInConstantTime(given, issued) ? new Evidence(MADE_HERE, 'path-token', '') : undefined;
}

/** Evidence when the store named by the request has a binding of ours pending. */
export function pendingBindingEvidence(store: string, pending: ReadonlySet<string>): Evidence | undefined {
  return pending.has(store) ? new Evidence(MADE_HERE, 'pending-binding', '') : undefined;
}

/**
 * Evidence of a hint: nobody vouches for the request, but it names stores of the account and asks the hub for nothing
 * but to look. What it says is never believed: `parse` may answer it with notices that are hints, and the hub proves
 * each by a call of its own. Without it a platform that does not sign its goodbyes would be told forever that they
 * did not arrive.
 */
export function storeHintEvidence(stores: readonly string[], known: ReadonlySet<string>): Evidence | undefined {
  return stores.length > 0 && stores.every((store) => known.has(store))
    ? new Evidence(MADE_HERE, 'hint', '')
    : undefined;
}

/** Evidence for a request that says nothing at all, the way consoles try an address: there is nothing to believe. */
export function emptyRequestEvidence(request: Pick<CallbackRequest, 'body' | 'query'>): Evidence | undefined {
  return request.body.length === 0 && request.query === '' ? new Evidence(MADE_HERE, 'empty', '') : undefined;
}

/** A request that was vouched for, with what the verifier had to read of it anyway. `parse` takes nothing else. */
export class Accepted<Content = unknown> {
  readonly #made = true;
  readonly request: CallbackRequest;
  readonly evidence: Evidence;
  readonly content: Content;
  constructor(token: typeof MADE_HERE, request: CallbackRequest, evidence: Evidence, content: Content) {
    if (token !== MADE_HERE) throw new TypeError('only accept() makes an accepted request');
    this.request = request;
    this.evidence = evidence;
    this.content = content;
  }

  /** True for what `accept` made. */
  static isGenuine(value: unknown): value is Accepted {
    return typeof value === 'object' && value !== null && #made in value && value.#made;
  }
}

/** The only maker of an accepted request. Throws TypeError for evidence that no check made. */
export function accept<Content>(request: CallbackRequest, evidence: Evidence, content: Content): Accepted<Content> {
  if (!Evidence.isGenuine(evidence)) throw new TypeError('accept() wants evidence from a check');
  return new Accepted(MADE_HERE, request, evidence, content);
}
