import { ApiError, problemOf } from './problem.ts';

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
  /** Makes a repeat of a write harmless: the hub answers it as it answered the first. */
  readonly idempotencyKey?: string;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** A refusal there is about a password or a link, not about a session that has ended. */
const BEFORE_SIGN_IN = /^\/(?:session|setup)/u;

/** Told when the hub no longer knows who we are, so that the sign-in page comes up wherever one is. */
const signedOut = new Set<() => void>();

export function onSignedOut(tell: () => void): () => void {
  signedOut.add(tell);
  return () => signedOut.delete(tell);
}

/**
 * One call of the hub's API. The session travels as a cookie that scripts cannot read; the header beside it is what a
 * page of another site cannot send.
 * @throws {ApiError}
 */
export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json', 'x-huidan-csrf': '1' };
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey;
  let response: Response;
  try {
    response = await fetch(addressOf(path, options.query), {
      method,
      headers,
      credentials: 'same-origin',
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
  } catch (error) {
    if (options.signal?.aborted === true) throw error;
    throw new ApiError({ status: 0, code: 'network', detail: 'The hub does not answer.' });
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    if (problem.status === 401 && !BEFORE_SIGN_IN.test(path)) for (const tell of signedOut) tell();
    throw problem;
  }
  if (response.status === 204 || response.headers.get('content-length') === '0') return undefined as T;
  return (await response.json()) as T;
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  request<T>('GET', path, { ...(query === undefined ? {} : { query }), ...(signal === undefined ? {} : { signal }) });

/** Path below `/api/v1` with its query; what is null, undefined or '' is left out. */
export function addressOf(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') params.set(name, String(value));
  }
  const text = params.toString();
  return `/api/v1${path}${text === '' ? '' : `?${text}`}`;
}

/** A page of a list. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | null;
}

/** For one intent of a person: the same on each try of it. `crypto.randomUUID` is missing where the hub is on plain http. */
export const newIdempotencyKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
