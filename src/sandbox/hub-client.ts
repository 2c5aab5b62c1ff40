import { request } from 'undici';
import type { Dispatcher } from 'undici';
import type { Json } from '../core/json.ts';
import { SandboxError } from './sandbox-error.ts';
import { fieldsOf, listOf, parseJson, textOf } from './untrusted-json.ts';
import type { Fields } from './untrusted-json.ts';

/** The hub as the sandbox knows it: its public API. */
export interface HubClient {
  readonly url: string;
  /** Any call; resolves with every status, throws only when no answer came. */
  call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: Json): Promise<HubAnswer>;
  /** A page of an account's orders, 500 at most. */
  orders(account: string, cursor: string | undefined): Promise<OrderPage>;
}

export interface HubAnswer {
  readonly status: number;
  readonly fields: Fields;
}

export interface OrderPage {
  readonly orders: readonly Fields[];
  readonly nextCursor: string | undefined;
}

/** No answer came: the hub is down, restarting or elsewhere. */
export class HubUnreachable extends Error {
  override readonly name = 'HubUnreachable';
}

const TIMEOUT_MS = 30_000;
export const PAGE_SIZE = 500;

export function createHubClient(url: string, key: string, dispatcher: Dispatcher): HubClient {
  const base = url.replace(/\/+$/u, '');

  async function call(method: 'GET' | 'POST' | 'PATCH', path: string, body?: Json): Promise<HubAnswer> {
    try {
      const response = await request(`${base}${path}`, {
        method,
        dispatcher,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      return { status: response.statusCode, fields: fieldsOf(parseJson(await response.body.text())) ?? {} };
    } catch (error) {
      throw new HubUnreachable(`${base} does not answer (${reasonOf(error)})`, { cause: error });
    }
  }

  return {
    url: base,
    call,
    async orders(account, cursor) {
      const query = new URLSearchParams({ account, limit: String(PAGE_SIZE), legs: 'true' });
      if (cursor !== undefined) query.set('cursor', cursor);
      const answer = await call('GET', `/api/v1/orders?${query.toString()}`);
      if (answer.status === 503) throw new HubUnreachable(`${base} answers 503`);
      if (answer.status !== 200) throw refusal('list the orders', answer);
      return {
        orders: listOf(answer.fields['data'])
          .map(fieldsOf)
          .filter((order) => order !== undefined),
        nextCursor: textOf(answer.fields['nextCursor']),
      };
    },
  };
}

/** The hub said no: in its own words. */
export function refusal(wish: string, answer: HubAnswer): SandboxError {
  const code = textOf(answer.fields['code']) ?? '';
  const said = textOf(answer.fields['detail']) ?? textOf(answer.fields['title']) ?? '';
  const hint =
    answer.status === 401
      ? ' Give the key by --key or HUIDAN_ADMIN_KEY.'
      : code === 'endpoint_url_refused'
        ? ' The sandbox receives on a private address: start the hub with HUIDAN_ALLOW_PRIVATE_TARGETS=true.'
        : '';
  return new SandboxError(`The hub would not ${wish}: ${answer.status} ${code} ${said}`.trim() + hint);
}

/** The shortest words for why there was no answer. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as { readonly code?: string; readonly message?: string };
  return code ?? message ?? String(error);
}
