import assert from 'node:assert/strict';
import type { ActionOutcome, ActionRequest, PreparedAction } from '../../src/core/action.ts';
import type { KnownProduct, Planned } from '../../src/core/creation.ts';
import type { Report } from '../../src/core/fact.ts';
import type { Json } from '../../src/core/json.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import type { OutgoingCallback } from '../../src/core/sandbox.ts';
import { vending } from '../../src/connectors/vending/index.ts';
import { accountView } from './account-view.ts';
import { OrderModel } from './order-model.ts';
import { actionsOf, sendTo } from './played-action.ts';
import type { PlayedPlatform } from './played-action.ts';

export const TRADE_ID = '20261120000000000001';
export const AT = Date.UTC(2026, 10, 20, 4, 0, 0);
export const CALLBACKS = 'https://hub.example/callbacks/vending/suite';
export const actions = actionsOf(vending);

export type Params = Readonly<Record<string, Json>>;

const viewWith = (settings: Readonly<Record<string, Json>> = {}): PlayedPlatform['account'] =>
  accountView(vending, {
    credentials: { appid: 'ds0001', appSecret: 'secret-1', merchantKey: 'HUBMERCHANTKEY' },
    settings: { baseUrl: 'http://platform.invalid', ...settings },
  });

const product = (name: string, price: number | null): KnownProduct => ({ name, sku: null, price, slot: 'A11' });
export const PRODUCTS = new Map([
  ['121', product('可乐', 350)],
  ['122', product('矿泉水', 200)],
  ['225', product('饼干', 450)],
]);

export function planned(fields: Params, merchantOrderId = TRADE_ID, view = viewWith(), products = PRODUCTS): Planned {
  return (
    vending.creation?.plan(view, { merchantOrderId, fields, at: AT, holdMs: 1_200_000, products }) ?? assert.fail()
  );
}
export const wish = (productId: number, quantity = 1, machineNo = '10000001'): Params => ({
  machineNo,
  items: [{ productId, quantity }],
});

/** An order at the played platform, with all that the hub knows of it. */
export class Sale {
  readonly played: PlayedPlatform = { connector: vending, account: viewWith(), memory: {} };
  readonly model = new OrderModel(vending);
  readonly callbacks: OutgoingCallback[] = [];
  readonly tradeId: string;
  at = AT;
  #number = 0;

  constructor(tradeId = TRADE_ID, settings: Readonly<Record<string, Json>> = {}, memory = {}) {
    this.tradeId = tradeId;
    this.played = { connector: vending, account: viewWith(settings), memory };
  }

  get order(): OrderJson {
    return this.model.order(this.tradeId) ?? assert.fail('there is no such order');
  }

  take(reports: readonly Report[]): void {
    for (const report of reports) this.model.take(report);
  }

  request(action: string, params: Params = {}): ActionRequest {
    const { order } = this;
    const aliases = [
      ...(order.platformOrderId === null ? [] : [{ kind: 'platform' as const, value: order.platformOrderId }]),
      { kind: 'merchant' as const, value: this.tradeId },
    ];
    const spec = actions.specs.find(({ name }) => name === action) ?? assert.fail(action);
    this.#number += 1;
    return {
      action,
      params: { ...spec.paramsFrom?.(order, {}), ...params },
      number: `act-${this.#number}`,
      at: this.at,
      callbackBase: CALLBACKS,
      order: { aliases, kind: 'vending', json: order, store: order.store, storeToken: null },
    };
  }

  send(prepared: PreparedAction) {
    assert.ok(prepared.ok, JSON.stringify(prepared));
    const { response, callbacks } = sendTo(this.played, prepared.request, this.at);
    this.callbacks.push(...callbacks);
    return response;
  }

  act(action: string, params: Params = {}): ActionOutcome {
    const request = this.request(action, params);
    const response = this.send(actions.prepare(this.played.account, request));
    return this.heard(actions.conclude(this.played.account, request, response));
  }

  ask(action: string, params: Params = {}): ActionOutcome {
    const request = this.request(action, params);
    const question = actions.prepareQuestion?.(this.played.account, request) ?? assert.fail();
    const response = this.send({ ok: true, request: question });
    return this.heard(actions.concludeQuestion?.(this.played.account, request, response) ?? assert.fail());
  }

  heard(outcome: ActionOutcome): ActionOutcome {
    if (outcome.state !== 'unknown') this.take(outcome.reports ?? []);
    return outcome;
  }

  /** Lets the platform's clock run. */
  wait(ms: number): void {
    const until = this.at + ms;
    for (let next: number | undefined = this.at; next !== undefined && next <= until;) {
      this.at = next;
      const told = vending.sandbox.tick?.(this.at, this.played.account, this.played.memory) ?? assert.fail();
      this.callbacks.push(...told.callbacks);
      next = [told.nextAt, told.lapsesAt ?? null].filter((at) => at !== null).toSorted((a, b) => a - b)[0];
    }
    this.at = until;
  }

  create(fields: Params): ActionOutcome {
    const wanted = planned(fields, this.tradeId, this.played.account);
    assert.ok(wanted.ok, JSON.stringify(wanted));
    this.take([wanted.order.report]);
    return this.act('create', wanted.order.params);
  }

  left(machineNo: string): Readonly<Record<string, number>> {
    return vending.sandbox.stock?.(this.played.account, this.played.memory)[machineNo] ?? {};
  }

  /** Creates, pays, and learns the records. */
  buy(fields: Params): this {
    assert.equal(this.create(fields).state, 'succeeded');
    assert.equal(this.act('paid', { channel: 'cash', reference: 'r-1' }).state, 'succeeded');
    assert.equal(this.act('query').state, 'succeeded');
    return this;
  }
}

export const codeOf = (outcome: ActionOutcome): string =>
  outcome.state === 'failed'
    ? `${outcome.refusal.class} ${outcome.refusal.kind ?? '-'} ${outcome.refusal.code}`
    : outcome.state;
