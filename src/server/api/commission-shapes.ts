import Type from 'typebox';
import { Fen, Nullable, Time } from './shapes.ts';

/** Shapes of members and commission that more than one route speaks in. */

/** A code of the platform, which its documents write as a number and some clients as text. */
export const PlatformCode = (description: string) =>
  Type.Union([Type.String({ minLength: 1, maxLength: 100 }), Type.Integer()], { description });

export const Balance = Type.Object({
  estimated: Fen,
  confirmed: Fen,
  available: Fen,
  paid: Fen,
  takenBack: Type.Integer({ description: 'What refunds and risk control took back, ever.' }),
});

export const StatementLine = Type.Object({
  day: Nullable(Type.String({ description: 'A day of Asia/Shanghai.' })),
  order: Nullable(Type.String()),
  account: Nullable(Type.String()),
  platformOrderId: Nullable(Type.String()),
  estimated: Fen,
  confirmed: Fen,
  available: Fen,
  paid: Fen,
  takenBack: Fen,
});

export const Payout = Type.Object({
  id: Type.String(),
  kind: Type.Enum(['batch', 'withdrawal']),
  state: Type.Enum(['open', 'done'], { description: 'open: some items are held.' }),
  members: Type.Integer(),
  amount: Fen,
  held: Fen,
  paid: Fen,
  failed: Fen,
  createdAt: Time,
  updatedAt: Time,
});

export const Shares = Type.Object({ self: Type.Integer(), inviter1: Type.Integer(), inviter2: Type.Integer() });

export const Plan = Type.Object({
  id: Type.String(),
  name: Type.String(),
  version: Type.Integer(),
  account: Nullable(Type.String()),
  businessLine: Nullable(Type.String()),
  actId: Nullable(Type.String()),
  from: Nullable(Time),
  until: Nullable(Time),
  shares: Shares,
  createdAt: Time,
});

const PlanName = Type.Object({ id: Type.String(), name: Type.String(), version: Type.Integer() });
const Role = Type.Enum(['self', 'inviter1', 'inviter2']);

export const Preview = Type.Object({
  plan: Nullable(PlanName),
  shares: Type.Array(Type.Object({ role: Role, member: Type.String(), basisPoints: Type.Integer(), amount: Fen })),
  house: Fen,
});

export const Entry = Type.Object({
  id: Type.String(),
  order: Nullable(Type.String()),
  ledger: Type.String({ description: '`platform`, `house` or `member:<id>:<bucket>`.' }),
  amount: Type.Integer({ description: 'Signed fen.' }),
  cause: Type.String({ description: 'The fact or the action.' }),
  at: Time,
});

export const Claim = Type.Object({
  id: Type.String(),
  account: Type.String(),
  order: Type.String(),
  member: Type.String(),
  state: Type.Enum(['pending', 'approved', 'rejected']),
  reason: Nullable(Type.String()),
  decidedBy: Nullable(Type.String()),
  createdAt: Time,
  decidedAt: Nullable(Time),
});

export const WaitingOrder = Type.Object({
  account: Type.String(),
  order: Type.String(),
  platformOrderId: Nullable(Type.String()),
  sid: Nullable(Type.String()),
  member: Nullable(Type.String()),
});

export const Explanation = Type.Object({
  order: Type.String(),
  account: Type.String(),
  platformOrderId: Nullable(Type.String()),
  status: Type.String(),
  sid: Nullable(Type.String()),
  member: Nullable(Type.String()),
  waitsFor: Nullable(Type.String({ description: 'What keeps the order from being split.' })),
  bookings: Type.Array(
    Type.Object({
      booking: Type.Integer(),
      cause: Type.String(),
      at: Time,
      orderVersion: Type.Integer(),
      phase: Type.Enum(['estimated', 'confirmed', 'available']),
      parts: Type.Array(Type.Object({ line: Type.String(), gross: Fen, net: Fen })),
      people: Type.Object({
        self: Nullable(Type.String()),
        inviter1: Nullable(Type.String()),
        inviter2: Nullable(Type.String()),
      }),
      plan: Nullable(Type.Object({ id: Type.String(), name: Type.String(), version: Type.Integer(), shares: Shares })),
      shares: Type.Array(
        Type.Object({
          line: Type.String(),
          role: Role,
          member: Type.String(),
          basisPoints: Type.Integer(),
          net: Fen,
          amount: Fen,
        }),
      ),
      entries: Type.Array(Type.Object({ ledger: Type.String(), amount: Fen, takenBack: Fen })),
    }),
  ),
});
