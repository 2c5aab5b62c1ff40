import { readQueue } from '../../src/hub/delivery-list.ts';
import { startDeliveries } from '../../src/hub/deliver.ts';
import type { Deliveries, DeliveryOptions } from '../../src/hub/deliver.ts';
import type { HubContext } from '../../src/hub/context.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { seedAccount, startReceiver, testContext } from './deliveries.ts';
import type { Receiver } from './deliveries.ts';

/** Receivers of the tests listen on this machine. */
export const open = { allowPrivateTargets: true };

/** One request to an endpoint, as it was noted. */
export interface NotedAttempt {
  readonly subject: string;
  readonly attempt: number;
  readonly outcome: string;
  readonly status_code: number | null;
  readonly error: string | null;
  readonly response: string | null;
}

/**
 * What a file of tests of the deliveries runs on: one database, and for each test the account `shop-1`, a receiver and
 * the workers that the test starts. `open` and `close` go around the file, `begin` and `end` around a test.
 */
export class DeliveryStage {
  database!: TestDatabase;
  ctx!: HubContext;
  receiver!: Receiver;
  readonly #workers: Deliveries[] = [];

  open = async (): Promise<void> => {
    this.database = await createTestDatabase({ max: 20 });
  };

  close = (): Promise<void> => this.database.drop();

  begin = async (): Promise<{ readonly ctx: HubContext; readonly receiver: Receiver }> => {
    this.ctx = testContext(this.database.pool);
    this.receiver = await startReceiver();
    await seedAccount(this.ctx, 'shop-1');
    return this;
  };

  end = async (): Promise<void> => {
    try {
      await Promise.all(this.#workers.splice(0).map((worker) => worker.stop()));
    } finally {
      await this.receiver.close();
    }
    await this.database.pool.query(
      'truncate endpoints, endpoint_secrets, delivery_heads, delivery_attempts, events, receipts, account_clocks',
    );
  };

  /** Starts a worker. Some tests put the clock forward, and no lease shall run out by that. */
  work = (options: Partial<DeliveryOptions> = {}, context: HubContext = this.ctx): Deliveries => {
    const worker = startDeliveries(context, { ...open, pollMs: 50, leaseMs: 3_600_000, ...options });
    this.#workers.push(worker);
    return worker;
  };

  /** Attempts of all endpoints, or of one, the oldest first. */
  attempts = async (endpointId?: string): Promise<readonly NotedAttempt[]> => {
    const found = await this.database.pool.query<NotedAttempt>(
      'select * from delivery_attempts where $1::text is null or endpoint_id = $1 order by at, attempt',
      [endpointId ?? null],
    );
    return found.rows;
  };

  /** How much of the endpoint’s queue is not done yet. */
  waiting = async (endpointId: string): Promise<number> => (await readQueue(this.ctx, endpointId)).waiting;
}

/** The sequence numbers of an order as the receiver got them. */
export function sequencesOf(from: Receiver, subject: string): readonly number[] {
  return from.received.filter(({ event }) => event.data.order.id === subject).map(({ event }) => event.data.sequence);
}
