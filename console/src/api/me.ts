import { get, request } from './request.ts';

export type Right = 'read' | 'write' | 'admin';
export type Role = 'admin' | 'operator' | 'viewer';

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
  readonly limits: {
    readonly accounts: readonly string[] | null;
    readonly merchants: readonly string[] | null;
    readonly shops: readonly string[] | null;
  };
  readonly version: string;
  readonly isDemo: boolean;
}

export const readMe = (signal?: AbortSignal): Promise<Me> => get<Me>('/me', undefined, signal);

export const signIn = (body: { readonly username: string; readonly password: string }): Promise<unknown> =>
  request('POST', '/session', { body });

export const signOut = (): Promise<unknown> => request('DELETE', '/session');

/** Whether the hub still waits for its first user. */
export const readSetup = (): Promise<{ readonly open: boolean }> => get('/setup');

export const setUp = (body: {
  readonly token: string;
  readonly username: string;
  readonly password: string;
  readonly name?: string;
}): Promise<unknown> => request('POST', '/setup', { body });
