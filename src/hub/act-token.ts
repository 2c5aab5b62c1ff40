import { wantsAccessToken } from '../core/action.ts';
import type { PlatformRefusal } from '../core/outgoing.ts';
import { dropAccessToken } from './access-tokens.ts';
import { decide, mayBeDone, waitMs } from './act-decide.ts';
import type { Decision, Heard } from './act-decide.ts';
import type { Work } from './act-work.ts';
import type { HubContext } from './context.ts';

/** A platform that does not take the third new token does not lack a new token. */
const TOKENS_TRIED = 3;

/**
 * What is done when the platform did not take the access token: it is forgotten, and the same number goes again with a
 * new one, at once the first time. `undefined`: that is not what it said, or it has said so too often.
 */
export async function afterTokenRefusal(
  ctx: HubContext,
  { held: { account, row }, spec, request }: Work,
  heard: Heard,
  accessToken: string | undefined,
  asked: boolean,
): Promise<Decision | undefined> {
  if (!wantsAccessToken(spec, account.view, request.order.json)) return undefined;
  if (heard.kind !== 'outcome' || heard.outcome.state !== 'failed') return undefined;
  const { refusal } = heard.outcome;
  if (refusal.kind !== 'token') return undefined;
  if (accessToken !== undefined) await dropAccessToken(ctx, account.row.id, accessToken);
  const tokenRefusals = row.tokenRefusals + 1;
  if (tokenRefusals >= TOKENS_TRIED) return undefined;
  const dueAt = new Date(ctx.clock() + (tokenRefusals === 1 ? 0 : waitMs(tokenRefusals)));
  const answer = { code: refusal.code, message: refusal.message };
  const said = { code: refusal.code, reason: refusal.message, answer, tokenRefusals, dueAt };
  if (asked) return { patch: { ...said, state: 'unknown' }, reports: [], isOver: false };
  const state = mayBeDone(row) ? 'sent' : 'queued';
  return { patch: { ...said, state, sealedRequest: null }, reports: [], isOver: false };
}

/** What is done when there is no access token to be had: nothing was sent. */
export function withoutToken(ctx: HubContext, work: Work, refusal: PlatformRefusal, asked: boolean): Decision {
  const { held, rules } = work;
  const heard = { kind: 'outcome', outcome: { state: 'failed', refusal } } as const;
  return decide(held.row, rules, heard, { asked, settings: held.account.view.settings, nowMs: ctx.clock() });
}
