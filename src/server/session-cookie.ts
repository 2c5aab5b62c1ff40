import type { FastifyReply, FastifyRequest } from 'fastify';
import { LONGEST_SESSION_MS } from '../hub/sessions.ts';

export const SESSION_COOKIE = 'huidan_session';

const TOKEN = /^[A-Za-z0-9_-]{43}$/u;

/** The session's token in a request; `undefined` without a cookie that may be one. */
export function readSessionCookie(request: FastifyRequest): string | undefined {
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const [name, value = ''] = pair.trim().split('=');
    // The first that fits: a second one of the same name was planted for another path.
    if (name === SESSION_COOKIE && TOKEN.test(value)) return value;
  }
  return undefined;
}

/**
 * Gives the browser its session. No script reads it and no other site sends it; `Secure` wherever people come by https,
 * which the public address tells, since behind a proxy the hub itself never sees it.
 */
export function writeSessionCookie(reply: FastifyReply, token: string, publicUrl: string): void {
  set(reply, `${token}; Max-Age=${LONGEST_SESSION_MS / 1000}`, publicUrl);
}

export function clearSessionCookie(reply: FastifyReply, publicUrl: string): void {
  set(reply, '; Max-Age=0', publicUrl);
}

function set(reply: FastifyReply, value: string, publicUrl: string): void {
  const secure = publicUrl.startsWith('https:') ? '; Secure' : '';
  reply.header('set-cookie', `${SESSION_COOKIE}=${value}; Path=/; HttpOnly; SameSite=Strict${secure}`);
}
