import { HuidanError } from '../core/errors.ts';
import { inviterAt } from '../core/commission/plan.ts';
import { decodeCsv, parseCsvRecords } from '../core/csv.ts';
import { isStorableText } from '../core/json.ts';
import { addCommissionTasks } from '../store/commission-tasks.ts';
import * as store from '../store/members.ts';
import type { MemberRow } from '../store/members.ts';
import type { Tx } from '../store/transaction.ts';
import type { HubContext } from './context.ts';

type Deps = Pick<HubContext, 'clock'>;

export interface MemberInput {
  readonly id: string;
  readonly name?: string | null | undefined;
  /** Left out: the id. */
  readonly sids?: readonly string[] | undefined;
  readonly inviter?: string | null | undefined;
}

export interface MemberJson {
  readonly id: string;
  readonly name: string | null;
  readonly sids: readonly string[];
  readonly inviter: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export const MAX_MEMBER_ID = 128;
export const MAX_SID = 512;
const MAX_NAME = 200;
const MAX_SIDS = 100;

export const memberJson = (row: MemberRow): MemberJson => ({
  id: row.id,
  name: row.name,
  sids: row.sids,
  inviter: row.inviter,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

interface Fault {
  readonly field: string;
  readonly message: string;
}

const refuse = (faults: readonly Fault[]): HuidanError =>
  new HuidanError('member_invalid', faults.map(({ field, message }) => `${field} ${message}`).join('; '), {
    fields: faults,
  });

/** What is wrong with the texts of a member, whoever else there is. */
function textFaults({ id, name, sids, inviter }: MemberInput): readonly Fault[] {
  const faults: Fault[] = [];
  const check = (field: string, text: string, most: number): void => {
    if (text.length === 0) faults.push({ field, message: 'is empty' });
    else if (text.length > most) faults.push({ field, message: `is longer than ${most} characters` });
    else if (!isStorableText(text) || /[\p{Cc}]/u.test(text))
      faults.push({ field, message: 'holds a character that cannot be used' });
    else if (text.trim() !== text) faults.push({ field, message: 'begins or ends with a blank' });
  };
  check('id', id, MAX_MEMBER_ID);
  if (name !== undefined && name !== null) check('name', name, MAX_NAME);
  if (sids !== undefined && sids.length > MAX_SIDS)
    faults.push({ field: 'sids', message: `are more than ${MAX_SIDS}` });
  for (const [index, sid] of (sids ?? []).entries()) check(`sids.${index}`, sid, MAX_SID);
  if (inviter !== undefined && inviter !== null) check('inviter', inviter, MAX_MEMBER_ID);
  return faults;
}

/**
 * Adds a member. Orders that came before with one of its sids become its own after the fact. Errors: `member_invalid`
 * naming the field, `conflict` for an id that is taken.
 */
export async function createMember(ctx: Deps, tx: Tx, input: MemberInput): Promise<MemberJson> {
  const faults = textFaults(input);
  if (faults.length > 0) throw refuse(faults);
  const now = new Date(ctx.clock());
  if (input.inviter !== undefined && input.inviter !== null) await store.lockInviters(tx);
  if (!(await store.insertMember(tx, { id: input.id, name: input.name ?? null, at: now }))) {
    throw new HuidanError('conflict', `There is a member ${input.id}.`, {
      fields: [{ field: 'id', message: 'is taken' }],
    });
  }
  await giveSids(tx, input.id, input.sids ?? [input.id], now);
  if (input.inviter !== undefined && input.inviter !== null) await setInviter(tx, input.id, input.inviter, now);
  await addCommissionTasks(tx, [...new Set(input.sids ?? [input.id])], `member:${input.id}`, now);
  return memberJson(await mustRead(tx, input.id));
}

/** Changes a member: another name, further sids, another inviter for orders from now on. */
export async function changeMember(
  ctx: Deps,
  tx: Tx,
  id: string,
  change: Omit<MemberInput, 'id'>,
): Promise<MemberJson> {
  const faults = textFaults({ id, ...change });
  if (faults.length > 0) throw refuse(faults);
  const now = new Date(ctx.clock());
  if (change.inviter !== undefined) await store.lockInviters(tx);
  const member = await store.lockMember(tx, id);
  if (member === undefined) throw new HuidanError('member_not_found');
  const cause = `member:${id}:${now.getTime()}`;
  if (change.name !== undefined) await store.renameMember(tx, id, change.name, now);
  const fresh = (change.sids ?? []).filter((sid) => !member.sids.includes(sid));
  await giveSids(tx, id, fresh, now);
  await addCommissionTasks(tx, fresh, cause, now);
  if (change.inviter !== undefined && change.inviter !== member.inviter) {
    const isFirst = await setInviter(tx, id, change.inviter, now);
    if (isFirst) await addCommissionTasks(tx, await store.sidsBelow(tx, id), cause, now);
  }
  return memberJson(await mustRead(tx, id));
}

async function giveSids(tx: Tx, id: string, sids: readonly string[], now: Date): Promise<void> {
  for (const [index, sid] of sids.entries()) {
    const owner = await store.claimSid(tx, sid, id, now);
    if (owner !== id) throw refuse([{ field: `sids.${index}`, message: `${JSON.stringify(sid)} belongs to ${owner}` }]);
  }
}

/** The first inviter holds from the beginning, another one from now on. Returns whether it was the first. */
async function setInviter(tx: Tx, id: string, inviter: string | null, now: Date): Promise<boolean> {
  if (inviter === id) throw refuse([{ field: 'inviter', message: 'is the member itself' }]);
  if (inviter !== null) {
    if ((await store.readMember(tx, inviter)) === undefined)
      throw refuse([{ field: 'inviter', message: `${JSON.stringify(inviter)} is no member` }]);
    const upline = await store.readUpline(tx, inviter);
    if (upline.includes(id)) {
      const way = [id, inviter, ...upline.slice(0, upline.indexOf(id) + 1)].join(' ← ');
      throw refuse([{ field: 'inviter', message: `would close a circle: ${way}` }]);
    }
  }
  const spells = await store.readSpells(tx, id);
  const isFirst = spells.every((spell) => spell.inviter === null);
  if (inviterAt(spells, now.getTime()) !== inviter)
    await store.insertSpell(tx, { member: id, inviter, from: isFirst ? null : now, at: now });
  return isFirst;
}

async function mustRead(tx: Tx, id: string): Promise<MemberRow> {
  const row = await store.readMember(tx, id);
  if (row === undefined) throw new HuidanError('member_not_found');
  return row;
}

/** A member. Error: `member_not_found`. */
export async function readOneMember(ctx: Pick<HubContext, 'pool'>, id: string): Promise<MemberJson> {
  const row = await store.readMember(ctx.pool, id);
  if (row === undefined) throw new HuidanError('member_not_found');
  return memberJson(row);
}

const COLUMNS: ReadonlySet<string> = new Set(['id', 'name', 'sids', 'inviter']);
const MAX_IMPORT = 10_000;

/**
 * Adds members from CSV with the columns `id`, and as wanted `name`, `sids` (several parted by blanks) and `inviter`. A
 * line may name an inviter that stands further down. All of it or nothing: error `import_invalid` names every line and
 * column that cannot be taken.
 */
export async function importMembers(ctx: Deps, tx: Tx, csv: string | Uint8Array): Promise<{ readonly added: number }> {
  const text = typeof csv === 'string' ? csv : decodeCsv(csv);
  if (text === undefined) throw invalidImport([{ field: 'csv', message: 'is neither UTF-8 nor GB18030' }]);
  if (text.includes('\uFFFD'))
    throw invalidImport([{ field: 'csv', message: 'was read in the wrong encoding: save it as UTF-8' }]);
  const records = parseCsvRecords(text);
  if (records === undefined) throw invalidImport([{ field: 'csv', message: 'is no CSV: a quote does not end' }]);
  const faults: Fault[] = [];
  const names = [...(records[0]?.cells.keys() ?? headOf(text))];
  if (!names.includes('id')) faults.push({ field: 'line 1', message: 'has no column id' });
  for (const name of names)
    if (!COLUMNS.has(name))
      faults.push({ field: 'line 1', message: `has a column ${JSON.stringify(name)} that is not known` });
  if (records.length === 0) faults.push({ field: 'csv', message: 'has no line of a member' });
  if (records.length > MAX_IMPORT) faults.push({ field: 'csv', message: `has more than ${MAX_IMPORT} lines` });
  if (faults.length > 0) throw invalidImport(faults);

  const now = new Date(ctx.clock());
  const inputs = records.map(({ line, cells }) => {
    const sids = (cells.get('sids') ?? '').split(/[\s;|]+/u).filter((sid) => sid !== '');
    const input: MemberInput = {
      id: cells.get('id') ?? '',
      name: cells.get('name') || null,
      inviter: cells.get('inviter') || null,
      ...(sids.length === 0 ? {} : { sids }),
    };
    return { line, input };
  });
  await store.lockInviters(tx);
  const at = (line: number, { field, message }: Fault): Fault => ({ field: `line ${line}, ${field}`, message });
  const lines = new Map<string, number>();
  for (const { line, input } of inputs) {
    faults.push(...textFaults(input).map((fault) => at(line, fault)));
    const other = lines.get(input.id);
    if (other !== undefined) faults.push(at(line, { field: 'id', message: `stands in line ${other} too` }));
    else lines.set(input.id, line);
  }
  if (faults.length > 0) throw invalidImport(faults);
  const step = async (line: number, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof HuidanError) || error.code !== 'member_invalid') throw error;
      faults.push(...error.fields.map((fault) => at(line, fault)));
    }
  };
  for (const { line, input } of inputs) {
    if (!(await store.insertMember(tx, { id: input.id, name: input.name ?? null, at: now })))
      faults.push(at(line, { field: 'id', message: 'is taken' }));
    else await step(line, () => giveSids(tx, input.id, input.sids ?? [input.id], now));
  }
  for (const { line, input } of inputs) {
    const { inviter } = input;
    if (inviter !== undefined && inviter !== null) await step(line, () => setInviter(tx, input.id, inviter, now));
  }
  // Thrown within the transaction: nothing of it is kept.
  if (faults.length > 0) throw invalidImport(faults);
  const sids = inputs.flatMap(({ input }) => input.sids ?? [input.id]);
  await addCommissionTasks(tx, [...new Set(sids)], `import:${now.getTime()}`, now);
  return { added: inputs.length };
}

const headOf = (text: string): readonly string[] =>
  (text.replace(/^\uFEFF/u, '').split(/\r?\n/u)[0] ?? '').split(',').map((name) => name.trim().toLowerCase());

const MOST_NAMED = 100;

function invalidImport(faults: readonly Fault[]): HuidanError {
  const named = faults.slice(0, MOST_NAMED);
  const words = named
    .slice(0, 5)
    .map(({ field, message }) => `${field} ${message}`)
    .join('; ');
  return new HuidanError('import_invalid', `${words}${faults.length > 5 ? `; and ${faults.length - 5} more` : ''}`, {
    fields: named,
  });
}

/** Members by id, those after `afterId`. */
export async function readMembers(
  ctx: Pick<HubContext, 'pool'>,
  filter: { readonly inviter?: string; readonly sid?: string },
  page: { readonly afterId: string | null; readonly limit: number },
): Promise<readonly MemberJson[]> {
  const { inviter = null, sid = null } = filter;
  return (await store.listMembers(ctx.pool, { inviter, sid }, page)).map(memberJson);
}
