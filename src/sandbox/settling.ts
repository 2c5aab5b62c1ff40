import { setTimeout as sleep } from 'node:timers/promises';
import type { Connector } from '../core/connector.ts';
import type { Agendas } from './agendas.ts';
import { catchUpWithHub } from './catch-up-with-hub.ts';
import type { CatchUp } from './catch-up.ts';
import { compareStock } from './compare-stock.ts';
import type { HubClient } from './hub-client.ts';
import type { Ledger } from './ledger.ts';
import { readAll, readLeftovers } from './leftovers.ts';
import { judgeLost } from './lost-callbacks.ts';
import type { Outbox } from './outbox.ts';
import type { PlatformClocks } from './platform-clocks.ts';
import { readPlatformTruth } from './platform-truth.ts';
import type { PlatformTruth } from './platform-truth.ts';
import type { Shoppers } from './shoppers.ts';
import { textOf } from './untrusted-json.ts';
import { compareWithHub, readHubOrders, SETTLED_MS } from './verify.ts';
import type { VerifyReport } from './verify.ts';

export interface SettlingWorld {
  readonly hub: HubClient;
  readonly platforms: ReadonlyMap<string, Connector>;
  readonly agendas: Agendas;
  readonly outbox: Outbox;
  readonly clocks: PlatformClocks;
  readonly shoppers: Shoppers;
  ledger(): Ledger;
  /** Those that the hub has. */
  accounts(): readonly string[];
  isOver(): boolean;
  /** Callbacks that never come, calls that fail. */
  hasTrouble(): boolean;
  whenHubAnswers<T>(call: () => Promise<T>): Promise<T>;
}

/** How what was begun comes to its end, and what is then compared. */
export interface Settling {
  /** Customers pay, mail goes out and platforms end what they began; nothing new begins by it. */
  hurry(on: boolean): void;
  /** Waits until everything told is acknowledged and every event of it has arrived. `living`: orders that go on. */
  catchUp(waitMs: number, living: () => number, onProgress?: (left: CatchUp) => void): Promise<CatchUp>;
  /** Compares orders, money, goods, events, stock and what is left to a person. */
  compare(): Promise<VerifyReport>;
}

/**
 * What no callback told the hub finds by asking, and what it asks can fail. About a refund whose end nobody told it asks
 * after two minutes; whether a payment that it closed was made all the same, once the platform takes it no longer: 300 s,
 * the least that Douyin knows, and 30 s.
 */
const FOUND_MS = 360_000;
const MOST_LOOKS = 5;
const PAUSE_MS = 1000;

/** Orders of which the hub says that no callback told of them, by its own ids. */
async function readRepaired(hub: HubClient, accounts: readonly string[]): Promise<ReadonlySet<string>> {
  const orders = new Set<string>();
  for (const account of accounts) {
    const rows = await readAll(hub, `/api/v1/repair/${encodeURIComponent(account)}/orders?limit=500`);
    for (const row of rows) orders.add(textOf(row['order']) ?? '');
  }
  return orders;
}

export function createSettling(world: SettlingWorld): Settling {
  const { hub, agendas, outbox, clocks, shoppers } = world;
  const truth = (): PlatformTruth => readPlatformTruth(world.ledger().state, world.platforms);
  const isUnreceived = (): number => {
    const { totals } = world.ledger().state;
    return totals.messages - totals.dropped - totals.acknowledged;
  };
  return {
    hurry(on) {
      if (on) outbox.insist();
      agendas.mail.hurry(on);
      agendas.customers.hurry(on);
      clocks.hurry(on);
    },
    catchUp: (waitMs, living, onProgress) =>
      catchUpWithHub({
        ...{ waitMs, hub, truth, state: world.ledger().state },
        accounts: world.accounts,
        unreceived: () => isUnreceived() + shoppers.unfinished() + clocks.unfinished() + living(),
        isIdle: () => agendas.mail.size() === 0 && outbox.busy() === 0,
        isOver: world.isOver,
        settledMs: world.hasTrouble() || world.ledger().state.totals.dropped > 0 ? FOUND_MS : SETTLED_MS,
        missed: (hubOrders, differences, leftovers) =>
          judgeLost({
            ...{ state: world.ledger().state, platforms: world.platforms, truth: truth() },
            ...{ hubOrders, differences, leftovers },
          }).differences,
        ...(onProgress === undefined ? {} : { onProgress }),
      }),
    async compare() {
      const accounts = world.accounts();
      const leftovers = await world.whenHubAnswers(() => readLeftovers(hub, accounts, sleep));
      const { state } = world.ledger();
      const repaired = await world.whenHubAnswers(() => readRepaired(hub, accounts));
      let report: Omit<VerifyReport, 'drops'>;
      let lost: ReturnType<typeof judgeLost>;
      for (let look = 1; ; look += 1) {
        const eventsBefore = state.events.totals.events;
        const hubOrders = await world.whenHubAnswers(() => readHubOrders(hub, accounts));
        report = compareWithHub(state, hubOrders, truth(), leftovers.orders);
        lost = judgeLost({
          ...{ state, platforms: world.platforms, truth: truth(), differences: report.differences },
          ...{ hubOrders, leftovers, repaired },
        });
        // A settlement that fell due while the list was read is no difference.
        const hasMoved = state.events.totals.events !== eventsBefore;
        const isClean = report.differences.length === 0 && lost.differences.length === 0;
        if (isClean || !hasMoved || look === MOST_LOOKS) break;
        await sleep(PAUSE_MS);
      }
      const ofStock = await world.whenHubAnswers(() => compareStock(hub, truth(), sleep));
      const differences = [...report.differences, ...lost.differences, ...ofStock, ...leftovers.differences];
      return { ...report, differences, drops: lost.count };
    },
  };
}
