import type { Fact, OrderKind, Report } from '../../src/core/fact.ts';
import type { Json } from '../../src/core/json.ts';
import type { LifeAction } from '../../src/core/lives/life.ts';
import { partLine, refundLine, WHOLE } from '../../src/core/registers.ts';

type RecordStatus = 'WAITING_PICKED_UP' | 'IS_DELIVERING' | 'IS_SUCCESS' | 'IS_FAILED' | 'IS_TIMEOUT';

export interface WorldOptions {
  /** Prices of the items at the machine, in fen; what the user pays. */
  readonly prices: readonly number[];
  readonly amount: number;
  readonly settings: Readonly<Record<string, Json>>;
  /** How long the platform takes the payment; left out: it says nothing of it. */
  readonly validSeconds?: number;
  /** What the account of the sale says beside or instead of it. */
  readonly saleSettings?: Readonly<Record<string, Json>>;
  /** false: the shop takes the money itself. */
  readonly hasPayment: boolean;
}

export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');

export const MINUTE_MS = 60_000;
export const HOLD_MS = 20 * MINUTE_MS;

/** A machine's platform and a payment platform in memory, by a clock that the test moves. They count what was really done. */
export class LifePlatforms {
  now = 1_700_000_000_000;
  readonly machine = {
    status: 'NOTPAY',
    /** How often goods were taken for it, and how often they came back. */
    held: 1,
    returned: 0,
    records: [] as { id: string; status: RecordStatus; drops: number }[],
  };
  readonly payment = {
    status: 'PROCESSING' as 'PROCESSING' | 'SUCCESS',
    refunds: new Map<string, { amount: number; state: 'requested' | 'failed' | 'succeeded' }>(),
    pushes: [] as string[],
    settled: 0,
    failsNextRefunds: 0,
    /** A settlement is taken in and never heard of again. */
    settlesSilently: false,
    /** The user has asked for it at the payment platform. */
    givenBackToUser: false,
  };
  protected readonly options: WorldOptions;
  protected madeAt: number;
  protected revivedBy: string | undefined;
  protected count = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.madeAt = this.now;
    this.machine.records = options.prices.map((_price, index) => ({
      id: String(78 + index),
      status: 'WAITING_PICKED_UP',
      drops: 0,
    }));
  }

  protected closeMachine(): void {
    this.machine.status = 'CLOSED';
    this.machine.returned += 1;
  }

  /** Of what was paid, what is neither given back nor on its way. */
  protected get leftToRefund(): number {
    const going = [...this.payment.refunds.values()].filter(({ state }) => state !== 'failed');
    return this.options.amount - going.reduce((sum, { amount }) => sum + amount, 0);
  }

  /** What a call does there, and what its answer says. */
  protected call(
    { action, params, number }: Pick<LifeAction, 'action' | 'params' | 'number'>,
    isOfSale: boolean,
  ): { readonly report?: Report; readonly refused?: string } {
    const { machine, payment } = this;
    const key = `act:${number}`;
    switch (action) {
      case 'paid': {
        const paid = this.report('vending', this.paidFacts(Number(params['amount'])), key);
        if (machine.status === 'CLOSED') return { report: paid, refused: '6042' };
        machine.status = 'SUCCESS';
        return { report: paid };
      }
      case 'close': {
        if (machine.status === 'SUCCESS') return { refused: '6049' };
        if (machine.status === 'NOTPAY') this.closeMachine();
        const value = params['as'] === 'expired' ? 'expired' : 'cancelled';
        return { report: this.report('vending', [{ line: WHOLE, register: 'lifecycle', value }], key) };
      }
      case 'dispense': {
        const record = machine.records.find(({ id }) => id === params['record']);
        if (machine.status !== 'SUCCESS' || record === undefined) return { refused: '6054' };
        record.drops += 1;
        record.status = 'IS_DELIVERING';
        return {};
      }
      case 'revive': {
        // Known by its number: a repeat makes no other.
        if (this.revivedBy === undefined) {
          this.revivedBy = number;
          this.madeAt = this.now;
          machine.status = 'NOTPAY';
          machine.held += 1;
          machine.records = machine.records.map(({ id }) => ({ id: `9${id}`, status: 'WAITING_PICKED_UP', drops: 0 }));
        }
        return { report: this.report('vending', [{ line: WHOLE, register: 'lifecycle', value: 'open' }], key) };
      }
      case 'refund-at-machine':
        if (machine.status === 'SUCCESS') machine.returned += 1;
        machine.status = 'REFUND';
        return {};
      case 'query':
        return { report: isOfSale ? this.machineTruth() : this.paymentTruth('query') };
      case 'refund': {
        const known = payment.refunds.get(number);
        if (known === undefined && Number(params['amount']) > this.leftToRefund) return { refused: '2010' };
        if (known === undefined) payment.refunds.set(number, { amount: Number(params['amount']), state: 'requested' });
        const value = { state: 'requested', amount: Number(params['amount']) } as const;
        return { report: this.report('payment', [{ line: refundLine(number), register: 'refund', value }], key) };
      }
      case 'push':
        payment.pushes.push(textOf(params['milestone']));
        return {};
      case 'settle':
        payment.settled += 1;
        if (payment.settlesSilently) return {};
        return { report: this.report('payment', [{ line: WHOLE, register: 'settlement', value: 'settled' }], key) };
      default:
        throw new Error(action);
    }
  }

  protected paidFacts(amount: number): readonly Fact[] {
    return [
      { line: WHOLE, register: 'payment', value: 'paid' },
      { line: WHOLE, register: 'money.paid', value: amount },
      { line: WHOLE, register: 'paidAt', value: this.now },
    ];
  }

  protected report(kind: OrderKind, facts: readonly Fact[], key?: string): Report {
    this.count += 1;
    return { aliases: [{ kind: 'merchant', value: 'M1' }], kind, at: this.now, facts, key: key ?? `r${this.count}` };
  }

  protected machineTruth(): Report {
    const { status, records } = this.machine;
    const facts: Fact[] = [
      { line: WHOLE, register: 'flag.doubt', value: false },
      { line: WHOLE, register: 'lifecycle', value: status === 'CLOSED' ? 'cancelled' : 'open' },
      { line: WHOLE, register: 'parts', value: records.length },
      {
        line: WHOLE,
        register: 'items',
        value: records.map(({ id }, index) => {
          const price = this.options.prices[index] ?? 0;
          return { line: id, sku: null, name: id, quantity: 1, price, total: price };
        }),
      },
    ];
    if (status === 'SUCCESS') facts.push({ line: WHOLE, register: 'payment', value: 'paid' });
    if (status === 'REFUND') facts.push({ line: WHOLE, register: 'payment', value: 'refunded' });
    const values = {
      WAITING_PICKED_UP: 'none',
      IS_DELIVERING: 'delivering',
      IS_SUCCESS: 'delivered',
      IS_FAILED: 'failed',
      IS_TIMEOUT: 'failed',
    } as const;
    if (status === 'SUCCESS' || status === 'REFUND') {
      for (const record of records) {
        facts.push({ line: partLine(record.id), register: 'fulfilment', value: values[record.status] });
      }
    }
    return this.report('vending', facts);
  }

  protected paymentTruth(source: string): Report {
    const isPaid = this.payment.status === 'SUCCESS';
    const facts: readonly Fact[] = isPaid
      ? [...this.paidFacts(this.options.amount), { line: WHOLE, register: 'money.total', value: this.options.amount }]
      : [{ line: WHOLE, register: 'payment', value: 'unpaid' }];
    return this.report('payment', facts, isPaid && source === 'callback' ? 'paid' : undefined);
  }
}
