import Type from 'typebox';
import type { Static } from 'typebox';
import { HuidanError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { adoptOrder } from '../../hub/adopt-order.ts';
import { readCheckout } from '../../hub/checkout.ts';
import { createOrder } from '../../hub/create-order.ts';
import type { OrderRequest } from '../../hub/create-order.ts';
import { productsOfMachine } from '../../hub/read-machines.ts';
import { readOrder } from '../../hub/read-orders.ts';
import { principalOf } from '../auth.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { Order } from './order-shape.ts';
import { AccountId, Nullable, Time } from './shapes.ts';
import { answerApart } from './write.ts';

/** Within 64 at every platform; what a platform itself takes is checked by its connector. */
const MerchantOrderId = Type.String({
  minLength: 1,
  maxLength: 64,
  description: "The merchant's own number, unique at the account. A repeat of it is a repeat of the order.",
});

const OWN_FIELDS = 'The fields that the platform wants; `/api/v1/platforms` names them.';

const CreateBody = Type.Object(
  {
    account: AccountId,
    merchantOrderId: MerchantOrderId,
    payment: Type.Optional(
      Type.Object(
        { account: AccountId },
        {
          additionalProperties: true,
          description:
            'Where the order is paid, when at another account, with the fields that a payment there wants. Its amount is ' +
            'that of the order.',
        },
      ),
    ),
  },
  { additionalProperties: true, description: OWN_FIELDS },
);

const AdoptBody = Type.Object(
  {
    account: AccountId,
    merchantOrderId: Type.Optional(MerchantOrderId),
    platformOrderId: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    store: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 100,
        description: 'For platforms that are asked in the name of a store.',
      }),
    ),
  },
  { additionalProperties: true, description: OWN_FIELDS },
);

const CheckoutShape = Nullable(
  Type.Object(
    { account: Type.String({ description: 'Where it is paid.' }) },
    { additionalProperties: true, description: "What the customer's app hands to the platform's own payment call." },
  ),
);

const MadeOrder = Type.Object({ ...Order.properties, checkout: CheckoutShape });

const OrderParams = Type.Object({ id: Type.String({ maxLength: 200 }) });

/** `POST /api/v1/orders`, `POST /api/v1/orders/adopt`, `GET /api/v1/orders/{id}/checkout`. */
export function orderCreationRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx, redrive } = api;
  const tags = ['orders'];

  scope.post(
    '/orders',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Make an order at its platform',
        description:
          'The order and the call that makes it are stored first, then the platform is asked; up to 20 s are waited for it. ' +
          'With `payment` the goods are held first, then the payment is made as an order of its own; `checkout` is what the ' +
          "customer's app needs. Answered with 503 `order_create_pending`, send the same again: it goes on where it stands " +
          'and never makes two.',
        body: CreateBody,
        response: { 201: MadeOrder },
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        const { account, merchantOrderId, payment, ...fields } = request.body;
        const wanted = { account, merchantOrderId, fields: jsonOf(fields), payment: paymentOf(payment) };
        const deps = {
          ...redrive,
          productsOf: (id: string, given: OrderRequest['fields']) => productsOfMachine(ctx, id, given),
        };
        const { order, checkout } = await createOrder(ctx, deps, principalOf(request), wanted);
        return { status: 201, body: { ...order, checkout } };
      }),
  );

  scope.post(
    '/orders/adopt',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Take in an order that exists at its platform',
        description:
          "By the merchant's number where the platform's orders can be told (such as one of the user's own system that is " +
          "to be pushed), else by either number: the platform is asked for it. An order that is known learns what's new.",
        body: AdoptBody,
        response: { 201: MadeOrder },
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        const { account, merchantOrderId = null, platformOrderId = null, store = null, ...fields } = request.body;
        if (merchantOrderId === null && platformOrderId === null) {
          throw new HuidanError('malformed_request', 'merchantOrderId or platformOrderId is wanted.');
        }
        const wanted = { account, merchantOrderId, platformOrderId, store, fields: jsonOf(fields) };
        const order = await adoptOrder(ctx, redrive, principalOf(request), wanted);
        return { status: 201, body: { ...order, checkout: null } };
      }),
  );

  scope.get(
    '/orders/:id/checkout',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Read the checkout of an order that the hub made',
        description: 'The same as in the answer to `POST /api/v1/orders`; null where nothing is paid through the hub.',
        params: OrderParams,
        response: {
          200: Type.Object({ order: Type.String(), expiresAt: Nullable(Time), checkout: CheckoutShape }),
        },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { id, expiresAt } = await readOrder(ctx, principal, request.params.id, {});
      return { order: id, expiresAt, checkout: await readCheckout(ctx, principal, id) };
    },
  );
}

type Fields = Readonly<Record<string, Json>>;

// The body was JSON; the schema only does not say so of what it leaves open.
const jsonOf = (fields: Readonly<Record<string, unknown>>): Fields => fields as Fields;

function paymentOf(
  payment: Static<typeof CreateBody>['payment'],
): { readonly account: string; readonly fields: Fields } | null {
  if (payment === undefined) return null;
  const { account, ...fields } = payment;
  return { account, fields: jsonOf(fields) };
}
