import { addressOf, get, request } from './request.ts';

export interface Export {
  readonly id: string;
  readonly state: 'queued' | 'running' | 'done' | 'failed';
  readonly progress: { readonly done: number; readonly total: number | null };
}

export const startExport = (body: {
  readonly kind: 'orders';
  readonly filter: Readonly<Record<string, unknown>>;
  readonly columns?: readonly string[];
}): Promise<Export> => request('POST', '/exports', { body });

export const readExport = (id: string, signal?: AbortSignal): Promise<Export> =>
  get(`/exports/${encodeURIComponent(id)}`, undefined, signal);

export const exportAddress = (id: string): string => addressOf(`/exports/${encodeURIComponent(id)}/file`);
