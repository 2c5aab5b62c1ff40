import { get, newIdempotencyKey, remove, request } from './request.ts';
import type { BothWords } from './platforms.ts';
import type { Page } from './request.ts';

export const MODES = ['live', 'observe', 'paused'] as const;
export type Mode = (typeof MODES)[number];

export interface Account {
  readonly id: string;
  readonly platform: string;
  readonly name: string;
  readonly mode: Mode;
  readonly merchant: string | null;
  /** With the defaults of what was never set. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly callbacks: readonly { readonly topic: string; readonly url: string }[];
  readonly secrets: readonly AccountSecret[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface AccountSecret {
  readonly field: string;
  readonly fingerprint: string;
  readonly createdAt: string;
  /** null: no end is set. */
  readonly validUntil: string | null;
}

export interface AccountChange {
  readonly name?: string;
  readonly mode?: Mode;
  readonly credentials?: Readonly<Record<string, unknown>>;
  readonly settings?: Readonly<Record<string, unknown>>;
}

export interface NewAccount {
  readonly id: string;
  readonly platform: string;
  readonly name: string;
  readonly mode: Mode;
  readonly credentials: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface CheckResult {
  readonly ok: boolean;
  readonly message: string;
  readonly code: string | null;
  readonly class: 'retry' | 'alert' | 'final' | null;
}

export interface Repair {
  readonly polls: readonly {
    readonly poll: string;
    readonly label: BothWords;
    readonly everySeconds: number;
    readonly finishedAt: string | null;
    readonly nextAt: string;
    readonly failures: number;
    readonly reason: string | null;
  }[];
  readonly repaired: {
    readonly since: string;
    readonly count: number;
    readonly newOrders: number;
    readonly medianSeconds: number | null;
  };
}

const path = (id: string, rest = ''): string => `/accounts/${encodeURIComponent(id)}${rest}`;

export const listAccounts = (signal?: AbortSignal): Promise<Page<Account>> => get('/accounts', { limit: 500 }, signal);

export const readAccount = (id: string, signal?: AbortSignal): Promise<Account> => get(path(id), undefined, signal);

export const createAccount = (body: NewAccount): Promise<Account> =>
  request('POST', '/accounts', { body, idempotencyKey: newIdempotencyKey() });

export const changeAccount = (id: string, body: AccountChange): Promise<Account> =>
  request('PATCH', path(id), { body });

export const removeAccount = (id: string): Promise<void> => remove(path(id));

export const removeSecret = (id: string, { field, fingerprint }: AccountSecret): Promise<void> =>
  request('DELETE', path(id, `/secrets/${encodeURIComponent(field)}/${encodeURIComponent(fingerprint)}`));

export const checkAccount = (id: string): Promise<CheckResult> => request('POST', path(id, '/check'));

export const readRepair = (id: string, signal?: AbortSignal): Promise<Page<Repair>> =>
  get('/repair', { account: id }, signal, path(id));

export const runRepair = (id: string): Promise<unknown> => request('POST', `/repair/${encodeURIComponent(id)}/run`);
