import Type from 'typebox';
import { recordAudit } from '../../hub/audit.ts';
import { changeShop, createShop, deleteShop, joinStores, leaveShop, readShop, readShops } from '../../hub/shops.ts';
import type { ShopJson } from '../../hub/shops.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { OwnId } from './merchants.ts';
import { AccountId, FilterText, NO_BODY, Nullable, Page, Time } from './shapes.ts';
import { Store } from './stores.ts';
import { answerWrite } from './write.ts';

const Name = Type.String({ minLength: 1, maxLength: 200 });
const StoreName = Type.Object(
  { account: AccountId, store: Type.String({ minLength: 1, maxLength: 100 }) },
  { additionalProperties: false },
);

const Shop = Type.Object({
  id: Type.String(),
  merchant: Nullable(Type.String()),
  name: Type.String(),
  stores: Type.Array(Store, { description: 'Those that the key may see.' }),
  createdAt: Time,
  updatedAt: Time,
});
const params = Type.Object({ id: Type.String({ maxLength: 200 }) });
const tags = ['shops'];

/** `/api/v1/shops`. */
export function shopRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'shops', IdPlace);
  /** What follows a change of whose stores are whose. */
  const tell = (shop: ShopJson, ...accounts: readonly string[]): void => {
    for (const account of new Set([...accounts, ...shop.stores.map((store) => store.account)])) {
      api.redrive.accounts.forget(account);
      ctx.wake.deliveries(account);
    }
    ctx.wake.work();
  };

  scope.get(
    '/shops',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List shops with their stores',
        querystring: Type.Object(
          { merchant: Type.Optional(FilterText('A merchant.')), ...PageQuery },
          { additionalProperties: false },
        ),
        response: { 200: Page(Shop) },
      },
    },
    (request) => {
      const { query } = request;
      return pageOf(
        query,
        (limit) => {
          const page = { afterId: cursors.read(query)?.id ?? null, limit };
          return readShops(ctx.pool, principalOf(request), { merchant: query.merchant ?? null }, page);
        },
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/shops/:id',
    { config: { right: 'read' }, schema: { tags, summary: 'Read a shop', params, response: { 200: Shop } } },
    (request) => readShop(ctx.pool, principalOf(request), request.params.id),
  );

  scope.post(
    '/shops',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Add a shop',
        body: Type.Object(
          {
            id: Type.Optional(OwnId),
            merchant: Type.Optional(Nullable(FilterText('The merchant that it belongs to.'))),
            name: Name,
            stores: Type.Optional(Type.Array(StoreName, { maxItems: 100 })),
          },
          { additionalProperties: false },
        ),
        response: { 201: Shop },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const shop = await createShop(ctx, tx, principal, request.body);
        await recordAudit(ctx, tx, principal, { action: 'shop.created', subject: shop.id, detail: {} });
        afterCommit(() => tell(shop));
        return { status: 201, body: shop };
      }),
  );

  scope.patch(
    '/shops/:id',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Change a shop',
        description: 'Its merchant is also that of its stores; their orders follow in the background.',
        params,
        body: Type.Object(
          {
            merchant: Type.Optional(Nullable(FilterText('The merchant that it belongs to.'))),
            name: Type.Optional(Name),
          },
          { additionalProperties: false },
        ),
        response: { 200: Shop },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const shop = await changeShop(ctx, tx, principal, request.params.id, request.body);
        await recordAudit(ctx, tx, principal, { action: 'shop.changed', subject: shop.id, detail: {} });
        afterCommit(() => tell(shop));
        return { status: 200, body: shop };
      }),
  );

  scope.delete(
    '/shops/:id',
    {
      config: { right: 'write' },
      schema: { tags, summary: 'Remove a shop without stores', params, response: NO_BODY },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx) => {
        const principal = principalOf(request);
        await deleteShop(tx, principal, request.params.id);
        await recordAudit(ctx, tx, principal, { action: 'shop.deleted', subject: request.params.id, detail: {} });
        return { status: 204, body: undefined };
      }),
  );

  scope.post(
    '/shops/:id/stores',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Join a store to a shop',
        description: 'Also from another shop. Orders that the store has had are told in the background, an event each.',
        params,
        body: StoreName,
        response: { 200: Shop },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const shop = await joinStores(ctx, tx, principal, request.params.id, [request.body]);
        const { account, store } = request.body;
        await recordAudit(ctx, tx, principal, { action: 'shop.joined', subject: shop.id, detail: { account, store } });
        afterCommit(() => tell(shop, account));
        return { status: 200, body: shop };
      }),
  );

  scope.delete(
    '/shops/:id/stores/:account/:store',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Take a store out of a shop',
        params: Type.Object({
          id: Type.String({ maxLength: 200 }),
          account: Type.String({ maxLength: 200 }),
          store: Type.String({ maxLength: 300 }),
        }),
        response: { 200: Shop },
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const { id, account, store } = request.params;
        const shop = await leaveShop(ctx, tx, principal, id, { account, store });
        await recordAudit(ctx, tx, principal, { action: 'shop.left', subject: id, detail: { account, store } });
        afterCommit(() => tell(shop, account));
        return { status: 200, body: shop };
      }),
  );
}
