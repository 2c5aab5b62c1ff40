import Type from 'typebox';
import type { TSchema } from 'typebox';

/** Shapes that many routes speak in. */

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });

export const Fen = Type.Integer({ description: 'Integer fen (1/100 yuan).' });

/** A page of a list. */
export const Page = <T extends TSchema>(item: T) =>
  Type.Object({
    data: Type.Array(item),
    nextCursor: Nullable(Type.String({ description: 'For the next page; null on the last one.' })),
  });

export const ACCOUNT_ID_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$';

export const AccountId = Type.String({
  pattern: ACCOUNT_ID_PATTERN,
  description: 'Lower-case letters, digits and dashes, up to 63.',
});

/** A name or number to filter by. */
export const FilterText = (description: string) => Type.String({ minLength: 1, maxLength: 200, description });

/** The query of a read that can show personal data. */
export const RevealQuery = {
  reveal: Type.Optional(
    Type.Literal('personal', { description: 'Shows personal data in clear. Needs the right, and is recorded.' }),
  ),
  reason: Type.Optional(Type.String({ maxLength: 500, description: 'Why personal data is looked at.' })),
};

export const LimitsShape = {
  accounts: Type.Optional(Nullable(Type.Array(AccountId, { minItems: 1, maxItems: 1000, uniqueItems: true }))),
  merchants: Type.Optional(
    Nullable(Type.Array(FilterText('A merchant.'), { minItems: 1, maxItems: 1000, uniqueItems: true })),
  ),
  shops: Type.Optional(Nullable(Type.Array(FilterText('A shop.'), { minItems: 1, maxItems: 1000, uniqueItems: true }))),
};

export const NO_BODY = { 204: Type.Null({ description: 'Done; no body.' }) };
