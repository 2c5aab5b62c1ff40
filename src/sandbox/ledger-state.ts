import type { ExpectedOrder, OutgoingCallback, PlatformMemory } from '../core/sandbox.ts';
import type { TimeMs } from '../core/time.ts';
import { NO_TROUBLE } from './chaos.ts';
import type { Fate } from './chaos.ts';
import { createEventBook } from './event-book.ts';
import type { EventBook } from './event-book.ts';
import type { LinePlace } from './ledger-file.ts';
import type { AccountLine, BeginLine, LedgerLine, OrderLine, ReceiverLine, ShopperLine } from './ledger-lines.ts';
import { applyChanges } from './memory-draft.ts';

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
  /** How many steps had happened when the hub last read the truth; undefined when it never did. */
  read?: number;
  /** Callbacks that were not acknowledged yet, by step. */
  readonly open: Map<number, MessageRecord>;
  /** Where its last told callback is written. */
  lastMessage?: LinePlace;
}

export interface MessageRecord {
  readonly platform: string;
  readonly account: string;
  /** 0: set off by a call and not by an order's step. */
  readonly number: number;
  /** Index of the step; of messages set off by calls their count. */
  readonly step: number;
  readonly callback: OutgoingCallback;
  readonly fate: Fate;
}

/** A callback that a call or a clock set off, and that was never sent. */
export type LostCallback = Pick<MessageRecord, 'platform' | 'account' | 'callback'>;

/** All that the ledger's lines add up to. */
export interface LedgerState {
  begin: BeginLine | undefined;
  /** By platform. */
  readonly accounts: Map<string, AccountLine>;
  receiver: ReceiverLine | undefined;
  /** By `orderKey`. */
  readonly orders: Map<string, OrderRecord>;
  /** The same by `orderKey` with the platform's own number. */
  readonly byPlatformOrderId: Map<string, OrderRecord>;
  /** The highest order number of each platform. */
  readonly numbers: Map<string, number>;
  /** Stores that are bound, by `boundKey`. */
  readonly bound: Set<string>;
  /** What `answer` knows, by account. */
  readonly memories: Map<string, PlatformMemory>;
  /** Callbacks set off by calls: how many there were, and those not acknowledged yet by their count. */
  readonly setOff: { count: number; readonly open: Map<number, MessageRecord>; readonly lost: LostCallback[] };
  /** Customers of the merchant's own shop, by `orderKey`. */
  readonly shoppers: Map<string, ShopperLine>;
  /** The numbers that their shop gave what they ordered. */
  readonly shopperNumbers: Set<string>;
  readonly events: EventBook;
  readonly refused: string[];
  readonly totals: { messages: number; dropped: number; acknowledged: number; reads: number };
}

export const orderKey = (platform: string, number: number | string): string => `${platform}/${number}`;

export const boundKey = (account: string, store: string | null): string => JSON.stringify([account, store]);

export function emptyLedgerState(): LedgerState {
  return {
    begin: undefined,
    accounts: new Map(),
    receiver: undefined,
    orders: new Map(),
    byPlatformOrderId: new Map(),
    numbers: new Map(),
    bound: new Set(),
    memories: new Map(),
    setOff: { count: 0, open: new Map(), lost: [] },
    shoppers: new Map(),
    shopperNumbers: new Set(),
    events: createEventBook(),
    refused: [],
    totals: { messages: 0, dropped: 0, acknowledged: 0, reads: 0 },
  };
}

/** The memory of an account's platform, to be read. */
export function memoryOf(state: LedgerState, account: string): PlatformMemory {
  const held = state.memories.get(account) ?? {};
  state.memories.set(account, held);
  return held;
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
    case 'bound':
      state.bound.add(boundKey(line.account, line.store));
      break;
    case 'order': {
      const { platform, number, placedAt } = line;
      const record: OrderRecord = {
        order: line,
        happened: 0,
        lastAt: placedAt,
        told: [],
        expected: null,
        open: new Map(),
      };
      state.numbers.set(platform, Math.max(number, state.numbers.get(platform) ?? 0));
      state.orders.set(orderKey(platform, number), record);
      state.byPlatformOrderId.set(orderKey(platform, line.platformOrderId), record);
      break;
    }
    case 'message': {
      const record = state.orders.get(orderKey(line.platform, line.number));
      if (record === undefined) break;
      if (line.memory !== undefined) applyChanges(memoryOf(state, record.order.account), line.memory);
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
    case 'call': {
      const { platform, account } = line;
      applyChanges(memoryOf(state, account), line.memory);
      for (const [index, callback] of line.callbacks.entries()) {
        const step = state.setOff.count;
        const fate = line.fates?.[index] ?? NO_TROUBLE;
        state.setOff.count += 1;
        if (fate.dropped) {
          state.totals.dropped += 1;
          state.setOff.lost.push({ platform, account, callback });
        } else state.setOff.open.set(step, { platform, account, number: 0, step, callback, fate });
      }
      state.totals.messages += line.callbacks.length;
      break;
    }
    case 'read': {
      const record = state.orders.get(orderKey(line.platform, line.number));
      if (record === undefined) break;
      state.totals.reads += 1;
      record.read = line.happened;
      record.expected = line.expected;
      break;
    }
    case 'acknowledged': {
      const open = line.number === 0 ? state.setOff.open : state.orders.get(orderKey(line.platform, line.number))?.open;
      if (open?.delete(line.step) === true) state.totals.acknowledged += 1;
      break;
    }
    case 'shopper': {
      state.shoppers.set(orderKey(line.platform, line.number), line);
      const { merchantOrderId } = line.body;
      if (typeof merchantOrderId === 'string') state.shopperNumbers.add(merchantOrderId);
      break;
    }
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
  return [...state.setOff.open.values(), ...[...state.orders.values()].flatMap((record) => [...record.open.values()])];
}
