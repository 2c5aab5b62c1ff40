import assert from 'node:assert/strict';
import type { Json } from '../../src/core/json.ts';
import { ADMIN_PRINCIPAL } from '../../src/hub/access.ts';
import { requestAction } from '../../src/hub/act.ts';
import { createActGate } from '../../src/hub/act-gate.ts';
import { runDueActions } from '../../src/hub/act-run.ts';
import type { ActDeps } from '../../src/hub/act-run.ts';
import type { ActionJson } from '../../src/hub/action-json.ts';
import { createRegistry } from '../../src/hub/context.ts';
import { readAction } from '../../src/hub/read-actions.ts';
import { readOrderJson } from '../../src/store/orders.ts';
import { transaction } from '../../src/store/transaction.ts';
import { actingPlatform, startActingServer, toldOrder } from './acting-platform.ts';
import type { ActingServer, ToldOrder } from './acting-platform.ts';
import { createTestHub } from './context.ts';
import type { TestHub } from './context.ts';

/**
 * One hub for a file of tests, and for each test a new account of it at an acting platform of its own. The clock is the
 * real one, put forward by what the test does not want to wait for. `open` and `close` go around the file, `begin`
 * before a test.
 */
export class ActingShop {
  hub!: TestHub;
  platform!: ActingServer;
  deps!: ActDeps;
  aheadMs = 0;
  #count = 0;

  open = async (): Promise<void> => {
    const registry = createRegistry([actingPlatform]);
    this.hub = await createTestHub({ clock: () => Date.now() + this.aheadMs, registry });
  };

  close = async (): Promise<void> => {
    try {
      await this.platform.close();
    } finally {
      await this.hub.close();
    }
  };

  begin = async (): Promise<void> => {
    await this.newPlatform();
    this.deps = { accounts: this.hub.accounts, gate: createActGate() };
    this.#count += 1;
    await this.hub.addAccount(this.account(), 'test-acting', { signKey: 'top-secret-key' });
    await this.change({});
  };

  /** The platform goes away, and another comes that remembers nothing. The account does not know its address yet. */
  newPlatform = async (): Promise<void> => {
    await (this.platform as ActingServer | undefined)?.close();
    this.platform = await startActingServer();
  };

  account = (): string => `acc-${this.#count}`;

  /** Sets the account's settings, and its mode. */
  change = async (settings: Readonly<Record<string, Json>>, mode = 'live'): Promise<void> => {
    const all = JSON.stringify({ baseUrl: this.platform.url, ...settings });
    await this.hub.database.pool.query('update accounts set settings = $2, mode = $3 where id = $1', [
      this.account(),
      all,
      mode,
    ]);
    this.hub.accounts.forget(this.account());
  };

  /** The platform tells of an order. Returns our id of it. */
  tell = async (...told: readonly ToldOrder[]): Promise<string> => {
    const known = await this.hub.accounts.find(this.account());
    assert.ok(known);
    const content = { kind: 'reports', reports: told.map((order) => toldOrder(order)) } as const;
    const receipt = { receipt: null, stored: false, content, source: 'poll' } as const;
    const { orderIds } = await this.hub.commits.submit(known, receipt);
    const [id] = orderIds;
    assert.ok(id);
    return id;
  };

  /** Asks for an action as an admin and returns its id. */
  ask = async (order: string, action: string, params: Readonly<Record<string, Json>> = {}): Promise<string> => {
    const { ctx, accounts } = this.hub;
    const { id, state } = await transaction(ctx.pool, (tx) =>
      requestAction(ctx, { accounts }, ADMIN_PRINCIPAL, order, { action, params }, tx),
    );
    assert.equal(state, 'queued');
    return id;
  };

  read = (id: string): Promise<ActionJson> => readAction(this.hub.ctx, ADMIN_PRINCIPAL, id);

  /** Does what is due. Returns how many actions that were. */
  run = (): Promise<number> => runDueActions(this.hub.ctx, this.deps);

  /** Lets the time pass until the action is due again, and does it. */
  runWhenDue = async (id: string): Promise<ActionJson> => {
    const { nextAt } = await this.read(id);
    assert.ok(nextAt !== null, 'nothing more is due');
    this.aheadMs = Math.max(this.aheadMs, Date.parse(nextAt) - Date.now() + 5);
    await this.run();
    return this.read(id);
  };

  orderOf = async (id: string) => {
    const { pool, sealer } = this.hub.ctx;
    const order = await readOrderJson(pool, sealer, this.account(), id, { reveal: false });
    assert.ok(order);
    return order;
  };

  /** Events of an action as `sequence type`, the oldest first. */
  eventsOf = async (id: string): Promise<readonly string[]> => {
    const found = await this.hub.ctx.pool.query<{ type: string; sequence: number }>(
      'select type, sequence from events where account_id = $1 and subject = $2 order by feed',
      [this.account(), `action:${id}`],
    );
    return found.rows.map(({ type, sequence }) => `${sequence} ${type}`);
  };
}
