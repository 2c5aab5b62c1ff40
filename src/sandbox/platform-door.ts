import type { AccountView, Connector } from '../core/connector.ts';
import type { Json } from '../core/json.ts';
import type { CallAnswer, IncomingCall, OutgoingCallback, PlatformMemory, PlatformOrder } from '../core/sandbox.ts';
import type { TimeMs } from '../core/time.ts';
import { SERVER_ERROR } from './call-faults.ts';
import type { CallFaults, Decided } from './call-faults.ts';
import { drawFate, NO_TROUBLE } from './chaos.ts';
import type { Chaos, Fate } from './chaos.ts';
import type { Ledger } from './ledger.ts';
import type { CallLine } from './ledger-lines.ts';
import { memoryOf } from './ledger-state.ts';
import type { MessageRecord } from './ledger-state.ts';
import { noteTruthTold } from './lives.ts';
import { draftOf } from './memory-draft.ts';
import { orderIdentityIn } from './order-identity.ts';
import { playedAccount } from './played-account.ts';
import { seededRandom } from './seeded-random.ts';

/** Below it the platforms are reached: `/platforms/{platform}/{account}`, then the platform's own paths. */
export const PLATFORMS_PATH = '/platforms';

export interface PlatformDoorContext {
  ledger(): Ledger;
  readonly platforms: ReadonlyMap<string, Connector>;
  readonly clock: () => TimeMs;
  /** Callbacks that a call set off go out like any other. */
  send(message: MessageRecord): void;
  readonly faults: CallFaults;
  chaos(): Chaos;
  seed(): string;
  readonly decided?: Decided | undefined;
  /** Something changed at a platform: what it does by its own clock may be due sooner. */
  onChange(platform: string): void;
}

export type DoorCall = Omit<IncomingCall, 'path' | 'at'> & {
  /** The whole path, `/platforms` included. */
  readonly path: string;
};

/** Where a platform is reached that the sandbox plays. */
export const platformUrl = (origin: string, platform: string, account: string): string =>
  `${origin}${PLATFORMS_PATH}/${encodeURIComponent(platform)}/${encodeURIComponent(account)}`;

/** A platform of the run and its account, as one call or one tick of its clock finds them. */
export interface PlayedPlatform {
  readonly platform: Connector;
  readonly account: string;
  readonly view: AccountView;
}

/** The played platform of this account; undefined where the sandbox plays none. */
export function findPlayed(
  context: Pick<PlatformDoorContext, 'ledger' | 'platforms'>,
  platformId: string,
): PlayedPlatform | undefined {
  const platform = context.platforms.get(platformId);
  const account = context.ledger().state.accounts.get(platformId);
  if (platform === undefined || account === undefined) return undefined;
  return { platform, account: account.id, view: playedAccount(platform, account, account.id) };
}

/** Answers a call to a platform; undefined: the answer is lost. What it changed is written before the answer goes out. */
export async function answerAtDoor(context: PlatformDoorContext, call: DoorCall): Promise<CallAnswer | undefined> {
  const ledger = context.ledger();
  const [, , platformId = '', accountId = '', ...rest] = call.path.split('/');
  const played = findPlayed(context, platformId);
  if (played === undefined || played.account !== accountId || played.platform.sandbox.answer === undefined)
    return NOT_THERE;
  const { platform, view } = played;
  const { faults = [] } = platform.sandbox;
  const at = context.clock();
  const incoming = { ...call, path: `/${rest.join('/')}`, at };
  const random = (name: string) => seededRandom(`${context.seed()}/fault/${name}`);
  // A merchant's browser is no client of ours.
  const chance = call.method === 'GET' ? 0 : context.chaos().fault;
  const about = identityOf(context, played, incoming.path, incoming.query, incoming.body);
  const fate = context.faults.fateOf(platformId, faults, incoming, chance, random, about, context.decided);
  if (!fate.done && typeof fate.answer === 'string') return fate.answer === 'lost' ? undefined : SERVER_ERROR;
  const instead = typeof fate.answer === 'object' ? fate.answer : undefined;
  const isLost = typeof fate.answer === 'string';
  const what = { method: call.method, path: incoming.path, at, ...(about === undefined ? {} : { about }) };
  const { answer, noted } = changeWorld(context, played, what, (held) => {
    const memory = isLost ? deafMemory(held, platform) : held;
    const given =
      instead === undefined
        ? platform.sandbox.answer?.(incoming, view, memory)
        : instead.answer(incoming, view, memory);
    return given ?? NOT_THERE;
  });
  const tellsOf = isLost ? [] : (answer.tellsOf ?? []);
  // Begun at once: while the lines are written the order may take a step that this answer does not know.
  const told = Promise.all(tellsOf.map((order) => noteTruthTold(ledger, platform, order)));
  await noted;
  await told;
  if (fate.answer === 'lost') return undefined;
  return fate.answer === 'server_error' ? SERVER_ERROR : answer;
}

/** A memory in which nobody notes what an answer told: it will not be heard. */
function deafMemory(memory: PlatformMemory, { sandbox }: Connector): PlatformMemory {
  return new Proxy(memory, {
    set: (held, name, value: Json) => sandbox.notesTold?.(String(name)) === true || Reflect.set(held, name, value),
  });
}

interface Change {
  readonly callbacks?: readonly OutgoingCallback[];
  readonly location?: string;
  readonly contentType?: string;
}

/**
 * Lets a platform's world change: the memory and the callbacks that the change sets off go into the ledger as one line,
 * before any of them is sent. `noted` resolves when that is written; the change itself has happened when this returns.
 */
export function changeWorld<Done extends Change>(
  context: PlatformDoorContext,
  played: PlayedPlatform,
  { about, ...what }: { readonly method: string; readonly path: string; readonly at: TimeMs; readonly about?: string },
  change: (memory: PlatformMemory) => Done,
): { readonly answer: Done; readonly noted: Promise<void> } {
  const ledger = context.ledger();
  const { platform, account, view } = played;
  const { memory, changes } = draftOf(memoryOf(ledger.state, account));
  const answer = change(memory);
  const { callbacks = [] } = answer;
  if (changes().length === 0 && callbacks.length === 0) return { answer, noted: Promise.resolve() };
  const first = ledger.state.setOff.count;
  const isPage = answer.location !== undefined || answer.contentType?.startsWith('text/html') === true;
  // What a merchant's click sets off, nobody would set off again.
  const fates = callbacks.map((callback, index) => {
    if (isPage) return NO_TROUBLE;
    const whose = identityOf(context, played, callback.body, callback.url ?? '') ?? about;
    return setOffFate(context, `${platform.id}/${whose ?? first + index}`);
  });
  for (const [index, callback] of callbacks.entries())
    if (fates[index]?.dropped === true) platform.sandbox.lost?.(callback, what.at, view, memory);
  const line: CallLine = {
    line: 'call',
    platform: platform.id,
    account,
    ...what,
    memory: changes(),
    first,
    callbacks,
    fates,
  };
  const written = ledger.write(line);
  context.onChange(platform.id);
  const noted = written.then(() => {
    for (const index of callbacks.keys()) {
      const message = ledger.state.setOff.open.get(first + index);
      if (message !== undefined) context.send(message);
    }
  });
  return { answer, noted };
}

/** Nothing comes after it that it could be kept back for. */
function setOffFate(context: PlatformDoorContext, about: string): Fate {
  const name = `set-off/${about}`;
  const nth = `${name}/${context.faults.count(name)}`;
  const fate = { ...drawFate(seededRandom(`${context.seed()}/${nth}`), context.chaos()), heldBack: false };
  context.decided?.(nth, fate);
  return fate;
}

/** The order that some text of this platform is about, by a name that a seeded run repeats. */
function identityOf(
  { ledger }: PlatformDoorContext,
  { platform, account, view }: PlayedPlatform,
  ...texts: readonly string[]
): string | undefined {
  const { state } = ledger();
  const made = (): readonly PlatformOrder[] => platform.sandbox.orders?.(view, memoryOf(state, account)) ?? [];
  return orderIdentityIn(state, platform.id, made, ...texts);
}

const NOT_THERE: CallAnswer = {
  status: 404,
  contentType: 'text/plain; charset=utf-8',
  body: 'The sandbox plays no such platform and account.\n',
};
