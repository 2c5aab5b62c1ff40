import assert from 'node:assert/strict';
import { vending } from '../../src/connectors/vending/index.ts';
import type { AccountView } from '../../src/core/connector.ts';
import type { OutgoingRequest, PlatformResponse } from '../../src/core/outgoing.ts';
import { PlatformUnreachable } from '../../src/core/outgoing.ts';
import type { OutgoingCallback, PlatformMemory } from '../../src/core/sandbox.ts';
import { createActGate } from '../../src/hub/act-gate.ts';
import { runDueActions } from '../../src/hub/act-run.ts';
import { runDueLives } from '../../src/hub/lives.ts';
import { settleDueDoubts } from '../../src/hub/settle-doubts.ts';
import { createTestApi } from './api.ts';
import type { Answer, TestApi } from './api.ts';
import { sendTo } from './played-action.ts';

const START = Date.UTC(2026, 10, 20, 4);

/** A hub with one vending account, the played machines, and one clock for both, which moves only when it is told to. */
export class VendingWorld {
  readonly memory: PlatformMemory = {};
  readonly api: TestApi;
  /** What becomes of the next call of a name, such as `order.create`; `body`: answered so instead, `done` or not. */
  readonly next = new Map<string, 'lost' | 'done-but-silent' | { readonly done: boolean; readonly body: string }>();
  /** Every call as it came, by name. */
  readonly calls: string[] = [];
  now = START;
  #view: AccountView | undefined;
  readonly #gate = createActGate();
  #count = 0;

  static async open(settings: object = {}): Promise<VendingWorld> {
    const box: { world?: VendingWorld } = {};
    const world = (): VendingWorld => box.world ?? assert.fail('the world is not there yet');
    const api = await createTestApi(
      { clock: () => box.world?.now ?? START, callPlatform: (request) => world().#answer(request) },
      { allowPrivateTargets: true },
    );
    box.world = new VendingWorld(api);
    const credentials = { appid: 'ds0001', appSecret: 'secret-1', merchantKey: 'HUBMERCHANTKEY' };
    const body = {
      id: 'vm-1',
      platform: 'vending',
      name: 'vm',
      credentials,
      settings: { baseUrl: 'http://platform.test', ...settings },
    };
    assert.equal((await api.call('POST', '/api/v1/accounts', { body })).status, 201);
    return box.world;
  }

  private constructor(api: TestApi) {
    this.api = api;
  }

  async view(): Promise<AccountView> {
    this.#view ??= (await this.api.hub.accounts.find('vm-1'))?.view;
    return this.#view ?? assert.fail();
  }

  async #answer(request: OutgoingRequest): Promise<PlatformResponse> {
    this.calls.push(request.call);
    const fate = this.next.get(request.call);
    this.next.delete(request.call);
    if (fate === 'lost') throw new PlatformUnreachable('the line was cut', true);
    if (typeof fate === 'object' && !fate.done) return { status: 200, headers: {}, body: fate.body };
    const account = await this.view();
    const { response, callbacks } = sendTo({ connector: vending, account, memory: this.memory }, request, this.now);
    await this.deliver(callbacks);
    if (fate === 'done-but-silent') throw new PlatformUnreachable('the line was cut', true);
    return typeof fate === 'object' ? { ...response, body: fate.body } : response;
  }

  async deliver(callbacks: readonly OutgoingCallback[]): Promise<void> {
    for (const { topic, body, headers } of callbacks) {
      const path = `/callbacks/vending/vm-1/${encodeURIComponent(topic)}`;
      const answer = await this.api.app.inject({ method: 'POST', url: path, payload: body, headers: { ...headers } });
      assert.equal(answer.statusCode, 200);
    }
  }

  /** Lets so many seconds pass, in steps, and everybody do what is due. */
  async pass(seconds: number, { deliver = true, step = 1 } = {}): Promise<void> {
    const { ctx, accounts, commits } = this.api.hub;
    for (let second = 0; second <= seconds; second += step) {
      for (let took = 1; took > 0;) {
        took = await runDueActions(ctx, { accounts, gate: this.#gate });
        took += await runDueLives(ctx, { accounts });
        took += await settleDueDoubts(ctx, { accounts, commits });
      }
      const { callbacks = [] } = vending.sandbox.tick?.(this.now, await this.view(), this.memory) ?? {};
      if (deliver) await this.deliver(callbacks);
      if (second < seconds) this.now += step * 1000;
    }
  }

  /** Orders, and does what is due until the hub has answered. */
  async order(fields: object, key?: string): Promise<Answer> {
    this.#count += 1;
    const merchantOrderId = `2026112000000000${String(this.#count).padStart(4, '0')}`;
    const body = { account: 'vm-1', merchantOrderId, ...fields };
    let answer: Answer | undefined;
    const posted = this.api
      .call('POST', '/api/v1/orders', { body, ...(key === undefined ? {} : { key }) })
      .then((given) => (answer = given));
    for (let tries = 0; answer === undefined && tries < 500; tries += 1) {
      await this.pass(0);
      // What is tried again after a second must not take a second of ours.
      this.now += 100;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return posted;
  }

  async act(order: string, action: string, params: object = {}): Promise<void> {
    const answer = await this.api.call('POST', `/api/v1/orders/${order}/actions`, { body: { action, params } });
    assert.equal(answer.status, 202, answer.text);
    await this.pass(0);
  }

  async shown(order: string): Promise<Answer['body']> {
    return (await this.api.call('GET', `/api/v1/orders/${order}`)).body;
  }

  async sync(): Promise<Answer> {
    return this.api.call('POST', '/api/v1/machines/sync', { body: { account: 'vm-1' } });
  }

  /** A slot of the mirror as `onHand held available`. */
  async slot(machine: string, productId: string): Promise<string> {
    const { body } = await this.api.call('GET', `/api/v1/machines/vm-1/${machine}`);
    const slot = (body.slots as readonly Readonly<Record<string, unknown>>[]).find(
      (one) => one['productId'] === productId,
    );
    return `${String(slot?.['onHand'])} ${String(slot?.['held'])} ${String(slot?.['available'])}`;
  }

  /** The mirror and the platform, side by side: what can be sold, by machine and product. */
  async bothStocks(): Promise<readonly [hub: unknown, platform: unknown]> {
    const platform = vending.sandbox.stock?.(await this.view(), this.memory) ?? {};
    const hub: Record<string, Record<string, number>> = {};
    for (const machine of Object.keys(platform)) {
      const { body } = await this.api.call('GET', `/api/v1/machines/vm-1/${machine}`);
      const slots = body.slots as readonly { readonly productId: string; readonly available: number }[];
      hub[machine] = Object.fromEntries(slots.map(({ productId, available }) => [productId, available]));
    }
    return [hub, platform];
  }

  /** Types of the events of machines, the oldest first. */
  async told(): Promise<readonly string[]> {
    const found = await this.api.hub.database.pool.query<{ type: string; cause: string | null }>(
      `select type, body ->> 'cause' as cause from events where subject like 'machine:%' order by feed`,
    );
    return found.rows.map(({ type, cause }) => (cause === null ? type : `${type} ${cause}`));
  }
}
