import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import type { CrashPlan } from './crash-hub.ts';
import { unionOrder, unionPush } from './union-push.ts';

export const SECRET = 'cb_Secret_0123456789abcdef';

/** A webhook as it came. */
export interface Received {
  readonly webhookId: string;
  readonly order: string;
  readonly sequence: number;
  readonly version: number;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** Takes webhooks for the whole test, whatever happens to the hub. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const event = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
        data: { sequence: number; order: { id: string; version: number } };
      };
      received.push({
        webhookId: String(incoming.headers['webhook-id']),
        order: event.data.order.id,
        sequence: event.data.sequence,
        version: event.data.order.version,
      });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

export interface CrashingHub {
  /** Empty when it died before it listened: deliveries left over pass their crash points at once. */
  readonly url: string;
  readonly process: ChildProcess;
  readonly died: Promise<void>;
  /** Ends it the ordinary way. */
  stop(): Promise<void>;
}

export async function startCrashingHub(plan: CrashPlan): Promise<CrashingHub> {
  const child = fork(fileURLToPath(new URL('crash-hub.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const died = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.send(plan);
  const url = await new Promise<string>((resolve, reject) => {
    child.once('message', (message) => resolve((message as { url: string }).url));
    child.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') resolve('');
      else reject(new Error(`the hub ended with ${code ?? signal} before it listened`));
    });
  });
  return {
    url,
    process: child,
    died,
    async stop() {
      if (child.connected) child.disconnect();
      await died;
    },
  };
}

export async function callApi<T>(url: string, key: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** The pushes of a run and which of them the hub acknowledged. A platform sends again what was not. */
export class PlayedPlatform {
  readonly #agent = new Agent({ connections: 32, bodyTimeout: 5000, headersTimeout: 5000 });
  readonly #open: { readonly order: string; readonly body: string }[] = [];
  /** Order to the number of its distinct pushes. */
  readonly pushes = new Map<string, number>();
  acknowledged = 0;

  /** Puts up the pushes of some orders, in mixed order. */
  addOrders(prefix: string, count: number): void {
    for (let index = 0; index < count; index += 1) {
      const order = `${prefix}${String(index).padStart(6, '0')}`;
      this.pushes.set(order, 2);
      for (const status of ['1', '8']) this.#open.push({ order, body: unionPush(unionOrder(order, status), SECRET) });
    }
  }

  /** Sends everything that is open until it is acknowledged or `isOver`. What failed stays open. */
  async send(callbackUrl: string, isOver: () => boolean): Promise<void> {
    const worker = async (): Promise<void> => {
      for (;;) {
        const push = isOver() ? undefined : this.#open.shift();
        if (push === undefined) return;
        if (await this.#sendOnce(callbackUrl, push.body)) this.acknowledged += 1;
        else {
          this.#open.push(push);
          await sleep(20);
        }
      }
    };
    await Promise.all(Array.from({ length: 32 }, worker));
  }

  async #sendOnce(url: string, body: string): Promise<boolean> {
    try {
      const response = await request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        dispatcher: this.#agent,
      });
      return (await response.body.text()) === '{"errcode":"0","errmsg":"ok"}';
    } catch {
      return false;
    }
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }
}
