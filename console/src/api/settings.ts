import { get, newIdempotencyKey, remove, request } from './request.ts';
import type { Limits, Right, Role } from './me.ts';
import type { Page } from './request.ts';

export interface ApiKey extends Limits {
  readonly id: string;
  readonly name: string;
  readonly right: Right;
  readonly reveal: boolean;
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

export interface User extends Limits {
  readonly id: string;
  readonly username: string;
  readonly name: string | null;
  readonly role: Role;
  readonly reveal: boolean;
  readonly hasPassword: boolean;
  readonly createdAt: string;
  readonly signedInAt: string | null;
}

export interface Session {
  readonly id: string;
  readonly current: boolean;
  readonly address: string | null;
  readonly agent: string | null;
  readonly createdAt: string;
  readonly seenAt: string;
}

export interface AuditEntry {
  readonly id: string;
  readonly at: string;
  readonly key: string | null;
  readonly user: string | null;
  readonly name: string | null;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface SandboxState {
  readonly speed: number;
  readonly rate: number;
  readonly chaos: Readonly<Record<string, number>>;
}

/** An address that lets its holder in, once. */
export interface Link {
  readonly url: string;
  readonly expiresAt: string;
}

const PAGE_SIZE = 50;
const userPath = (id: string, rest = ''): string => `/users/${encodeURIComponent(id)}${rest}`;

export const listKeys = (cursor: string | null, signal?: AbortSignal): Promise<Page<ApiKey>> =>
  get('/keys', { cursor, limit: PAGE_SIZE }, signal);

export const createKey = (body: {
  readonly name: string;
  readonly right: Right;
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
}): Promise<ApiKey & { readonly key: string }> =>
  request('POST', '/keys', { body, idempotencyKey: newIdempotencyKey() });

export const revokeKey = (id: string): Promise<void> => request('DELETE', `/keys/${encodeURIComponent(id)}`);

export const listUsers = (cursor: string | null, signal?: AbortSignal): Promise<Page<User>> =>
  get('/users', { cursor, limit: PAGE_SIZE }, signal);

/** What can be said and changed of a user. */
export interface UserFields extends Partial<Limits> {
  readonly username?: string;
  readonly name?: string | null;
  readonly role?: Role;
  readonly reveal?: boolean;
}

export const createUser = (body: UserFields & { readonly role: Role }): Promise<User> =>
  request('POST', '/users', { body, idempotencyKey: newIdempotencyKey() });

export const changeUser = (id: string, body: UserFields): Promise<User> => request('PATCH', userPath(id), { body });

export const removeUser = (id: string): Promise<void> => remove(userPath(id));

export const linkForUser = (id: string): Promise<Link> => request('POST', userPath(id, '/link'));

/** Of the user who asks, or of another one. */
export const listSessions = (user: string | null, signal?: AbortSignal): Promise<Page<Session>> =>
  get('/sessions', { user }, signal);

export const changeOwnName = (name: string | null): Promise<unknown> => request('PATCH', '/me', { body: { name } });

export const endSession = (id: string): Promise<void> => request('DELETE', `/sessions/${encodeURIComponent(id)}`);

export const changePassword = (body: { readonly current: string; readonly next: string }): Promise<void> =>
  request('POST', '/me/password', { body });

export const listAudit = (
  action: string | null,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<AuditEntry>> => get('/audit', { action, cursor, limit: PAGE_SIZE }, signal);

export const readSandbox = (signal?: AbortSignal): Promise<SandboxState> => get('/sandbox', undefined, signal);

export const changeSandbox = (body: Partial<SandboxState>): Promise<SandboxState> =>
  request('POST', '/sandbox', { body });

export const placeOrder = (platform: string): Promise<{ readonly platformOrderId: string }> =>
  request('POST', '/sandbox/orders', { body: { platform } });

export const sendAgain = (platformOrderId: string): Promise<void> =>
  request('POST', '/sandbox/repeats', { body: { platformOrderId } });
