import Type from 'typebox';
import type { Static } from 'typebox';
import { cellOf, writeCsv } from '../../core/csv.ts';
import type { CsvRecord } from '../../core/csv.ts';
import { HuidanError } from '../../core/errors.ts';
import type { Json } from '../../core/json.ts';
import { rfc3339Time } from '../../core/time.ts';
import { recordAudit } from '../../hub/audit.ts';
import { readStoreHistory, readStoreOf, readStores } from '../../hub/read-stores.ts';
import { actOnStore } from '../../hub/store-actions.ts';
import { releaseLink } from '../../hub/store-bindings.ts';
import { MAX_IMPORT_LINES, importStores } from '../../hub/store-import.ts';
import type { ImportLine, ImportResult } from '../../hub/store-import.ts';
import { principalOf } from '../auth.ts';
import { PageQuery, createCursors, pageOf } from '../cursor.ts';
import type { ApiContext, ApiScope } from './context.ts';
import { CSV_TYPE, csvRecords, jsonOrCsv, jsonOrCsvAnswer, takeCsvBodies, wantsCsv } from './csv-bodies.ts';
import { AccountId, FilterText, Nullable, Page, Time } from './shapes.ts';
import { answerApart } from './write.ts';

const text = Nullable(Type.String());

export const StoreState = Type.Enum(['unbound', 'pending', 'proving', 'bound', 'released'], {
  description:
    'unbound: known by its orders, a shop or a message only; pending: a binding address waits; proving: a token came and is being proved; bound: it works; released.',
});

/** A store; never its token. */
export const Store = Type.Object({
  account: AccountId,
  platform: Type.String(),
  store: Type.String({ description: 'The number that the platform’s messages name it by.' }),
  name: text,
  platformStoreId: text,
  state: StoreState,
  reason: Nullable(Type.String({ description: 'What keeps it from being what it should be.' })),
  open: Nullable(Type.String({ description: 'What the platform says of its being open, in the platform’s words.' })),
  merchant: text,
  shop: text,
  tokenExpiresAt: Nullable(Time),
  relabelling: Nullable(
    Type.Object(
      { done: Type.Integer(), total: Type.Integer() },
      { description: 'While its orders are told which shop they belong to.' },
    ),
  ),
  boundAt: Nullable(Time),
  releasedAt: Nullable(Time),
  createdAt: Time,
  updatedAt: Time,
});

const HistoryEntry = Type.Object({
  at: Time,
  saidAt: Nullable(Time),
  kind: Type.String({ description: 'Such as token_received, bound, released, state, notice, joined.' }),
  source: Type.Enum(['callback', 'query', 'import', 'user']),
  callback: Nullable(Type.String({ description: 'Id of the callback that said so.' })),
  detail: Type.Record(Type.String(), Type.Unknown()),
});

const ImportEntry = Type.Object(
  {
    store: Type.Optional(FilterText('Our number of the store; not for the token pair of a seller.')),
    ePoiId: Type.Optional(FilterText('The same as `store`.')),
    name: Type.Optional(Type.String({ maxLength: 200 })),
    accessToken: Type.Optional(Type.String({ maxLength: 2048 })),
    appAuthToken: Type.Optional(Type.String({ maxLength: 2048, description: 'The same as `accessToken`.' })),
    refreshToken: Type.Optional(Nullable(Type.String({ maxLength: 2048 }))),
    expiresAt: Type.Optional(Nullable(Time)),
    expiresIn: Type.Optional(
      Nullable(
        Type.Integer({ minimum: 0, maximum: 315_360_000, description: 'Seconds, where `expiresAt` is not known.' }),
      ),
    ),
  },
  { additionalProperties: false },
);

const ImportBody = Type.Object(
  {
    account: AccountId,
    stores: Type.Array(ImportEntry, { minItems: 1, maxItems: MAX_IMPORT_LINES }),
  },
  { additionalProperties: false },
);

const ImportReport = Type.Object({
  bound: Type.Integer(),
  unchanged: Type.Integer(),
  refused: Type.Integer(),
  failed: Type.Integer({ description: 'Lines to be tried again: the platform or the hub was away.' }),
  data: Type.Array(
    Type.Object({
      line: Type.Integer({ description: 'From 1 in a JSON list; in CSV the row of names is line 1.' }),
      store: text,
      outcome: Type.Enum(['bound', 'unchanged', 'refused', 'failed']),
      stores: Type.Array(Type.String(), { description: 'What the token opens.' }),
      reason: text,
    }),
  ),
});

export const StoreParams = Type.Object({
  account: Type.String({ maxLength: 200 }),
  store: Type.String({ maxLength: 300 }),
});
const StorePlace = Type.Object({ account: Type.String(), ref: Type.String() });
const HistoryPlace = Type.Object({ atMs: Type.Integer(), key: Type.String() });
const tags = ['stores'];

/** `/api/v1/stores`. */
export function storeRoutes(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  const cursors = createCursors(ctx.sealer, 'stores', StorePlace);
  const histories = createCursors(ctx.sealer, 'store history', HistoryPlace);

  scope.get(
    '/stores',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'List stores',
        querystring: Type.Object(
          {
            account: Type.Optional(FilterText('Id of an account.')),
            platform: Type.Optional(FilterText('Id of a platform.')),
            state: Type.Optional(StoreState),
            merchant: Type.Optional(FilterText('A merchant.')),
            shop: Type.Optional(FilterText('A shop.')),
            q: Type.Optional(FilterText('A number of the store, or a part of its name.')),
            ...PageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: Page(Store) },
      },
    },
    (request) => {
      const { query } = request;
      const filter = {
        account: query.account ?? null,
        platform: query.platform ?? null,
        state: query.state ?? null,
        merchant: query.merchant ?? null,
        shop: query.shop ?? null,
        search: query.q ?? null,
      };
      return pageOf(
        query,
        (limit) => readStores(ctx, principalOf(request), filter, { after: cursors.read(query), limit }),
        ({ account, store }) => cursors.write({ account, ref: store }, query),
      );
    },
  );

  scope.get(
    '/stores/:account/:store',
    {
      config: { right: 'read' },
      schema: { tags, summary: 'Read a store', params: StoreParams, response: { 200: Store } },
    },
    (request) => readStoreOf(ctx, principalOf(request), request.params.account, request.params.store),
  );

  scope.get(
    '/stores/:account/:store/history',
    {
      config: { right: 'read' },
      schema: {
        tags,
        summary: 'What happened to a store, the youngest first',
        params: StoreParams,
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: Page(HistoryEntry) },
      },
    },
    async (request) => {
      const { account, store } = request.params;
      const bound = { ...request.query, account, store };
      const page = await pageOf(
        request.query,
        (limit) =>
          readStoreHistory(ctx, principalOf(request), account, store, { before: histories.read(bound), limit }),
        ({ place }) => histories.write(place, bound),
      );
      return { data: page.data.map(({ entry }) => entry), nextCursor: page.nextCursor };
    },
  );

  scope.post(
    '/stores/:account/:store/release-link',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'The address at which the merchant releases a bound store',
        description: 'Where the platform wants a secret in that address, it needs the right "admin".',
        params: StoreParams,
        response: { 200: Type.Object({ url: Type.String() }) },
      },
    },
    async (request) => {
      const { account, store } = request.params;
      const principal = principalOf(request);
      const deps = { accounts: api.redrive.accounts, publicUrl: api.publicUrl() };
      const url = await releaseLink(ctx, deps, principal, account, store);
      await recordAudit(ctx, ctx.pool, principal, {
        action: 'store.release_link',
        subject: `${account}/${store}`,
        detail: {},
      });
      return { url };
    },
  );

  scope.post(
    '/stores/:account/:store/actions',
    {
      config: { right: 'write' },
      schema: {
        tags,
        summary: 'Do something to a store at its platform',
        description:
          'Such as open, close, hours or info; the page on stores has those of each platform. Each says what shall be, so a repeat costs nothing.',
        params: StoreParams,
        body: Type.Object(
          {
            action: FilterText('Name of the action.'),
            params: Type.Optional(Type.Record(Type.String({ maxLength: 100 }), Type.Unknown())),
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Object({ action: Type.String(), answer: Type.Unknown() }) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { action, params = {} } = request.body;
      const wish = { ...request.params, action, params: params as Readonly<Record<string, Json>> };
      const answer = await actOnStore(ctx, api.redrive.accounts, principal, wish);
      const { account, store } = request.params;
      await recordAudit(ctx, ctx.pool, principal, {
        action: `store.${action}`,
        subject: `${account}/${store}`,
        detail: { params: wish.params },
      });
      return { action, answer };
    },
  );

  void scope.register(async (child) => importRoute(child as ApiScope, api));
}

function importRoute(scope: ApiScope, api: ApiContext): void {
  const { ctx } = api;
  takeCsvBodies(scope);

  scope.post(
    '/stores/import',
    {
      config: { right: 'admin' },
      schema: {
        tags,
        summary: 'Take over existing tokens of stores',
        description:
          'Each line is proved by one call and taken whole or not at all. As CSV the columns are those of the JSON, and the account stands in the query.',
        querystring: Type.Object(
          { account: Type.Optional(FilterText('For a CSV body: the account.')) },
          { additionalProperties: false },
        ),
        body: jsonOrCsv(ImportBody),
        response: { 200: jsonOrCsvAnswer(ImportReport, 'What became of each line.') },
      },
    },
    (request, reply) =>
      answerApart(
        api,
        request,
        reply,
        async () => {
          const principal = principalOf(request);
          const { account, lines } = readImport(request.body, request.query.account, ctx.clock());
          const results = await importStores(ctx, { accounts: api.redrive.accounts }, principal, account, lines);
          const report = { ...countsOf(results), data: results };
          await recordAudit(ctx, ctx.pool, principal, {
            action: 'stores.imported',
            subject: account,
            detail: countsOf(results),
          });
          return { status: 200, body: report };
        },
        wantsCsv(request) ? presentImport : undefined,
      ),
  );
}

function countsOf(results: readonly ImportResult[]): Record<ImportResult['outcome'], number> {
  const counts = { bound: 0, unchanged: 0, refused: 0, failed: 0 };
  for (const { outcome } of results) counts[outcome] += 1;
  return counts;
}

function presentImport(json: string): { readonly type: string; readonly text: string } {
  const { data } = JSON.parse(json) as { readonly data: readonly ImportResult[] };
  const rows = data.map(({ line, store, outcome, stores, reason }) => [
    String(line),
    store,
    outcome,
    stores.join(' '),
    reason,
  ]);
  return { type: CSV_TYPE, text: writeCsv(['line', 'store', 'outcome', 'stores', 'reason'], rows) };
}

function readImport(
  body: unknown,
  account: string | undefined,
  nowMs: number,
): { readonly account: string; readonly lines: readonly ImportLine[] } {
  if (typeof body === 'string') {
    if (account === undefined)
      throw new HuidanError('malformed_request', 'With CSV, ?account= says whose stores they are.');
    const lines = csvRecords(body, MAX_IMPORT_LINES).map((record) => lineOf(record.line, entryOf(record), nowMs));
    return { account, lines };
  }
  const json = body as Static<typeof ImportBody>;
  return { account: json.account, lines: json.stores.map((entry, index) => lineOf(index + 1, entry, nowMs)) };
}

function entryOf(record: CsvRecord): Static<typeof ImportEntry> & { readonly fault?: string } {
  const seconds = cellOf(record, 'expiresIn');
  const until = cellOf(record, 'expiresAt');
  const isWrong =
    (seconds !== undefined && !/^\d{1,9}$/u.test(seconds)) || (until !== undefined && rfc3339Time(until) === undefined);
  const optional = {
    store: cellOf(record, 'store', 'ePoiId'),
    name: cellOf(record, 'name'),
    accessToken: cellOf(record, 'accessToken', 'appAuthToken'),
    refreshToken: cellOf(record, 'refreshToken'),
    expiresAt: isWrong ? undefined : until,
    expiresIn: isWrong || seconds === undefined ? undefined : Number(seconds),
    fault: isWrong ? 'expiresAt is no time as RFC 3339 has it, or expiresIn no number of seconds' : undefined,
  };
  return Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
}

function lineOf(
  line: number,
  entry: Static<typeof ImportEntry> & { readonly fault?: string },
  nowMs: number,
): ImportLine {
  const expiresAt = entry.expiresAt ?? null;
  const expiresIn = entry.expiresIn ?? null;
  return {
    line,
    store: entry.store ?? entry.ePoiId,
    name: entry.name,
    token: {
      accessToken: entry.accessToken ?? entry.appAuthToken ?? '',
      refreshToken: entry.refreshToken ?? null,
      expiresAt: expiresAt === null ? (expiresIn === null ? null : nowMs + expiresIn * 1000) : Date.parse(expiresAt),
    },
    fault: entry.fault,
  };
}
