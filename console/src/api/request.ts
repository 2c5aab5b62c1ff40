import { readPreferences } from '../app/preferences.ts';
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

/** Paths of what was removed, or is being: whoever asks is answered here, since a browser complains of every 404 itself. */
const removed = new Set<string>();
const reading = new Set<{ readonly about: string; readonly breakOff: AbortController }>();

const isOf = (path: string, place: string): boolean => path === place || path.startsWith(`${place}/`);
const gone = (): ApiError => new ApiError({ status: 404, code: 'not_found', detail: 'It was removed.' });
const isRemoved = (path: string): boolean => removed.size > 0 && [...removed].some((place) => isOf(path, place));

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
  const headers: Record<string, string> = {
    accept: 'application/json',
    // The reasons that the hub gives are then in the language of the page, whatever the browser's is.
    'accept-language': readPreferences().language === 'zh' ? 'zh-CN' : 'en',
    'x-huidan-csrf': '1',
  };
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

/**
 * Reads. `about`: path of the thing that it says something of, where its own path does not tell.
 * @throws {ApiError}
 */
export async function get<T>(path: string, query?: Query, signal?: AbortSignal, about = path): Promise<T> {
  if (isRemoved(about)) throw gone();
  const breakOff = new AbortController();
  const own = { about, breakOff };
  // Not `AbortSignal.any`: phones that are in use do not have it yet.
  const give = (): void => breakOff.abort();
  signal?.addEventListener('abort', give, { once: true });
  reading.add(own);
  try {
    return await request<T>('GET', path, { ...(query === undefined ? {} : { query }), signal: breakOff.signal });
  } catch (error) {
    throw breakOff.signal.aborted && isRemoved(about) ? gone() : error;
  } finally {
    reading.delete(own);
    signal?.removeEventListener('abort', give);
  }
}

/**
 * Removes what is at `path`. What reads it regularly, or is reading it just now, learns of that without asking the hub.
 * @throws {ApiError}
 */
export async function remove(path: string): Promise<void> {
  removed.add(path);
  for (const one of reading) if (isOf(one.about, path)) one.breakOff.abort();
  try {
    await request<void>('DELETE', path);
  } catch (error) {
    removed.delete(path);
    throw error;
  }
}

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
