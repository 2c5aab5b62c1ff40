import { get, newIdempotencyKey, remove, request } from './request.ts';
import type { Page } from './request.ts';

export interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly kind: 'events' | 'raw';
  readonly events: readonly string[];
  readonly accounts: readonly string[] | null;
  readonly merchants: readonly string[] | null;
  readonly shops: readonly string[] | null;
  readonly personalData: boolean;
  readonly strict: boolean;
  readonly state: 'enabled' | 'disabled';
  readonly description: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface EndpointQueue {
  /** Orders with an event to send. */
  readonly waiting: number;
  /** Of those, the ones that wait for a retry. */
  readonly failing: number;
  /** Orders at which a strict endpoint stands still. */
  readonly blocked: number;
  readonly oldestDueAt: string | null;
}

export interface TestSend {
  readonly delivered: boolean;
  readonly event: string;
  readonly status: number | null;
  readonly error: string | null;
  readonly response: string | null;
  readonly durationMs: number;
}

export const DELIVERY_OUTCOMES = ['delivered', 'failed', 'dead'] as const;

export interface Delivery {
  readonly id: string;
  readonly at: string;
  readonly account: string;
  readonly endpoint: string;
  readonly event: string;
  readonly type: string;
  readonly subject: string;
  readonly sequence: number;
  readonly attempt: number;
  readonly outcome: (typeof DELIVERY_OUTCOMES)[number];
  readonly statusCode: number | null;
  readonly error: string | null;
  readonly response: string | null;
  readonly durationMs: number;
  readonly replay: string | null;
}

export interface NewEndpoint {
  readonly url: string;
  readonly events: readonly string[];
  readonly kind: Endpoint['kind'];
  readonly strict: boolean;
  readonly personalData: boolean;
  readonly description: string | null;
}

const path = (id: string, rest = ''): string => `/endpoints/${encodeURIComponent(id)}${rest}`;

export const listEndpoints = (signal?: AbortSignal): Promise<Page<Endpoint>> =>
  get('/endpoints', { limit: 500 }, signal);

export const readEndpoint = (id: string, signal?: AbortSignal): Promise<Endpoint> => get(path(id), undefined, signal);

export const readQueue = (id: string, signal?: AbortSignal): Promise<EndpointQueue> =>
  get(path(id, '/queue'), undefined, signal);

export const createEndpoint = (body: NewEndpoint): Promise<Endpoint & { readonly secret: string }> =>
  request('POST', '/endpoints', { body, idempotencyKey: newIdempotencyKey() });

export const setEndpointState = (id: string, state: Endpoint['state']): Promise<Endpoint> =>
  request('PATCH', path(id), { body: { state } });

export const removeEndpoint = (id: string): Promise<void> => remove(path(id));

export const rotateSecret = (id: string): Promise<{ readonly secret: string; readonly oldValidUntil: string }> =>
  request('POST', path(id, '/secret'), { idempotencyKey: newIdempotencyKey() });

export const testEndpoint = (id: string): Promise<TestSend> => request('POST', path(id, '/test'));

export const retryNow = (id: string): Promise<{ readonly subjects: number }> => request('POST', path(id, '/retry'));

export interface DeliveryFilter {
  readonly endpoint: string | null;
  readonly outcome: string | null;
  readonly undelivered?: boolean;
}

const PAGE_SIZE = 50;

export const listDeliveries = (
  filter: DeliveryFilter,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<Delivery>> => get('/deliveries', { ...filter, cursor, limit: PAGE_SIZE }, signal);

/** What is sent again: some events by their ids, or all of a time. */
export type ReplayWish =
  | { readonly events: readonly string[] }
  | { readonly from: string; readonly to?: string; readonly outcome?: 'dead' };

/** How many events it would send. */
export const previewReplay = (id: string, wish: ReplayWish): Promise<{ readonly events: number }> =>
  request('POST', path(id, '/replay'), { body: { ...wish, preview: true } });

export const startReplay = (id: string, wish: ReplayWish): Promise<{ readonly id: string; readonly events: number }> =>
  request('POST', path(id, '/replay'), { body: wish, idempotencyKey: newIdempotencyKey() });
