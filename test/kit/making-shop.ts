import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { HuidanError } from '../../src/core/errors.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import { ADMIN_PRINCIPAL } from '../../src/hub/access.ts';
import type { Principal } from '../../src/hub/access.ts';
import { createActGate } from '../../src/hub/act-gate.ts';
import { runDueActions } from '../../src/hub/act-run.ts';
import type { ActionJson } from '../../src/hub/action-json.ts';
import { createRegistry } from '../../src/hub/context.ts';
import { createOrder } from '../../src/hub/create-order.ts';
import type { MadeOrder, OrderRequest } from '../../src/hub/create-order.ts';
import { startDueWork } from '../../src/hub/due-work.ts';
import { readActions } from '../../src/hub/read-actions.ts';
import { readOrderJson } from '../../src/store/orders.ts';
import { createTestHub } from './context.ts';
import type { TestHub } from './context.ts';
import { machinePlatform, payPlatform, startMakingServer } from './making-platform.ts';
import type { MakingServer } from './making-platform.ts';

/** The merchant's number of the order that a test makes first. */
export const NUMBER = '20261120000000000001';

/**
 * One hub for a file of tests, and for each test an account of machines and one of payments, each at a platform of its
 * own, and a worker. The clock is the real one, put forward by what the test does not want to wait for. `open` and
 * `close` go around the file, `begin` and `end` around a test.
 */
export class MakingShop {
  hub!: TestHub;
  machines!: MakingServer;
  pay!: MakingServer;
  work!: ReturnType<typeof startDueWork>;
  aheadMs = 0;
  /** Where the clock stands still, if it does. */
  stoppedAt: number | null = null;
  #count = 0;

  open = async (): Promise<void> => {
    const registry = createRegistry([machinePlatform, payPlatform]);
    this.hub = await createTestHub({ clock: () => this.stoppedAt ?? Date.now() + this.aheadMs, registry });
  };

  close = (): Promise<void> => this.hub.close();

  begin = async (): Promise<{ readonly machines: MakingServer; readonly pay: MakingServer }> => {
    [this.machines, this.pay] = await Promise.all([startMakingServer(), startMakingServer()]);
    this.#count += 1;
    await this.#add(this.machine(), 'test-machine', this.machines.url);
    await this.#add(this.payer(), 'test-pay', this.pay.url);
    this.startWork();
    return this;
  };

  end = async (): Promise<void> => {
    this.stoppedAt = null;
    try {
      await this.work.stop();
    } finally {
      await Promise.all([this.machines.close(), this.pay.close()]);
    }
  };

  /** Starts the worker, again after a test has stopped it. */
  startWork = (): void => {
    const { ctx, accounts } = this.hub;
    const gate = createActGate();
    this.work = startDueWork(ctx, [{ name: 'actions', run: () => runDueActions(ctx, { accounts, gate }) }]);
  };

  async #add(id: string, platform: string, baseUrl: string): Promise<void> {
    await this.hub.addAccount(id, platform, { signKey: 'top-secret-key' });
    const settings = JSON.stringify({ baseUrl, callsPerSecond: 1000 });
    await this.hub.database.pool.query('update accounts set settings = $2 where id = $1', [id, settings]);
  }

  /** The account of the machines. */
  machine = (): string => `vm-${this.#count}`;
  /** The account of the payments. */
  payer = (): string => `dy-${this.#count}`;

  /** The wish for an order at a machine with its payment. */
  sale = (more: Partial<OrderRequest> = {}): OrderRequest => ({
    account: this.machine(),
    merchantOrderId: NUMBER,
    fields: { machineNo: '10000001', amount: 350, items: [{ productId: 121, quantity: 1 }] },
    payment: { account: this.payer(), fields: { subject: '可乐' } },
    ...more,
  });

  /** The same without a payment. */
  alone = (more: Partial<OrderRequest> = {}): OrderRequest => this.sale({ payment: null, ...more });

  create = (wanted: OrderRequest, principal: Principal = ADMIN_PRINCIPAL, waitMs = 15_000): Promise<MadeOrder> =>
    createOrder(this.hub.ctx, { accounts: this.hub.accounts, waitMs }, principal, wanted);

  /** Orders of an account, in the order in which they were made. */
  ordersOf = async (account: string): Promise<readonly OrderJson[]> => {
    const { pool, sealer } = this.hub.ctx;
    const found = await pool.query<{ id: string }>('select id from orders where account_id = $1 order by id', [
      account,
    ]);
    const orders = found.rows.map(({ id }) => readOrderJson(pool, sealer, account, id, { reveal: false }));
    return (await Promise.all(orders)).filter((order) => order !== undefined);
  };

  actionsOf = (order: string): Promise<readonly ActionJson[]> =>
    readActions(this.hub.ctx, ADMIN_PRINCIPAL, { order }, { beforeId: null, limit: 9 });

  /** What is still under way of an order comes to its end, as time passes. */
  untilOver = async (order: string): Promise<void> => {
    for (let guard = 0; guard < 50; guard += 1) {
      const open = (await this.actionsOf(order)).filter(({ nextAt }) => nextAt !== null);
      if (open.length === 0) return;
      for (const { nextAt } of open) {
        this.aheadMs = Math.max(this.aheadMs, Date.parse(nextAt ?? '') - Date.now() + 5);
      }
      this.hub.ctx.wake.work();
      await sleep(50);
    }
    assert.fail('it comes to no end');
  };
}

/** Whether an error is the hub's refusal of a code, with these words in it. */
export const refusedAs =
  (code: string, words = '') =>
  (error: unknown): boolean => {
    assert.ok(error instanceof HuidanError, String(error));
    assert.equal(error.code, code, error.message);
    assert.ok(error.message.includes(words), error.message);
    return true;
  };
