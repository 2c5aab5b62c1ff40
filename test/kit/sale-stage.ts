import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connector } from '../../src/core/connector.ts';
import type { Json } from '../../src/core/json.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import { PlatformUnreachable } from '../../src/core/outgoing.ts';
import type { OutgoingRequest, PlatformResponse } from '../../src/core/outgoing.ts';
import type { OutgoingCallback, PlatformMemory } from '../../src/core/sandbox.ts';
import { createActGate } from '../../src/hub/act-gate.ts';
import { runDueActions } from '../../src/hub/act-run.ts';
import { closeShownActions } from '../../src/hub/close-shown.ts';
import { createRegistry } from '../../src/hub/context.ts';
import type { CrashPoints } from '../../src/hub/crash-points.ts';
import { runDueLives } from '../../src/hub/lives.ts';
import { createRepair } from '../../src/hub/repair.ts';
import { settleDueDoubts } from '../../src/hub/settle-doubts.ts';
import { createTestApi } from './api.ts';
import type { Answer, TestApi } from './api.ts';

/** An account of the stage and the memory of the platform behind it. */
export interface StageAccount {
  readonly id: string;
  readonly connector: Connector;
  readonly credentials: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, Json>>;
}

/** What becomes of a call: done and answered; done, and the line is cut; cut before it arrives. */
export type LineFate = 'ok' | 'done-but-silent' | 'lost';

interface Sent {
  readonly at: number;
  readonly account: StageAccount;
  readonly callback: OutgoingCallback;
}

/**
 * A whole hub with the platforms behind it, all in this process and by a clock that only the test moves: calls go straight
 * to the connectors' played platforms, whose callbacks come in by the hub's own door.
 */
export class SaleStage {
  now = Date.UTC(2026, 10, 20, 4, 0, 0);
  api!: TestApi;
  readonly memories = new Map<string, PlatformMemory>();
  /** Calls as they left, such as `vm-1 delivery.put`. */
  readonly calls: { readonly account: string; readonly call: string; readonly body: string }[] = [];
  /** Decides what becomes of a call; left out: all is well. */
  onCall: ((account: string, call: string) => LineFate) | undefined;
  /** Decides how often a callback comes (0: never) and how late, in ms. */
  onCallback: ((callback: OutgoingCallback) => readonly number[]) | undefined;
  crash: CrashPoints = () => {};
  /** Workers at a time. */
  workers = 1;
  /** Whether the platforms are asked about orders that should have moved, once a minute. */
  repairs = false;
  readonly #accounts: readonly StageAccount[];
  #mail: Sent[] = [];
  #repair: (() => Promise<number>) | undefined;
  readonly #gates = Array.from({ length: 4 }, () => createActGate());

  constructor(accounts: readonly StageAccount[]) {
    this.#accounts = accounts;
  }

  async open(): Promise<this> {
    const connectors = [...new Set(this.#accounts.map(({ connector }) => connector))];
    this.api = await createTestApi(
      {
        clock: () => this.now,
        registry: createRegistry(connectors),
        callPlatform: (request) => this.#call(request),
        crash: (name) => this.crash(name),
      },
      { allowPrivateTargets: true, publicUrl: 'https://hub.test' },
    );
    for (const { id, connector, credentials, settings = {} } of this.#accounts) {
      this.memories.set(id, {});
      const own = { baseUrl: `http://${id}.test`, callsPerSecond: 1000, ...settings };
      const body = { id, platform: connector.id, name: id, credentials, settings: own };
      const made = await this.api.call('POST', '/api/v1/accounts', { body });
      assert.equal(made.status, 201, made.text);
    }
    return this;
  }

  close = (): Promise<void> => this.api.close();

  account(id: string): StageAccount {
    return this.#accounts.find((one) => one.id === id) ?? assert.fail(id);
  }

  memory(id: string): PlatformMemory {
    return this.memories.get(id) ?? assert.fail(id);
  }

  async #view(id: string) {
    const known = await this.api.hub.accounts.find(id);
    return known?.view ?? assert.fail(id);
  }

  async #call(request: OutgoingRequest): Promise<PlatformResponse> {
    const url = new URL(request.url);
    const id = url.hostname.replace(/\.test$/u, '');
    const { connector } = this.account(id);
    this.calls.push({ account: id, call: request.call, body: request.body ?? '' });
    const fate = this.onCall?.(id, request.call) ?? 'ok';
    if (fate === 'lost') throw new PlatformUnreachable('the line was cut', true);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const { method, body = '' } = request;
    const incoming = { method, path: url.pathname, query: url.search.slice(1), headers, body, at: this.now };
    const answer = connector.sandbox.answer?.(incoming, await this.#view(id), this.memory(id));
    if (answer === undefined) throw new PlatformUnreachable('nobody is there', false);
    this.#post(id, answer.callbacks ?? []);
    if (fate === 'done-but-silent') throw new PlatformUnreachable('the line was cut', true);
    return { status: answer.status, headers: { 'content-type': answer.contentType }, body: answer.body };
  }

  #post(id: string, callbacks: readonly OutgoingCallback[]): void {
    const account = this.account(id);
    for (const callback of callbacks) {
      const delays = this.onCallback?.(callback) ?? [0];
      for (const delay of delays) {
        this.#mail.push({ at: this.now + (callback.afterMs ?? 0) + delay, account, callback });
      }
    }
  }

  /** The user pays at the platform of the account. */
  async pay(id: string, platformOrderId: string): Promise<void> {
    const { sandbox } = this.account(id).connector;
    const callbacks = sandbox.pay?.(platformOrderId, this.now, await this.#view(id), this.memory(id));
    assert.ok(callbacks !== undefined, 'there is nothing to pay');
    this.#post(id, callbacks);
  }

  /** Lets everything happen that is due now, until nothing is. */
  async settle(): Promise<void> {
    const { hub } = this.api;
    for (let round = 0; round < 400; round += 1) {
      const { ctx, accounts, commits } = hub;
      let took = await this.#tickAndDeliver();
      const works = this.#gates
        .slice(0, this.workers)
        .flatMap((gate) => [
          () => runDueActions(ctx, { accounts, gate }),
          () => closeShownActions(ctx, { accounts }),
          () => runDueLives(ctx, { accounts }),
          () => settleDueDoubts(ctx, { accounts, commits }),
        ]);
      if (this.repairs) works.push(this.#repairStep());
      for (const count of await Promise.all(works.map((work) => work()))) took += count;
      if (took === 0) return;
    }
    assert.fail('it never comes to rest');
  }

  #repairStep(): () => Promise<number> {
    const { ctx, accounts, commits } = this.api.hub;
    const [gate = createActGate()] = this.#gates;
    const repair = createRepair(ctx, { accounts, commits, gate, sleep: () => Promise.resolve() });
    this.#repair ??= async () => {
      const took = await repair.run();
      // What it began goes on beside it; nothing here shall.
      await repair.stop();
      return took;
    };
    return this.#repair;
  }

  async #tickAndDeliver(): Promise<number> {
    for (const { id, connector } of this.#accounts) {
      const told = connector.sandbox.tick?.(this.now, await this.#view(id), this.memory(id));
      this.#post(id, told?.callbacks ?? []);
    }
    const due = this.#mail.filter(({ at }) => at <= this.now);
    this.#mail = this.#mail.filter(({ at }) => at > this.now);
    for (const { account, callback } of due) {
      const path = `/callbacks/${account.connector.id}/${account.id}${callback.topic === '' ? '' : `/${callback.topic}`}`;
      const url = callback.url === undefined ? path : new URL(callback.url).pathname;
      const reply = await this.api.app.inject({
        method: 'POST',
        url,
        headers: callback.headers,
        payload: callback.body,
      });
      assert.equal(reply.statusCode, 200, `${url} ${reply.body}`);
    }
    return due.length;
  }

  /** Moves the clock on, stopping wherever something is due. */
  async wait(ms: number): Promise<void> {
    const target = this.now + ms;
    for (let round = 0; round < 3000; round += 1) {
      await this.settle();
      const next = await this.#nextDue();
      if (next === null || next > target) {
        this.now = target;
        return this.settle();
      }
      this.now = Math.max(next, this.now + 1);
    }
    assert.fail('too much is due');
  }

  async #nextDue(): Promise<number | null> {
    const found = await this.api.hub.ctx.pool.query<{ due: Date | null }>(
      `select min(due_at) as due from (select due_at from order_clocks union all select due_at from actions) d`,
    );
    const times = this.#mail.map(({ at }) => at);
    const clockDue = found.rows[0]?.due ?? null;
    if (clockDue !== null) times.push(clockDue.getTime());
    if (this.repairs) times.push(this.now + 60_000);
    for (const { id, connector } of this.#accounts) {
      const due = connector.sandbox.tick?.(this.now, await this.#view(id), this.memory(id));
      for (const next of [due?.nextAt ?? null, due?.lapsesAt ?? null]) if (next !== null) times.push(next);
    }
    return times.length === 0 ? null : Math.min(...times);
  }

  /** Makes an order by the API while the workers work. */
  async order(body: Readonly<Record<string, Json>>): Promise<Answer> {
    let answered = false;
    const asked = this.api.call('POST', '/api/v1/orders', { body }).finally(() => {
      answered = true;
    });
    for (let guard = 0; !answered && guard < 2000; guard += 1) {
      await this.settle();
      await sleep(2);
    }
    return asked;
  }

  async read(orderId: string): Promise<OrderJson> {
    const answer = await this.api.call('GET', `/api/v1/orders/${orderId}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body as OrderJson;
  }

  async leg(orderId: string): Promise<OrderJson> {
    const answer = await this.api.call('GET', `/api/v1/orders?parent=${orderId}&legs=true`);
    assert.equal(answer.body.data.length, 1, answer.text);
    return this.read(answer.body.data[0].id as string);
  }

  /** Types of the events of an order, in their order. */
  async events(orderId: string): Promise<readonly string[]> {
    const found = await this.api.hub.ctx.pool.query<{ type: string }>(
      'select type from events where subject = $1 order by sequence',
      [orderId],
    );
    return found.rows.map(({ type }) => type);
  }

  /** What the attention queue would find about an order. */
  async conditions(orderId: string): Promise<readonly string[]> {
    const found = await this.api.hub.ctx.pool.query<{ name: string }>(
      'select name from order_conditions where order_id = $1 order by name',
      [orderId],
    );
    return found.rows.map(({ name }) => name);
  }
}
