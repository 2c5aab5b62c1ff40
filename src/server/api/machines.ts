import Type from 'typebox';
import { recordAudit } from '../../hub/audit.ts';
import {
  readMachine,
  readMachineChanges,
  readMachineList,
  readProducts,
  syncMachinesNow,
} from '../../hub/read-machines.ts';
import { principalOf } from '../auth.ts';
import { PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { AccountId, Fen, FilterText, Nullable, Page, Time } from './shapes.ts';
import { answerApart } from './write.ts';

const text = Nullable(Type.String());
const Count = Type.Integer({ description: 'Items.' });
const Available = Type.Integer({
  description: 'What can be sold: on hand less held. Below zero the mirror is behind until the next reading.',
});

const machine = {
  account: AccountId,
  platform: Type.String(),
  machine: Type.String({ description: 'The platform’s number of it.' }),
  name: text,
  address: text,
  kind: Nullable(Type.String({ description: 'Such as drinks or locker.' })),
  online: Type.Boolean({ description: 'As the platform told it last; it can be ten minutes late itself.' }),
  onlineSince: Time,
  operating: Type.Boolean({ description: 'In service, as its operator has set it.' }),
  goneAt: Nullable(Type.String({ format: 'date-time', description: 'The platform lists it no more since then.' })),
  merchant: text,
  shop: text,
  slotCount: Type.Integer(),
  onHand: Count,
  held: Count,
  available: Available,
  lowSlots: Type.Integer(),
  faultySlots: Type.Integer(),
  syncedAt: Nullable(Time),
  createdAt: Time,
  updatedAt: Time,
};
/** A machine with the sums of its slots. */
export const Machine = Type.Object(machine);

const Slot = Type.Object({
  slot: Type.String({ description: 'Such as A21.' }),
  productId: Type.String({ description: 'The platform’s number of what this slot sells: what an order names.' }),
  name: Type.String(),
  sku: text,
  image: text,
  price: Nullable(Fen),
  cabinet: text,
  row: Nullable(Type.Integer()),
  column: Nullable(Type.Integer()),
  capacity: Nullable(Type.Integer()),
  onHand: Count,
  held: Type.Integer({ description: 'Kept for open orders.' }),
  available: Available,
  low: Type.Boolean(),
  fault: Nullable(Type.String({ description: 'Such as jammed, by the last item that failed to come out.' })),
  faultAt: Nullable(Time),
  syncedAt: Nullable(Time),
  movedAt: Nullable(Time),
});

const MachineWithSlots = Type.Object({ ...machine, slots: Type.Array(Slot) });

const StockChange = Type.Object({
  sequence: Type.Integer({ description: 'Of the event that told it: counts up per machine, with gaps.' }),
  at: Time,
  slot: Type.String(),
  productId: Type.String(),
  cause: Type.Enum(['held', 'dispensed', 'failed', 'returned', 'found', 'sync', 'added', 'removed'], {
    description:
      'held: an order keeps it; dispensed; failed: it did not come out; returned: an order let go of it; found: an order that the platform’s count knew already; sync: the platform counts otherwise; added, removed: the slot.',
  }),
  order: Nullable(Type.String({ description: 'The order that caused it.' })),
  onHandBy: Type.Integer(),
  heldBy: Type.Integer(),
  onHand: Count,
  held: Count,
  available: Available,
});

const SyncReport = Type.Object({
  machines: Type.Integer(),
  slots: Type.Integer(),
  changes: Type.Integer({ description: 'What nobody had told before.' }),
  failed: Type.Array(Type.Object({ machine: Type.String(), code: Type.String(), message: Type.String() })),
});

const MachineParams = Type.Object({
  account: Type.String({ maxLength: 200 }),
  machine: Type.String({ maxLength: 64 }),
});
const MachinePlace = Type.Object({ account: Type.String(), machineNo: Type.String() });
const Product = Type.Object({ account: AccountId, productId: Type.String(), name: Type.String() });
const ProductPlace = Type.Object({ account: Type.String(), productId: Type.String() });
const ChangePlace = Type.Object({ sequence: Type.Integer() });
const flag = (description: string) => Type.Optional(Type.Enum(['true', 'false'], { description }));
const readFlag = (value: string | undefined): boolean | null => (value === undefined ? null : value === 'true');
const tags = ['machines'];

/** `/api/v1/machines` and `/api/v1/products`. */
export function machineRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const { accounts } = api.redrive;
  const cursors = createCursors(ctx.sealer, 'machines', MachinePlace);
  const products = createCursors(ctx.sealer, 'products', ProductPlace);
  const changes = createCursors(ctx.sealer, 'stock changes', ChangePlace);

  scope.get(
    '/machines',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List machines',
        querystring: Type.Object(
          {
            account: Type.Optional(FilterText('Id of an account.')),
            platform: Type.Optional(FilterText('Id of a platform.')),
            online: flag('Online or not.'),
            low: flag('With a slot that is low in stock, or without.'),
            faulty: flag('With a slot that has a fault, or without.'),
            q: Type.Optional(FilterText('A number, or a part of the name or the address.')),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: Page(Machine) },
      },
    },
    (request) => {
      const { query } = request;
      const filter = {
        account: query.account ?? null,
        platform: query.platform ?? null,
        machineNo: null,
        online: readFlag(query.online),
        low: readFlag(query.low),
        faulty: readFlag(query.faulty),
        search: query.q ?? null,
      };
      return pageOf(
        query,
        (limit) => readMachineList(ctx, principalOf(request), filter, { after: cursors.read(query), limit }),
        ({ account, machine: machineNo }) => cursors.write({ account, machineNo }, query),
      );
    },
  );

  scope.get(
    '/products',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List what machines sell, by the number that orders name it by',
        querystring: Type.Object(
          { account: Type.Optional(FilterText('Id of an account.')), ...PageQuery },
          { additionalProperties: false },
        ),
        response: { 200: Page(Product) },
      },
    },
    (request) => {
      const { query } = request;
      return pageOf(
        query,
        (limit) =>
          readProducts(ctx, principalOf(request), query.account ?? null, { after: products.read(query), limit }),
        ({ account, productId }) => products.write({ account, productId }, query),
      );
    },
  );

  scope.get(
    '/machines/:account/:machine',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'Read a machine with its slots',
        params: MachineParams,
        response: { 200: MachineWithSlots },
      },
    },
    (request) => readMachine(ctx, principalOf(request), request.params.account, request.params.machine),
  );

  scope.get(
    '/machines/:account/:machine/changes',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'What changed in a machine and why, the youngest first',
        params: MachineParams,
        querystring: Type.Object(
          { productId: Type.Optional(FilterText('Only of this product.')), ...PageQuery },
          { additionalProperties: false },
        ),
        response: { 200: Page(StockChange) },
      },
    },
    (request) => {
      const { account, machine: machineNo } = request.params;
      const { productId = null } = request.query;
      const bound = { ...request.query, account, machine: machineNo };
      return pageOf(
        request.query,
        (limit) =>
          readMachineChanges(ctx, principalOf(request), account, machineNo, {
            productId,
            before: changes.read(bound)?.sequence ?? null,
            limit,
          }),
        ({ sequence }) => changes.write({ sequence }, bound),
      );
    },
  );

  scope.post(
    '/machines/sync',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Read all machines of an account from its platform now',
        body: Type.Object({ account: AccountId }, { additionalProperties: false }),
        response: { 200: SyncReport },
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        const { account } = request.body;
        const principal = principalOf(request);
        const report = await syncMachinesNow(ctx, { accounts }, principal, account);
        const { failed: _failed, ...detail } = report;
        await recordAudit(ctx, ctx.pool, principal, { action: 'machines.synced', subject: account, detail });
        return { status: 200, body: report };
      }),
  );

  scope.post(
    '/machines/:account/:machine/sync',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Read a machine from its platform now',
        params: MachineParams,
        response: { 200: MachineWithSlots },
      },
    },
    (request, reply) =>
      answerApart(api, request, reply, async () => {
        const { account, machine: machineNo } = request.params;
        const principal = principalOf(request);
        await syncMachinesNow(ctx, { accounts }, principal, account, machineNo);
        return { status: 200, body: await readMachine(ctx, principal, account, machineNo) };
      }),
  );
}
