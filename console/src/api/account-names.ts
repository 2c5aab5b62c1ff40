import { get } from './request.ts';
import type { Page } from './request.ts';

/** What pages need to name an account; its page reads the rest. */
export interface AccountName {
  readonly id: string;
  readonly platform: string;
  readonly name: string;
  readonly mode: 'live' | 'observe' | 'paused';
}

export const readAccountNames = (signal?: AbortSignal): Promise<Page<AccountName>> =>
  get('/accounts', { limit: 500 }, signal);
