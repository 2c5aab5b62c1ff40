import assert from 'node:assert/strict';
import type { FastifyInstance } from 'fastify';
import { Compile } from 'typebox/schema';
import { createApp } from '../../src/server/app.ts';
import type { AppOptions } from '../../src/server/app.ts';
import { callbackDoor } from '../../src/server/callbacks.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import type { HubContext } from '../../src/hub/context.ts';
import { createTestHub } from './context.ts';
import type { TestHub } from './context.ts';

export const ADMIN_KEY = 'hdk_the-admin-key-of-tests';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | string[] | undefined>>;
  readonly text: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers freely; shapeChecker holds them to the OpenAPI document
  readonly body: any;
}

export interface CallOptions {
  readonly key?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestApi {
  readonly hub: TestHub;
  readonly app: FastifyInstance;
  /** Calls the API as an admin unless another key is given; checks that the answer has the documented shape. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  /** Makes an API key and returns it. */
  key(input: Readonly<Record<string, unknown>>): Promise<string>;
  /** Whether the app says that it is stopping. */
  stopping: boolean;
  close(): Promise<void>;
}

export interface TestApiOptions extends Pick<AppOptions, 'sandbox' | 'consoleDir' | 'streamStalledMs'> {
  readonly allowPrivateTargets?: boolean;
  /** A function where the address is only known once the hub listens. */
  readonly publicUrl?: string | (() => string);
}

/** A whole hub behind its HTTP side, on a database of its own. Nothing listens: requests are injected. */
export async function createTestApi(
  overrides: Partial<HubContext> = {},
  { allowPrivateTargets = false, publicUrl = 'http://hub.test', ...more }: TestApiOptions = {},
): Promise<TestApi> {
  const hub = await createTestHub(overrides);
  const metrics = createMetrics();
  const api: { stopping: boolean } = { stopping: false };
  const app = await createApp(hub.ctx, {
    config: { bodyLimitBytes: 1_048_576, trustProxy: false, allowPrivateTargets },
    adminKey: ADMIN_KEY,
    redrive: { accounts: hub.accounts, commits: hub.commits },
    metrics,
    publicUrl: () => (typeof publicUrl === 'string' ? publicUrl : publicUrl()),
    isStopping: () => api.stopping,
    // Whether the console was built must not change what a test sees.
    consoleDir: '/nowhere',
    ...more,
    doors: async (door) => {
      await door.register(callbackDoor, {
        accounts: hub.accounts,
        take: hub.take,
        log: hub.ctx.log,
        clock: hub.ctx.clock,
        bodyLimitBytes: 1_048_576,
        isStopping: () => api.stopping,
        onTaken: metrics.callbackTaken,
      });
    },
  });
  await app.ready();
  const check = shapeChecker(app.swagger());

  const call: TestApi['call'] = async (method, path, { key = ADMIN_KEY, body, headers = {} } = {}) => {
    const response = await app.inject({
      method: method as 'GET',
      url: path,
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const isJson = (response.headers['content-type'] ?? '').includes('json');
    const answer: Answer = {
      status: response.statusCode,
      headers: response.headers,
      text: response.body,
      body: isJson && response.body !== '' ? response.json() : undefined,
    };
    // CSV has no schema of its own: its columns are tested where they are made.
    const isCsv = (response.headers['content-type'] ?? '').startsWith('text/csv');
    if (path.startsWith('/api/v1/') && !isCsv) check(method, path, answer);
    return answer;
  };

  return {
    hub,
    app,
    call,
    async key(input) {
      const made = await call('POST', '/api/v1/keys', { body: { name: 'test', right: 'read', ...input } });
      assert.equal(made.status, 201, made.text);
      return made.body.key as string;
    },
    get stopping() {
      return api.stopping;
    },
    set stopping(value) {
      api.stopping = value;
    },
    async close() {
      await app.close();
      await hub.close();
    },
  };
}

type Schema = { [name: string]: unknown };

/** Holds answers to the OpenAPI document: what it does not name must not be in them. */
function shapeChecker(document: object): (method: string, path: string, answer: Answer) => void {
  const paths = Object.entries(
    (document as { paths: Record<string, Record<string, { responses: Record<string, Schema> }>> }).paths,
  );
  const problem = (document as { components: { schemas: { Problem: Schema } } }).components.schemas.Problem;
  const compiled = new Map<object, ReturnType<typeof Compile>>();
  return (method, path, { status, body, text }) => {
    const bare = path.split('?')[0] ?? '';
    const found =
      paths.find(([pattern]) => pattern === bare) ??
      paths.find(([pattern]) => new RegExp(`^${pattern.replaceAll(/\{[^}]+\}/gu, '[^/]+')}$`, 'u').test(bare));
    const responses = found?.[1][method.toLowerCase()]?.responses;
    if (responses === undefined) return;
    const content = (responses[String(status)] ?? { missing: true }) as {
      content?: Record<string, { schema: Schema }>;
      missing?: boolean;
    };
    assert.notEqual(content.missing, true, `${method} ${path} answers an undocumented ${status}: ${text}`);
    const named = Object.values(content.content ?? {})[0]?.schema;
    const schema = named?.['$ref'] === '#/components/schemas/Problem' ? problem : named;
    if (schema === undefined) return;
    let validator = compiled.get(schema);
    if (validator === undefined) compiled.set(schema, (validator = Compile(closed(schema) as never)));
    if (!validator.Check(body))
      assert.fail(
        `${method} ${path} answers ${status} out of shape: ${JSON.stringify(validator.Errors(body))}\n${text}`,
      );
  };
}

/** The same schema in which objects with named fields take no others, unless it says itself that they do. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== 'object') return schema;
  const copy: Schema = {};
  for (const [name, value] of Object.entries(schema)) copy[name] = closed(value);
  const isOpen = copy['additionalProperties'] === true;
  if (copy['type'] === 'object' && copy['properties'] !== undefined && !isOpen) copy['additionalProperties'] = false;
  return copy;
}
