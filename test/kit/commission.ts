import assert from 'node:assert/strict';
import type { CallPlatform } from '../../src/core/outgoing.ts';
import { followDueTasks, releaseDueCommission } from '../../src/hub/follow-orders.ts';
import { settleDueDoubts } from '../../src/hub/settle-doubts.ts';
import { createTestApi } from './api.ts';
import type { Answer, TestApi } from './api.ts';
import { unionOrder, unionPush } from './union-push.ts';

const SECRET = 'callback-secret';

/** What the played platform answers about an order: a row, or one for each voucher. Yuan as text. */
export type PlayedOrder = Readonly<Record<string, string | number>>;

export interface CommissionHub {
  readonly api: TestApi;
  /** What `/api/order` answers, by number of the order. */
  readonly platform: Map<string, PlayedOrder | readonly PlayedOrder[]>;
  /** Addresses that were called. */
  readonly calls: URL[];
  nowMs: number;
  push(order: string, status: string, more?: Readonly<Record<string, string>>): Promise<void>;
  /** Lets the platform know the order, then pushes it. */
  tell(order: string, status: 1 | 8 | 9, row: PlayedOrder, more?: Readonly<Record<string, string>>): Promise<void>;
  /** Does everything that is due. */
  settle(): Promise<void>;
  post(path: string, body?: unknown, status?: number): Promise<Answer['body']>;
  get(path: string): Promise<Answer['body']>;
  orderId(number: string): Promise<string>;
}

/** A hub with one union account whose platform answers what the test says; the clock stands until it is moved. */
export async function createCommissionHub(settings: Readonly<Record<string, unknown>> = {}): Promise<CommissionHub> {
  const platform: CommissionHub['platform'] = new Map();
  const calls: URL[] = [];
  const state = { nowMs: Date.UTC(2026, 5, 1) };
  const callPlatform: CallPlatform = async (request) => {
    const url = new URL(request.url);
    calls.push(url);
    const answer = (value: unknown) => ({ status: 200, headers: {}, body: JSON.stringify(value) });
    if (url.pathname === '/api/generateLink')
      return answer({ status: 0, des: '', data: `https://u.test/${url.searchParams.get('sid')}/${calls.length}` });
    const row = platform.get(url.searchParams.get('orderId') ?? '');
    return answer(row === undefined ? { status: 1, des: 'unknown' } : { status: 0, des: '', data: row });
  };
  const api = await createTestApi({ clock: () => state.nowMs, callPlatform });
  const made = await api.call('POST', '/api/v1/accounts', {
    body: {
      id: 'mtu',
      platform: 'meituan-union',
      name: 'mtu',
      credentials: { appkey: 'a', secret: 'api-secret', callbackSecret: SECRET },
      settings,
    },
  });
  assert.equal(made.status, 201, made.text);
  const { ctx, accounts, commits } = api.hub;
  const hub: CommissionHub = {
    api,
    platform,
    calls,
    get nowMs() {
      return state.nowMs;
    },
    set nowMs(value) {
      state.nowMs = value;
    },
    async push(order, status, more = {}) {
      const body = unionPush(unionOrder(order, status, { actId: '33', businessLine: '2', ...more }), SECRET);
      const answer = await api.call('POST', '/callbacks/meituan-union/mtu', { key: null, body });
      assert.equal(answer.text, '{"errcode":"0","errmsg":"ok"}');
    },
    async tell(order, status, row, more) {
      platform.set(order, { orderId: order, status, ...row });
      await hub.push(order, String(status), more);
    },
    async settle() {
      // Past the moment that a doubt waits for its neighbours.
      state.nowMs += 1500;
      for (let took = 1; took > 0;) {
        took = await settleDueDoubts(ctx, { accounts, commits });
        took += await followDueTasks(ctx, { accounts });
        took += await releaseDueCommission(ctx, { accounts });
      }
    },
    async post(path, body = {}, status = 201) {
      const answer = await api.call('POST', `/api/v1${path}`, { body });
      assert.equal(answer.status, status, answer.text);
      return answer.body;
    },
    async get(path) {
      const answer = await api.call('GET', `/api/v1${path}`);
      assert.equal(answer.status, 200, answer.text);
      return answer.body;
    },
    async orderId(number) {
      const { data } = await hub.get(`/orders?platformOrderId=${number}`);
      return data[0].id as string;
    },
  };
  return hub;
}
