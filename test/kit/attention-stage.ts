import assert from 'node:assert/strict';
import { sweepAccount } from '../../src/hub/attention.ts';
import { createRegistry } from '../../src/hub/context.ts';
import type { Pool } from '../../src/store/pool.ts';
import { actingPlatform, toldOrder } from './acting-platform.ts';
import { createTestApi } from './api.ts';
import type { TestApi } from './api.ts';
import { takeawayPlatform } from './takeaway-platform.ts';

/** The takeaway platform as one that reports promoted orders, with a sid each. */
export const cps = {
  ...takeawayPlatform,
  id: 'test-cps',
  orderKinds: ['cps' as const],
  registers: { ...takeawayPlatform.registers, sid: { by: 'time' as const } },
};

/** An action as far as the queue looks at it; `due`: the hub goes on with it by itself. */
export interface SeedAction {
  readonly state: string;
  readonly cause?: string;
  readonly action?: string;
  readonly due?: Date;
}

/**
 * A hub whose clock only the test moves, accounts on it, and the causes that the attention queue looks for, written
 * straight to the tables. Each test takes an account of its own, and so a queue of its own.
 */
export class AttentionStage {
  now = Date.UTC(2026, 10, 20, 2);
  api!: TestApi;
  #count = 0;

  open = async (): Promise<TestApi> => {
    const registry = createRegistry([takeawayPlatform, actingPlatform, cps]);
    this.api = await createTestApi({ clock: () => this.now, registry });
    return this.api;
  };

  close = (): Promise<void> => this.api.close();

  db = (): Pool => this.api.hub.database.pool;

  /** Adds an account and returns its id. */
  account = async (platform = takeawayPlatform.id): Promise<string> => {
    const id = `acc-${(this.#count += 1)}`;
    await this.api.hub.addAccount(id, platform, { developerId: '1', signKey: 'k' });
    return id;
  };

  /** The platform tells of an order; returns our id of it. */
  order = async (account: string, number: string): Promise<string> => {
    const known = await this.api.hub.accounts.find(account);
    assert.ok(known);
    const content = { kind: 'reports', reports: [toldOrder({ number })] } as const;
    const { orderIds } = await this.api.hub.commits.submit(known, {
      receipt: null,
      stored: false,
      content,
      source: 'callback',
    });
    await this.db().query('update orders set placed_at = $2 where account_id = $1', [account, new Date(this.now)]);
    assert.ok(orderIds[0] !== undefined);
    return orderIds[0];
  };

  /** Stores an action of an order and returns its id. */
  action = async (account: string, order: string, { state, cause, action, due }: SeedAction): Promise<string> => {
    const id = `act_${String((this.#count += 1)).padStart(8, '0')}`;
    await this.db().query(
      `insert into actions (account_id, id, order_id, action, number, cause, state, due_at, created_at, sent_at, finished_at,
                            updated_at, code, reason)
       values ($1, $2, $3, $4, $2, $5, $6, $7, $8, $8, $8, $8, 'E1', 'no')`,
      [account, id, order, action ?? 'accept', cause ?? null, state, due ?? null, new Date(this.now)],
    );
    return id;
  };

  /** Stores a callback that came to an account, with what the hub found of it. */
  receipt = async (account: string, verdict: string, reason: string): Promise<void> => {
    await this.db().query(
      `insert into receipts (account_id, id, received_at, method, topic, raw, body_bytes, verdict, reason, reply_status, reply_body, processed_at)
       values ($1, $2, $3, 'POST', '', '\\x00', 1, $4, $5, 200, '', $3)`,
      [account, `rcp_${String((this.#count += 1)).padStart(8, '0')}`, new Date(this.now), verdict, reason],
    );
  };

  /** Looks at the account as the hub does now and then. */
  sweep = (account: string): Promise<void> => sweepAccount(this.api.hub.ctx, account);

  /** The items of an account as the API gives them; `query`: more parameters, each with its `&`. */
  list = async (
    account: string,
    query = '',
  ): Promise<readonly { readonly id: string; readonly kind: string; readonly order: string | null }[]> => {
    const answer = await this.api.call('GET', `/api/v1/attention?account=${account}${query}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body.data;
  };

  kinds = async (account: string, query = ''): Promise<readonly string[]> =>
    (await this.list(account, query)).map(({ kind }) => kind);

  /** Types of the events that told of the account's items, the oldest first. */
  events = async (account: string): Promise<readonly string[]> => {
    const found = await this.db().query<{ type: string }>(
      `select type from events where account_id = $1 and starts_with(type, 'attention.') order by feed`,
      [account],
    );
    return found.rows.map(({ type }) => type);
  };
}
