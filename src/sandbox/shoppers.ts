import { setTimeout as sleep } from 'node:timers/promises';
import type { Connector } from '../core/connector.ts';
import type { Json } from '../core/json.ts';
import type { OutgoingCallback } from '../core/sandbox.ts';
import type { Agenda } from './agenda.ts';
import type { HubClient } from './hub-client.ts';
import { HubUnreachable } from './hub-client.ts';
import type { ShopperLine } from './ledger-lines.ts';
import { memoryOf, orderKey } from './ledger-state.ts';
import { draftOf } from './memory-draft.ts';
import { changeWorld, findPlayed } from './platform-door.ts';
import type { PlatformDoorContext } from './platform-door.ts';
import { SandboxError } from './sandbox-error.ts';
import { seededRandom } from './seeded-random.ts';
import { fieldsOf, textOf } from './untrusted-json.ts';

export interface ShoppersContext extends PlatformDoorContext {
  readonly hub: HubClient;
  /** By the wall's clock: the hub counts the hold of an order by it too. */
  readonly agenda: Agenda;
  isOver(): boolean;
  onFault(error: unknown): void;
}

/** The customers of the merchant's own shop: they order through the hub, and pay or walk away. */
export interface Shoppers {
  /** Whether a platform has anything to be ordered through the hub. */
  canShop(platform: string): boolean;
  /** Lets a customer order; resolves once the hub has answered. */
  shop(platform: string): Promise<ShopperLine>;
  /** Goes on with those of an earlier run. */
  resume(): void;
  /** Customers who wait for the hub, or have not paid yet. */
  unfinished(): number;
}

/** A hub that restarts takes seconds; a platform that it waits for, up to twenty. */
const WAITS_MS = [200, 1000, 2000, 5000] as const;
const MOST_TRIES = 60;
/** Nobody stands longer before a machine that says 'in a moment': what becomes of the order is then the hub's affair. */
const PATIENCE_MS = 30_000;

export function createShoppers(context: ShoppersContext): Shoppers {
  let open = 0;

  function payerOf(wisher: string): Connector | undefined {
    return [...context.platforms.values()].find(
      ({ id, sandbox }) => id !== wisher && sandbox.wishPayment !== undefined && findPlayed(context, id) !== undefined,
    );
  }

  function wishOf(platform: Connector, number: number): ShopperLine {
    const played = findPlayed(context, platform.id);
    if (played === undefined || platform.sandbox.wish === undefined)
      throw new SandboxError(`Nothing of ${platform.id} is ordered through the hub.`);
    const random = seededRandom(`${context.seed()}/shopper/${platform.id}/${number}`);
    const { memory } = draftOf(memoryOf(context.ledger().state, played.account));
    const wish = platform.sandbox.wish(random, number, played.view, memory);
    const body: Record<string, Json> = { account: played.account, ...wish.body };
    const payer = wish.needsPayment ? payerOf(platform.id) : undefined;
    if (wish.needsPayment && payer === undefined)
      throw new SandboxError(`Nobody takes the payments of ${platform.id} in this run.`);
    const paid = payer === undefined ? undefined : findPlayed(context, payer.id);
    if (payer !== undefined && paid !== undefined)
      body['payment'] = { account: paid.account, ...payer.sandbox.wishPayment?.(random) };
    const { plot, paysAfterMs } = wish;
    return {
      ...{ line: 'shopper', platform: platform.id, number, at: context.clock(), plot, state: 'wished' },
      ...{ body, paysAfterMs, pays: { platform: payer?.id ?? platform.id, checkout: '' } },
    };
  }

  /** Asks the hub until it says yes or no: by the merchant's number it knows the repeat. */
  async function order(line: ShopperLine): Promise<ShopperLine> {
    let sinceMs: number | undefined;
    for (let tries = 0; ; tries += 1) {
      const askedMs = performance.now();
      const answer = await context.hub.call('POST', '/api/v1/orders', line.body).catch((error: unknown) => {
        if (error instanceof HubUnreachable) return undefined;
        throw error;
      });
      if (answer?.status === 201) {
        const checkout = fieldsOf(answer.fields['checkout']);
        const name = textOf(checkout?.['orderId']) ?? textOf(checkout?.['data']) ?? '';
        const pays = { platform: line.pays?.platform ?? line.platform, checkout: name };
        return { ...line, at: context.clock(), state: 'made', pays };
      }
      if (answer !== undefined && answer.status !== 503 && answer.status !== 429) {
        const note = `${answer.status} ${textOf(answer.fields['code']) ?? ''} ${textOf(answer.fields['detail']) ?? ''}`;
        return { ...line, at: context.clock(), state: 'left', note: note.slice(0, 300) };
      }
      // A hub that is away altogether is waited for: it may be restarting.
      if (answer !== undefined) sinceMs ??= askedMs;
      if (performance.now() - (sinceMs ?? performance.now()) > PATIENCE_MS)
        return { ...line, at: context.clock(), state: 'left', note: 'the hub did not know for too long' };
      if (tries >= MOST_TRIES || context.isOver())
        return { ...line, at: context.clock(), state: 'left', note: 'the hub did not answer' };
      await sleep(WAITS_MS[Math.min(tries, WAITS_MS.length - 1)], undefined, { ref: false });
    }
  }

  async function live(line: ShopperLine): Promise<ShopperLine> {
    open += 1;
    try {
      const made = line.state === 'wished' ? await order(line) : line;
      if (context.isOver()) return made;
      if (made !== line) await context.ledger().write(made);
      if (made.state === 'made' && made.paysAfterMs !== null) payLater(made, made.paysAfterMs);
      return made;
    } finally {
      open -= 1;
    }
  }

  function payLater(line: ShopperLine, afterMs: number): void {
    open += 1;
    context.agenda.after(afterMs, () => {
      open -= 1;
      try {
        pay(line);
      } catch (error) {
        context.onFault(error);
      }
    });
  }

  function pay(line: ShopperLine): void {
    const { platform = '', checkout = '' } = line.pays ?? {};
    const played = findPlayed(context, platform);
    if (played === undefined) return;
    let taken: readonly OutgoingCallback[] | undefined;
    const at = context.clock();
    const { noted } = changeWorld(context, played, { method: 'PAY', path: '', at }, (memory) => {
      taken = played.platform.sandbox.pay?.(checkout, at, played.view, memory);
      return { callbacks: taken ?? [] };
    });
    const state = taken === undefined ? 'left' : 'paid';
    const note = taken === undefined ? { note: 'there was nothing to pay any more' } : {};
    noted.catch((error: unknown) => context.onFault(error));
    context
      .ledger()
      .write({ ...line, at, state, ...note })
      .catch((error: unknown) => context.onFault(error));
  }

  return {
    canShop(id) {
      const platform = context.platforms.get(id);
      if (platform?.sandbox.wish === undefined) return false;
      try {
        // Whether it has to be paid elsewhere, and nobody there takes payments in this run, shows in a wish alone.
        wishOf(platform, 1);
        return true;
      } catch (error) {
        if (error instanceof SandboxError) return false;
        throw error;
      }
    },
    async shop(id) {
      const platform = context.platforms.get(id);
      if (platform === undefined) throw new SandboxError(`There is no platform ${id} in this run.`);
      const { state } = context.ledger();
      let number = 1;
      while (state.shoppers.has(orderKey(id, number))) number += 1;
      const line = wishOf(platform, number);
      // Written before the hub is asked: an order that the ledger does not know of could not be accounted for.
      await context.ledger().write(line);
      return live(line);
    },
    resume() {
      for (const line of context.ledger().state.shoppers.values()) {
        if (line.state === 'wished' || line.state === 'made')
          live(line).catch((error: unknown) => context.onFault(error));
      }
    },
    unfinished: () => open,
  };
}
