import { get, request } from './request.ts';

export type Right = 'read' | 'write' | 'admin';
export type Role = 'admin' | 'operator' | 'viewer';

/** What somebody is limited to; null: no limit of that kind. */
export interface Limits {
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}

export interface Me {
  readonly user: {
    readonly id: string;
    readonly username: string;
    readonly name: string | null;
    readonly role: Role;
    readonly locale?: string | null;
  } | null;
  /** Set where a key, not a person, asks: a proxy of one's own, say. */
  readonly key: { readonly id: string; readonly name: string | null } | null;
  readonly right: Right;
  readonly reveal: boolean;
  readonly limits: Limits;
  readonly version: string;
  readonly isDemo: boolean;
}

/**
 * Who is signed in; null: nobody. Asked for first, since a refusal would stand in the browser's console as an error.
 * Under Vite the key of its proxy asks, which has no session.
 */
export async function readMe(signal?: AbortSignal): Promise<Me | null> {
  if (!import.meta.env.DEV) {
    const { signedIn } = await get<{ readonly signedIn: boolean }>('/session', undefined, signal);
    if (!signedIn) return null;
  }
  return get<Me>('/me', undefined, signal);
}

export const signIn = (body: { readonly username: string; readonly password: string }): Promise<unknown> =>
  request('POST', '/session', { body });

export const signOut = (): Promise<unknown> => request('DELETE', '/session');

/** Whether the hub still waits for its first user. */
export const readSetup = (): Promise<{ readonly open: boolean }> => get('/setup');

/** Whom a link is for; null: the first admin, who chooses a name. */
export const checkLink = (token: string): Promise<{ readonly username: string | null }> =>
  request('POST', '/setup/check', { body: { token } });

/** Uses a link: makes the first admin, or sets the password of its user; signs in. */
export const setUp = (body: {
  readonly token: string;
  readonly username?: string;
  readonly password: string;
  readonly name?: string;
}): Promise<unknown> => request('POST', '/setup', { body });
