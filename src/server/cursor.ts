import Type from 'typebox';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { HuidanError } from '../core/errors.ts';
import type { Sealer } from '../store/seal.ts';

/** What a list needs to go on: `limit` and the place where the last page ended. */
export const PageQuery = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'Entries per page.' })),
  cursor: Type.Optional(Type.String({ maxLength: 1000, description: '`nextCursor` of the page before.' })),
};

export const DEFAULT_LIMIT = 50;

/** Where most lists go on: after the thing with this id. */
export const IdPlace = Type.Object({ id: Type.String() });

/** The query without the page: what a cursor is bound to. */
type Query = Readonly<Record<string, unknown>>;

/**
 * Cursors of one list. A cursor is signed together with the list's name and the filters, so that one from another list,
 * another filter or from somebody's hand is `malformed_cursor` and never a page that is silently wrong.
 */
export function createCursors<Place extends TSchema>(sealer: Pick<Sealer, 'hash'>, list: string, place: Place) {
  const validator = Compile(place);
  const markOf = (text: string, query: Query): string => {
    const { limit: _limit, cursor: _cursor, ...filters } = query;
    const sorted = Object.entries(filters).sort(([a], [b]) => (a < b ? -1 : 1));
    return sealer.hash(`cursor ${list} ${JSON.stringify(sorted)} ${text}`).toString('base64url');
  };
  return {
    write(value: Static<Place>, query: Query): string {
      const text = Buffer.from(JSON.stringify(value)).toString('base64url');
      return `${text}.${markOf(text, query)}`;
    },
    /** null: the first page. Error: `malformed_cursor`. */
    read(query: Query): Static<Place> | null {
      const { cursor } = query;
      if (cursor === undefined) return null;
      const [text = '', mark = ''] = typeof cursor === 'string' ? cursor.split('.') : [];
      // What carries our mark was written here; the schema only guards against an older release's form.
      const value: unknown =
        mark === markOf(text, query) ? JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) : undefined;
      if (!validator.Check(value)) throw new HuidanError('malformed_cursor');
      return value;
    },
  };
}

/**
 * One page of a list: asks for one entry more than wanted, to know whether there is another page.
 */
export async function pageOf<T>(
  query: { readonly limit?: number },
  load: (limit: number) => Promise<readonly T[]>,
  cursorAfter: (last: T) => string,
): Promise<{ readonly data: readonly T[]; readonly nextCursor: string | null }> {
  const limit = query.limit ?? DEFAULT_LIMIT;
  const found = await load(limit + 1);
  const data = found.slice(0, limit);
  const last = data.at(-1);
  return { data, nextCursor: found.length > limit && last !== undefined ? cursorAfter(last) : null };
}
