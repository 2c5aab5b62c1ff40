import assert from 'node:assert/strict';
import { douyin } from '../../src/connectors/douyin/index.ts';
import { vending } from '../../src/connectors/vending/index.ts';
import type { Json } from '../../src/core/json.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import { SaleStage } from './sale-stage.ts';

const half = (): number => 0.5;

/** A mini-program of the generation that new ones get: the user's app makes the payment, out of what is signed here. */
function tradeAccount() {
  const demo = douyin.sandbox.demoAccount(half, 'http://dy-2.test');
  return { credentials: demo.credentials, settings: { ...demo.settings, generation: 'trade' } };
}

export interface Sale {
  readonly id: string;
  /** The shop's number of it. */
  readonly number: string;
  /** The number of its payment at Douyin; empty where the shop takes the money itself. */
  readonly paymentNo: string;
}

/** So many pieces of a product, as an order names them. */
export const one = (productId: number, quantity = 1): Json => ({ productId, quantity });

/**
 * Sales from machine 10000002 of the account `vm-1` that are paid at Douyin: at `dy-1`, or at `dy-2` by the trade system.
 * All on one stage, whose clock only the test moves.
 */
export class MachineSales {
  readonly stage = new SaleStage([
    { id: 'vm-1', connector: vending, ...vending.sandbox.demoAccount(half, 'http://vm-1.test') },
    { id: 'dy-1', connector: douyin, ...douyin.sandbox.demoAccount(half, 'http://dy-1.test') },
    { id: 'dy-2', connector: douyin, ...tradeAccount() },
  ]);
  #count = 0;

  open = async (): Promise<void> => {
    await this.stage.open();
  };

  close = (): Promise<void> => this.stage.close();

  /** Lines, callbacks, workers and settings as they usually are. */
  calm = async (): Promise<void> => {
    this.stage.onCall = undefined;
    this.stage.onCallback = undefined;
    this.stage.workers = 1;
    await this.settings({});
  };

  /** Sets the machines' account; what is not named is as usual. */
  settings = async (own: Readonly<Record<string, Json>>): Promise<void> => {
    const { settings: usual } = vending.sandbox.demoAccount(half, 'http://vm-1.test');
    const plain = { holdSeconds: 1200, latePayment: 'refund', life: true, callsPerSecond: 1000 };
    const body = { settings: { ...usual, ...plain, ...own } };
    const changed = await this.stage.api.call('PATCH', '/api/v1/accounts/vm-1', { body });
    assert.equal(changed.status, 200, changed.text);
  };

  /** Makes an order of 7.00 whose payment waits for the customer; `null` in `more` leaves a field out. */
  sell = async (items: readonly Json[], more: Readonly<Record<string, Json>> = {}): Promise<Sale> => {
    const number = `2026112000000000${String((this.#count += 1)).padStart(4, '0')}`;
    const payment = { account: 'dy-1', subject: '可乐', body: '可乐 1 瓶', openId: '_000user' };
    const body = {
      account: 'vm-1',
      merchantOrderId: number,
      machineNo: '10000002',
      items,
      amount: 700,
      payment,
      ...more,
    };
    const made = await this.stage.order(Object.fromEntries(Object.entries(body).filter(([, value]) => value !== null)));
    assert.equal(made.status, 201, made.text);
    assert.equal(made.body.status, 'pending');
    // Nobody pays in the same millisecond. What was wished for and what the platform says of it then would be a tie, by
    // which the prices were known for some numbers and not for others.
    this.stage.now += 1000;
    return { id: made.body.id, number, paymentNo: made.body.checkout?.orderId ?? '' };
  };

  /** How many of a product the machine can still sell. */
  left = (product: string): number | undefined => {
    const view = { id: 'vm-1' } as never;
    return vending.sandbox.stock?.(view, this.stage.memory('vm-1'))['10000002']?.[product];
  };

  /** Names of an account's calls, but for the first `from` calls of the stage. */
  callsOf = (account: string, from: number): readonly string[] =>
    this.stage.calls
      .slice(from)
      .filter((call) => call.account === account)
      .map(({ call }) => call);

  /** How many pieces came out of the machine, by item. */
  dispensed = async (number: string): Promise<readonly number[]> => {
    const known = await this.stage.api.hub.accounts.find('vm-1');
    assert.ok(known);
    const orders = vending.sandbox.orders?.(known.view, this.stage.memory('vm-1')) ?? [];
    const listed = await this.stage.api.call('GET', `/api/v1/orders?merchantOrderId=${number}`);
    const { platformOrderId } = listed.body.data[0] as OrderJson;
    const own = orders.find((order) => order.platformOrderId === platformOrderId);
    return Object.values(own?.dispensed ?? {});
  };
}
