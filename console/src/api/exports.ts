import type { OrderFilter } from './orders.ts';
import { addressOf, get, remove, request } from './request.ts';
import type { Page } from './request.ts';

/** Everything that a file of orders can hold, in the order of its columns. */
export const EXPORT_COLUMNS = [
  'id',
  'platform',
  'account',
  'platformOrderId',
  'displayId',
  'merchantOrderId',
  'daySequence',
  'kind',
  'status',
  'payment',
  'fulfilment',
  'flags',
  'items',
  'original',
  'total',
  'paid',
  'refunded',
  'deliveryFee',
  'boxFee',
  'platformFee',
  'income',
  'commission',
  'customerName',
  'customerPhone',
  'customerAddress',
  'merchant',
  'shop',
  'store',
  'parent',
  'sid',
  'member',
  'placedAt',
  'paidAt',
  'completedAt',
  'updatedAt',
] as const;
export type ExportColumn = (typeof EXPORT_COLUMNS)[number];

/** A file that the hub makes in the background. */
export interface Export {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'done' | 'failed';
  /** `total` null: not counted. */
  readonly progress: { readonly done: number; readonly total: number | null };
  readonly columns: readonly string[];
  readonly bytes: number | null;
  readonly error: string | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
  /** Then it is gone. */
  readonly expiresAt: string;
}

export const startOrdersExport = (
  body: { readonly filter: OrderFilter; readonly columns: readonly ExportColumn[] },
  idempotencyKey: string,
): Promise<Export> => request('POST', '/exports', { body: { kind: 'orders', ...body }, idempotencyKey });

/** One's own, the youngest first: at most fifty are kept. */
export const listExports = (signal?: AbortSignal): Promise<Page<Export>> => get('/exports', { limit: 50 }, signal);

/** Stops it, or removes its file. */
export const removeExport = (id: string): Promise<void> => remove(`/exports/${encodeURIComponent(id)}`);

/** Where a browser takes the file by itself: it may be larger than a page can hold. */
export const exportFileAddress = (id: string): string => addressOf(`/exports/${encodeURIComponent(id)}/file`);
