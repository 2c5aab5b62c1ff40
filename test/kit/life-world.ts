import { registers as douyinRegisters } from '../../src/connectors/douyin/callback.ts';
import { registers as vendingRegisters } from '../../src/connectors/vending/callback.ts';
import { applyReport, read } from '../../src/core/fact.ts';
import type { Fact, Lines, OrderKind, RegisterRules, Report } from '../../src/core/fact.ts';
import type { Json } from '../../src/core/json.ts';
import type { LifeAction, LifePlan, LifeView, OrderSide } from '../../src/core/lives/life.ts';
import { lifeSettings } from '../../src/core/lives/life-settings.ts';
import { LIVES } from '../../src/core/lives/lives.ts';
import { OWN_REGISTERS } from '../../src/core/lives/own-registers.ts';
import { orderJson } from '../../src/core/order-json.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import { partLine, refundLine, WHOLE } from '../../src/core/registers.ts';
import { HOLD_MS, LifePlatforms, MINUTE_MS, textOf } from './life-platforms.ts';
import type { WorldOptions } from './life-platforms.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type WorldAction = Mutable<LifeAction> & { number: string };

interface WorldOrder {
  readonly kind: OrderKind;
  readonly rules: RegisterRules;
  readonly keys: Set<string>;
  readonly actions: WorldAction[];
  readonly can: ReadonlySet<string>;
  lines: Lines;
  version: number;
}

/** How a call ends: answered, done without an answer, lost on its way. */
export type CallFate = 'ok' | 'silent' | 'lost';

const WATCHDOG_MS = 132_000;

/**
 * A machine's platform, a payment platform and a hub with the two orders of one sale, all in memory and by a clock of its
 * own. What happens, and in which order, is the test's choice; the platforms count what was really done.
 */
export class LifeWorld extends LifePlatforms {
  /** What is on its way to the hub. */
  readonly messages: { readonly to: 'sale' | 'payment'; readonly report: Report }[] = [];
  readonly events: { readonly type: string; readonly amount: number }[] = [];
  readonly sale: WorldOrder;
  readonly pay: WorldOrder | undefined;
  lastPlan: LifePlan | undefined;
  readonly #start: number;

  constructor(options: WorldOptions) {
    super(options);
    this.#start = this.now;
    const held: readonly Fact[] = [
      { line: WHOLE, register: 'payment', value: 'unpaid' },
      { line: WHOLE, register: 'lifecycle', value: 'open' },
      { line: WHOLE, register: 'money.total', value: options.amount },
      { line: WHOLE, register: 'money.paid', value: 0 },
      { line: WHOLE, register: 'expiresAt', value: this.now + HOLD_MS },
    ];
    const shopActs = options.hasPayment ? [] : ['refund-done'];
    const saleActs = ['create', 'paid', 'dispense', 'close', 'query', 'refund-at-machine', 'revive', ...shopActs];
    this.sale = this.#order('vending', vendingRegisters, saleActs, held);
    const payActs = ['create', 'query', 'refund', 'push', 'settle'];
    this.pay = options.hasPayment ? this.#order('payment', douyinRegisters, payActs, held) : undefined;
  }

  #order(kind: OrderKind, registers: RegisterRules, can: readonly string[], facts: readonly Fact[]): WorldOrder {
    const order: WorldOrder = {
      kind,
      rules: { ...OWN_REGISTERS, ...registers },
      keys: new Set(),
      actions: [],
      can: new Set(can),
      lines: {},
      version: 1,
    };
    const at = this.now - 1000;
    const plan: Report = { aliases: [{ kind: 'merchant', value: 'M1' }], kind, at, key: 'plan', facts };
    order.lines = applyReport({}, plan, order.rules);
    const { validSeconds } = this.options;
    const params = kind === 'payment' && validSeconds !== undefined ? { validSeconds } : {};
    order.actions.push({ ...this.#newAction('create', 'create', params), state: 'succeeded', isOpen: false });
    return order;
  }

  #newAction(action: string, cause: string | null, params: Readonly<Record<string, Json>>): WorldAction {
    this.count += 1;
    const at = this.now;
    const number = `N${this.count}`;
    const blank = { code: null, createdAt: at, sentAt: null, finishedAt: null };
    return { action, cause, number, state: 'queued', isOpen: true, params, ...blank };
  }

  json(order: WorldOrder): OrderJson {
    const id = order === this.sale ? 'ord_1' : 'ord_2';
    return orderJson(
      {
        id,
        account: order.kind,
        platform: order.kind === 'payment' ? 'douyin' : 'vending',
        kind: order.kind,
        merchant: null,
        shop: null,
        parent: order === this.pay ? 'ord_1' : null,
        member: null,
        platformOrderId: `P-${id}`,
        displayId: null,
        merchantOrderId: 'M1',
        mergedInto: null,
        updatedAtMs: this.now,
        version: order.version,
      },
      order.lines,
    );
  }

  side(order: WorldOrder): OrderSide {
    return {
      json: this.json(order),
      lines: order.lines,
      origin: 'made',
      createdAt: this.#start,
      actions: order.actions.map((action) => ({ ...action })),
      settings: lifeSettings({ ...this.options.settings, ...(order === this.sale ? this.options.saleSettings : {}) }),
      can: order.can,
    };
  }

  /** Looks at an order. `crash`: the process dies before its transaction commits. `other`: what it sees of the other one. */
  look(order: WorldOrder, { crash = false, other }: { crash?: boolean; other?: OrderSide } = {}): LifePlan {
    const isSale = order === this.sale;
    const second = isSale ? this.pay : this.sale;
    const otherSide = second === undefined ? undefined : (other ?? this.side(second));
    const view: LifeView = {
      now: this.now,
      order: this.side(order),
      parent: isSale ? null : (otherSide ?? null),
      legs: isSale && otherSide !== undefined ? [otherSide] : [],
    };
    const plan = LIVES[order.kind]?.steps(view);
    if (plan === undefined) throw new Error(`no life of ${order.kind}`);
    this.lastPlan = plan;
    if (crash) return plan;
    for (const { action, cause, params } of plan.acts) {
      if (order.actions.some((one) => one.cause === cause)) continue;
      if (this.#refuses(order, action, params)) continue;
      order.actions.push(this.#newAction(action, cause, params));
    }
    for (const { name, generation, facts } of plan.words) {
      const key = `own:${name}${generation === 0 ? '' : `:${generation}`}`;
      this.#apply(order, {
        aliases: [{ kind: 'merchant', value: 'M1' }],
        kind: order.kind,
        at: this.now,
        generation,
        facts,
        key,
      });
    }
    for (const { amount } of plan.due) this.events.push({ type: 'order.refund_due', amount });
    return plan;
  }

  /** What the connector or the reservation of refunds says no to. */
  #refuses(order: WorldOrder, action: string, params: Readonly<Record<string, Json>>): boolean {
    const json = this.json(order);
    const isToldAgain = order.actions.some((one) => one.action === 'paid' && one.createdAt >= this.madeAt);
    if (action === 'paid') return json.payment !== 'unpaid' && (this.revivedBy === undefined || isToldAgain);
    if (action === 'revive') return json.lifecycle !== 'cancelled' && json.lifecycle !== 'expired';
    if (action === 'dispense')
      return json.lifecycle === 'cancelled' || json.lifecycle === 'expired' || json.payment === 'unpaid';
    if (action !== 'refund') return false;
    const reserved = order.actions
      .filter((one) => one.action === 'refund' && one.state !== 'failed')
      .filter(
        ({ number }) => !['succeeded', 'failed'].includes(read(order.lines, refundLine(number), 'refund')?.state ?? ''),
      )
      .reduce((sum, one) => sum + Number(one.params['amount']), 0);
    const left = (json.amounts.paid ?? 0) - (json.amounts.refunded ?? 0) - reserved;
    return Number(params['amount']) > left;
  }

  #apply(order: WorldOrder, report: Report): void {
    const key = report.key ?? JSON.stringify(report);
    if (order.keys.has(key)) return;
    order.keys.add(key);
    const lines = applyReport(order.lines, report, order.rules, key);
    if (lines !== order.lines) order.version += 1;
    order.lines = lines;
    // What the order shows ends the actions that it shows the end of.
    for (const action of order.actions.filter(({ isOpen }) => isOpen)) {
      const state = this.#shown(order, action);
      if (state !== undefined) this.#end(action, state);
    }
  }

  #shown(order: WorldOrder, { action, params, number }: WorldAction): 'succeeded' | 'failed' | undefined {
    if (action === 'dispense') {
      const fulfilment = read(order.lines, partLine(textOf(params['record'])), 'fulfilment');
      if (fulfilment === 'delivered') return 'succeeded';
      const isDoubted = read(order.lines, WHOLE, 'flag.doubt') === true;
      return fulfilment === 'failed' && !isDoubted ? 'failed' : undefined;
    }
    if (action !== 'refund') return undefined;
    const state = read(order.lines, refundLine(number), 'refund')?.state;
    return state === 'succeeded' || state === 'failed' ? state : undefined;
  }

  #end(action: WorldAction, state: WorldAction['state'], code: string | null = null): void {
    action.state = state;
    action.isOpen = false;
    action.code = code;
    action.finishedAt = this.now;
  }

  /** The user pays, whatever the hub has made of the order. */
  userPays(): void {
    if (this.pay === undefined || this.payment.status === 'SUCCESS') return;
    this.payment.status = 'SUCCESS';
    this.messages.push({ to: 'payment', report: this.paymentTruth('callback') });
  }

  /** The shop takes the money itself and says so. */
  shopSaysPaid(): void {
    if (this.#refuses(this.sale, 'paid', {}) || this.sale.actions.some(({ action }) => action === 'paid')) return;
    if (['cancelled', 'expired'].includes(this.json(this.sale).lifecycle)) return;
    this.sale.actions.push(this.#newAction('paid', null, { amount: this.options.amount }));
  }

  /** The shop gives back what is due. */
  shopGivesBack(): void {
    const due = this.json(this.sale).refundDue;
    if (due === null || this.options.hasPayment) return;
    const action = this.#newAction('refund-done', null, { amount: due });
    this.sale.actions.push(action);
    this.#end(action, 'succeeded');
    const value = { state: 'succeeded', amount: due } as const;
    this.#apply(
      this.sale,
      this.report('vending', [{ line: refundLine(action.number), register: 'refund', value }], `act:${action.number}`),
    );
  }

  /** The payment platform gives all that is left back to the user, who asked for it there. */
  userGetsBack(): void {
    const amount = this.leftToRefund;
    if (this.pay === undefined || this.payment.status !== 'SUCCESS' || amount <= 0) return;
    this.payment.givenBackToUser = true;
    this.payment.refunds.set('hd1', { amount, state: 'succeeded' });
    const value = { state: 'succeeded', amount } as const;
    const facts: readonly Fact[] = [{ line: refundLine('hd1'), register: 'refund', value }];
    this.messages.push({ to: 'payment', report: this.report('payment', facts, 'hd1') });
  }

  wantsOut(): void {
    const facts: readonly Fact[] = [{ line: WHOLE, register: 'flag.cancel_requested', value: true }];
    this.#apply(this.sale, this.report('vending', facts, `cancel:${this.count}`));
  }

  /** The machine is done with a record: `ok` an item fell; else it did not. `told`: what it reports of that, if it does. */
  machineMoves(nth: number, ok: boolean, told: 'truth' | 'lie' | 'nothing' = 'truth'): void {
    const record = this.machine.records[nth % this.machine.records.length];
    if (record === undefined || record.status !== 'IS_DELIVERING') return;
    record.status = ok ? 'IS_SUCCESS' : 'IS_FAILED';
    if (told === 'nothing') return;
    // A sensor that saw nothing: the platform itself knows better.
    const fulfilment = ok && told === 'truth' ? 'delivered' : 'failed';
    const hint: Report = {
      ...this.report('vending', [
        { line: WHOLE, register: 'payment', value: 'paid' },
        { line: WHOLE, register: 'fulfilment', value: 'delivering' },
        { line: partLine(record.id), register: 'fulfilment', value: fulfilment },
      ]),
      at: null,
      final: false,
      key: `hint:${record.id}`,
    };
    const doubt = this.report('vending', [{ line: WHOLE, register: 'flag.doubt', value: true }], `doubt:${record.id}`);
    this.messages.push({ to: 'sale', report: hint }, { to: 'sale', report: doubt });
  }

  /** What the platforms do by themselves. */
  platformClocks(): void {
    if (this.machine.status === 'NOTPAY' && this.now >= this.madeAt + HOLD_MS + MINUTE_MS) this.closeMachine();
    for (const record of this.machine.records) {
      const sent = this.sale.actions.findLast(
        ({ params, action }) => action === 'dispense' && params['record'] === record.id,
      );
      const isLate = sent?.sentAt !== undefined && sent.sentAt !== null && this.now >= sent.sentAt + 120_000;
      if (record.status === 'IS_DELIVERING' && isLate) record.status = 'IS_TIMEOUT';
    }
  }

  /** The hub settles its doubt by a read. */
  settleDoubt(): void {
    if (read(this.sale.lines, WHOLE, 'flag.doubt') === true) this.#apply(this.sale, this.machineTruth());
  }

  /** A refund that the payment platform took in comes to its end. */
  refundsEnd(): void {
    for (const [number, refund] of this.payment.refunds) {
      if (refund.state !== 'requested') continue;
      refund.state = this.payment.failsNextRefunds > 0 ? 'failed' : 'succeeded';
      this.payment.failsNextRefunds -= 1;
      const value = { state: refund.state, amount: refund.amount };
      const report = this.report(
        'payment',
        [{ line: refundLine(number), register: 'refund', value }],
        `${number}:${refund.state}`,
      );
      this.messages.push({ to: 'payment', report });
    }
  }

  deliver(nth: number, keep = false): void {
    if (this.messages.length === 0) return;
    const index = nth % this.messages.length;
    const [message] = keep ? [this.messages[index]] : this.messages.splice(index, 1);
    const order = message?.to === 'payment' ? this.pay : this.sale;
    if (message !== undefined && order !== undefined) this.#apply(order, message.report);
  }

  /** The engine works on the n-th open action. */
  run(nth: number, fate: CallFate): void {
    const open = this.#openActions();
    const found = open[nth % Math.max(1, open.length)];
    if (found === undefined) return;
    const [order, action] = found;
    if (action.action === 'dispense' && action.state === 'unknown') return this.#askAboutDispense(order, action, fate);
    action.sentAt ??= this.now;
    if (fate === 'lost' && action.action !== 'dispense') return void (action.state = 'sent');
    const outcome = fate === 'lost' ? undefined : this.call(action, order === this.sale);
    if (action.action === 'dispense') {
      if (fate === 'ok' && outcome?.refused !== undefined) return this.#end(action, 'failed', outcome.refused);
      action.state = 'unknown';
      return;
    }
    if (fate !== 'ok' || outcome === undefined) return void (action.state = 'sent');
    if (outcome.report !== undefined) this.#apply(order, outcome.report);
    if (!action.isOpen) return;
    this.#end(action, outcome.refused === undefined ? 'succeeded' : 'failed', outcome.refused ?? null);
  }

  #openActions(): readonly [WorldOrder, WorldAction][] {
    return [this.sale, this.pay].flatMap((order) =>
      order === undefined
        ? []
        : order.actions.filter(({ isOpen }) => isOpen).map((action): [WorldOrder, WorldAction] => [order, action]),
    );
  }

  get openCount(): number {
    return this.#openActions().length;
  }

  #askAboutDispense(order: WorldOrder, action: WorldAction, fate: CallFate): void {
    const record = this.machine.records.find(({ id }) => id === action.params['record']);
    if (
      fate === 'ok' &&
      record !== undefined &&
      record.status !== 'WAITING_PICKED_UP' &&
      record.status !== 'IS_DELIVERING'
    ) {
      this.#apply(order, this.machineTruth());
      if (action.isOpen) this.#end(action, record.status === 'IS_SUCCESS' ? 'succeeded' : 'failed', record.status);
      return;
    }
    // Nobody knows, and nobody asks any more.
    if (this.now >= (action.sentAt ?? 0) + WATCHDOG_MS) this.#end(action, 'unknown', 'unknown');
  }

  /** Somebody goes to the machine and looks. */
  personLooks(): void {
    for (const action of this.sale.actions) {
      if (action.action !== 'dispense' || action.state !== 'unknown' || action.isOpen) continue;
      const record = this.machine.records.find(({ id }) => id === action.params['record']);
      // Nobody decides while it moves.
      if (record?.status === 'IS_DELIVERING') continue;
      this.#end(action, record?.status === 'IS_SUCCESS' ? 'succeeded' : 'failed', 'settled_by_hand');
      this.sale.version += 1;
    }
  }
}
