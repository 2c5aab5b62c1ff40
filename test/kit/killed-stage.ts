import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountView, Connector } from '../../src/core/connector.ts';
import type { Json } from '../../src/core/json.ts';
import type { CallAnswer, OutgoingCallback, PlatformMemory } from '../../src/core/sandbox.ts';
import { accountView } from './account-view.ts';
import { startCrashingHub } from './crash-rounds.ts';
import type { CrashingHub } from './crash-rounds.ts';
import { createTestDatabase } from './database.ts';
import type { TestDatabase } from './database.ts';
import { freePort } from './free-port.ts';

const KEY = 'hdk_chaos_test_key_0123456789abcdef';
const TICK_MS = 100;
const TOO_BUSY: ReadonlySet<unknown> = new Set(['database_unavailable', 'overloaded']);

/** An account of the stage; its platform is played by the connector's own sandbox. */
export interface StageAccount {
  readonly connector: Connector;
  readonly settings: Readonly<Record<string, Json>>;
}

/** What becomes of a call that is waited for: no answer comes either way. */
export type Fate = 'done' | 'lost';

/** A call that is waited for, and everything that the platform hears like it. */
export interface Trap {
  readonly account: string;
  readonly fate: Fate;
  /** `call`: method, path, query and body, as far as they can be read. */
  isIt(call: string): boolean;
  /** What the platform has of it: compared before and after each such call. */
  trace(memory: PlatformMemory): unknown;
  /** It came, and the hub waits for the answer. */
  isHit: boolean;
  /** Calls that changed something at the platform, or set off a callback. */
  effects: number;
  /** Their bodies, in their order. */
  readonly bodies: string[];
}

interface Played {
  readonly id: string;
  readonly connector: Connector;
  readonly view: AccountView;
  readonly memory: PlatformMemory;
  readonly server: Server;
}

interface Mail {
  readonly played: Played;
  readonly callback: OutgoingCallback;
  readonly dueMs: number;
}

/**
 * A real hub in a process of its own, on a database of its own, with every platform behind it played in this process. The
 * clock is one for all and can be moved on; the hub can be killed while platforms keep it waiting.
 */
export class KilledStage {
  aheadMs = 0;
  traps: readonly Trap[] = [];
  readonly #accounts = new Map<string, Played>();
  readonly #mail: Mail[] = [];
  #hub!: CrashingHub;
  #plan!: { dataDir: string; port: number; adminKey: string; databaseUrl: string };
  #database!: TestDatabase;
  #timer: NodeJS.Timeout | undefined;
  #isPosting = false;

  readonly clock = (): number => Date.now() + this.aheadMs;

  static async open(accounts: Readonly<Record<string, StageAccount>>): Promise<KilledStage> {
    const stage = new KilledStage();
    stage.#database = await createTestDatabase();
    const dataDir = await mkdtemp(join(tmpdir(), 'huidan-killed-'));
    stage.#plan = { dataDir, port: await freePort(), adminKey: KEY, databaseUrl: stage.#database.url };
    stage.#hub = await startCrashingHub(stage.#plan);
    for (const [id, account] of Object.entries(accounts)) await stage.#add(id, account);
    stage.#timer = setInterval(() => stage.#tick(), TICK_MS);
    return stage;
  }

  async #add(id: string, { connector, settings }: StageAccount): Promise<void> {
    const server = createServer((request, response) => void this.#answer(id, request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const demo = connector.sandbox.demoAccount(() => 0.25, url);
    const own = { ...demo.settings, callsPerSecond: 1000, ...settings };
    const view = accountView(connector, { credentials: demo.credentials, settings: own });
    this.#accounts.set(id, { id, connector, view, memory: {}, server });
    const body = { id, platform: connector.id, name: id, credentials: demo.credentials, settings: own };
    const made = await this.api('POST', '/api/v1/accounts', body);
    assert.equal(made.status, 201, JSON.stringify(made.body));
  }

  played(id: string): Played {
    return this.#accounts.get(id) ?? assert.fail(`no account ${id}`);
  }

  /** Calls the hub's API. Throws when the hub is gone. */
  /** A call as a client makes it: once, and again where the hub says that it was too busy for it. */
  async api(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: Body }> {
    const key = randomUUID();
    for (let left = 20; ; left -= 1) {
      const response = await fetch(`http://127.0.0.1:${this.#plan.port}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${KEY}`,
          'content-type': 'application/json',
          ...(method === 'POST' ? { 'idempotency-key': key } : {}),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as Body;
      if (!TOO_BUSY.has(answer.code) || left === 0) return { status: response.status, body: answer };
      await sleep(500);
    }
  }

  /** Sends a callback of the platform, and sends it again until the hub has it. */
  post(id: string, callbacks: readonly OutgoingCallback[]): void {
    const played = this.played(id);
    for (const callback of callbacks) {
      this.#mail.push({ played, callback, dueMs: this.clock() + (callback.afterMs ?? 0) });
    }
  }

  /** Lets time pass for the platforms and for the hub. */
  jump(ms: number): void {
    this.aheadMs += ms;
    this.#hub.process.send?.({ aheadMs: this.aheadMs });
  }

  /** The hub dies by SIGKILL, as it is. */
  async kill(): Promise<void> {
    this.#hub.process.kill('SIGKILL');
    await this.#hub.died;
  }

  /** Starts the hub anew, so much later. */
  async restart(laterMs: number): Promise<void> {
    this.aheadMs += laterMs;
    this.#hub = await startCrashingHub({ ...this.#plan, aheadMs: this.aheadMs });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#hub.stop();
    for (const { server } of this.#accounts.values()) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await this.#database.drop();
    await rm(this.#plan.dataDir, { recursive: true, force: true });
  }

  async #answer(id: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const call = readable(request, body);
    const alike = this.traps.filter((trap) => trap.account === id && trap.isIt(call));
    const waiting = alike.find(({ isHit }) => !isHit);
    for (const trap of alike) trap.bodies.push(body);
    if (waiting !== undefined) waiting.isHit = true;
    if (waiting?.fate === 'lost') return;
    const answer = this.#play(id, request, body, alike);
    // Whoever is waited for gets no answer: it will be dead before.
    if (waiting === undefined)
      response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
  }

  #play(id: string, request: IncomingMessage, body: string, alike: readonly Trap[]): CallAnswer {
    const { connector, view, memory } = this.played(id);
    const at = new URL(request.url ?? '/', 'http://platform.test');
    const headers = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    );
    const incoming = { method: request.method ?? 'GET', path: at.pathname, query: at.search.slice(1), headers, body };
    const before = alike.map((trap) => JSON.stringify(trap.trace(memory)));
    const answer = connector.sandbox.answer?.({ ...incoming, at: this.clock() }, view, memory);
    assert.ok(answer !== undefined);
    const { callbacks = [] } = answer;
    for (const [index, trap] of alike.entries())
      if (callbacks.length > 0 || JSON.stringify(trap.trace(memory)) !== before[index]) trap.effects += 1;
    this.post(id, callbacks);
    return answer;
  }

  #tick(): void {
    for (const { id, connector, view, memory } of this.#accounts.values()) {
      const told = connector.sandbox.tick?.(this.clock(), view, memory);
      this.post(id, told?.callbacks ?? []);
    }
    if (this.#isPosting) return;
    this.#isPosting = true;
    void this.#postDue().finally(() => (this.#isPosting = false));
  }

  async #postDue(): Promise<void> {
    for (const mail of this.#mail.filter(({ dueMs }) => dueMs <= this.clock())) {
      const { played, callback } = mail;
      const { topic, headers, body, url } = callback;
      const usual = `/callbacks/${played.connector.id}/${played.id}${topic === '' ? '' : `/${topic}`}`;
      const path = url === undefined ? usual : new URL(url).pathname;
      try {
        const reply = await fetch(`http://127.0.0.1:${this.#plan.port}${path}`, { method: 'POST', headers, body });
        const said = { status: reply.status, body: await reply.text() };
        if (played.connector.sandbox.isReceived(said)) this.#mail.splice(this.#mail.indexOf(mail), 1);
      } catch {
        // It is dead just now.
        return;
      }
    }
  }
}

/** An answer of the hub's API, looked into freely. */
// oxlint-disable-next-line typescript/no-explicit-any -- the tests of the API hold its shape
type Body = any;

/** A call as text in which numbers and names can be found, whatever its encoding. */
function readable({ method = '', url = '' }: IncomingMessage, body: string): string {
  const [, payload = ''] = /^\{"payload":"([^"]*)"\}$/u.exec(body) ?? [];
  const inner = Buffer.from(payload, 'base64').toString('utf8');
  const isForm = /^[^{]*=/u.test(body);
  return `${method} ${url} ${isForm ? decodeURIComponent(body.replaceAll('+', ' ')) : body} ${inner}`;
}

export async function until(what: string, isSo: () => boolean | Promise<boolean>, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    if (await isSo()) return;
    if (performance.now() > deadline) assert.fail(`${what}: not within ${limitMs} ms`);
    await sleep(50);
  }
}
