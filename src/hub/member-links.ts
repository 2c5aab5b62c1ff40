import { HuidanError } from '../core/errors.ts';
import { PlatformUnreachable } from '../core/outgoing.ts';
import { findLink, keepLink, listLinks, readMember } from '../store/members.ts';
import type { LinkRow } from '../store/members.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { HubContext } from './context.ts';

export interface LinkJson {
  readonly account: string;
  readonly member: string;
  readonly actId: string;
  readonly linkType: string;
  readonly sid: string;
  readonly link: string;
  readonly createdAt: string;
}

const linkJson = (row: LinkRow): LinkJson => ({ ...row, createdAt: row.createdAt.toISOString() });

/**
 * A promotion link of a member: the one that is kept, else one that the platform makes now with the member's sid.
 * Errors: `member_not_found`, `account_not_found`, `links_unsupported`, `sid_invalid` naming each sid and why, `link_refused`,
 * `platform_unreachable`.
 */
export async function makeMemberLink(
  ctx: HubContext,
  accounts: AccountDirectory,
  memberId: string,
  wish: { readonly account: string; readonly actId: string; readonly linkType: string },
): Promise<{ readonly link: LinkJson; readonly isNew: boolean }> {
  const member = await readMember(ctx.pool, memberId);
  if (member === undefined) throw new HuidanError('member_not_found');
  const account = await accounts.find(wish.account);
  if (account === undefined) throw new HuidanError('account_not_found');
  const { connector, view } = account;
  if (connector.makeLink === undefined) throw new HuidanError('links_unsupported');
  const kept = await findLink(ctx.pool, { ...wish, member: memberId });
  if (kept !== undefined) return { link: linkJson(kept), isNew: false };
  const checked = member.sids.map((sid, index) => ({ sid, index, fault: connector.sidFault?.(sid, view) }));
  const sid = checked.find(({ fault }) => fault === undefined)?.sid;
  if (sid === undefined) {
    const fields = checked.map(({ index, fault }) => ({ field: `sids.${index}`, message: fault ?? '' }));
    const words = checked.map(({ sid: text, fault }) => `${JSON.stringify(text)} ${fault ?? ''}`).join('; ');
    throw new HuidanError('sid_invalid', words, { fields });
  }
  const at = ctx.clock();
  const answer = await connector
    .makeLink(view, ctx.callPlatform, { sid, actId: wish.actId, linkType: wish.linkType }, at)
    .catch((error: unknown) => {
      if (!(error instanceof PlatformUnreachable)) throw error;
      throw new HuidanError('platform_unreachable', error.message, { cause: error });
    });
  if (!answer.ok) throw new HuidanError('link_refused', `${answer.refusal.code}: ${answer.refusal.message}`);
  const row = { ...wish, member: memberId, sid, link: answer.value, createdAt: new Date(at) };
  return { link: linkJson(await keepLink(ctx.pool, row)), isNew: true };
}

/** The links that a member has. Error: `member_not_found`. */
export async function readMemberLinks(ctx: Pick<HubContext, 'pool'>, memberId: string): Promise<readonly LinkJson[]> {
  if ((await readMember(ctx.pool, memberId)) === undefined) throw new HuidanError('member_not_found');
  return (await listLinks(ctx.pool, memberId)).map(linkJson);
}
