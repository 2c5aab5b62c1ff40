import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Json } from '../core/json.ts';
import { deleteSessionsOfUser } from '../store/sessions.ts';
import { deleteSignInLinks } from '../store/sign-in-links.ts';
import type { Tx } from '../store/transaction.ts';
import {
  findUser,
  hasOtherAdmin,
  insertUser,
  listUsers,
  lockUsers,
  markUserDeleted,
  readUser,
  updateUser,
} from '../store/users.ts';
import type { Role, UserRow } from '../store/users.ts';
import { isLimited } from './access.ts';
import type { Limits, Principal } from './access.ts';
import { recordAudit } from './audit.ts';
import type { HubContext } from './context.ts';
import { checkPassword, hashPassword, verifyPassword } from './passwords.ts';
import { requireUserAdmin } from './sessions.ts';

type Deps = Pick<HubContext, 'clock' | 'randomBytes'>;

/** A user as the API shows it. */
export interface UserJson extends Limits {
  readonly id: string;
  readonly username: string;
  readonly name: string | null;
  readonly role: Role;
  readonly reveal: boolean;
  readonly locale: string | null;
  /** Without one only a link lets in. */
  readonly hasPassword: boolean;
  readonly createdAt: string;
  readonly signedInAt: string | null;
}

export interface UserInput extends Partial<Limits> {
  readonly username: string;
  readonly name?: string | null;
  readonly role: Role;
  readonly password?: string;
  /** Left out: operators may, viewers may not. An admin always may. */
  readonly reveal?: boolean;
}

export type UserChange = Partial<UserInput>;

/** What a password became; made before the transaction, which may not wait for it. */
export type HashedPassword = { readonly hash: string } | undefined;

/** Checks and hashes the password of a body, where there is one. Errors: `password_refused`, `overloaded`. */
export async function prepareUserPassword(
  ctx: Pick<HubContext, 'randomBytes'>,
  username: string,
  password: string | undefined,
): Promise<HashedPassword> {
  if (password === undefined) return undefined;
  checkPassword(password, username);
  return { hash: await hashPassword(password, ctx.randomBytes) };
}

/**
 * Adds a user. Only an admin of the whole hub may, and only one that may reveal personal data can let another do so.
 * Errors: `forbidden`, `username_taken`, `username_refused`.
 */
export async function createUser(
  ctx: Deps,
  tx: Tx,
  principal: Principal,
  input: Omit<UserInput, 'password'>,
  password: HashedPassword,
): Promise<UserJson> {
  requireUserAdmin(principal);
  const now = new Date(ctx.clock());
  const reveal = input.role === 'admin' || (input.reveal ?? input.role === 'operator');
  requireRevealToGive(principal, reveal);
  const user: UserRow = {
    id: newId('usr', now.getTime(), ctx.randomBytes),
    username: checkedUsername(input.username),
    name: input.name ?? null,
    role: input.role,
    reveal,
    accounts: input.accounts ?? null,
    merchants: input.merchants ?? null,
    shops: input.shops ?? null,
    password: password?.hash ?? null,
    locale: null,
    createdAt: now,
    updatedAt: now,
    signedInAt: null,
  };
  await storeNew(tx, user);
  const { username, role } = user;
  await recordAudit(ctx, tx, principal, {
    action: 'user.created',
    subject: user.id,
    detail: { username, role, reveal },
  });
  return toUserJson(user);
}

/** Inserts a user whose name nobody has. Error: `username_taken`. */
export async function storeNew(tx: Tx, user: UserRow): Promise<void> {
  await lockUsers(tx);
  if ((await findUser(tx, user.username)) !== undefined) throw new HuidanError('username_taken');
  await insertUser(tx, user);
}

/** Living users by age, those after `afterId`. Error: `forbidden`. */
export async function readUsers(
  ctx: Pick<HubContext, 'pool'>,
  principal: Principal,
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly UserJson[]> {
  requireUserAdmin(principal);
  return (await listUsers(ctx.pool, page)).map(toUserJson);
}

/** One user. Errors: `forbidden`, `user_not_found`. */
export async function readOneUser(ctx: Pick<HubContext, 'pool'>, principal: Principal, id: string): Promise<UserJson> {
  requireUserAdmin(principal);
  const user = await readUser(ctx.pool, id);
  if (user === undefined) throw new HuidanError('user_not_found');
  return toUserJson(user);
}

/**
 * Changes a user; what is left out stays. A new password ends its sessions, as does another role: whoever had the
 * browser in hand signs in again. Errors: `forbidden`, `user_not_found`, `username_taken`, `username_refused`, `last_admin`.
 */
export async function changeUser(
  ctx: Deps,
  tx: Tx,
  principal: Principal,
  id: string,
  change: Omit<UserChange, 'password'>,
  password: HashedPassword,
): Promise<UserJson> {
  requireUserAdmin(principal);
  await lockUsers(tx);
  const before = await readUser(tx, id);
  if (before === undefined) throw new HuidanError('user_not_found');
  const role = change.role ?? before.role;
  const reveal = role === 'admin' || (change.reveal ?? before.reveal);
  if (change.role !== undefined || change.reveal !== undefined || password !== undefined) {
    // A password is a way in: to set one is to have what its user has.
    requireRevealToGive(principal, reveal);
  }
  const after: UserRow = {
    ...before,
    username: change.username === undefined ? before.username : checkedUsername(change.username),
    name: change.name === undefined ? before.name : change.name,
    role,
    reveal,
    accounts: change.accounts === undefined ? before.accounts : change.accounts,
    merchants: change.merchants === undefined ? before.merchants : change.merchants,
    shops: change.shops === undefined ? before.shops : change.shops,
    password: password?.hash ?? before.password,
    updatedAt: new Date(ctx.clock()),
  };
  if (isWholeAdmin(before) && !isWholeAdmin(after)) await requireOtherAdmin(tx, id);
  const named = await findUser(tx, after.username);
  if (named !== undefined && named.id !== id) throw new HuidanError('username_taken');
  await updateUser(tx, after);
  if (password !== undefined || role !== before.role) {
    await deleteSessionsOfUser(tx, id, null);
    await deleteSignInLinks(tx, id);
  }
  const fields: Json[] = [...Object.keys(change), ...(password === undefined ? [] : ['password'])];
  await recordAudit(ctx, tx, principal, {
    action: 'user.changed',
    subject: id,
    detail: { fields, ...(role === before.role ? {} : { role }) },
  });
  return toUserJson(after);
}

/** Removes a user and ends its sessions. Errors: `forbidden`, `user_not_found`, `last_admin`. */
export async function removeUser(ctx: Deps, tx: Tx, principal: Principal, id: string): Promise<void> {
  requireUserAdmin(principal);
  await lockUsers(tx);
  const user = await readUser(tx, id);
  if (user === undefined) throw new HuidanError('user_not_found');
  if (isWholeAdmin(user)) await requireOtherAdmin(tx, id);
  await markUserDeleted(tx, id, new Date(ctx.clock()));
  await deleteSessionsOfUser(tx, id, null);
  await deleteSignInLinks(tx, id);
  await recordAudit(ctx, tx, principal, { action: 'user.removed', subject: id, detail: { username: user.username } });
}

/** What a user changes of itself. */
export async function changeSelf(
  ctx: Deps,
  tx: Tx,
  id: string,
  change: { readonly name?: string | null | undefined; readonly locale?: string | null | undefined },
): Promise<UserRow> {
  await lockUsers(tx);
  const before = await readUser(tx, id);
  if (before === undefined) throw new HuidanError('user_not_found');
  const after = {
    ...before,
    name: change.name === undefined ? before.name : change.name,
    locale: change.locale === undefined ? before.locale : change.locale,
    updatedAt: new Date(ctx.clock()),
  };
  await updateUser(tx, after);
  return after;
}

/** Whether the password is the user's; see `verifyPassword`. */
export async function isPasswordOf(user: UserRow | undefined, password: string): Promise<boolean> {
  return verifyPassword(password, user?.password ?? null);
}

/** Sets a user's own password and ends its other sessions. */
export async function setOwnPassword(
  ctx: Deps,
  tx: Tx,
  principal: Principal,
  keepSessionId: string | null,
  password: NonNullable<HashedPassword>,
): Promise<void> {
  await lockUsers(tx);
  const user = await readUser(tx, principal.id);
  if (user === undefined) throw new HuidanError('user_not_found');
  await updateUser(tx, { ...user, password: password.hash, updatedAt: new Date(ctx.clock()) });
  await deleteSessionsOfUser(tx, user.id, keepSessionId);
  await deleteSignInLinks(tx, user.id);
  await recordAudit(ctx, tx, principal, { action: 'user.password_changed', subject: user.id, detail: {} });
}

/** `王小明`, `li.hua`, `zhao@shop`: no blanks, so that nobody has a name that looks like another's. Error: `username_refused`. */
export function checkedUsername(given: string): string {
  const username = given.normalize('NFKC');
  if (!/^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u.test(username)) {
    throw new HuidanError(
      'username_refused',
      'It begins with a letter or a digit; after that also . _ @ + - are taken.',
    );
  }
  return username;
}

function requireRevealToGive(principal: Principal, reveal: boolean): void {
  if (reveal && !principal.reveal)
    throw new HuidanError('forbidden', 'It cannot give the right to reveal personal data.');
}

const isWholeAdmin = (user: UserRow): boolean => user.role === 'admin' && !isLimited(user);

async function requireOtherAdmin(tx: Tx, exceptId: string): Promise<void> {
  if (!(await hasOtherAdmin(tx, exceptId))) throw new HuidanError('last_admin');
}

/** A user as the API shows it. */
export function toUserJson(user: UserRow): UserJson {
  const { id, username, name, role, reveal, locale, accounts, merchants, shops } = user;
  return {
    id,
    username,
    name,
    role,
    reveal: role === 'admin' || reveal,
    locale,
    accounts,
    merchants,
    shops,
    hasPassword: user.password !== null,
    createdAt: user.createdAt.toISOString(),
    signedInAt: user.signedInAt?.toISOString() ?? null,
  };
}
