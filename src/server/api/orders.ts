import Type from 'typebox';
import { readOrder, readOrders } from '../../hub/read-orders.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { orderCreationRoutes } from './order-creation.ts';
import { Order, OrderKind, OrderStatus } from './order-shape.ts';
import { FilterText, Page, RevealQuery, Time } from './shapes.ts';

/** What orders can be narrowed down by. */
export const OrderFilterShape = {
  account: Type.Optional(FilterText('Id of an account.')),
  platform: Type.Optional(FilterText('Id of a platform.')),
  status: Type.Optional(OrderStatus),
  kind: Type.Optional(OrderKind),
  platformOrderId: Type.Optional(FilterText("The platform's number.")),
  merchantOrderId: Type.Optional(FilterText("The merchant's number.")),
  merchant: Type.Optional(FilterText('A merchant.')),
  shop: Type.Optional(FilterText('A shop.')),
  store: Type.Optional(FilterText('A store at the platform.')),
  sid: Type.Optional(FilterText('The promotion position of a CPS order.')),
  member: Type.Optional(FilterText('A member.')),
  flag: Type.Optional(FilterText('Such as `risk`.')),
  q: Type.Optional(
    FilterText(
      'Any number of the order, the phone or its last four digits, `#12` of the day, a sid, a store, a member.',
    ),
  ),
  placedFrom: Type.Optional(Time),
  placedTo: Type.Optional(Time),
  parent: Type.Optional(FilterText('The order that these are legs of.')),
  legs: Type.Optional(
    Type.Boolean({ default: false, description: 'Whether orders that are a leg of another one are listed too.' }),
  ),
};

const OrderListQuery = Type.Object(
  { ...OrderFilterShape, ...PageQuery, ...RevealQuery },
  { additionalProperties: false },
);

const OrderParams = Type.Object({ id: Type.String({ maxLength: 200 }) });
const OrderQueryString = Type.Object(RevealQuery, { additionalProperties: false });

/** `/api/v1/orders`. */
export function orderRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  orderCreationRoutes(scope, api);
  const cursors = createCursors(ctx.sealer, 'orders', IdPlace);
  const tags = ['orders'];

  scope.get(
    '/orders',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List orders, the youngest first',
        description: '`placedFrom` counts, `placedTo` no longer does. Personal data is masked unless it is revealed.',
        querystring: OrderListQuery,
        response: { 200: Page(Order) },
      },
    },
    (request) => {
      const { query } = request;
      const {
        placedFrom,
        placedTo,
        limit: _limit,
        cursor: _cursor,
        reveal: _reveal,
        reason: _reason,
        ...filter
      } = query;
      const times = {
        placedFrom: placedFrom === undefined ? null : new Date(placedFrom),
        placedTo: placedTo === undefined ? null : new Date(placedTo),
      };
      const beforeId = cursors.read(query)?.id ?? null;
      return pageOf(
        query,
        (limit) =>
          readOrders(ctx, principalOf(request), { ...filter, ...times }, { beforeId, limit: limit - 1 }, query),
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/orders/:id',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Read an order',
        params: OrderParams,
        querystring: OrderQueryString,
        response: { 200: Order },
      },
    },
    (request) => readOrder(ctx, principalOf(request), request.params.id, request.query),
  );
}
