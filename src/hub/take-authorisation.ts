import { newId } from '../core/ids.ts';
import type { StoreBinding, StoreToken } from '../core/store-binding.ts';
import type { TimeMs } from '../core/time.ts';
import { lockBindingByState, setBindingState } from '../store/bindings.ts';
import type { BindingRow } from '../store/bindings.ts';
import { findToken, putToken } from '../store/store-tokens.ts';
import type { TokenRow } from '../store/store-tokens.ts';
import { touchStores } from '../store/stores.ts';
import { transaction } from '../store/transaction.ts';
import type { KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { returnUrlOf, stateHash } from './store-bindings.ts';
import type { BindingDeps } from './store-bindings.ts';
import { atStoreDesk, sealToken, tokenHash } from './store-desk.ts';
import type { StoreDesk } from './store-desk.ts';
import { bindSeller } from './store-proof.ts';
import { askPlatform, proveToken } from './store-tasks.ts';

/** What comes back with the merchant from the platform's page. */
export interface Authorisation {
  readonly code: string | undefined;
  readonly state: string | undefined;
}

/**
 * `later`: the token came, the platform does not list the stores yet; it is asked again. `denied`: no code came.
 * `refused`: the platform did not take the code; the same link can be opened again.
 */
export type AuthorisationOutcome =
  | { readonly kind: 'bound'; readonly stores: readonly string[] }
  | { readonly kind: 'later' | 'already' | 'busy' | 'unknown' | 'expired' | 'denied' | 'refused' };

/** An exchange that takes longer has died with its process; its code is spent or stale. */
const EXCHANGE_MS = 120_000;
/** If this process dies before it has proved the token, another one does. */
const PROVE_BY_WORKER_MS = 60_000;
const MAX_STATE_LENGTH = 200;

/** Exchanges the code of an authorisation for a token pair, stores that, and learns which stores it opens. */
export async function takeAuthorisation(
  ctx: HubContext,
  deps: BindingDeps,
  accountId: string,
  { code, state }: Authorisation,
): Promise<AuthorisationOutcome> {
  const account = await deps.accounts.find(accountId);
  const binding = account?.connector.binding;
  const isOurs = state !== undefined && state.length <= MAX_STATE_LENGTH;
  if (account === undefined || binding?.exchangeCode === undefined || !isOurs) return { kind: 'unknown' };
  const claimed = await claim(ctx, accountId, state, code !== undefined);
  if (!('row' in claimed)) return claimed;
  const { row } = claimed;
  if (code === undefined) return { kind: 'denied' };

  // When it was asked for: a later message that it was taken back must count as later.
  const saidAtMs = ctx.clock();
  const answer = await askPlatform(
    async () =>
      (await binding.exchangeCode?.(account.view, ctx.callPlatform, code, returnUrlOf(deps, accountId), saidAtMs)) ?? {
        ok: false,
        refusal: { class: 'final', code: 'no_exchange', message: 'It exchanges no codes.' },
      },
  );
  if (!answer.ok) {
    const { code: word, message } = answer.refusal;
    ctx.log.warn({ account: accountId, binding: row.id, code: word }, 'an authorisation code was refused');
    await release(ctx, row, `${word}: ${message}`);
    return { kind: 'refused' };
  }
  const token = await keepToken(ctx, account, row, answer.value, saidAtMs);
  const outcome = await proveSeller(ctx, account, binding, token, answer.value);
  deps.accounts.forget(accountId);
  return outcome;
}

type Claim =
  | { readonly row: BindingRow }
  | Extract<AuthorisationOutcome, { readonly kind: Exclude<AuthorisationOutcome['kind'], 'bound'> }>;

/** Takes the binding for one exchange: a page that is loaded twice must not spend its code twice. */
function claim(ctx: HubContext, accountId: string, state: string, hasCode: boolean): Promise<Claim> {
  return transaction(ctx.pool, async (tx): Promise<Claim> => {
    const row = await lockBindingByState(tx, accountId, stateHash(ctx, state));
    if (row === undefined || row.state === 'cancelled') return { kind: 'unknown' };
    if (row.state === 'done') return { kind: 'already' };
    const nowMs = ctx.clock();
    if (row.expiresAt.getTime() <= nowMs) return { kind: 'expired' };
    if (row.state === 'exchanging' && nowMs - row.updatedAt.getTime() < EXCHANGE_MS) return { kind: 'busy' };
    const updatedAt = new Date(nowMs);
    await setBindingState(
      tx,
      hasCode
        ? { ...row, state: 'exchanging', reason: null, updatedAt }
        : { ...row, state: 'pending', reason: 'The merchant did not agree.', updatedAt },
    );
    return { row };
  });
}

async function release(ctx: HubContext, row: BindingRow, reason: string): Promise<void> {
  await setBindingState(ctx.pool, { ...row, state: 'pending', reason, updatedAt: new Date(ctx.clock()) });
}

/** Stores the pair before anything else is asked: the code that it came for is spent. */
function keepToken(
  ctx: HubContext,
  account: KnownAccount,
  row: BindingRow,
  token: StoreToken,
  saidAtMs: TimeMs,
): Promise<TokenRow> {
  return atStoreDesk(ctx, account.row, async (desk) => {
    const kept = await putSellerToken(desk, token, saidAtMs);
    await setBindingState(desk.tx, { ...row, state: 'done', reason: null, updatedAt: desk.now });
    await touchStores(desk.tx, account.row.id);
    return kept;
  });
}

/** Keeps the token pair of a seller as a candidate that a worker proves, should the caller not come to it. */
export async function putSellerToken(desk: StoreDesk, token: StoreToken, saidAtMs: TimeMs): Promise<TokenRow> {
  const { ctx, now, account } = desk;
  const hash = tokenHash(ctx.sealer, token.accessToken);
  const known = await findToken(desk.tx, account.id, '', hash);
  const row: TokenRow = {
    account: account.id,
    id: known?.id ?? newId('tok', now.getTime(), ctx.randomBytes),
    store: '',
    hash,
    state: 'candidate',
    sealed: sealToken(ctx.sealer, token),
    version: 0,
    // Platforms tell their times in seconds.
    saidAt: new Date(Math.floor(saidAtMs / 1000) * 1000),
    platformStoreId: null,
    name: null,
    expiresAt: token.expiresAt === null ? null : new Date(token.expiresAt),
    task: 'prove',
    dueAt: new Date(now.getTime() + PROVE_BY_WORKER_MS),
    attempts: 0,
    reason: null,
    createdAt: now,
    updatedAt: now,
  };
  await putToken(desk.tx, row);
  return row;
}

async function proveSeller(
  ctx: HubContext,
  account: KnownAccount,
  binding: StoreBinding,
  row: TokenRow,
  token: StoreToken,
): Promise<AuthorisationOutcome> {
  const answer = await proveToken(ctx, account, binding, '', token);
  if (!answer.ok) {
    ctx.log.warn(
      { account: account.row.id, code: answer.refusal.code },
      'the stores of an authorisation are not listed yet',
    );
    return { kind: 'later' };
  }
  const stores = await atStoreDesk(ctx, account.row, (desk) =>
    bindSeller(desk, binding, row, answer.value, { source: 'query', receiptId: null }),
  );
  return { kind: 'bound', stores };
}
