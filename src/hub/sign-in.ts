import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { deleteSessionByHash, deleteSessionsOfUser } from '../store/sessions.ts';
import type { SessionRow } from '../store/sessions.ts';
import { deleteSignInLinks, findSignInLink, insertSignInLink, takeSignInLink } from '../store/sign-in-links.ts';
import { transaction } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import { findUser, hasUsers, lockUsers, noteSignIn, readUser, updateUser } from '../store/users.ts';
import type { UserRow } from '../store/users.ts';
import type { Principal } from './access.ts';
import { recordAudit } from './audit.ts';
import type { HubContext } from './context.ts';
import { hashToken, newToken, openSession, principalOfUser, requireUserAdmin } from './sessions.ts';
import { countSignInTry } from './sign-in-limits.ts';
import { checkedUsername, isPasswordOf, prepareUserPassword, storeNew } from './users.ts';

type Deps = Pick<HubContext, 'pool' | 'clock' | 'randomBytes' | 'sealer'>;

const HOUR_MS = 3_600_000;
const LINK_MS = 72 * HOUR_MS;

/** Where somebody signs in from, and the session that the browser had before. */
export interface Browser extends Pick<SessionRow, 'address' | 'agent'> {
  readonly oldToken: string | undefined;
}

export interface SignedIn {
  readonly user: UserRow;
  /** For the cookie; nobody can read it again. */
  readonly token: string;
}

/**
 * Signs in with name and password. Whether the name or the password was wrong is not told, by time neither. Errors:
 * `sign_in_refused`, `too_many_tries`, `overloaded`.
 */
export async function signIn(
  ctx: Deps,
  given: { readonly username: string; readonly password: string },
  browser: Browser,
): Promise<SignedIn> {
  const username = given.username.normalize('NFKC');
  const counted = await countSignInTry(ctx, username, browser.address ?? '');
  const found = await findUser(ctx.pool, username);
  if (!(await isPasswordOf(found, given.password)) || found === undefined) throw new HuidanError('sign_in_refused');
  const signedIn = await transaction(ctx.pool, async (tx) => {
    // The password may have been changed while it was checked.
    const user = await readUser(tx, found.id);
    if (user === undefined || user.password !== found.password) throw new HuidanError('sign_in_refused');
    return enter(ctx, tx, user, browser, 'password');
  });
  await counted.succeeded();
  return signedIn;
}

/** Whether the hub waits for its first admin. */
export async function isSetupOpen(ctx: Pick<HubContext, 'pool'>): Promise<boolean> {
  return !(await hasUsers(ctx.pool));
}

/**
 * A link that lets the first admin in, as a token; `undefined` when there are users. Several may be open, one of each
 * start: a hub that starts again must not make the printed one worthless.
 */
export async function offerFirstLink(
  ctx: Pick<HubContext, 'pool' | 'clock' | 'randomBytes'>,
): Promise<string | undefined> {
  if (await hasUsers(ctx.pool)) return undefined;
  return transaction(ctx.pool, async (tx) => (await newLink(ctx, tx, null)).token);
}

/**
 * A link by which a user sets a password, or the first admin comes in where there is nobody yet (`userId` null). Errors:
 * `forbidden`, `user_not_found` (also for the first admin when there are users).
 */
export async function makeLink(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  tx: Tx,
  principal: Principal,
  userId: string | null,
): Promise<{ readonly token: string; readonly expiresAt: Date }> {
  requireUserAdmin(principal);
  const user = userId === null ? undefined : await readUser(tx, userId);
  if (userId === null ? await hasUsers(tx) : user === undefined) {
    throw new HuidanError('user_not_found', userId === null ? 'Name the user whom the link is for.' : undefined);
  }
  // A link is a way in: to make one is to have what its user has.
  if (user !== undefined && principalOfUser(user).reveal && !principal.reveal) {
    throw new HuidanError('forbidden', 'It cannot give the right to reveal personal data.');
  }
  await deleteSignInLinks(tx, userId);
  const link = await newLink(ctx, tx, userId);
  await recordAudit(ctx, tx, principal, { action: 'user.link_made', subject: userId ?? 'first admin', detail: {} });
  return link;
}

async function newLink(ctx: Pick<HubContext, 'clock' | 'randomBytes'>, tx: Tx, userId: string | null) {
  const nowMs = ctx.clock();
  const token = newToken(ctx.randomBytes);
  const expiresAt = new Date(nowMs + LINK_MS);
  await insertSignInLink(tx, { hash: hashToken(token), userId, createdAt: new Date(nowMs), expiresAt });
  return { token, expiresAt };
}

/** Whom a link is for, without using it up. Error: `link_not_valid`. */
export async function lookAtLink(
  ctx: Pick<HubContext, 'pool' | 'clock'>,
  token: string,
): Promise<{ readonly username: string | null }> {
  const link = await findSignInLink(ctx.pool, hashToken(token), new Date(ctx.clock()));
  if (link === undefined) throw new HuidanError('link_not_valid');
  if (link.userId === null) {
    if (await hasUsers(ctx.pool)) throw new HuidanError('link_not_valid');
    return { username: null };
  }
  const user = await readUser(ctx.pool, link.userId);
  if (user === undefined) throw new HuidanError('link_not_valid');
  return { username: user.username };
}

export interface LinkInput {
  readonly token: string;
  /** For the first admin; a user who exists keeps its name. */
  readonly username?: string | undefined;
  readonly name?: string | undefined;
  readonly password: string;
}

/**
 * Uses a link up: makes the first admin or sets a user's password, and signs in. A password that is refused leaves the
 * link as it is. Errors: `link_not_valid`, `password_refused`, `username_refused`, `malformed_request`, `overloaded`.
 */
export async function useLink(ctx: Deps, input: LinkInput, browser: Browser): Promise<SignedIn> {
  const { username: known } = await lookAtLink(ctx, input.token);
  if (known === null && input.username === undefined) {
    throw new HuidanError('malformed_request', undefined, { fields: [{ field: 'username', message: 'is missing' }] });
  }
  const username = known ?? checkedUsername(input.username ?? '');
  const password = await prepareUserPassword(ctx, username, input.password);
  if (password === undefined) throw new HuidanError('password_refused');
  return transaction(ctx.pool, async (tx) => {
    await lockUsers(tx);
    const now = new Date(ctx.clock());
    const link = await takeSignInLink(tx, hashToken(input.token), now);
    if (link === undefined) throw new HuidanError('link_not_valid');
    if (link.userId === null) {
      if (await hasUsers(tx)) throw new HuidanError('link_not_valid');
      const first = firstAdmin(ctx, now, username, input.name ?? null, password.hash);
      await storeNew(tx, first);
      await deleteSignInLinks(tx, null);
      return enter(ctx, tx, first, browser, 'first link');
    }
    const user = await readUser(tx, link.userId);
    if (user === undefined) throw new HuidanError('link_not_valid');
    const changed = { ...user, name: input.name ?? user.name, password: password.hash, updatedAt: now };
    await updateUser(tx, changed);
    await deleteSignInLinks(tx, user.id);
    await deleteSessionsOfUser(tx, user.id, null);
    return enter(ctx, tx, changed, browser, 'link');
  });
}

function firstAdmin(
  ctx: Pick<HubContext, 'randomBytes'>,
  now: Date,
  username: string,
  name: string | null,
  password: string,
): UserRow {
  const id = newId('usr', now.getTime(), ctx.randomBytes);
  const limits = { accounts: null, merchants: null, shops: null };
  const times = { createdAt: now, updatedAt: now, signedInAt: now };
  return { id, username, name, role: 'admin', reveal: true, ...limits, password, locale: null, ...times };
}

/** Opens a session and ends the one that the browser had: a token that somebody planted there is worth nothing. */
async function enter(ctx: Deps, tx: Tx, user: UserRow, browser: Browser, by: string): Promise<SignedIn> {
  if (browser.oldToken !== undefined) await deleteSessionByHash(tx, hashToken(browser.oldToken));
  const { address, agent } = browser;
  const token = await openSession(ctx, tx, user.id, { address, agent });
  await noteSignIn(tx, user.id, new Date(ctx.clock()));
  const detail = { by, ...(address === null ? {} : { address }) };
  await recordAudit(ctx, tx, principalOfUser(user), { action: 'user.signed_in', subject: user.id, detail });
  return { user, token };
}

/** Signs out; a token that is over already is fine. */
export async function signOut(ctx: Pick<HubContext, 'pool'>, token: string): Promise<void> {
  await transaction(ctx.pool, (tx) => deleteSessionByHash(tx, hashToken(token)));
}
