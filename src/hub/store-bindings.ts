import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { isStorableText } from '../core/json.ts';
import type { Json } from '../core/json.ts';
import type { StoreBinding } from '../core/store-binding.ts';
import { findBinding, insertBindings, listBindings, readExpiredBindings, setBindingState } from '../store/bindings.ts';
import type { BindingFilter, BindingRow, ListedBindingRow } from '../store/bindings.ts';
import { findTokenOfStore } from '../store/store-tokens.ts';
import { findListedStore, markStoresPending, readStore, readStoreLabels, touchStores } from '../store/stores.ts';
import type { Tx } from '../store/transaction.ts';
import { covers, hasRight } from './access.ts';
import type { Principal } from './access.ts';
import type { AccountDirectory, KnownAccount } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { BY_QUERY, atStoreDesk, openToken, saveStore, stateOf } from './store-desk.ts';

/** What an owner asks a binding address for. */
export interface BindingInput {
  /** Our own number of the store; left out where a seller's authorisation covers whatever he has. */
  readonly store?: string | undefined;
  readonly name?: string | undefined;
  /** Options of the platform's page. */
  readonly options: Readonly<Record<string, Json>>;
}

/** A binding as the API shows it. */
export interface BindingJson {
  readonly id: string;
  readonly account: string;
  readonly platform: string;
  readonly store: string | null;
  readonly name: string;
  /** The address that the merchant opens; null once it is of no use, and for keys that may not see what is in it. */
  readonly url: string | null;
  readonly state: BindingRow['state'] | 'expired';
  readonly reason: string | null;
  readonly createdAt: string;
  readonly expiresAt: string;
}

/** What the use cases of bindings need beside the hub's context. */
export interface BindingDeps {
  readonly accounts: AccountDirectory;
  /** Without a slash at the end. */
  readonly publicUrl: string;
}

/** A merchant who gets a link today may be back from the holidays in two weeks. */
const VALID_MS = 30 * 86_400_000;
const STATE_BYTES = 32;
export const MAX_STORE_LENGTH = 100;

/** Where an authorisation comes back to. */
export const returnUrlOf = ({ publicUrl }: BindingDeps, accountId: string): string =>
  `${publicUrl}/bindings/${accountId}/return`;

/**
 * Makes addresses at which merchants bind stores, all or none. Errors: `account_not_found`, `forbidden`,
 * `binding_unsupported`, `binding_options_invalid`, `malformed_request`.
 */
export async function createBindings(
  ctx: HubContext,
  deps: BindingDeps,
  tx: Tx,
  principal: Principal,
  accountId: string,
  inputs: readonly BindingInput[],
): Promise<readonly BindingJson[]> {
  const { account, binding } = await bindingAccount(deps, accountId);
  await requireVisible(tx, principal, account, inputs);
  checkInputs(binding, inputs);
  const nowMs = ctx.clock();
  const now = new Date(nowMs);
  const rows = inputs.map((input): BindingRow => {
    const { url, stateHash } = makeLink(ctx, deps, account, binding, input);
    if (holdsSecret(account, url) && !hasRight(principal, 'admin')) {
      throw new HuidanError('forbidden', 'The address holds a secret of the account, so it needs the right "admin".');
    }
    return {
      account: accountId,
      id: newId('bnd', nowMs, ctx.randomBytes),
      store: input.store ?? null,
      name: input.name ?? '',
      options: input.options,
      state: 'pending',
      stateHash,
      sealedUrl: ctx.sealer.seal(url),
      reason: null,
      createdAt: now,
      expiresAt: new Date(nowMs + VALID_MS),
      updatedAt: now,
    };
  });
  await atStoreDesk(
    ctx,
    account.row,
    async (desk) => {
      await insertBindings(tx, rows);
      const named = new Map(
        inputs.flatMap(({ store, name }) => (store === undefined ? [] : ([[store, name]] as const))),
      );
      const stores = [...named].map(([ref, name]) => ({ ref, name: name === undefined || name === '' ? null : name }));
      // In one statement: hundreds of links are asked for at once, and callbacks wait behind the desk.
      for (const store of await markStoresPending(tx, accountId, stores, now)) {
        desk.changes.push({ store, type: 'store.changed', receiptId: null, body: {} });
      }
      await touchStores(tx, accountId);
    },
    tx,
  );
  const shown = { platform: account.row.platform, boundAt: null };
  return rows.map((row) => toJson(ctx, principal, account, { ...row, ...shown }));
}

async function bindingAccount(
  { accounts }: BindingDeps,
  accountId: string,
): Promise<{ readonly account: KnownAccount; readonly binding: StoreBinding }> {
  const account = await accounts.find(accountId);
  if (account === undefined) throw new HuidanError('account_not_found');
  const { binding } = account.connector;
  if (binding === undefined) throw new HuidanError('binding_unsupported');
  return { account, binding };
}

/** A key that is limited to shops can bind again what is in them, and nothing new. */
async function requireVisible(
  tx: Tx,
  principal: Principal,
  { row }: KnownAccount,
  inputs: readonly BindingInput[],
): Promise<void> {
  const refs = inputs.flatMap(({ store }) => (store === undefined ? [] : [store]));
  const labels = await readStoreLabels(tx, row.id, refs);
  for (const { store } of inputs) {
    const label = store === undefined ? undefined : labels.get(store);
    const thing = { account: row.id, merchant: label?.merchant ?? row.merchant, shop: label?.shop ?? null };
    if (!covers(principal, thing)) throw new HuidanError('account_not_found');
  }
}

function checkInputs(binding: StoreBinding, inputs: readonly BindingInput[]): void {
  const fields: { field: string; message: string }[] = [];
  const seen = new Set<string>();
  for (const [index, { store, options }] of inputs.entries()) {
    const at = (field: string): string => (inputs.length === 1 ? field : `stores.${index}.${field}`);
    if (store === undefined && binding.style === 'link') fields.push({ field: at('store'), message: 'is missing' });
    if (store !== undefined && seen.has(store)) fields.push({ field: at('store'), message: 'comes twice' });
    if (store !== undefined) seen.add(store);
    const fault = store === undefined ? undefined : storeNumberFault(store);
    if (fault !== undefined) fields.push({ field: at('store'), message: fault });
    for (const { field, message } of binding.checkOptions(options)) fields.push({ field: at(field), message });
  }
  if (fields.length === 0) return;
  const detail = fields.slice(0, 5).map(({ field, message }) => `${field}: ${message}`);
  throw new HuidanError('binding_options_invalid', detail.join('; '), { fields });
}

/** What is wrong with the number of a store, if anything. */
export function storeNumberFault(store: string): string | undefined {
  const isFine = store !== '' && store.length <= MAX_STORE_LENGTH && isStorableText(store) && !/\p{Cc}/u.test(store);
  return isFine ? undefined : `has 1 to ${MAX_STORE_LENGTH} characters and no control characters`;
}

function makeLink(
  ctx: HubContext,
  deps: BindingDeps,
  { row, connector, view }: KnownAccount,
  binding: StoreBinding,
  input: BindingInput,
): { readonly url: string; readonly stateHash: Buffer } {
  const state = Buffer.from(ctx.randomBytes(STATE_BYTES)).toString('base64url');
  const callbacks = `${deps.publicUrl}/callbacks/${row.platform}/${row.id}`;
  const hasOwn = connector.topics !== 'token' && connector.topics.some(({ name }) => name === 'bind');
  const url = binding.bindUrl(view, {
    store: input.store ?? '',
    name: input.name ?? '',
    state,
    returnUrl: returnUrlOf(deps, row.id),
    callbackUrl: hasOwn ? `${callbacks}/bind` : callbacks,
    options: input.options,
    at: ctx.clock(),
  });
  return { url, stateHash: stateHash(ctx, state) };
}

/** Finds a binding by the state that came back, without the state lying in the database. */
export const stateHash = ({ sealer }: Pick<HubContext, 'sealer'>, state: string): Buffer =>
  sealer.hash(`binding state ${state}`);

/** Some pages want the secret itself in the address: such an address is one itself. */
function holdsSecret({ connector, view }: KnownAccount, url: string): boolean {
  const values = connector.account.callbackSecrets.flatMap((name) => view.secrets(name).map(({ value }) => value));
  return values.some((value) => value !== '' && (url.includes(value) || url.includes(encodeURIComponent(value))));
}

function toJson(
  ctx: HubContext,
  principal: Principal,
  account: KnownAccount | undefined,
  row: BindingRow & Pick<ListedBindingRow, 'platform' | 'boundAt'>,
): BindingJson {
  const isOver = row.state === 'pending' && row.expiresAt.getTime() <= ctx.clock();
  // Of several addresses for a store one was opened, whichever: what they were asked for is done.
  const isDone = row.state === 'pending' && row.boundAt !== null && row.boundAt >= row.createdAt;
  const url = row.sealedUrl === null || isOver || isDone ? null : ctx.sealer.open(row.sealedUrl).toString('utf8');
  const isOpen =
    url !== null &&
    account !== undefined &&
    (holdsSecret(account, url) ? hasRight(principal, 'admin') : hasRight(principal, 'write'));
  return {
    id: row.id,
    account: row.account,
    platform: row.platform,
    store: row.store,
    name: row.name,
    url: isOpen ? url : null,
    state: isDone ? 'done' : isOver ? 'expired' : row.state,
    reason: row.reason,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  };
}

/** Bindings that the key may see, the youngest first, those before `beforeId`. */
export async function readBindings(
  ctx: HubContext,
  deps: BindingDeps,
  principal: Principal,
  filter: Pick<BindingFilter, 'account' | 'store' | 'state'>,
  page: { readonly beforeId: string | null; readonly limit: number },
): Promise<readonly BindingJson[]> {
  const { accounts, merchants, shops } = principal;
  const rows = await listBindings(ctx.pool, { ...filter, accounts, merchants, shops }, page);
  const shown: BindingJson[] = [];
  for (const row of rows) shown.push(toJson(ctx, principal, await deps.accounts.find(row.account), row));
  return shown;
}

/** One binding. Error: `binding_not_found`, also outside the key's limits. */
export async function readBinding(
  ctx: HubContext,
  deps: BindingDeps,
  principal: Principal,
  id: string,
): Promise<BindingJson> {
  const row = await visibleBinding(ctx, principal, id);
  return toJson(ctx, principal, await deps.accounts.find(row.account), row);
}

async function visibleBinding(ctx: HubContext, principal: Principal, id: string): Promise<ListedBindingRow> {
  const row = await findBinding(ctx.pool, id);
  if (row === undefined || !covers(principal, row)) throw new HuidanError('binding_not_found');
  return row;
}

/** Takes an address back: what comes of it is no longer believed. Error: `binding_not_found`. */
export async function cancelBinding(ctx: HubContext, tx: Tx, principal: Principal, id: string): Promise<string> {
  const row = await visibleBinding(ctx, principal, id);
  await closeBinding(ctx, row, null, tx);
  return row.account;
}

async function closeBinding(ctx: HubContext, row: ListedBindingRow, reason: string | null, outer?: Tx): Promise<void> {
  const account = { id: row.account, platform: row.platform, merchant: row.accountMerchant };
  await atStoreDesk(
    ctx,
    account,
    async (desk) => {
      await setBindingState(desk.tx, { ...row, state: 'cancelled', reason, updatedAt: desk.now });
      await touchStores(desk.tx, row.account);
      const store = row.store === null ? undefined : await readStore(desk.tx, row.account, row.store);
      if (store?.state !== 'pending') return;
      await saveStore(desk, { ...store, state: await stateOf(desk, store) }, 'store.changed', BY_QUERY);
    },
    outer,
  );
}

/** Closes addresses that nobody used in time, so that their stores no longer show as waiting. */
export async function closeExpiredBindings(ctx: HubContext): Promise<number> {
  const expired = await readExpiredBindings(ctx.pool, new Date(ctx.clock()), 500);
  for (const row of expired) await closeBinding(ctx, row, 'It was not used in time.');
  return expired.length;
}

/**
 * The address at which the merchant releases a bound store. Errors: `store_not_found`, `store_not_bound`,
 * `binding_unsupported`, `forbidden` (where it holds a secret and the key is not an admin's).
 */
export async function releaseLink(
  ctx: HubContext,
  deps: BindingDeps,
  principal: Principal,
  accountId: string,
  ref: string,
): Promise<string> {
  const store = await findListedStore(ctx.pool, accountId, ref);
  const merchant = store?.merchant ?? store?.accountMerchant ?? null;
  if (store === undefined || !covers(principal, { account: accountId, merchant, shop: store.shop })) {
    throw new HuidanError('store_not_found');
  }
  const { account, binding } = await bindingAccount(deps, accountId);
  if (binding.releaseUrl === undefined) {
    throw new HuidanError('binding_unsupported', 'The platform has no address for releasing a store.');
  }
  const row = await findTokenOfStore(ctx.pool, accountId, ref);
  if (row === undefined) throw new HuidanError('store_not_bound');
  const token = openToken(ctx.sealer, row);
  const url = binding.releaseUrl(account.view, ref, token, ctx.clock());
  // The store's token opens all of its orders.
  const isSecret = holdsSecret(account, url) || url.includes(encodeURIComponent(token.accessToken));
  if (isSecret && !hasRight(principal, 'admin')) {
    throw new HuidanError('forbidden', 'The address holds a secret, so it needs the right "admin".');
  }
  return url;
}
