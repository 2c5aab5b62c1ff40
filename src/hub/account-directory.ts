import type { Secret } from '../core/accept.ts';
import { withDefaults } from '../core/account-fields.ts';
import type { AccountView, Connector } from '../core/connector.ts';
import type { TimeMs } from '../core/time.ts';
import { readAccount } from '../store/account-reads.ts';
import type { AccountRow } from '../store/account-reads.ts';
import { readStoreNumbers } from '../store/stores.ts';
import type { StoreNumbers } from '../store/stores.ts';
import type { HubContext } from './context.ts';

/** An account ready for use: its connector and its opened secrets. */
export interface KnownAccount {
  readonly row: AccountRow;
  readonly connector: Connector;
  readonly view: AccountView;
  /** The same account with secrets that are no longer valid: only for applying again what was believed when it came. */
  readonly viewWithOldSecrets: AccountView;
}

export interface AccountDirectory {
  /** `undefined`: no such account, or no connector for its platform. */
  find(accountId: string): Promise<KnownAccount | undefined>;
  /** Forgets what is cached of an account that was just changed by this process. */
  forget(accountId: string): void;
}

/** How long another process may go on with an account as it was: one query a second and account is cheap. */
const FRESH_MS = 1000;
/** How long a binding that is done still lets its callback in: the platform repeats one whose answer it did not hear. */
const DONE_BINDING_MS = 86_400_000;
/** The numbers of an account's stores are read again when they change, and as often as this for the time's sake. */
const NUMBERS_FRESH_MS = 600_000;
const NO_STORES: StoreNumbers = { known: [], pending: [] };

/**
 * Reads accounts through a short cache with one query in flight per account, so that a flood of callbacks asks the
 * database once a second and not once a callback.
 */
export function createAccountDirectory(
  ctx: Pick<HubContext, 'pool' | 'clock' | 'sealer' | 'registry'>,
): AccountDirectory {
  const cached = new Map<string, { readonly untilMs: TimeMs; readonly account: Promise<KnownAccount | undefined> }>();

  const numbers = new Map<string, HeldNumbers>();

  const load = async (accountId: string): Promise<KnownAccount | undefined> => {
    const row = await readAccount(ctx.pool, accountId);
    const connector = row === undefined ? undefined : ctx.registry.get(row.platform);
    if (row === undefined || connector === undefined) return undefined;
    return openAccount(ctx, row, connector, connector.binding === undefined ? NO_STORES : await numbersOf(row));
  };

  /** Thousands of numbers are not read once a second: the account's row says whether they are still the same. */
  const numbersOf = async ({ id, storesVersion }: AccountRow): Promise<StoreNumbers> => {
    const nowMs = ctx.clock();
    const held = numbers.get(id);
    if (held !== undefined && held.version === storesVersion && held.untilMs > nowMs) return held.numbers;
    const read = await readStoreNumbers(ctx.pool, id, new Date(nowMs - DONE_BINDING_MS));
    numbers.set(id, { version: storesVersion, untilMs: nowMs + NUMBERS_FRESH_MS, numbers: read });
    return read;
  };

  return {
    find(accountId) {
      const nowMs = ctx.clock();
      const held = cached.get(accountId);
      if (held !== undefined && held.untilMs > nowMs) return held.account;
      const account = load(accountId);
      cached.set(accountId, { untilMs: nowMs + FRESH_MS, account });
      account.then(
        (found) => {
          // Made-up ids must not fill the memory.
          if (found === undefined && cached.get(accountId)?.account === account) cached.delete(accountId);
        },
        () => {
          if (cached.get(accountId)?.account === account) cached.delete(accountId);
        },
      );
      return account;
    },
    forget(accountId) {
      cached.delete(accountId);
    },
  };
}

interface HeldNumbers {
  /** `AccountRow.storesVersion` before they were read: they are at least as new. */
  readonly version: number;
  readonly untilMs: TimeMs;
  readonly numbers: StoreNumbers;
}

function openAccount(
  ctx: Pick<HubContext, 'clock' | 'sealer'>,
  row: AccountRow,
  connector: Connector,
  stores: StoreNumbers,
): KnownAccount {
  const nowMs = ctx.clock();
  const pendingBindings = new Set(
    stores.pending.filter(({ until }) => until.getTime() > nowMs).map(({ store }) => store),
  );
  const knownStores = new Set(stores.known);
  const opened = row.secrets.map((secret) => ({
    name: secret.field,
    value: ctx.sealer.open(secret.sealed).toString('utf8'),
    fingerprint: secret.fingerprint,
    validUntilMs: secret.validUntil?.getTime() ?? Number.POSITIVE_INFINITY,
  }));
  const settings = withDefaults(connector.account, row.settings);
  const viewOf = (isValid: (untilMs: TimeMs) => boolean): AccountView => ({
    id: row.id,
    platform: row.platform,
    settings,
    secrets: (name): readonly Secret[] =>
      opened.filter((secret) => secret.name === name && isValid(secret.validUntilMs)),
    pendingBindings,
    knownStores,
    credential: (name) => opened.find((secret) => secret.name === name)?.value,
  });
  return {
    row,
    connector,
    view: viewOf((untilMs) => untilMs > ctx.clock()),
    viewWithOldSecrets: viewOf(() => true),
  };
}
