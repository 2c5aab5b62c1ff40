import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ERRORS, HuidanError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import { hashApiKey } from '../hub/api-keys.ts';
import type { HubContext } from '../hub/context.ts';
import type { RedriveDeps } from '../hub/redrive.ts';
import { accountRoutes } from './api/accounts.ts';
import { actionRoutes } from './api/actions.ts';
import { attentionRoutes } from './api/attention.ts';
import { auditRoutes } from './api/audit.ts';
import { bindingsReturn } from './api/bindings-return.ts';
import { bindingRoutes } from './api/bindings.ts';
import { callbackRoutes } from './api/callbacks.ts';
import type { ApiContext, SandboxControls, TypedRequests } from './api/context.ts';
import { commissionRoutes } from './api/commission.ts';
import { deliveryRoutes } from './api/deliveries.ts';
import { endpointRoutes } from './api/endpoints.ts';
import { eventRoutes } from './api/events.ts';
import { exportRoutes } from './api/exports.ts';
import { keyRoutes } from './api/keys.ts';
import { machineRoutes } from './api/machines.ts';
import { meRoutes } from './api/me.ts';
import { merchantRoutes } from './api/merchants.ts';
import { memberRoutes } from './api/members.ts';
import { orderRoutes } from './api/orders.ts';
import { payoutRoutes } from './api/payouts.ts';
import { platformRoutes } from './api/platforms.ts';
import { reconciliationRoutes } from './api/reconciliation.ts';
import { repairRoutes } from './api/repair.ts';
import { sandboxRoutes } from './api/sandbox.ts';
import { sessionRoutes } from './api/session.ts';
import { signatureRoutes } from './api/signatures.ts';
import { shopRoutes } from './api/shops.ts';
import { statsRoutes } from './api/stats.ts';
import { storeRoutes } from './api/stores.ts';
import { STREAM_TYPE, streamRoutes } from './api/stream.ts';
import { timelineRoutes } from './api/timeline.ts';
import { userRoutes } from './api/users.ts';
import { guardScope } from './auth.ts';
import { compressAnswers } from './compress-answers.ts';
import type { Config } from './config.ts';
import { CONSOLE_DIR, consoleFiles } from './console-files.ts';
import { healthRoutes } from './health.ts';
import { takeJsonBodies } from './json-body.ts';
import type { Metrics } from './metrics.ts';
import { registerOpenapi } from './openapi.ts';
import { PROBLEM_TYPE, toHuidanError, toProblem } from './problem.ts';
import { reasonsByLanguage } from './reasons-by-language.ts';
import { endSilentConnections } from './silent-connections.ts';
import { statusPage } from './status-page.ts';
import { validatorCompiler } from './validation.ts';
import { VERSION } from './version.ts';

export interface AppOptions {
  readonly config: Pick<Config, 'bodyLimitBytes' | 'trustProxy' | 'allowPrivateTargets'>;
  /** The key with every right; only its hash is kept. */
  readonly adminKey: string;
  readonly redrive: RedriveDeps;
  readonly metrics: Metrics;
  /** The text of what all processes of the start counted, where there are several. */
  readonly allMetrics?: (() => Promise<string | undefined>) | undefined;
  /** Base of the addresses that are printed, without a slash at the end. Asked late: a free port is known late. */
  publicUrl(): string;
  isStopping(): boolean;
  /** Of `huidan demo`; asked late, for the sandbox starts when the hub listens. */
  readonly sandbox?: () => SandboxControls | undefined;
  /** For tests: see `ApiContext`. */
  readonly streamStalledMs?: number;
  /** Where the console's files lie. Default: where its build puts them. */
  readonly consoleDir?: string;
  /** Doors beside the API, such as the callbacks: registered first, in scopes of their own. */
  readonly doors?: (app: FastifyInstance) => Promise<void>;
}

/** An API call is small and its client near; a slower one only holds a socket. */
const REQUEST_TIMEOUT_MS = 30_000;

/** A stream is taken up again by a header, and that cursor names every account: some 20 bytes each. */
const HEADER_LIMIT_BYTES = 65_536;

/**
 * Builds the HTTP side of a hub; it listens once `listen` is called. No parser runs on the level of the whole app, so
 * that a door that wants raw bytes gets them.
 */
export async function createApp(ctx: HubContext, options: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    bodyLimit: options.config.bodyLimitBytes,
    trustProxy: options.config.trustProxy === false ? false : [...options.config.trustProxy],
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { maxHeaderSize: HEADER_LIMIT_BYTES },
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 300 },
    genReqId: requestIds(ctx),
    // Addresses that the router cannot read get to no handler, and so not to the error handler either.
    frameworkErrors: (thrown, request, reply: FastifyReply) => {
      const error = toHuidanError(thrown);
      void reply.code(ERRORS[error.code].status).type(PROBLEM_TYPE).send(toProblem(error, request.id));
    },
  });
  endSilentConnections(app);
  app.removeAllContentTypeParsers();
  app.setValidatorCompiler(validatorCompiler);
  // Answers are made by typed code and held to their schemas by tests; checking each again would only cost time.
  app.setSerializerCompiler(() => JSON.stringify);

  // Before the hooks: what callbacks cost is what the hub is measured by.
  await options.doors?.(app);
  answerErrors(app, ctx);
  watchRequests(app, ctx, options.metrics);
  const methods = collectMethods(app);
  await registerOpenapi(app, VERSION);
  healthRoutes(app, {
    ctx,
    metrics: options.metrics,
    allMetrics: options.allMetrics,
    isStopping: () => options.isStopping(),
  });
  const consoleDir = options.consoleDir ?? CONSOLE_DIR;
  statusPage(app, ctx, { version: VERSION, consoleDir });
  await app.register((scope) => consoleFiles(scope, consoleDir));
  const api: ApiContext = {
    ctx,
    redrive: options.redrive,
    targets: { allowPrivateTargets: options.config.allowPrivateTargets },
    publicUrl: () => options.publicUrl(),
    sandbox: () => options.sandbox?.(),
    ...(options.streamStalledMs === undefined ? {} : { streamStalledMs: options.streamStalledMs }),
  };
  bindingsReturn(app, api);
  await app.register(async (scope) => openScope(scope, api), { prefix: '/api/v1' });
  await app.register(async (scope) => apiScope(scope, api, hashApiKey(options.adminKey)), { prefix: '/api/v1' });

  app.setNotFoundHandler((request) => {
    const allowed = methods(request.url);
    if (allowed.length > 0 && !allowed.includes(request.method))
      throw new HuidanError('method_not_allowed', `It takes ${allowed.join(', ')}.`);
    throw new HuidanError('not_found');
  });
  return app;
}

const API = [
  platformRoutes,
  accountRoutes,
  orderRoutes,
  exportRoutes,
  timelineRoutes,
  actionRoutes,
  callbackRoutes,
  signatureRoutes,
  endpointRoutes,
  deliveryRoutes,
  eventRoutes,
  streamRoutes,
  keyRoutes,
  bindingRoutes,
  storeRoutes,
  machineRoutes,
  shopRoutes,
  merchantRoutes,
  attentionRoutes,
  repairRoutes,
  reconciliationRoutes,
  statsRoutes,
  auditRoutes,
  memberRoutes,
  commissionRoutes,
  payoutRoutes,
  meRoutes,
  userRoutes,
  sandboxRoutes,
];

/** What comes before anybody is known: signing in. */
function openScope(scope: FastifyInstance, api: ApiContext): void {
  takeJsonBodies(scope);
  neverStored(scope);
  sessionRoutes(scope.withTypeProvider<TypedRequests>(), api);
}

async function apiScope(scope: FastifyInstance, api: ApiContext, adminKeyHash: Buffer): Promise<void> {
  takeJsonBodies(scope);
  scope.decorateRequest('principal', null);
  scope.decorateRequest('session', null);
  scope.decorateRequest('stillAsks');
  guardScope(scope, api.ctx, { adminKeyHash, publicUrl: () => api.publicUrl() });
  neverStored(scope);
  reasonsByLanguage(scope);
  compressAnswers(scope);
  const typed = scope.withTypeProvider<TypedRequests>();
  for (const routes of API) routes(typed, api);
}

function neverStored(scope: FastifyInstance): void {
  scope.addHook('onSend', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
}

/** Ids that no other process or start gives out, for the price of counting. */
function requestIds(ctx: Pick<HubContext, 'clock' | 'randomBytes'>): () => string {
  const start = newId('req', ctx.clock(), ctx.randomBytes);
  let count = 0;
  return () => `${start}${(count += 1).toString(36)}`;
}

function answerErrors(app: FastifyInstance, ctx: Pick<HubContext, 'log'>): void {
  app.setErrorHandler((thrown, request, reply) => {
    const error = toHuidanError(thrown, request.method);
    const { status, level, retry } = ERRORS[error.code];
    // The cause is for the log alone.
    const about = { code: error.code, requestId: request.id, method: request.method, route: request.routeOptions.url };
    ctx.log[level](
      level === 'info' ? about : { ...about, err: error.cause ?? error },
      'a request was answered with an error',
    );
    if (retry) reply.header('retry-after', String(error.retryAfterSeconds ?? 1));
    return reply.code(status).type(PROBLEM_TYPE).send(toProblem(error, request.id));
  });
}

function watchRequests(app: FastifyInstance, ctx: Pick<HubContext, 'log'>, metrics: Metrics): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'none';
    // How long a stream was open says nothing of how quick the hub is.
    if (reply.getHeader('content-type') !== STREAM_TYPE)
      metrics.requestAnswered(route, reply.statusCode, reply.elapsedTime);
    ctx.log.debug(
      {
        requestId: request.id,
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      'request',
    );
  });
}

/** Which methods an address takes, to tell "no such address" from "not this way". */
function collectMethods(app: FastifyInstance): (url: string) => readonly string[] {
  const routes: { readonly pattern: RegExp; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return;
    const pattern = new RegExp(`^${url.replaceAll(/[.+?^$()[\]{}|\\]/gu, '\\$&').replaceAll(/:\w+/gu, '[^/]+')}$`, 'u');
    routes.push({ pattern, methods: [method].flat() });
  });
  return (url) => {
    const path = url.split('?')[0] ?? '';
    return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods))];
  };
}
