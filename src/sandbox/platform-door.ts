import type { Connector } from '../core/connector.ts';
import type { CallAnswer, IncomingCall } from '../core/sandbox.ts';
import type { TimeMs } from '../core/time.ts';
import type { Ledger } from './ledger.ts';
import type { CallLine } from './ledger-lines.ts';
import { memoryOf } from './ledger-state.ts';
import type { MessageRecord } from './ledger-state.ts';
import { noteTruthTold } from './lives.ts';
import { draftOf } from './memory-draft.ts';
import { playedAccount } from './played-account.ts';

/** Below it the platforms are reached: `/platforms/{platform}/{account}`, then the platform's own paths. */
export const PLATFORMS_PATH = '/platforms';

export interface PlatformDoorContext {
  ledger(): Ledger;
  readonly platforms: ReadonlyMap<string, Connector>;
  readonly clock: () => TimeMs;
  /** Callbacks that a call set off go out like any other. */
  send(message: MessageRecord): void;
}

export type DoorCall = Omit<IncomingCall, 'path' | 'at'> & {
  /** The whole path, `/platforms` included. */
  readonly path: string;
};

/** Where a platform is reached that the sandbox plays. */
export const platformUrl = (origin: string, platform: string, account: string): string =>
  `${origin}${PLATFORMS_PATH}/${encodeURIComponent(platform)}/${encodeURIComponent(account)}`;

/** Answers a call to a platform. What it changed is written before the answer goes out. */
export async function answerAtDoor(context: PlatformDoorContext, call: DoorCall): Promise<CallAnswer> {
  const ledger = context.ledger();
  const [, , platformId = '', accountId = '', ...rest] = call.path.split('/');
  const platform = context.platforms.get(platformId);
  const account = ledger.state.accounts.get(platformId);
  if (platform?.sandbox.answer === undefined || account?.id !== accountId) return NOT_THERE;
  const at = context.clock();
  const view = playedAccount(platform, account, account.id);
  const { memory, changes } = draftOf(memoryOf(ledger.state, account.id));
  const path = `/${rest.join('/')}`;
  const answer = platform.sandbox.answer({ ...call, path, at }, view, memory);
  const { callbacks = [], tellsOf = [] } = answer;
  // Begun at once: while the lines are written the order may take a step that this answer does not know.
  const noted = Promise.all(tellsOf.map((order) => noteTruthTold(ledger, platform, order)));
  if (changes().length > 0 || callbacks.length > 0) {
    const first = ledger.state.setOff.count;
    const { method } = call;
    const line: CallLine = {
      line: 'call',
      platform: platformId,
      account: accountId,
      method,
      path,
      at,
      memory: changes(),
      first,
      callbacks,
    };
    await ledger.write(line);
    for (const index of callbacks.keys()) {
      const message = ledger.state.setOff.open.get(first + index);
      if (message !== undefined) context.send(message);
    }
  }
  await noted;
  return answer;
}

const NOT_THERE: CallAnswer = {
  status: 404,
  contentType: 'text/plain; charset=utf-8',
  body: 'The sandbox plays no such platform and account.\n',
};
