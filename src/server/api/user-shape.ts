import Type from 'typebox';
import { Nullable, Time } from './shapes.ts';

export const Role = Type.Enum(['viewer', 'operator', 'admin'], {
  description: 'viewer: right `read`; operator: `write`; admin: `admin`.',
});

export const Limit = Nullable(Type.Array(Type.String(), { description: 'null: no limit of this kind.' }));

/** A user, without anything that lets in. */
export const User = Type.Object({
  id: Type.String(),
  username: Type.String(),
  name: Nullable(Type.String()),
  role: Role,
  reveal: Type.Boolean({ description: 'May see personal data, when it gives a reason.' }),
  locale: Nullable(Type.String()),
  accounts: Limit,
  merchants: Limit,
  shops: Limit,
  hasPassword: Type.Boolean({ description: 'Without one only a link lets in.' }),
  createdAt: Time,
  signedInAt: Nullable(Time),
});
