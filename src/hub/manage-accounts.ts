import { withDefaults } from '../core/account-fields.ts';
import type { AccountField } from '../core/account-fields.ts';
import type { Connector } from '../core/connector.ts';
import { HuidanError } from '../core/errors.ts';
import type { Json } from '../core/json.ts';
import { secretFingerprint } from '../core/signing.ts';
import type { AccountMode } from '../store/account-reads.ts';
import {
  insertAccount,
  limitOldSecrets,
  listAccountRecords,
  lockAccount,
  markAccountDeleted,
  putSecret,
  readAccountRecord,
  removeOldSecrets,
  removeSecret,
  updateAccount,
} from '../store/accounts.ts';
import type { AccountRecord } from '../store/accounts.ts';
import type { Queryable } from '../store/pool.ts';
import { wipeStores } from '../store/stores.ts';
import type { Tx } from '../store/transaction.ts';
import { covers, hasRight } from './access.ts';
import type { Principal } from './access.ts';
import { checkFields } from './account-input.ts';
import type { HubContext } from './context.ts';
import type { TargetPolicy } from './target-guard.ts';

/** How long an old callback secret stays valid after a change when neither caller nor platform asks for else: 7 days. */
export const OLD_SECRETS_VALID_SECONDS = 604_800;

export interface NewAccount {
  readonly id: string;
  readonly platform: string;
  readonly name: string;
  readonly mode?: AccountMode;
  readonly merchant?: string | null;
  readonly credentials?: Readonly<Record<string, Json>>;
  readonly settings?: Readonly<Record<string, Json>>;
}

export interface AccountChange {
  readonly name?: string;
  readonly mode?: AccountMode;
  readonly merchant?: string | null;
  /** Only the named ones change; null removes one. */
  readonly credentials?: Readonly<Record<string, Json>>;
  /** Only the named ones change; null brings back the default. */
  readonly settings?: Readonly<Record<string, Json>>;
  /** How long old values of changed callback secrets stay valid; null: until removed. */
  readonly oldSecretsValidSeconds?: number | null;
}

/** An account as the API shows it; never a credential. Times are RFC 3339. */
export interface AccountJson {
  readonly id: string;
  readonly platform: string;
  readonly name: string;
  readonly mode: AccountMode;
  readonly merchant: string | null;
  readonly settings: Readonly<Record<string, Json>>;
  readonly callbacks: readonly { readonly topic: string; readonly url: string }[];
  readonly secrets: readonly {
    readonly field: string;
    readonly fingerprint: string;
    readonly createdAt: string;
    readonly validUntil: string | null;
  }[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** What managing accounts needs beside the hub's context. */
export interface AccountRules {
  /** Base of the callback addresses, without a slash at the end. */
  readonly publicUrl: string;
  readonly targets: TargetPolicy;
}

type Deps = Pick<HubContext, 'clock' | 'sealer' | 'registry'>;

/**
 * Makes an account with sealed credentials.
 * Errors: `platform_unknown`, `credentials_invalid`, `settings_invalid`, `conflict`, `forbidden` (outside the key's limits).
 */
export async function createAccount(
  ctx: Deps,
  tx: Tx,
  principal: Principal,
  input: NewAccount,
  rules: AccountRules,
): Promise<AccountJson> {
  const merchant = input.merchant ?? null;
  requireWithin(principal, input.id, merchant);
  const connector = ctx.registry.get(input.platform);
  if (connector === undefined) {
    const known = ctx.registry.all.map(({ id }) => id).join(', ');
    throw new HuidanError('platform_unknown', `Known are: ${known}.`, {
      fields: [{ field: 'platform', message: `must be one of ${known}` }],
    });
  }
  const credentials = input.credentials ?? {};
  const settings = input.settings ?? {};
  checkFields('credentials_invalid', connector.account.credentials, credentials, rules.targets);
  checkFields('settings_invalid', connector.account.settings, settings, rules.targets);
  const createdAt = new Date(ctx.clock());
  const isNew = await insertAccount(tx, {
    id: input.id,
    platform: input.platform,
    name: input.name,
    mode: input.mode ?? 'live',
    merchant,
    settings,
    createdAt,
  });
  if (!isNew)
    throw new HuidanError('conflict', 'An account id is never used twice, not even after the account was deleted.');
  for (const [field, value] of Object.entries(credentials))
    await seal(ctx, tx, input.id, field, textOf(value), createdAt);
  return show(ctx, await readKnown(tx, input.id), rules);
}

/**
 * Changes what is named. Old values of callback secrets stay valid for a while, since the platform may still sign with
 * them; old values of other credentials go at once.
 * Errors: `account_not_found`, `forbidden`, `credentials_invalid`, `settings_invalid`.
 */
export async function changeAccount(
  ctx: Deps,
  tx: Tx,
  principal: Principal,
  id: string,
  change: AccountChange,
  rules: AccountRules,
): Promise<{ readonly before: AccountJson; readonly after: AccountJson }> {
  // Whoever may name the platform's address can have the secrets sent there.
  if ((change.credentials ?? change.settings ?? change.merchant) !== undefined && !hasRight(principal, 'admin')) {
    throw new HuidanError('forbidden', 'Credentials, settings and the merchant need the right "admin".');
  }
  await lockAccount(tx, id);
  const record = await readVisible(tx, principal, id);
  const connector = connectorOf(ctx, record);
  const merchant = change.merchant === undefined ? record.merchant : change.merchant;
  requireWithin(principal, id, merchant);
  const settings = merged(record.settings, change.settings ?? {});
  checkFields('settings_invalid', connector.account.settings, settings, rules.targets);
  if (change.credentials !== undefined) await changeCredentials(ctx, tx, record, connector, change, rules);
  await updateAccount(tx, {
    id,
    name: change.name ?? record.name,
    mode: change.mode ?? record.mode,
    merchant,
    settings,
    updatedAt: new Date(ctx.clock()),
  });
  return { before: show(ctx, record, rules), after: show(ctx, await readKnown(tx, id), rules) };
}

async function changeCredentials(
  ctx: Deps,
  tx: Tx,
  record: AccountRecord,
  connector: Connector,
  change: AccountChange,
  rules: AccountRules,
): Promise<void> {
  const credentials = change.credentials ?? {};
  const present = Object.fromEntries(record.secrets.map(({ field }) => [field, 'is stored']));
  const spec = connector.account.credentials;
  checkFields('credentials_invalid', spec.filter(isNamedIn(credentials)), withoutNulls(credentials), rules.targets);
  checkPresence(spec, merged(present, credentials));

  const now = ctx.clock();
  const seconds = oldSecretsValidSeconds(change, connector);
  for (const [field, value] of Object.entries(credentials)) {
    if (value === null) {
      await removeOldSecrets(tx, record.id, field, null);
      continue;
    }
    const fingerprint = await seal(ctx, tx, record.id, field, textOf(value), new Date(now));
    if (connector.account.callbackSecrets.includes(field)) {
      await limitOldSecrets(
        tx,
        record.id,
        field,
        fingerprint,
        seconds === null ? null : new Date(now + seconds * 1000),
      );
    } else {
      await removeOldSecrets(tx, record.id, field, fingerprint);
    }
  }
}

/** null is an answer of its own (until removed), so `??` would not do. */
function oldSecretsValidSeconds(change: AccountChange, { account }: Connector): number | null {
  if (change.oldSecretsValidSeconds !== undefined) return change.oldSecretsValidSeconds;
  return account.oldSecretsValidSeconds === undefined ? OLD_SECRETS_VALID_SECONDS : account.oldSecretsValidSeconds;
}

const isNamedIn =
  (credentials: Readonly<Record<string, Json>>) =>
  (field: AccountField): boolean =>
    Object.hasOwn(credentials, field.name);

function withoutNulls(values: Readonly<Record<string, Json>>): Record<string, Json> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

function merged(held: Readonly<Record<string, Json>>, change: Readonly<Record<string, Json>>): Record<string, Json> {
  return withoutNulls({ ...held, ...change });
}

function checkPresence(spec: readonly AccountField[], present: Readonly<Record<string, Json>>): void {
  const fields = spec
    .filter((field) => field.required && field.default === undefined && !Object.hasOwn(present, field.name))
    .map((field) => ({ field: `credentials.${field.name}`, message: 'is needed and cannot be removed' }));
  if (fields.length > 0) throw new HuidanError('credentials_invalid', undefined, { fields });
}

/**
 * Deletes an account: its secrets are wiped, its addresses answer 404, its orders stay readable, its id is never given
 * out again. Error: `account_not_found`.
 */
export async function deleteAccount(ctx: Deps, tx: Tx, principal: Principal, id: string): Promise<void> {
  await lockAccount(tx, id);
  await readVisible(tx, principal, id);
  const now = new Date(ctx.clock());
  await markAccountDeleted(tx, id, now);
  await wipeStores(tx, id, now);
}

/**
 * Removes one value of a callback secret, such as an old one before its time.
 * Errors: `account_not_found`, `secret_not_found`, `credentials_invalid` (the only value of a credential that is needed).
 */
export async function removeAccountSecret(
  ctx: Deps,
  tx: Tx,
  principal: Principal,
  id: string,
  field: string,
  fingerprint: string,
): Promise<void> {
  await lockAccount(tx, id);
  const record = await readVisible(tx, principal, id);
  const values = record.secrets.filter((secret) => secret.field === field);
  if (!values.some((secret) => secret.fingerprint === fingerprint)) throw new HuidanError('secret_not_found');
  if (values.length === 1)
    checkPresence(
      connectorOf(ctx, record).account.credentials.filter(({ name }) => name === field),
      {},
    );
  await removeSecret(tx, id, field, fingerprint);
}

/** One account that the key may see. Error: `account_not_found`. */
export async function readAccount(
  ctx: Deps,
  db: Queryable,
  principal: Principal,
  id: string,
  rules: Pick<AccountRules, 'publicUrl'>,
): Promise<AccountJson> {
  return show(ctx, await readVisible(db, principal, id), rules);
}

/** Accounts that the key may see, by id, those after `afterId`. A key limited to shops sees none. */
export async function listAccounts(
  ctx: Deps,
  db: Queryable,
  principal: Principal,
  filter: {
    readonly platform: string | null;
    readonly merchant: string | null;
    readonly afterId: string | null;
    readonly limit: number;
  },
  rules: Pick<AccountRules, 'publicUrl'>,
): Promise<readonly AccountJson[]> {
  if (principal.shops !== null) return [];
  const records = await listAccountRecords(db, { ids: principal.accounts, merchants: principal.merchants, ...filter });
  return records.map((record) => show(ctx, record, rules));
}

/** A credential is text: `checkFields` has seen to it, but for the fields of numbers and the like that a connector may declare. */
function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

async function seal(
  ctx: Deps,
  tx: Tx,
  accountId: string,
  field: string,
  value: string,
  createdAt: Date,
): Promise<string> {
  const fingerprint = secretFingerprint(value);
  await putSecret(tx, { accountId, field, fingerprint, sealed: ctx.sealer.seal(value), createdAt });
  return fingerprint;
}

function requireWithin(principal: Principal, account: string, merchant: string | null): void {
  if (!covers(principal, { account, merchant, shop: null })) {
    throw new HuidanError('forbidden', 'The account lies outside the limits of the key.');
  }
}

async function readVisible(db: Queryable, principal: Principal, id: string): Promise<AccountRecord> {
  const record = await readAccountRecord(db, id);
  if (record === undefined || !covers(principal, { account: id, merchant: record.merchant, shop: null })) {
    throw new HuidanError('account_not_found');
  }
  return record;
}

async function readKnown(db: Queryable, id: string): Promise<AccountRecord> {
  const record = await readAccountRecord(db, id);
  if (record === undefined) throw new Error(`the account ${id} is gone within its own transaction`);
  return record;
}

function connectorOf(ctx: Deps, record: AccountRecord): Connector {
  const connector = ctx.registry.get(record.platform);
  if (connector === undefined) throw new HuidanError('platform_unknown');
  return connector;
}

function show(ctx: Deps, record: AccountRecord, rules: Pick<AccountRules, 'publicUrl'>): AccountJson {
  const connector = ctx.registry.get(record.platform);
  const base = `${rules.publicUrl}/callbacks/${record.platform}/${record.id}`;
  // Where an order's token ends the address there is no address to print before the order exists.
  const topics = connector === undefined || connector.topics === 'token' ? [] : connector.topics;
  return {
    id: record.id,
    platform: record.platform,
    name: record.name,
    mode: record.mode,
    merchant: record.merchant,
    settings: connector === undefined ? record.settings : withDefaults(connector.account, record.settings),
    callbacks: topics.map(({ name }) => ({ topic: name, url: name === '' ? base : `${base}/${name}` })),
    secrets: record.secrets.map((secret) => ({
      field: secret.field,
      fingerprint: secret.fingerprint,
      createdAt: secret.createdAt.toISOString(),
      validUntil: secret.validUntil?.toISOString() ?? null,
    })),
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
  };
}
