import assert from 'node:assert/strict';
import { meituanWaimai } from '../../src/connectors/meituan-waimai/index.ts';
import { parseForm, writeForm } from '../../src/core/form.ts';
import type { OutgoingCallback } from '../../src/core/sandbox.ts';
import { runDueStoreTasks } from '../../src/hub/store-tasks.ts';
import { createTestApi } from './api.ts';
import type { Answer, TestApi } from './api.ts';
import { addPlayedAccount, playPlatform, sendCallback } from './played-platform.ts';
import type { PlayedPlatform } from './played-platform.ts';

const PLATFORM = 'meituan-waimai';

/** A hub, a platform that binds stores by links, and a clock that stands until it is moved. */
export interface LinkWorld {
  readonly api: TestApi;
  readonly platform: PlayedPlatform;
  clock(): number;
  later(ms: number): void;
  /** Adds an account of the platform; returns its id. */
  account(settings?: Record<string, string>): Promise<string>;
  /** Does what is due with tokens; returns how many. */
  work(): Promise<number>;
  send(account: string, callback: OutgoingCallback): Promise<{ readonly status: number; readonly body: string }>;
  store(account: string, ref: string): Promise<Answer['body']>;
  askBinding(account: string, ref: string, more?: object, options?: object): Promise<Answer>;
  /** Binds a store from the link to the proof; returns the bind callback. */
  bind(account: string, ref: string): Promise<OutgoingCallback>;
  close(): Promise<void>;
}

/** The callback with other fields. */
export const changed = (
  { topic, headers, body }: OutgoingCallback,
  fields: Record<string, string>,
): OutgoingCallback => {
  const form = new Map(parseForm(body));
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return { topic, headers, body: writeForm([...form]) };
};

export async function createLinkWorld(): Promise<LinkWorld> {
  let nowMs = Date.UTC(2026, 10, 20, 4, 0, 0);
  let accounts = 0;
  const clock = (): number => nowMs;
  const api = await createTestApi({ clock }, { allowPrivateTargets: true });
  const platform = await playPlatform(meituanWaimai, { bindUrl: '' }, clock);

  const work = (): Promise<number> => runDueStoreTasks(api.hub.ctx, { accounts: api.hub.accounts });
  const send: LinkWorld['send'] = (id, callback) => sendCallback(api, PLATFORM, id, callback);
  const askBinding: LinkWorld['askBinding'] = (id, ref, more = {}, options = {}) =>
    api.call('POST', '/api/v1/stores/bindings', {
      body: { account: id, store: ref, name: '学院路店', ...more },
      ...options,
    });

  return {
    api,
    platform,
    clock,
    later(ms) {
      nowMs += ms;
    },
    async account(settings = {}) {
      const id = `wm-${(accounts += 1)}`;
      const own = { ...platform.settings, bindUrl: platform.url, ...settings };
      await addPlayedAccount(api, PLATFORM, id, { ...platform, settings: own });
      return id;
    },
    work,
    send,
    store: async (id, ref) => (await api.call('GET', `/api/v1/stores/${id}/${ref}`)).body,
    askBinding,
    async bind(id, ref) {
      const made = await askBinding(id, ref);
      assert.equal(made.status, 201, made.text);
      assert.match((await platform.visit(made.body.url)).body, /绑定/u);
      await platform.visit(made.body.url, true);
      const [callback] = platform.takeCallbacks();
      assert.ok(callback !== undefined);
      assert.deepEqual(await send(id, callback), { status: 200, body: '{"data":"success"}' });
      assert.equal(await work(), 1);
      return callback;
    },
    async close() {
      await platform.close();
      await api.close();
    },
  };
}
