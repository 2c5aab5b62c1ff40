import assert from 'node:assert/strict';
import { createTestApi } from './api.ts';
import type { Answer, TestApi } from './api.ts';

/** A person's browser as the hub sees it: cookies, and the headers that tell where a request comes from. */
export class Browser {
  readonly #url: string;
  cookie: string | undefined;
  /** Of the last answer that set it, with its attributes. */
  setCookie: string | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Calls the hub by HTTP as a page of its own would. `headers` that are null are left out. */
  async call(
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Readonly<Record<string, string | null>> } = {},
  ): Promise<Answer> {
    const own: Record<string, string | null> = {
      cookie: this.cookie ?? null,
      ...(method === 'GET' ? {} : { 'x-huidan-csrf': '1', origin: this.#url }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    };
    const sent = Object.entries(own).filter((entry): entry is [string, string] => entry[1] !== null);
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: sent,
      redirect: 'manual',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) {
      this.setCookie = set;
      const pair = set.split(';')[0] ?? '';
      this.cookie = pair.endsWith('=') ? undefined : pair;
    }
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      text,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
    };
  }

  /** Calls and wants a success; gives the body. */
  async ok(method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const answer = await this.call(method, path, body === undefined ? {} : { body });
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }
}

export interface ListeningApi extends TestApi {
  readonly url: string;
  browser(): Browser;
  /** A browser in which a new user has signed in. */
  signedIn(user: Readonly<Record<string, unknown>> & { readonly username: string }): Promise<Browser>;
}

export const PASSWORD = 'Noodles-at-9-pm';

/** A hub that listens, for those who come by HTTP. */
export async function createListeningApi(...options: Parameters<typeof createTestApi>): Promise<ListeningApi> {
  const api = await createTestApi(...options);
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  const browser = (): Browser => new Browser(url);
  return Object.assign(api, {
    url,
    browser,
    async signedIn(user: Readonly<Record<string, unknown>> & { readonly username: string }): Promise<Browser> {
      const made = await api.call('POST', '/api/v1/users', { body: { role: 'viewer', password: PASSWORD, ...user } });
      assert.equal(made.status, 201, made.text);
      const own = browser();
      await own.ok('POST', '/api/v1/session', { username: user.username, password: PASSWORD });
      return own;
    },
  });
}

export const codeOf = ({ status, body }: Answer): [number, string] => [status, body?.code];

/** The statuses of answers that came in any order. */
export const statusesOf = (answers: readonly Answer[]): readonly number[] =>
  answers.map(({ status }) => status).sort((a, b) => a - b);
