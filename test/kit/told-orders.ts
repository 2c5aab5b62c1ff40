import assert from 'node:assert/strict';
import { connectors } from '../../src/connectors/registry.ts';
import { createRegistry } from '../../src/hub/context.ts';
import { createTestApi } from './api.ts';
import type { Answer, TestApi } from './api.ts';
import { takeawayPlatform, takeawaySignature } from './takeaway-platform.ts';
import type { TakeawayMessage } from './takeaway-platform.ts';
import { unionOrder, unionPush } from './union-push.ts';

/** The secret by which the union accounts' callbacks are signed. */
export const UNION_SECRET = 'callback-secret';
const SIGN_KEY = 'sign-key';
/** When the platform said that order T1 was placed; T2 a day later. */
export const PLACED_AT = Date.UTC(2026, 0, 10, 4);

/**
 * A hub that was told of five orders by callbacks, on three accounts: `mtu` (merchant m-1) of A1, paid, and A2,
 * completed; `mtu-2` (m-2) of B1, with a risk; `tk` (m-1) of T1, paid, and T2, unpaid, both with personal data. Its clock
 * only the test moves.
 */
export class ToldOrders {
  now = Date.UTC(2026, 5, 1);
  api!: TestApi;

  open = async (): Promise<TestApi> => {
    const registry = createRegistry([...connectors, takeawayPlatform]);
    this.api = await createTestApi({ clock: () => this.now, registry });
    const accounts = [
      { id: 'mtu', platform: 'meituan-union', merchant: 'm-1' },
      { id: 'mtu-2', platform: 'meituan-union', merchant: 'm-2' },
      { id: 'tk', platform: 'test-takeaway', merchant: 'm-1' },
    ];
    for (const account of accounts) {
      const credentials =
        account.platform === 'meituan-union'
          ? { appkey: 'a', secret: 'b', callbackSecret: UNION_SECRET }
          : { developerId: '1', signKey: SIGN_KEY };
      const body = { ...account, name: account.id, credentials };
      const made = await this.api.call('POST', '/api/v1/accounts', { body });
      assert.equal(made.status, 201, made.text);
    }
    for (const [account, order, status, more] of [
      ['mtu', 'A1', '1', {}],
      ['mtu', 'A2', '1', { sid: 'u2' }],
      ['mtu', 'A2', '8', { sid: 'u2' }],
      ['mtu-2', 'B1', '9', { refundType: '3' }],
    ] as const) {
      this.now += 10;
      await this.union(account, order, status, more);
    }
    this.now += 10;
    await this.#takeaway({
      number: 'T1',
      merchantNumber: 'M-77',
      store: 's-1',
      payment: 'paid',
      at: PLACED_AT,
      placedAt: PLACED_AT,
      name: '张三丰',
      phone: '13812345678',
      note: '少辣 电话13812345678',
    });
    this.now += 10;
    await this.#takeaway({
      number: 'T2',
      store: 's-2',
      payment: 'unpaid',
      at: PLACED_AT,
      placedAt: PLACED_AT + 86_400_000,
      risk: true,
      phone: '13900005678',
    });
    return this.api;
  };

  close = (): Promise<void> => this.api.close();

  /** The union tells of an order, by its code of the status. */
  union = async (
    account: string,
    order: string,
    status: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<void> => {
    const body = unionPush(unionOrder(order, status, more), UNION_SECRET);
    const answer = await this.api.call('POST', `/callbacks/meituan-union/${account}`, { key: null, body });
    assert.equal(answer.text, '{"errcode":"0","errmsg":"ok"}');
  };

  async #takeaway(message: TakeawayMessage): Promise<void> {
    const body = JSON.stringify(message);
    const headers = { 'x-sign': takeawaySignature(body, SIGN_KEY) };
    const answer = await this.api.call('POST', '/callbacks/test-takeaway/tk/order', { key: null, body, headers });
    assert.equal(answer.text, '{"data":"OK"}');
  }

  /** Platform numbers of the orders that a list gives, in its order; for the admin unless another key is given. */
  list = async (query = '', key?: string): Promise<string[]> =>
    numbersOf(await this.api.call('GET', `/api/v1/orders${query}`, key === undefined ? {} : { key }));

  /** Our id of an order by its platform's number. */
  idOf = async (number: string): Promise<string> => {
    const { body } = await this.api.call('GET', `/api/v1/orders?platformOrderId=${number}`);
    return body.data[0].id as string;
  };
}

/** Platform numbers of the orders of a page. */
export function numbersOf(answer: Answer): string[] {
  assert.equal(answer.status, 200, answer.text);
  return answer.body.data.map(({ platformOrderId }: { platformOrderId: string }) => platformOrderId);
}
