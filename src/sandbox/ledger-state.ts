import type { ExpectedOrder, OutgoingCallback } from '../core/sandbox.ts';
import type { TimeMs } from '../core/time.ts';
import type { Fate } from './chaos.ts';
import { createEventBook } from './event-book.ts';
import type { EventBook } from './event-book.ts';
import type { LinePlace } from './ledger-file.ts';
import type { AccountLine, BeginLine, LedgerLine, OrderLine, ReceiverLine } from './ledger-lines.ts';

/** An order of the sandbox's world. */
export interface OrderRecord {
  readonly order: OrderLine;
  /** How many of its steps have happened. */
  happened: number;
  /** Time of the last step, or of the placing. */
  lastAt: TimeMs;
  /** Indexes of the steps that were told, in order. */
  readonly told: number[];
  expected: ExpectedOrder | null;
  /** Callbacks that were not acknowledged yet, by step. */
  readonly open: Map<number, MessageRecord>;
  /** Where its last told callback is written. */
  lastMessage?: LinePlace;
}

export interface MessageRecord {
  readonly platform: string;
  readonly account: string;
  readonly number: number;
  readonly step: number;
  readonly callback: OutgoingCallback;
  readonly fate: Fate;
}

/** All that the ledger's lines add up to. */
export interface LedgerState {
  begin: BeginLine | undefined;
  /** By platform. */
  readonly accounts: Map<string, AccountLine>;
  receiver: ReceiverLine | undefined;
  /** By `orderKey`. */
  readonly orders: Map<string, OrderRecord>;
  /** The highest order number of each platform. */
  readonly numbers: Map<string, number>;
  readonly events: EventBook;
  readonly refused: string[];
  readonly totals: { messages: number; dropped: number; acknowledged: number };
}

export const orderKey = (platform: string, number: number): string => `${platform}/${number}`;

export function emptyLedgerState(): LedgerState {
  return {
    begin: undefined,
    accounts: new Map(),
    receiver: undefined,
    orders: new Map(),
    numbers: new Map(),
    events: createEventBook(),
    refused: [],
    totals: { messages: 0, dropped: 0, acknowledged: 0 },
  };
}

/** Takes a line in; the same function serves the run and the rebuilding after it, so that the two cannot differ. */
export function applyLine(state: LedgerState, line: LedgerLine, place?: LinePlace): void {
  switch (line.line) {
    case 'ledger':
      state.begin = line;
      break;
    case 'account':
      state.accounts.set(line.platform, line);
      break;
    case 'receiver':
      state.receiver = line;
      break;
    case 'order':
      state.numbers.set(line.platform, Math.max(line.number, state.numbers.get(line.platform) ?? 0));
      state.orders.set(orderKey(line.platform, line.number), {
        order: line,
        happened: 0,
        lastAt: line.placedAt,
        told: [],
        expected: null,
        open: new Map(),
      });
      break;
    case 'message': {
      const record = state.orders.get(orderKey(line.platform, line.number));
      if (record === undefined) break;
      record.happened = line.step + 1;
      record.lastAt = line.at;
      record.expected = line.expected;
      state.totals.messages += 1;
      if (line.fate.dropped) {
        state.totals.dropped += 1;
        break;
      }
      record.told.push(line.step);
      if (place !== undefined) record.lastMessage = place;
      const { platform, number, step, callback, fate } = line;
      record.open.set(step, { platform, account: record.order.account, number, step, callback, fate });
      break;
    }
    case 'acknowledged':
      if (state.orders.get(orderKey(line.platform, line.number))?.open.delete(line.step) === true) {
        state.totals.acknowledged += 1;
      }
      break;
    case 'event':
      state.events.enter(line);
      break;
    case 'refused':
      state.refused.push(line.reason);
      break;
    case 'run':
      break;
  }
}

/** Callbacks that the hub has not acknowledged, oldest order first. */
export function openMessages(state: LedgerState): readonly MessageRecord[] {
  return [...state.orders.values()].flatMap((record) => [...record.open.values()]);
}
