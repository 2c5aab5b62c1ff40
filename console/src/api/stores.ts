import { get, newIdempotencyKey, request } from './request.ts';
import type { Page } from './request.ts';

export type StoreState = 'unbound' | 'pending' | 'proving' | 'bound' | 'released';

export interface Store {
  readonly account: string;
  readonly platform: string;
  readonly store: string;
  readonly name: string | null;
  readonly platformStoreId: string | null;
  readonly state: StoreState;
  /** What keeps it from being what it should be. */
  readonly reason: string | null;
  /** What the platform says of its being open, in its own words. */
  readonly open: string | null;
  readonly merchant: string | null;
  readonly shop: string | null;
  readonly tokenExpiresAt: string | null;
  readonly boundAt: string | null;
}

export interface Binding {
  readonly id: string;
  readonly account: string;
  readonly store: string | null;
  readonly name: string;
  /** null once it is of no use, and for whoever may not see it. */
  readonly url: string | null;
  readonly state: 'pending' | 'exchanging' | 'done' | 'cancelled' | 'expired';
  readonly reason: string | null;
  readonly expiresAt: string;
}

const PAGE_SIZE = 50;

export const listStores = (account: string, cursor: string | null, signal?: AbortSignal): Promise<Page<Store>> =>
  get('/stores', { account, cursor, limit: PAGE_SIZE }, signal);

const pathOf = (account: string, store: string): string =>
  `/stores/${encodeURIComponent(account)}/${encodeURIComponent(store)}`;

export const readStore = (account: string, store: string, signal?: AbortSignal): Promise<Store> =>
  get(pathOf(account, store), undefined, signal);

/** An address at which a merchant binds his store; without one, all shops of a seller. */
export const createBinding = (wish: {
  readonly account: string;
  readonly store?: string;
  readonly name?: string;
}): Promise<Binding> => request('POST', '/stores/bindings', { body: wish, idempotencyKey: newIdempotencyKey() });

export const readBinding = (id: string, signal?: AbortSignal): Promise<Binding> =>
  get(`/stores/bindings/${encodeURIComponent(id)}`, undefined, signal);

export const cancelBinding = (id: string): Promise<void> =>
  request('DELETE', `/stores/bindings/${encodeURIComponent(id)}`);

/** The address at which the merchant releases a bound store. */
export const releaseLink = (account: string, store: string): Promise<{ readonly url: string }> =>
  request('POST', `${pathOf(account, store)}/release-link`);

export interface Named {
  readonly id: string;
  readonly name: string;
}

export const readMerchants = (signal?: AbortSignal): Promise<Page<Named>> => get('/merchants', { limit: 500 }, signal);

export const readShops = (signal?: AbortSignal): Promise<Page<Named>> => get('/shops', { limit: 500 }, signal);
