import type { Connector } from '../core/connector.ts';
import type { ExpectedOrder, PlatformMemory, Story } from '../core/sandbox.ts';
import type { TimeMs } from '../core/time.ts';
import type { Agenda } from './agenda.ts';
import type { Decided } from './call-faults.ts';
import { drawFate } from './chaos.ts';
import type { Chaos } from './chaos.ts';
import type { Ledger } from './ledger.ts';
import type { MessageLine, OrderLine } from './ledger-lines.ts';
import { memoryOf, orderKey } from './ledger-state.ts';
import type { MessageRecord, OrderRecord } from './ledger-state.ts';
import { draftOf } from './memory-draft.ts';
import type { Outbox } from './outbox.ts';
import { playedAccount } from './played-account.ts';
import { SandboxError } from './sandbox-error.ts';
import { seededRandom } from './seeded-random.ts';

export interface LivesContext {
  readonly ledger: Ledger;
  /** When steps happen. */
  readonly agenda: Agenda;
  /** When callbacks go out: an agenda of its own, so that mail can be hurried while lives stand still. */
  readonly mail: Agenda;
  readonly outbox: Outbox;
  readonly platforms: ReadonlyMap<string, Connector>;
  readonly wallClock: () => TimeMs;
  readonly seed: string;
  readonly decided?: Decided | undefined;
  chaos(): Chaos;
  /** A story or the disk failed: nothing of the hub's doing. */
  onFault(error: unknown): void;
}

export interface Lives {
  /** Lets an order be placed; resolves once that is written down. */
  place(platform: string): Promise<OrderLine>;
  /** Goes on with an order of an earlier run where it stopped. Steps that have not happened stay in the future. */
  resume(record: OrderRecord): void;
  /** A callback was received: what was kept back for it goes out. */
  received(message: MessageRecord): void;
  /** Sends what an earlier run left unacknowledged, or is kept back, whatever fate it was to meet. */
  sendAtOnce(message: MessageRecord): void;
  /** Sends what a call or the platform's clock set off, as its fate has it. */
  sendOut(message: MessageRecord): void;
  releaseAll(): void;
  /** Steps that are due while paused happen when it is over. */
  pause(): void;
  continue(): void;
  /** Orders with steps to come, and callbacks that are kept back. */
  unfinished(): number;
}

/** The lives of the orders: steps happen by the platforms' clock, and each makes a callback that meets its fate. */
export function createLives(context: LivesContext): Lives {
  const { ledger, agenda, mail, outbox } = context;
  /** Kept back, by order; the callback of step n goes out when that of step n+1 was received. */
  const keptBack = new Map<string, Map<number, MessageRecord>>();
  const keys = (record: OrderRecord): string => orderKey(record.order.platform, record.order.number);
  let living = 0;
  let paused = false;
  let postponed: (() => void)[] = [];

  function platformOf(id: string): Connector {
    const platform = context.platforms.get(id);
    if (platform === undefined) throw new SandboxError(`There is no platform ${id} in this run.`);
    return platform;
  }

  function schedule(record: OrderRecord, story: Story): void {
    const step = story.steps[record.happened];
    if (step === undefined) return;
    living += 1;
    const happen = (): void => {
      if (paused) {
        postponed.push(happen);
        return;
      }
      living -= 1;
      try {
        takeStep(record, story);
      } catch (error) {
        // The life ends here; what waits for this step must not wait for ever.
        release(keys(record), record.happened - 1);
        context.onFault(error);
      }
    };
    agenda.after(step.afterMs, happen);
  }

  function takeStep(record: OrderRecord, story: Story): void {
    const { platform, account, number, seed } = record.order;
    const index = record.happened;
    const step = story.steps[index];
    if (step === undefined) return;
    // Never before it happens: a step that a busy machine, a pause or a stop has made late would be stamped earlier than
    // answers that do not know of it yet.
    const at = Math.max(record.lastAt + step.afterMs, context.wallClock());
    const { memory, changes } = draftOf(memoryOf(ledger.state, account));
    const view = playedAccount(platformOf(platform), ledger.state.accounts.get(platform), account);
    const callback = step.callback(at, view, memory);
    const name = `${platform}/${number}/chaos/${index}`;
    const fate = drawFate(seededRandom(`${seed}/${name}`), context.chaos());
    context.decided?.(name, fate);
    if (fate.dropped) platformOf(platform).sandbox.lost?.(callback, at, view, memory);
    const told = fate.dropped ? record.told : [...record.told, index];
    // Of an order that no callback told of the hub may have heard all the same: it asked.
    const isUnheard = told.length === 0 && record.read === undefined;
    const expected = isUnheard ? null : story.expected(told, record.read, memory);
    const noted = changes();
    const line: MessageLine = {
      ...{ line: 'message', platform, number, step: index, at, callback, fate, expected },
      ...(noted.length === 0 ? {} : { memory: noted }),
    };
    const message: MessageRecord = { platform, account, number, step: index, callback, fate };
    // Written before the first sending: a callback that the ledger does not know of could not be accounted for.
    const written = ledger.write(line);
    written
      .then((place) => {
        if (!fate.dropped) record.lastMessage = place;
        meetFate(record, message);
      })
      .catch((error: unknown) => context.onFault(error));
    schedule(record, story);
  }

  function meetFate(record: OrderRecord, message: MessageRecord): void {
    const { fate, step } = message;
    if (fate.dropped) {
      release(keys(record), step - 1);
      return;
    }
    if (fate.heldBack && !paused && step + 1 < record.order.steps) {
      const kept = keptBack.get(keys(record)) ?? new Map<number, MessageRecord>();
      keptBack.set(keys(record), kept.set(step, message));
      return;
    }
    sendOut(message);
  }

  function sendOut(message: MessageRecord): void {
    const { delayMs, repeatsMs } = message.fate;
    const waitMs = delayMs + (message.callback.afterMs ?? 0);
    const plan = (afterMs: number, run: () => void): void => (afterMs === 0 ? run() : mail.after(afterMs, run));
    plan(waitMs, () => outbox.send(message));
    for (const repeatMs of repeatsMs) plan(waitMs + repeatMs, () => outbox.sendRepeat(message));
  }

  function release(key: string, step: number): void {
    const kept = keptBack.get(key);
    const message = kept?.get(step);
    if (kept === undefined || message === undefined) return;
    kept.delete(step);
    if (kept.size === 0) keptBack.delete(key);
    sendOut(message);
  }

  return {
    async place(platformId) {
      const platform = platformOf(platformId);
      const account = ledger.state.accounts.get(platformId);
      if (account === undefined) throw new SandboxError(`There is no account of ${platformId} yet.`);
      const number = (ledger.state.numbers.get(platformId) ?? 0) + 1;
      const placedAt = context.wallClock();
      const story = tell(platform, context.seed, number, placedAt);
      const order: OrderLine = {
        line: 'order',
        platform: platformId,
        account: account.id,
        number,
        seed: context.seed,
        placedAt,
        platformOrderId: story.platformOrderId,
        plot: story.plot,
        steps: story.steps.length,
      };
      const written = ledger.write(order);
      const record = ledger.state.orders.get(orderKey(platformId, number));
      if (record !== undefined) schedule(record, story);
      await written;
      return order;
    },
    resume(record) {
      const platform = context.platforms.get(record.order.platform);
      if (platform === undefined || record.happened >= record.order.steps) return;
      const story = storyOf(platform, record.order);
      // Of another release: this life ends where it stands.
      if (story !== undefined) schedule(record, story);
    },
    received(message) {
      release(orderKey(message.platform, message.number), message.step - 1);
    },
    sendAtOnce: (message) => outbox.send(message),
    sendOut,
    releaseAll() {
      const kept = [...keptBack.values()].flatMap((messages) => [...messages.values()]);
      keptBack.clear();
      for (const message of kept) outbox.send(message);
    },
    pause() {
      paused = true;
    },
    continue() {
      paused = false;
      const due = postponed;
      postponed = [];
      for (const happen of due) happen();
    },
    unfinished: () => living + keptBack.size,
  };
}

/** The hub was told how an order stands: from now on it must show that. Resolves once that is written down. */
export async function noteTruthTold(ledger: Ledger, platform: Connector, platformOrderId: string): Promise<void> {
  const record = ledger.state.byPlatformOrderId.get(orderKey(platform.id, platformOrderId));
  if (record === undefined || (record.told.length === 0 && platform.polls === undefined)) return;
  const { happened, told, order } = record;
  const story = tell(platform, order.seed, order.number, order.placedAt);
  const expected = story.expected(told, happened, memoryOf(ledger.state, order.account));
  // Also when it was told the same before: that line may be on its way, and a kill must not take it back.
  await ledger.write({ line: 'read', platform: platform.id, number: order.number, happened, expected });
}

/** What the hub must show of an order now: the platform's memory knows what the hub did to it since the last step. */
export function expectedNow(platform: Connector, record: OrderRecord, memory: PlatformMemory): ExpectedOrder | null {
  if (record.expected === null) return null;
  const story = storyOf(platform, record.order);
  // What was expected at its last step stands then.
  return story === undefined ? record.expected : story.expected(record.told, record.read, memory);
}

/** The story of an order that was placed; undefined: another release told it. */
export function storyOf(platform: Connector, order: OrderLine): Story | undefined {
  const story = tell(platform, order.seed, order.number, order.placedAt);
  const isSame =
    story.platformOrderId === order.platformOrderId && story.plot === order.plot && story.steps.length === order.steps;
  return isSame ? story : undefined;
}

function tell(platform: Connector, seed: string, number: number, placedAt: TimeMs): Story {
  return platform.sandbox.tell(seededRandom(`${seed}/${platform.id}/${number}/story`), number, placedAt);
}
