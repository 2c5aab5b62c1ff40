import assert from 'node:assert/strict';
import { ADMIN_PRINCIPAL } from '../../src/hub/access.ts';
import { createActGate } from '../../src/hub/act-gate.ts';
import { createRegistry } from '../../src/hub/context.ts';
import { readRepair } from '../../src/hub/read-repair.ts';
import { createRepair } from '../../src/hub/repair.ts';
import type { RepairDeps } from '../../src/hub/repair-run.ts';
import { settleDueDoubts } from '../../src/hub/settle-doubts.ts';
import type { Connector, OrderToRead } from '../../src/core/connector.ts';
import type { Report } from '../../src/core/fact.ts';
import type { Json } from '../../src/core/json.ts';
import { PlatformUnreachable } from '../../src/core/outgoing.ts';
import type { CallPlatform, PlatformResult } from '../../src/core/outgoing.ts';
import type { PollAsk, PollPage } from '../../src/core/poll.ts';
import { createTestHub } from './context.ts';
import type { TestHub } from './context.ts';
import { takeawayPlatform } from './takeaway-platform.ts';

export const MINUTE_MS = 60_000;

type Page = (ask: PollAsk, call: CallPlatform) => Promise<PlatformResult<PollPage>> | PlatformResult<PollPage>;

/** What the platform tells of an order; `at`: when it was placed and said, null: it does not say. */
export const said = (number: string, payment: 'unpaid' | 'paid' | 'refunded', at: number | null): Report => ({
  aliases: [{ kind: 'platform', value: number }],
  kind: 'takeaway',
  at,
  facts: [
    { line: '', register: 'payment', value: payment },
    ...(at === null ? [] : [{ line: '', register: 'placedAt', value: at } as const]),
  ],
});

export const page =
  (reports: readonly Report[], more: Partial<PollPage> = {}) =>
  (): PlatformResult<PollPage> => ({ ok: true, value: { reports, next: null, mark: null, ...more } });

export const request = { call: 'list', method: 'GET', url: 'http://platform.test/list', headers: {} } as const;

/** A hub with a platform that is asked every five minutes, and about each unpaid order that rests for ten. */
export class AskingStage {
  hub!: TestHub;
  nowMs = Date.UTC(2026, 10, 20, 4, 0, 0);
  /** What the platform was asked, and what was confirmed to it. */
  asked: PollAsk[] = [];
  confirmed: Json[] = [];
  /** It does not hear what is confirmed. */
  deaf = false;
  calls = 0;
  read: OrderToRead[] = [];
  /** What it says to the questions to come; the last one stays. */
  pages: Page[] = [];
  truth: readonly Report[] = [];
  /** What a read of the truth calls. */
  reads: ((call: CallPlatform) => Promise<unknown>) | undefined;
  away = false;
  /** What it answers to the calls to come, 0: nothing; without one it is 200. */
  statuses: number[] = [];
  #accounts = 0;

  async open(): Promise<void> {
    this.hub = await createTestHub({
      registry: createRegistry([this.#platform()]),
      clock: () => this.nowMs,
      callPlatform: async () => {
        this.calls += 1;
        const answer = this.statuses.shift() ?? 200;
        if (this.away || answer === 0) throw new PlatformUnreachable('it is away', true);
        return { status: answer, headers: {}, body: '{}' };
      },
    });
  }

  close(): Promise<void> {
    return this.hub.close();
  }

  /** A day later, with a platform that has not been asked anything. */
  async reset(): Promise<void> {
    this.asked = [];
    this.confirmed = [];
    this.deaf = false;
    this.read = [];
    this.truth = [];
    this.calls = 0;
    this.away = false;
    this.statuses = [];
    this.pages = [page([])];
    this.nowMs += 86_400_000;
    await this.hub.database.pool.query('delete from repair_polls');
    await this.hub.database.pool.query('delete from order_clocks');
    await this.hub.database.pool.query('update accounts set deleted_at = now()');
  }

  async account(mode = 'live'): Promise<string> {
    const id = `asks-${(this.#accounts += 1)}`;
    await this.hub.addAccount(id, 'test-asking', { developerId: '1', signKey: 'k' }, mode);
    const hourAgo = new Date(this.nowMs - 3_600_000);
    await this.hub.database.pool.query('update accounts set created_at = $2 where id = $1', [id, hourAgo]);
    return id;
  }

  deps(more: Partial<RepairDeps> = {}): RepairDeps {
    return {
      accounts: this.hub.accounts,
      commits: this.hub.commits,
      gate: createActGate(),
      sleep: async (ms) => {
        this.nowMs += ms;
      },
      ...more,
    };
  }

  /** A step to the very end of what it began: by itself it leaves alone what takes a second, which a busy machine makes of anything. */
  async finish(repair: ReturnType<typeof createRepair>): Promise<number> {
    const began = await repair.run();
    await repair.stop();
    return began;
  }

  /** Lets the time pass, and asks what is due then. */
  async run(afterMs = 10_000, more: Partial<RepairDeps> = {}): Promise<number> {
    this.nowMs += afterMs;
    const repair = createRepair(this.hub.ctx, this.deps(more));
    const first = await this.finish(repair);
    this.nowMs += 5000;
    return first + (await this.finish(repair));
  }

  settle(): Promise<number> {
    return settleDueDoubts(this.hub.ctx, { accounts: this.hub.accounts, commits: this.hub.commits });
  }

  async status(id: string) {
    const [only] = await readRepair(this.hub.ctx, ADMIN_PRINCIPAL, { account: id }, { afterId: null, limit: 1 });
    assert.ok(only);
    const list = only.polls.find(({ poll }) => poll === 'list');
    assert.ok(list);
    return { ...only, list };
  }

  async facts(id: string): Promise<number> {
    const found = await this.hub.database.pool.query('select from facts where account_id = $1', [id]);
    return found.rowCount ?? 0;
  }

  async orders(id: string): Promise<readonly (readonly [string | null, string])[]> {
    const found = await this.hub.database.pool.query<{ n: string | null; s: string }>(
      'select platform_order_id as n, status as s from orders where account_id = $1 order by 1',
      [id],
    );
    return found.rows.map(({ n, s }) => [n, s]);
  }

  #platform(): Connector {
    return {
      ...takeawayPlatform,
      id: 'test-asking',
      registers: { ...takeawayPlatform.registers, placedAt: { by: 'rank', ranks: 'lowest' } },
      polls: [
        {
          name: 'list',
          label: { en: 'list', zh: 'list' },
          everySeconds: 300,
          run: async (_account, call, ask) => {
            this.asked.push(ask);
            const answer = this.pages.length > 1 ? this.pages.shift() : this.pages[0];
            assert.ok(answer);
            return answer(ask, call);
          },
          confirm: async (_account, _call, toConfirm) => {
            if (this.deaf) return { ok: false, refusal: { class: 'retry', code: 'deaf', message: 'it did not hear' } };
            this.confirmed.push(toConfirm);
            return { ok: true, value: null };
          },
        },
      ],
      restMs: (order) => (order.payment === 'unpaid' ? 10 * MINUTE_MS : undefined),
      readTruth: async (_account, call, order) => {
        await this.reads?.(call);
        this.read.push(order);
        return { ok: true, value: this.truth };
      },
    };
  }
}
