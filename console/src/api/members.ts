import { get, newIdempotencyKey, request } from './request.ts';
import type { Page } from './request.ts';

export interface Member {
  readonly id: string;
  readonly name: string | null;
  readonly sids: readonly string[];
  readonly inviter: string | null;
  readonly createdAt: string;
}

/** Fen by what can be done with them. */
export interface Balance {
  readonly estimated: number;
  readonly confirmed: number;
  /** Below zero where what was paid out was taken back since. */
  readonly available: number;
  readonly paid: number;
  readonly takenBack: number;
}

export interface MemberBalance extends Balance {
  readonly member: string;
  readonly name: string | null;
}

export interface StatementLine extends Balance {
  readonly day: string | null;
  readonly order: string | null;
  readonly platformOrderId: string | null;
}

export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly account: string | null;
  readonly businessLine: string | null;
  readonly actId: string | null;
  readonly from: string | null;
  readonly until: string | null;
  readonly shares: Shares;
}

/** Basis points of what an order earns. */
export interface Shares {
  readonly self: number;
  readonly inviter1: number;
  readonly inviter2: number;
}

export interface Preview {
  readonly plan: { readonly id: string; readonly name: string; readonly version: number } | null;
  readonly shares: readonly {
    readonly role: keyof Shares;
    readonly member: string;
    readonly basisPoints: number;
    readonly amount: number;
  }[];
  readonly house: number;
}

export interface Payout {
  readonly id: string;
  readonly kind: 'batch' | 'withdrawal';
  readonly state: 'open' | 'done';
  readonly members: number;
  readonly amount: number;
  readonly held: number;
  readonly paid: number;
  readonly failed: number;
  readonly createdAt: string;
}

export interface PayoutItem {
  readonly member: string;
  readonly name: string | null;
  readonly amount: number;
  readonly state: 'held' | 'paid' | 'failed';
  readonly reason: string | null;
}

const PAGE_SIZE = 50;
const member = (id: string, rest = ''): string => `/members/${encodeURIComponent(id)}${rest}`;
const payout = (id: string, rest = ''): string => `/commission/payouts/${encodeURIComponent(id)}${rest}`;

export const listBalances = (cursor: string | null, signal?: AbortSignal): Promise<Page<MemberBalance>> =>
  get('/commission/balances', { cursor, limit: PAGE_SIZE }, signal);

export const listInvited = (id: string, signal?: AbortSignal): Promise<Page<Member>> =>
  get('/members', { inviter: id, limit: 200 }, signal);

export const readMember = (id: string, signal?: AbortSignal): Promise<Member> => get(member(id), undefined, signal);

export const readBalance = (id: string, signal?: AbortSignal): Promise<Balance> =>
  get(member(id, '/balance'), undefined, signal);

export const listStatement = (
  id: string,
  by: 'day' | 'order',
  cursor: string | null,
  signal?: AbortSignal,
): Promise<Page<StatementLine>> => get(member(id, '/statement'), { by, cursor, limit: PAGE_SIZE }, signal);

export const addMember = (body: {
  readonly id: string;
  readonly name?: string;
  readonly sids?: readonly string[];
  readonly inviter?: string;
}): Promise<Member> => request('POST', '/members', { body, idempotencyKey: newIdempotencyKey() });

export const listPlans = (cursor: string | null, signal?: AbortSignal): Promise<Page<Plan>> =>
  get('/commission/plans', { cursor, limit: PAGE_SIZE }, signal);

export const writePlan = (body: {
  readonly name: string;
  readonly account?: string;
  readonly shares: Shares;
}): Promise<Plan> => request('POST', '/commission/plans', { body, idempotencyKey: newIdempotencyKey() });

export const previewPlan = (body: {
  readonly member: string;
  readonly account: string;
  readonly commission: number;
}): Promise<Preview> => request('POST', '/commission/preview', { body });

export const listPayouts = (cursor: string | null, signal?: AbortSignal): Promise<Page<Payout>> =>
  get('/commission/payouts', { cursor, limit: PAGE_SIZE }, signal);

export const readPayout = (id: string, signal?: AbortSignal): Promise<Payout> => get(payout(id), undefined, signal);

export const listPayoutItems = (id: string, cursor: string | null, signal?: AbortSignal): Promise<Page<PayoutItem>> =>
  get(payout(id, '/items'), { cursor, limit: PAGE_SIZE }, signal);

export const createPayout = (minimum: number | null): Promise<Payout> =>
  request('POST', '/commission/payouts', {
    body: minimum === null ? {} : { minimum },
    idempotencyKey: newIdempotencyKey(),
  });

export const settlePayout = (
  id: string,
  body: { readonly state: 'paid' | 'failed'; readonly members?: readonly string[]; readonly reason?: string },
): Promise<Payout> => request('POST', payout(id, '/result'), { body, idempotencyKey: newIdempotencyKey() });

/** The address of the payout's file, which the browser downloads by itself. */
export const payoutFile = (id: string): string => `/api/v1${payout(id, '/csv')}`;
