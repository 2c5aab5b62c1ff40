import Type from 'typebox';
import type { Static } from 'typebox';
import { cellOf, writeCsv } from '../../core/csv.ts';
import type { CsvRecord } from '../../core/csv.ts';
import { HuidanError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { recordAudit } from '../../hub/audit.ts';
import { cancelBinding, createBindings, readBinding, readBindings } from '../../hub/store-bindings.ts';
import type { BindingDeps, BindingInput, BindingJson } from '../../hub/store-bindings.ts';
import { principalOf } from '../auth.ts';
import { IdPlace, PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { CSV_TYPE, csvRecords, jsonOrCsv, jsonOrCsvAnswer, takeCsvBodies, wantsCsv } from './csv-bodies.ts';
import { AccountId, FilterText, NO_BODY, Nullable, Page, Time } from './shapes.ts';
import { answerWrite } from './write.ts';

const text = Nullable(Type.String());
const MOST_AT_ONCE = 1000;

const Binding = Type.Object({
  id: Type.String(),
  account: AccountId,
  platform: Type.String(),
  store: text,
  name: Type.String(),
  url: Nullable(
    Type.String({
      description: 'The address that the merchant opens. null once it is of no use, and for keys that may not see it.',
    }),
  ),
  state: Type.Enum(['pending', 'exchanging', 'done', 'cancelled', 'expired']),
  reason: text,
  createdAt: Time,
  expiresAt: Time,
});

const Wanted = {
  store: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: 'Your own number of the store; left out where one authorisation covers all shops of a seller.',
    }),
  ),
  name: Type.Optional(Type.String({ maxLength: 200 })),
};
const Options = { additionalProperties: Type.Unknown() };

const NewBinding = Type.Object(
  {
    account: AccountId,
    ...Wanted,
    stores: Type.Optional(
      Type.Array(Type.Object(Wanted, Options), {
        minItems: 1,
        maxItems: MOST_AT_ONCE,
        description: 'Many at once, each with its own options; options beside the list hold for all of them.',
      }),
    ),
  },
  { ...Options, description: 'Every other name is an option of the platform’s page; its README lists them.' },
);

const BindingList = Type.Object({ data: Type.Array(Binding) });
const tags = ['stores'];

/** `/api/v1/stores/bindings`. */
export function bindingRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'bindings', IdPlace);
  const params = Type.Object({ id: Type.String({ maxLength: 200 }) });

  scope.get(
    '/stores/bindings',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List binding addresses, the youngest first',
        querystring: Type.Object(
          {
            account: Type.Optional(FilterText('Id of an account.')),
            store: Type.Optional(FilterText('A store.')),
            state: Type.Optional(Type.Enum(['pending', 'exchanging', 'done', 'cancelled'])),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: Page(Binding) },
      },
    },
    (request) => {
      const { query } = request;
      const filter = { account: query.account ?? null, store: query.store ?? null, state: query.state ?? null };
      return pageOf(
        query,
        (limit) => {
          const page = { beforeId: cursors.read(query)?.id ?? null, limit };
          return readBindings(ctx, depsOf(api), principalOf(request), filter, page);
        },
        ({ id }) => cursors.write({ id }, query),
      );
    },
  );

  scope.get(
    '/stores/bindings/:id',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read a binding address', params, response: { 200: Binding } },
    },
    (request) => readBinding(ctx, depsOf(api), principalOf(request), request.params.id),
  );

  scope.delete(
    '/stores/bindings/:id',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Take a binding address back',
        description: 'What comes of it from now on is not believed.',
        params,
        response: NO_BODY,
      },
    },
    (request, reply) =>
      answerWrite(api, request, reply, async (tx, afterCommit) => {
        const principal = principalOf(request);
        const account = await cancelBinding(ctx, tx, principal, request.params.id);
        await recordAudit(ctx, tx, principal, { action: 'binding.cancelled', subject: request.params.id, detail: {} });
        afterCommit(() => api.redrive.accounts.forget(account));
        return { status: 204, body: undefined };
      }),
  );

  void scope.register(async (child) => createRoute(child as ApiScope, api));
}

const depsOf = (api: ApiContext): BindingDeps => ({ accounts: api.redrive.accounts, publicUrl: api.publicUrl() });

function createRoute(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  takeCsvBodies(scope);

  scope.post(
    '/stores/bindings',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Make an address at which a merchant binds his store, or many',
        description:
          'One store: the answer is the binding. With `stores` or CSV (columns store, name and options): a list, or CSV where the request accepts text/csv. All or none.',
        querystring: Type.Object(
          { account: Type.Optional(FilterText('For a CSV body: the account.')) },
          { additionalProperties: false },
        ),
        body: jsonOrCsv(NewBinding),
        response: { 201: jsonOrCsvAnswer(Type.Union([Binding, BindingList]), 'The address, or a list of them.') },
      },
    },
    (request, reply) =>
      answerWrite(
        api,
        request,
        reply,
        async (tx, afterCommit) => {
          const principal = principalOf(request);
          const { account, inputs, isList } = readWanted(request.body, request.query.account);
          const made = await createBindings(ctx, depsOf(api), tx, principal, account, inputs);
          await recordAudit(ctx, tx, principal, {
            action: 'bindings.created',
            subject: account,
            detail: { bindings: made.map(({ id }) => id) },
          });
          afterCommit(() => {
            api.redrive.accounts.forget(account);
            ctx.wake.deliveries(account);
          });
          return { status: 201, body: isList ? { data: made } : made[0] };
        },
        wantsCsv(request) ? presentCsv : undefined,
      ),
  );
}

const CSV_COLUMNS = ['store', 'name', 'url', 'id', 'state', 'expiresAt'] as const;

function presentCsv(json: string): { readonly type: string; readonly text: string } {
  const made = JSON.parse(json) as BindingJson | { readonly data: readonly BindingJson[] };
  const rows = 'data' in made ? made.data : [made];
  return {
    type: CSV_TYPE,
    text: writeCsv(
      CSV_COLUMNS,
      rows.map((row) => CSV_COLUMNS.map((name) => row[name])),
    ),
  };
}

interface WantedBindings {
  readonly account: string;
  readonly inputs: readonly BindingInput[];
  readonly isList: boolean;
}

function readWanted(body: unknown, account: string | undefined): WantedBindings {
  if (typeof body === 'string') {
    if (account === undefined)
      throw new HuidanError('malformed_request', 'With CSV, ?account= says whose stores they are.');
    return { account, inputs: csvRecords(body, MOST_AT_ONCE).map((record) => inputOfRecord(record)), isList: true };
  }
  const { account: named, stores, ...single } = body as Static<typeof NewBinding>;
  if (stores === undefined) return { account: named, inputs: [inputOf(single)], isList: false };
  const { store, name, ...shared } = single;
  if (store !== undefined || name !== undefined) {
    throw new HuidanError('malformed_request', 'Either one store or a list of stores.');
  }
  return { account: named, inputs: stores.map((entry) => inputOf({ ...shared, ...entry })), isList: true };
}

function inputOf({ store, name, ...options }: Readonly<Record<string, unknown>>): BindingInput {
  return {
    ...(typeof store === 'string' ? { store } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    options: options as Readonly<Record<string, Json>>,
  };
}

const OWN_COLUMNS = new Set(['store', 'epoiid', 'name', 'url', 'id', 'state', 'expiresat']);

/** Options in cells are texts; what reads as a number or a truth value is one. */
function inputOfRecord(record: CsvRecord): BindingInput {
  const options: Record<string, Json> = {};
  for (const [name, cell] of record.cells) {
    if (cell === '' || OWN_COLUMNS.has(name.toLowerCase())) continue;
    options[name] = /^\d{1,9}$/u.test(cell)
      ? Number(cell)
      : cell === 'true' || cell === 'false'
        ? cell === 'true'
        : cell;
  }
  const store = cellOf(record, 'store', 'ePoiId');
  const name = cellOf(record, 'name');
  return { ...(store === undefined ? {} : { store }), ...(name === undefined ? {} : { name }), options };
}
