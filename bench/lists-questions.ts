import { MEMBERS, PHONES, SHOPS, SIDS, STORES, YEAR_MS, phoneOf, tailOf } from './lists-fill.ts';

/** What is asked of the API; `at` says how often it was asked before, so that each asks for something else. */
export interface Question {
  readonly name: string;
  readonly path: (at: number) => string;
  /** What it may take at most, where that is not the usual bar. */
  readonly mostMs?: number;
  /** Whose key asks; left out: the admin's. */
  readonly key?: 'rare merchant' | 'shops';
}

export interface Known {
  readonly orders: number;
  readonly nowMs: number;
  /** An account with takeaway orders and one with promoted ones, and a platform. */
  readonly takeaway: string;
  readonly cps: string;
  readonly platform: string;
  /** Ids of orders over the year, and of some with their whole history. */
  readonly ids: readonly string[];
  readonly withHistory: readonly string[];
  readonly numbers: readonly string[];
  /** Cursors behind page 1 000, and behind the page in the middle of all. */
  readonly deep: string;
  readonly middle: string;
}

const DAY_MS = 86_400_000;
const turn = <T>(values: readonly T[], at: number): T => {
  const value = values[at % values.length];
  if (value === undefined) throw new RangeError('nothing to choose from');
  return value;
};

export function questionsOf(known: Known): readonly Question[] {
  const { nowMs, takeaway, cps, platform } = known;
  const orders =
    (filter: (at: number) => Readonly<Record<string, string>>) =>
    (at: number): string =>
      `/api/v1/orders?${new URLSearchParams({ limit: '50', ...filter(at) }).toString()}`;
  const list = (name: string, filter: (at: number) => Readonly<Record<string, string>>): Question => ({
    name,
    path: orders(filter),
  });
  const daysAgo = (days: number): string => new Date(nowMs - days * DAY_MS).toISOString();
  // Spread over the year, so that no page of the disk is asked for twice.
  const someDay = (at: number): number => 20 + ((at * 37) % (YEAR_MS / DAY_MS - 40));
  const day = (at: number) => ({ placedFrom: daysAgo(someDay(at)), placedTo: daysAgo(someDay(at) - 1) });
  const store = (at: number): string => `store-${(at * 7) % STORES}`;
  return [
    list('first page', () => ({})),
    list('first page, 500', () => ({ limit: '500' })),
    list('page 1 000', () => ({ cursor: known.deep })),
    list('page in the middle', () => ({ cursor: known.middle })),
    list('account', () => ({ account: takeaway })),
    list('platform', () => ({ platform })),
    list('kind', () => ({ kind: 'cps' })),
    list('kind that an account has none of', () => ({ account: takeaway, kind: 'stock_in' })),
    list('status paid', () => ({ status: 'paid' })),
    list('status failed', () => ({ status: 'failed' })),
    list('status completed', () => ({ status: 'completed' })),
    list('flag refund_requested', () => ({ flag: 'refund_requested' })),
    list('flag that no order has', () => ({ flag: 'no_such_flag' })),
    list('store', (at) => ({ store: store(at) })),
    list('store with few orders', () => ({ store: 'store-rare' })),
    list('store that is none', (at) => ({ store: `none-${at}` })),
    list('shop', (at) => ({ shop: `shop-${at % SHOPS}` })),
    list('merchant', (at) => ({ merchant: `merchant-${at % 20}` })),
    list('merchant with few orders', () => ({ merchant: 'merchant-rare' })),
    list('merchant that is none', (at) => ({ merchant: `none-${at}` })),
    list('member', (at) => ({ member: `m${(at * 13) % MEMBERS}` })),
    list('member with a tenth', () => ({ member: 'm0' })),
    list('sid', (at) => ({ sid: `sid-${(at * 31) % SIDS}` })),
    list('platformOrderId', (at) => ({ platformOrderId: turn(known.numbers, at) })),
    list('q: number', (at) => ({ q: turn(known.numbers, at) })),
    list('q: number that is none', (at) => ({ q: `77${at}00000000000` })),
    list('q: phone', (at) => ({ q: phoneOf(at % PHONES) })),
    list('q: phone that is none', (at) => ({ q: `1300000${tailOf(at)}` })),
    list('q: last four digits', (at) => ({ q: tailOf((at * 97) % 10_000) })),
    list('q: last four, one status', (at) => ({ q: tailOf((at * 89) % 10_000), status: 'failed' })),
    list('q: #12 of the day', (at) => ({ q: `#${(at % 300) + 1}` })),
    list('q: sid, store or member', (at) => ({ q: store(at) })),
    list('a day', day),
    list('a day of an account', (at) => ({ ...day(at), account: takeaway })),
    list('a day, one status', (at) => ({ ...day(at), status: 'failed' })),
    list('a day of a store', (at) => ({ ...day(at), store: store(at) })),
    list('half a year, long ago', () => ({ placedFrom: daysAgo(360), placedTo: daysAgo(180) })),
    list('long ago, a status', () => ({ placedTo: daysAgo(300), status: 'completed' })),
    list('long ago, a store', (at) => ({ placedTo: daysAgo(300), store: store(at) })),
    list('before there was any', () => ({ placedTo: daysAgo(500) })),
    list('store and status', (at) => ({ store: store(at), status: 'failed' })),
    list('member and status', (at) => ({ member: `m${((at * 13) % (MEMBERS - 1)) + 1}`, status: 'cancelled' })),
    // Two conditions that many orders fulfil each and none both: a walk along the shorter of their indexes.
    { ...list('member m0, none', () => ({ member: 'm0', status: 'failed' })), mostMs: 4000 },
    list('sid, account that has none', (at) => ({ sid: `sid-${at}`, account: takeaway })),
    list('shop and kind that is none', (at) => ({ shop: `shop-${at % SHOPS}`, kind: 'supply' })),
    list('cps of an account, a status', () => ({ account: cps, status: 'refunded' })),
    { name: 'key of a merchant with few', path: orders(() => ({})), key: 'rare merchant' },
    { name: 'key of three shops', path: orders(() => ({})), key: 'shops' },
    { name: 'key of three shops, a flag', path: orders(() => ({ flag: 'refund_requested' })), key: 'shops' },
    list('board: accepted', () => ({ status: 'accepted', limit: '25' })),
    list('board: fulfilling', () => ({ status: 'fulfilling', limit: '25' })),
    list('board: late_payment', () => ({ flag: 'late_payment', limit: '6' })),
    { name: 'order', path: (at) => `/api/v1/orders/${turn(known.ids, at)}` },
    { name: 'order that is none', path: (at) => `/api/v1/orders/ord_0000000000000000000000000${at % 10}` },
    { name: 'timeline', path: (at) => `/api/v1/orders/${turn(known.withHistory, at)}/timeline` },
    { name: 'overview: 7 days', path: () => '/api/v1/stats/daily' },
    { name: 'overview: a year', path: () => `/api/v1/stats/daily?from=${daysAgo(364).slice(0, 10)}` },
    { name: 'overview: lag of 30 days', path: () => `/api/v1/stats/lag?from=${daysAgo(29).slice(0, 10)}` },
    { name: 'stats by status, 7 days', path: () => '/api/v1/stats' },
    { name: 'stats by status, 92 days', mostMs: 4000, path: () => `/api/v1/stats?from=${daysAgo(91).slice(0, 10)}` },
    { name: 'callbacks', path: () => '/api/v1/callbacks?limit=50' },
    { name: 'callbacks rejected', path: () => '/api/v1/callbacks?limit=50&verdict=rejected' },
    { name: 'callbacks of an account', path: () => `/api/v1/callbacks?limit=50&account=${takeaway}&verdict=stale` },
    { name: 'deliveries', path: () => '/api/v1/deliveries?limit=50' },
    { name: 'attention', path: () => '/api/v1/attention?limit=50' },
    { name: 'unattributed', path: () => '/api/v1/commission/unattributed?limit=50' },
  ];
}
