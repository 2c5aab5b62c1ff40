import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { PlatformStore, StoreBinding, StoreToken } from '../core/store-binding.ts';
import { findToken } from '../store/store-tokens.ts';
import type { TokenRow } from '../store/store-tokens.ts';
import { covers } from './access.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { storeNumberFault } from './store-bindings.ts';
import { atStoreDesk, sealToken, tokenHash } from './store-desk.ts';
import type { Origin, StoreDesk } from './store-desk.ts';
import { bindSeller, bindStore } from './store-proof.ts';
import { proveToken } from './store-tasks.ts';
import { putSellerToken } from './take-authorisation.ts';

/** A token that exists already, as another system had it. */
export interface ImportLine {
  /** As the user counts. */
  readonly line: number;
  /** Our own number of the store; undefined for the token pair of a seller. */
  readonly store: string | undefined;
  readonly name: string | undefined;
  readonly token: StoreToken;
  /** What is wrong with the line as it is written. */
  readonly fault?: string | undefined;
}

/** What became of a line. `unchanged`: the store has this very token already, and it still opens it. */
export interface ImportResult {
  readonly line: number;
  readonly store: string | null;
  readonly outcome: 'bound' | 'unchanged' | 'refused' | 'failed';
  /** The stores that the token opens. */
  readonly stores: readonly string[];
  readonly reason: string | null;
}

export const MAX_IMPORT_LINES = 1000;
const CALLS_AT_ONCE = 6;
const ORIGIN: Origin = { source: 'import', receiptId: null };

/**
 * Takes over tokens, each proved by one call first; a line is taken whole or not at all. Errors: `account_not_found`,
 * `forbidden`, `binding_unsupported`.
 */
export async function importStores(
  ctx: HubContext,
  deps: { readonly accounts: AccountDirectory },
  principal: Principal,
  accountId: string,
  lines: readonly ImportLine[],
): Promise<readonly ImportResult[]> {
  const account = await deps.accounts.find(accountId);
  if (account === undefined) throw new HuidanError('account_not_found');
  // What a seller's token opens is only known afterwards.
  const whole = { account: accountId, merchant: account.row.merchant, shop: null };
  if (principal.shops !== null || !covers({ ...principal, shops: null }, whole))
    throw new HuidanError('account_not_found');
  const { binding } = account.connector;
  if (binding === undefined) throw new HuidanError('binding_unsupported');
  const seen = new Set<string>();
  const waiting = lines.map((line) => ({ line, fault: line.fault ?? faultOf(binding, line, seen) }));
  const results: ImportResult[] = [];
  const lanes = Array.from({ length: Math.min(CALLS_AT_ONCE, waiting.length) }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results.push(await importLine(ctx, account, binding, next.line, next.fault));
    }
  });
  await Promise.all(lanes);
  deps.accounts.forget(accountId);
  ctx.wake.work();
  return results.sort((a, b) => a.line - b.line);
}

function faultOf(binding: StoreBinding, { store, token }: ImportLine, seen: Set<string>): string | undefined {
  if (!/^[\x21-\x7e]{1,2048}$/u.test(token.accessToken)) return 'the token is missing or is none';
  if (binding.style === 'oauth') return undefined;
  if (store === undefined) return 'the number of the store is missing';
  const fault = storeNumberFault(store);
  if (fault !== undefined) return `the number of the store ${fault}`;
  if (seen.has(store)) return 'the store comes twice';
  seen.add(store);
  return undefined;
}

async function importLine(
  ctx: HubContext,
  account: KnownAccount,
  binding: StoreBinding,
  line: ImportLine,
  fault: string | undefined,
): Promise<ImportResult> {
  const head = { line: line.line, store: line.store ?? null };
  if (fault !== undefined) return { ...head, outcome: 'refused', stores: [], reason: fault };
  // A time before the call: a release that comes later counts as later.
  const saidAtMs = ctx.clock();
  try {
    const answer = await proveToken(ctx, account, binding, line.store ?? '', line.token);
    if (!answer.ok) {
      const { class: kind, code, message } = answer.refusal;
      return { ...head, outcome: kind === 'retry' ? 'failed' : 'refused', stores: [], reason: `${code}: ${message}` };
    }
    if (answer.value.length === 0)
      return { ...head, outcome: 'refused', stores: [], reason: 'the token opens no store' };
    const taken = await atStoreDesk(ctx, account.row, (desk) =>
      binding.style === 'oauth'
        ? takeSeller(desk, binding, line, answer.value, saidAtMs)
        : takeStore(desk, binding, line, answer.value[0], saidAtMs),
    );
    return { ...head, ...taken, reason: null };
  } catch (error) {
    ctx.log.error({ err: error, account: account.row.id, line: line.line }, 'a line of an import failed');
    return { ...head, outcome: 'failed', stores: [], reason: 'the hub could not store it; try it again' };
  }
}

type Taken = Pick<ImportResult, 'outcome' | 'stores'>;

async function takeStore(
  desk: StoreDesk,
  binding: StoreBinding,
  line: ImportLine,
  found: PlatformStore | undefined,
  saidAtMs: number,
): Promise<Taken> {
  const { ctx, now, account } = desk;
  const ref = line.store ?? '';
  const hash = tokenHash(ctx.sealer, line.token.accessToken);
  const known = await findToken(desk.tx, account.id, ref, hash);
  if (known?.state === 'active') return { outcome: 'unchanged', stores: [ref] };
  const row: TokenRow = {
    account: account.id,
    id: known?.id ?? newId('tok', now.getTime(), ctx.randomBytes),
    store: ref,
    hash,
    state: 'candidate',
    sealed: sealToken(ctx.sealer, line.token),
    version: 0,
    // Platforms tell their times in seconds.
    saidAt: new Date(Math.floor(saidAtMs / 1000) * 1000),
    platformStoreId: found?.platformStoreId ?? null,
    name: line.name ?? null,
    expiresAt: line.token.expiresAt === null ? null : new Date(line.token.expiresAt),
    task: null,
    dueAt: null,
    attempts: 0,
    reason: null,
    createdAt: now,
    updatedAt: now,
  };
  await bindStore(desk, binding, row, found, ORIGIN);
  return { outcome: 'bound', stores: [ref] };
}

async function takeSeller(
  desk: StoreDesk,
  binding: StoreBinding,
  line: ImportLine,
  found: readonly PlatformStore[],
  saidAtMs: number,
): Promise<Taken> {
  const refs = found.flatMap(({ platformStoreId }) => platformStoreId ?? []);
  const known = await findToken(desk.tx, desk.account.id, '', tokenHash(desk.ctx.sealer, line.token.accessToken));
  if (known?.state === 'active') return { outcome: 'unchanged', stores: refs };
  const row = await putSellerToken(desk, line.token, saidAtMs);
  return { outcome: 'bound', stores: await bindSeller(desk, binding, row, found, ORIGIN) };
}
