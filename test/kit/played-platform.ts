import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AccountView, Connector } from '../../src/core/connector.ts';
import type { CallAnswer, OutgoingCallback, PlatformMemory } from '../../src/core/sandbox.ts';
import type { Json } from '../../src/core/json.ts';
import { accountView } from './account-view.ts';
import type { TestApi } from './api.ts';

/** A platform over real HTTP, played by its connector's own sandbox. */
export interface PlayedPlatform {
  readonly url: string;
  readonly memory: PlatformMemory;
  readonly account: AccountView;
  readonly credentials: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, Json>>;
  /** The calls that came, as `POST /path`. */
  readonly calls: string[];
  /** Callbacks that a call or a click set off, in their order; taken away by `takeCallbacks`. */
  takeCallbacks(): readonly OutgoingCallback[];
  /** Answers with this instead until it is `undefined` again; `hang` never answers. */
  fault: { readonly status: number; readonly body: string } | 'hang' | undefined;
  /** Answers calls like these with HTTP 503. */
  awayFor: RegExp | undefined;
  /** What a merchant's browser sees at an address of the platform; `button`: he clicks it. */
  visit(url: string, button?: boolean): Promise<CallAnswer>;
  close(): Promise<void>;
}

export async function playPlatform(
  connector: Connector,
  settings: Readonly<Record<string, Json>> = {},
  clock: () => number = Date.now,
): Promise<PlayedPlatform> {
  const memory: PlatformMemory = {};
  const calls: string[] = [];
  const waiting: OutgoingCallback[] = [];
  const state: Pick<PlayedPlatform, 'fault' | 'awayFor'> = { fault: undefined, awayFor: undefined };
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const call = `${request.method ?? ''} ${(request.url ?? '').split('?')[0] ?? ''}`;
      calls.push(call);
      const fault = state.awayFor?.test(call) === true ? { status: 503, body: 'away' } : state.fault;
      if (fault === 'hang') return;
      const answer =
        fault === undefined
          ? respond(request.method ?? 'GET', request.url ?? '/', request.headers, body)
          : { contentType: 'text/plain', ...fault };
      response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const demo = connector.sandbox.demoAccount(() => 0.25, url);
  const words = { credentials: demo.credentials, settings: { ...demo.settings, baseUrl: url, ...settings } };
  const account = accountView(connector, words);

  const respond = (method: string, path: string, headers: IncomingMessage['headers'], body: string): CallAnswer => {
    const at = new URL(path, url);
    const flat: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) if (typeof value === 'string') flat[name] = value;
    const call = { method, path: at.pathname, query: at.search.slice(1), headers: flat, body, at: clock() };
    const answer = connector.sandbox.answer?.(call, account, memory);
    assert.ok(answer !== undefined, 'the sandbox of this platform answers nothing');
    waiting.push(...(answer.callbacks ?? []));
    return answer;
  };

  return {
    url,
    memory,
    account,
    credentials: demo.credentials,
    settings: words.settings,
    calls,
    takeCallbacks: () => waiting.splice(0),
    get fault() {
      return state.fault;
    },
    set fault(value) {
      state.fault = value;
    },
    get awayFor() {
      return state.awayFor;
    },
    set awayFor(value) {
      state.awayFor = value;
    },
    visit: async (address, button = false) => respond(button ? 'POST' : 'GET', address, {}, ''),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Adds the account that a platform plays to the hub. */
export async function addPlayedAccount(
  api: TestApi,
  platform: string,
  id: string,
  played: PlayedPlatform,
  extra: Readonly<Record<string, Json>> = {},
): Promise<void> {
  const body = { id, platform, name: id, credentials: played.credentials, settings: played.settings, ...extra };
  const made = await api.call('POST', '/api/v1/accounts', { body });
  assert.equal(made.status, 201, made.text);
}

/** Sends a callback to the hub as the platform would. Returns status and body of the reply. */
export async function sendCallback(
  api: TestApi,
  platform: string,
  account: string,
  { topic, headers, body }: OutgoingCallback,
): Promise<{ readonly status: number; readonly body: string }> {
  const url = `/callbacks/${platform}/${account}${topic === '' ? '' : `/${topic}`}`;
  const reply = await api.app.inject({ method: 'POST', url, headers: { ...headers }, payload: body });
  return { status: reply.statusCode, body: reply.body };
}
