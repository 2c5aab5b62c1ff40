import type { OrderFilter } from './orders.ts';
import { addressOf, get, request } from './request.ts';

/** A file that the hub makes in the background. */
export interface Export {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'done' | 'failed';
  /** `total` null: not counted. */
  readonly progress: { readonly done: number; readonly total: number | null };
  readonly error: string | null;
}

export const startOrdersExport = (filter: OrderFilter, idempotencyKey: string): Promise<Export> =>
  request('POST', '/exports', { body: { kind: 'orders', filter }, idempotencyKey });

export const readExport = (id: string, signal?: AbortSignal): Promise<Export> =>
  get(`/exports/${encodeURIComponent(id)}`, undefined, signal);

/** Stops it, or removes its file. */
export const removeExport = (id: string): Promise<void> => request('DELETE', `/exports/${encodeURIComponent(id)}`);

/** Where a browser takes the file by itself: it may be larger than a page can hold. */
export const exportFileAddress = (id: string): string => addressOf(`/exports/${encodeURIComponent(id)}/file`);
