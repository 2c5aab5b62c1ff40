import type { InviterSpell } from '../core/commission/plan.ts';
import type { Queryable } from './pool.ts';

export interface MemberRow {
  readonly id: string;
  readonly name: string | null;
  readonly sids: readonly string[];
  /** Who has invited the member as of now. */
  readonly inviter: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

const MEMBER = `m.id, m.name, m.created_at as "createdAt", m.updated_at as "updatedAt",
  coalesce((select array_agg(s.sid order by s.created_at, s.sid) from member_sids s where s.member_id = m.id), '{}') as sids,
  (select i.inviter from member_inviters i where i.member_id = m.id order by i.from_at desc limit 1) as inviter`;

export async function readMember(db: Queryable, id: string): Promise<MemberRow | undefined> {
  const found = await db.query<MemberRow>(`select ${MEMBER} from members m where m.id = $1`, [id]);
  return found.rows[0];
}

/** Holds a member's row to the end of the transaction: whoever moves its money or its inviter waits. */
export async function lockMember(tx: Queryable, id: string): Promise<MemberRow | undefined> {
  const locked = await tx.query('select from members where id = $1 for update', [id]);
  return locked.rowCount === 0 ? undefined : readMember(tx, id);
}

/** Inviters of all members change one after the other, so that two changes cannot close a circle between them. */
export async function lockInviters(tx: Queryable): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock(hashtext('member inviters'))`);
}

/** Members by id, those after `afterId`. */
export async function listMembers(
  db: Queryable,
  filter: { readonly inviter: string | null; readonly sid: string | null },
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly MemberRow[]> {
  const found = await db.query<MemberRow>(
    `select ${MEMBER} from members m
      where ($1::text is null or m.id > $1)
        and ($2::text is null or exists (select from member_inviters i where i.member_id = m.id and i.inviter = $2))
        and ($3::text is null or exists (select from member_sids s where s.member_id = m.id and s.sid = $3))
      order by m.id limit $4`,
    [page.afterId, filter.inviter, filter.sid, page.limit],
  );
  return found.rows;
}

/** False where a member with this id is there already. */
export async function insertMember(
  tx: Queryable,
  member: { readonly id: string; readonly name: string | null; readonly at: Date },
): Promise<boolean> {
  const made = await tx.query(
    'insert into members (id, name, created_at, updated_at) values ($1, $2, $3, $3) on conflict do nothing',
    [member.id, member.name, member.at],
  );
  return made.rowCount === 1;
}

export async function renameMember(tx: Queryable, id: string, name: string | null, at: Date): Promise<void> {
  await tx.query('update members set name = $2, updated_at = $3 where id = $1', [id, name, at]);
}

/** Whose a sid is after it was given to a member that may have come too late for it. */
export async function claimSid(tx: Queryable, sid: string, member: string, at: Date): Promise<string> {
  const made = await tx.query<{ owner: string }>(
    `insert into member_sids (sid, member_id, created_at) values ($1, $2, $3)
     on conflict (sid) do update set sid = excluded.sid
     returning member_id as owner`,
    [sid, member, at],
  );
  return made.rows[0]?.owner ?? member;
}

/** Which of the ids are members. */
export async function findMembers(db: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const found = await db.query<{ id: string }>('select id from members where id = any($1::text[])', [ids]);
  return new Set(found.rows.map(({ id }) => id));
}

/** Who invited a member, and who that one, and so on to the top; as of now. */
export async function readUpline(db: Queryable, id: string): Promise<readonly string[]> {
  const found = await db.query<{ inviter: string }>(
    `with recursive up as (
       select 1 as depth, $1::text as member
       union all
       select up.depth + 1, i.inviter
         from up cross join lateral (
           select inviter from member_inviters where member_id = up.member order by from_at desc limit 1) i
        where i.inviter is not null and up.depth < 10000)
     select member as inviter from up where depth > 1 order by depth`,
    [id],
  );
  return found.rows.map(({ inviter }) => inviter);
}

export async function readSpells(db: Queryable, id: string): Promise<readonly InviterSpell[]> {
  const found = await db.query<{ from: number | null; inviter: string | null }>(
    `select case when isfinite(from_at) then (extract(epoch from from_at) * 1000)::bigint end as "from", inviter
       from member_inviters where member_id = $1 order by from_at`,
    [id],
  );
  return found.rows.map(({ from, inviter }) => ({ fromMs: from, inviter }));
}

/** `from` null: from the beginning. */
export async function insertSpell(
  tx: Queryable,
  spell: { readonly member: string; readonly inviter: string | null; readonly from: Date | null; readonly at: Date },
): Promise<void> {
  await tx.query(
    `insert into member_inviters (member_id, from_at, inviter, created_at)
     values ($1, coalesce($2::timestamptz, '-infinity'), $3, $4)
     on conflict (member_id, from_at) do update set inviter = excluded.inviter`,
    [spell.member, spell.from, spell.inviter, spell.at],
  );
}

/** The sids of a member and of those whom it invited: orders in which it can have a share. */
export async function sidsBelow(db: Queryable, id: string): Promise<readonly string[]> {
  const found = await db.query<{ sid: string }>(
    `select s.sid from member_sids s
      where s.member_id = $1 or s.member_id in (select member_id from member_inviters where inviter = $1)`,
    [id],
  );
  return found.rows.map(({ sid }) => sid);
}

export interface LinkRow {
  readonly account: string;
  readonly member: string;
  readonly actId: string;
  readonly linkType: string;
  readonly sid: string;
  readonly link: string;
  readonly createdAt: Date;
}

const LINK = `account_id as account, member_id as member, act_id as "actId", link_type as "linkType", sid, link,
  created_at as "createdAt"`;

export async function findLink(
  db: Queryable,
  wish: Pick<LinkRow, 'account' | 'member' | 'actId' | 'linkType'>,
): Promise<LinkRow | undefined> {
  const found = await db.query<LinkRow>(
    `select ${LINK} from member_links where account_id = $1 and member_id = $2 and act_id = $3 and link_type = $4`,
    [wish.account, wish.member, wish.actId, wish.linkType],
  );
  return found.rows[0];
}

/** The link that is kept: the first one that was made, should two have been asked for at once. */
export async function keepLink(tx: Queryable, link: LinkRow): Promise<LinkRow> {
  await tx.query(
    `insert into member_links (account_id, member_id, act_id, link_type, sid, link, created_at)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [link.account, link.member, link.actId, link.linkType, link.sid, link.link, link.createdAt],
  );
  return (await findLink(tx, link)) ?? link;
}

export async function listLinks(db: Queryable, member: string): Promise<readonly LinkRow[]> {
  const found = await db.query<LinkRow>(
    `select ${LINK} from member_links where member_id = $1 order by created_at, account_id, act_id, link_type`,
    [member],
  );
  return found.rows;
}
