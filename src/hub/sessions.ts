import { createHash } from 'node:crypto';
import { HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { TimeMs } from '../core/time.ts';
import {
  deleteOverdueSignIns,
  deleteSession,
  findSession,
  insertSession,
  listSessions,
  readSession,
  touchSession,
} from '../store/sessions.ts';
import type { SessionBounds, SessionRow } from '../store/sessions.ts';
import type { Tx } from '../store/transaction.ts';
import type { Role, UserRow } from '../store/users.ts';
import { requireNoLimits, requireRight } from './access.ts';
import type { Principal, Right } from './access.ts';
import { recordAudit } from './audit.ts';
import type { HubContext } from './context.ts';
import { TRIES_WINDOW_MS } from './sign-in-limits.ts';

const DAY_MS = 86_400_000;
/** A session ends this long after it was made, and this long after it was last used. */
export const LONGEST_SESSION_MS = 30 * DAY_MS;
const IDLE_MS = 7 * DAY_MS;
/** Noting each use would make every read a write. */
const TOUCH_MS = 60_000;
const TOKEN_BYTES = 32;

const RIGHT_OF: Readonly<Record<Role, Right>> = { viewer: 'read', operator: 'write', admin: 'admin' };

/** Who asks by a session, and by which. */
export interface SessionUser {
  readonly sessionId: string;
  readonly user: UserRow;
  readonly principal: Principal;
}

/** A new token of a session or a link: 256 random bits, so its fast hash gives nothing away. */
export const newToken = (randomBytes: HubContext['randomBytes']): string =>
  Buffer.from(randomBytes(TOKEN_BYTES)).toString('base64url');

export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

/** What a user may do. */
export function principalOfUser(user: UserRow): Principal {
  const { id, username, role, accounts, merchants, shops } = user;
  const reveal = role === 'admin' || user.reveal;
  return { id, name: username, role, right: RIGHT_OF[role], reveal, accounts, merchants, shops };
}

/** Who has signed in with this token; `undefined` when that is over, or the user gone. */
export async function findSessionUser(
  ctx: Pick<HubContext, 'pool' | 'clock'>,
  token: string,
): Promise<SessionUser | undefined> {
  const nowMs = ctx.clock();
  const found = await findSession(ctx.pool, hashToken(token), boundsAt(nowMs));
  if (found === undefined) return undefined;
  const { sessionId, seenAt, ...user } = found;
  if (nowMs - seenAt.getTime() > TOUCH_MS) await touchSession(ctx.pool, sessionId, new Date(nowMs));
  return { sessionId, user, principal: principalOfUser(user) };
}

/** Makes a session and returns its token, which nobody can read again. Always a new one: a known token is worth nothing. */
export async function openSession(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  tx: Tx,
  userId: string,
  browser: Pick<SessionRow, 'address' | 'agent'>,
): Promise<string> {
  const nowMs = ctx.clock();
  const token = newToken(ctx.randomBytes);
  const id = newId('ses', nowMs, ctx.randomBytes);
  await insertSession(tx, { ...browser, id, userId, hash: hashToken(token), createdAt: new Date(nowMs) });
  return token;
}

/** A session as the API shows it. */
export interface SessionJson {
  readonly id: string;
  readonly user: string;
  /** Whether it is the one that asks. */
  readonly current: boolean;
  readonly address: string | null;
  readonly agent: string | null;
  readonly createdAt: string;
  readonly seenAt: string;
}

/** Living sessions of a user; those of another one only for an admin of the whole hub. Error: `forbidden`. */
export async function readSessions(
  ctx: Pick<HubContext, 'pool' | 'clock'>,
  principal: Principal,
  userId: string,
  currentId: string | null,
): Promise<readonly SessionJson[]> {
  if (userId !== principal.id) requireUserAdmin(principal);
  const rows = await listSessions(ctx.pool, userId, boundsAt(ctx.clock()));
  return rows.map(({ userId: user, createdAt, seenAt, ...row }) => ({
    ...row,
    user,
    current: row.id === currentId,
    createdAt: createdAt.toISOString(),
    seenAt: seenAt.toISOString(),
  }));
}

/** Ends a session at once. Error: `session_not_found`, also for one of another user who is none of the asker's business. */
export async function endSession(
  ctx: Pick<HubContext, 'clock' | 'randomBytes'>,
  tx: Tx,
  principal: Principal,
  id: string,
): Promise<void> {
  const session = await readSession(tx, id);
  const isOwn = session !== undefined && session.userId === principal.id;
  if (session === undefined || !(isOwn || isUserAdmin(principal))) throw new HuidanError('session_not_found');
  await deleteSession(tx, id);
  await recordAudit(ctx, tx, principal, {
    action: 'session.revoked',
    subject: session.userId,
    detail: { session: id },
  });
}

/** Throws `forbidden` for whoever does not look after the users of the whole hub. */
export function requireUserAdmin(principal: Principal): void {
  requireRight(principal, 'admin');
  requireNoLimits(principal);
}

function isUserAdmin(principal: Principal): boolean {
  const { right, accounts, merchants, shops } = principal;
  return right === 'admin' && accounts === null && merchants === null && shops === null;
}

/** Forgets what is over. */
export async function forgetOldSignIns(ctx: Pick<HubContext, 'pool' | 'clock'>): Promise<void> {
  const nowMs = ctx.clock();
  const triesAfter = new Date(nowMs - TRIES_WINDOW_MS);
  await deleteOverdueSignIns(ctx.pool, { ...boundsAt(nowMs), now: new Date(nowMs), triesAfter });
}

const boundsAt = (nowMs: TimeMs): SessionBounds => ({
  madeAfter: new Date(nowMs - LONGEST_SESSION_MS),
  seenAfter: new Date(nowMs - IDLE_MS),
});
