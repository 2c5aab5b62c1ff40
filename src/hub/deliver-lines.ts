import type { RandomBytes } from '../core/ids.ts';
import type { ClaimedHead } from '../store/delivery-heads.ts';
import type { TargetBook } from './deliver-endpoints.ts';
import { createSlots } from './deliver-slots.ts';
import type { Slots } from './deliver-slots.ts';

/** What one endpoint has going in this process. */
export interface EndpointLine {
  readonly endpointId: string;
  readonly slots: Slots;
  /** Rows claimed and not yet let go. */
  held: number;
  /** Accounts in which something may be due. */
  owed: Set<string>;
  failuresInARow: number;
  /** How many more rows may be claimed. */
  free(): number;
  /** True when it is worth claiming again: a few rows at a time would make as many round trips. */
  isOpen(): boolean;
}

/** Per connection, rows are claimed ahead: while the results of some are committed, the others are sent. */
const HELD_PER_CONNECTION = 3;
/** After so many failures in a row an endpoint counts as down and is only asked by a few requests at once. */
const DOWN_AFTER_FAILURES = 20;
const SLOTS_WHILE_DOWN = 2;

export interface EndpointLines {
  of(endpointId: string): EndpointLine;
  /** Something may be due in the account; in all of them when `undefined`. */
  oweTo(accountId: string | undefined): void;
  /** True when something was changed, or may have been by another process: endpoints and accounts are to be read again. */
  needsBook(): boolean;
  /** Passes what is owed on to the lines. */
  spreadOwed(book: TargetBook): void;
  /** The lines to claim for. */
  open(book: TargetBook): readonly EndpointLine[];
  takeOwed(open: readonly EndpointLine[], randomBytes: RandomBytes): readonly string[];
  giveBackOwed(open: readonly EndpointLine[], accounts: readonly string[]): void;
  onClaimed(
    open: readonly EndpointLine[],
    accounts: readonly string[],
    heads: readonly ClaimedHead[],
    accountLimit: number,
  ): void;
  /** Most rows of one account in the next claim: a fair share, going by how many accounts had something last time. */
  accountLimit(open: readonly EndpointLine[]): number;
  onAnswer(endpointId: string, delivered: boolean): void;
  keepOnly(targets: TargetBook['targets']): void;
  close(): void;
}

/** Keeps count, endpoint by endpoint, of what is held and where to look for more. */
export function createEndpointLines(connections: number): EndpointLines {
  const lines = new Map<string, EndpointLine>();
  const owed = new Set<string>();
  let owedAll = false;
  let busy = 0;
  let closed = false;

  const create = (endpointId: string): EndpointLine => {
    const heldLimit = (): number =>
      (line.failuresInARow < DOWN_AFTER_FAILURES ? connections : SLOTS_WHILE_DOWN) * HELD_PER_CONNECTION;
    const line: EndpointLine = {
      endpointId,
      slots: createSlots(connections),
      held: 0,
      owed: new Set(),
      failuresInARow: 0,
      free: () => Math.max(0, heldLimit() - line.held),
      isOpen: () => line.owed.size > 0 && line.free() * HELD_PER_CONNECTION >= heldLimit(),
    };
    if (closed) line.slots.close();
    return line;
  };

  const of = (endpointId: string): EndpointLine => {
    let line = lines.get(endpointId);
    if (line === undefined) {
      line = create(endpointId);
      lines.set(endpointId, line);
    }
    return line;
  };

  return {
    of,
    oweTo(accountId) {
      if (accountId === undefined) owedAll = true;
      else owed.add(accountId);
    },
    needsBook: () => owedAll,
    spreadOwed(book) {
      const accounts = owedAll ? [...book.accounts, ...owed] : [...owed];
      for (const [endpointId, target] of book.targets) {
        if (target.row.state !== 'enabled') continue;
        const line = of(endpointId);
        for (const account of accounts) line.owed.add(account);
      }
      owed.clear();
      owedAll = false;
    },
    open: (book) =>
      [...lines.values()].filter((line) => line.isOpen() && book.targets.get(line.endpointId)?.row.state === 'enabled'),
    takeOwed(open, randomBytes) {
      const union = new Set<string>();
      for (const line of open) {
        for (const account of line.owed) union.add(account);
        line.owed = new Set();
      }
      const accounts = [...union];
      // Begins elsewhere each time: where the endpoint's limit ends a claim, the accounts behind it come first some time.
      const start = accounts.length < 2 ? 0 : Buffer.from(randomBytes(4)).readUInt32BE(0) % accounts.length;
      return [...accounts.slice(start), ...accounts.slice(0, start)];
    },
    giveBackOwed(open, accounts) {
      for (const line of open) for (const account of accounts) line.owed.add(account);
    },
    onClaimed(open, accounts, heads, accountLimit) {
      const perAccount = new Map<string, number>();
      const perEndpoint = new Map<string, number>();
      const accountsFound = new Set<string>();
      for (const head of heads) {
        const pair = `${head.endpointId} ${head.account}`;
        perAccount.set(pair, (perAccount.get(pair) ?? 0) + 1);
        perEndpoint.set(head.endpointId, (perEndpoint.get(head.endpointId) ?? 0) + 1);
        accountsFound.add(head.account);
      }
      busy = accountsFound.size;
      for (const line of open) {
        const full = (perEndpoint.get(line.endpointId) ?? 0) >= line.free();
        for (const account of accounts) {
          // Where a limit was met there may be more.
          if (full || (perAccount.get(`${line.endpointId} ${account}`) ?? 0) >= accountLimit) line.owed.add(account);
        }
      }
    },
    accountLimit: (open) => Math.ceil(Math.max(...open.map((line) => line.free())) / Math.max(1, busy)),
    onAnswer(endpointId, delivered) {
      const line = of(endpointId);
      const before = line.failuresInARow >= DOWN_AFTER_FAILURES;
      line.failuresInARow = delivered ? 0 : line.failuresInARow + 1;
      const after = line.failuresInARow >= DOWN_AFTER_FAILURES;
      if (before !== after && !closed) line.slots.resize(after ? SLOTS_WHILE_DOWN : connections);
    },
    keepOnly(targets) {
      for (const endpointId of lines.keys()) if (!targets.has(endpointId)) lines.delete(endpointId);
    },
    close() {
      closed = true;
      for (const line of lines.values()) line.slots.close();
    },
  };
}
