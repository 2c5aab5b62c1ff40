import Type from 'typebox';
import { Fen, Nullable, Time } from './shapes.ts';

const Payment = ['unpaid', 'paid', 'partially_refunded', 'refunded'];
const Fulfilment = ['none', 'accepted', 'preparing', 'delivering', 'delivered', 'failed'];
const Lifecycle = ['open', 'completed', 'cancelled', 'expired'];

export const OrderStatus = Type.Enum([
  'refunded',
  'cancelled',
  'expired',
  'failed',
  'completed',
  'fulfilling',
  'accepted',
  'paid',
  'pending',
]);
export const OrderKind = Type.Enum(['cps', 'takeaway', 'payment', 'vending', 'supply', 'stock_in']);

const text = Nullable(Type.String());
const fen = Nullable(Fen);

/** `core/order-json.ts` as a schema. */
export const Order = Type.Object({
  id: Type.String(),
  account: Type.String(),
  platform: Type.String(),
  merchant: text,
  shop: text,
  store: text,
  parent: text,
  kind: OrderKind,
  platformOrderId: text,
  displayId: text,
  merchantOrderId: text,
  status: OrderStatus,
  payment: Type.Enum(Payment),
  fulfilment: Type.Enum(Fulfilment),
  lifecycle: Type.Enum(Lifecycle),
  settlement: Type.Enum(['none', 'settled']),
  flags: Type.Array(Type.String()),
  amounts: Type.Object({
    currency: Type.Literal('CNY'),
    original: fen,
    total: fen,
    paid: fen,
    refunded: fen,
    deliveryFee: fen,
    boxFee: fen,
    platformFee: fen,
    income: fen,
    commission: fen,
  }),
  items: Type.Array(
    Type.Object({
      line: Type.String(),
      sku: text,
      name: Type.String(),
      quantity: Type.Number(),
      price: fen,
      total: fen,
      note: text,
    }),
  ),
  customer: Nullable(
    Type.Object({
      name: text,
      phone: text,
      address: text,
      location: Nullable(Type.Object({ lng: Type.Number(), lat: Type.Number() })),
    }),
  ),
  takeaway: Nullable(
    Type.Object({
      daySequence: Nullable(Type.Integer()),
      note: text,
      wantedAt: Nullable(Time),
      deliveryMode: text,
      rider: Nullable(Type.Object({ name: text, phone: text })),
      invoice: Nullable(Type.Object({ title: text, taxpayerId: text })),
    }),
  ),
  attribution: Nullable(Type.Object({ sid: text, member: text })),
  commission: Nullable(
    Type.Object(
      {
        gross: Type.Integer(),
        net: Type.Integer({ description: 'What is left after refunds and risk control.' }),
        final: Type.Boolean({ description: 'The order is completed and the amounts are those for that.' }),
        parts: Type.Array(
          Type.Object({
            line: Type.String({ description: 'The voucher; empty for the whole order.' }),
            cps: Type.Integer(),
            cpa: Type.Integer(),
            refundedCps: Type.Integer(),
            refundedCpa: Type.Integer(),
            final: Type.Boolean(),
          }),
        ),
      },
      { description: 'Rewards of a promoted order in fen; null until the platform has said them.' },
    ),
  ),
  platformFields: Type.Record(Type.String(), Type.Unknown(), {
    description: "The platform's own fields that have no noun here.",
  }),
  parts: Type.Array(
    Type.Object({
      line: Type.String(),
      payment: Nullable(Type.Enum(Payment)),
      fulfilment: Nullable(Type.Enum(Fulfilment)),
      lifecycle: Nullable(Type.Enum(Lifecycle)),
      platformFields: Type.Record(Type.String(), Type.Unknown()),
    }),
    { description: 'Parts with a fate of their own: vouchers, dispense records.' },
  ),
  acceptBy: Nullable(Time),
  answerBy: Nullable(Time),
  expiresAt: Nullable(Time),
  refundDue: Nullable(
    Type.Integer({ description: 'Fen that must be given back and has not gone back yet; null: nothing.' }),
  ),
  placedAt: Nullable(Time),
  paidAt: Nullable(Time),
  completedAt: Nullable(Time),
  mergedInto: text,
  updatedAt: Time,
  version: Type.Integer({ minimum: 1 }),
});
