import assert from 'node:assert/strict';
import { meituanWaimai } from '../../src/connectors/meituan-waimai/index.ts';
import { STORES } from '../../src/connectors/meituan-waimai/sandbox-orders.ts';
import type { AccountView } from '../../src/core/connector.ts';
import { parseForm } from '../../src/core/form.ts';
import type { PlatformMemory } from '../../src/core/sandbox.ts';
import type { StoreToken } from '../../src/core/store-binding.ts';
import { accountView } from './account-view.ts';
import type { AccountWords } from './account-view.ts';

/** The invented account, token and order of the protocol's vectors. */
export const FORM = { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' };
export const T = 'a1b2c3d4e5f60718293a4b5c6d7e8f90'.repeat(2);
export const KEY = 'demoSignKey00001';
export const ORDER_ID = '5301890193521352344';
export const vectorAccount: AccountWords = { credentials: { developerId: '100999', signKey: KEY } };
export const AT = Date.UTC(2026, 10, 1);
export const V5_ORDER = String.raw`{"caution":"多放辣椒 😄 a+b&c=d","ctime":1700000000,"daySeq":"3","detail":"[{\"food_name\":\"黄金蝴蝶虾(4个)\",\"price\":5,\"quantity\":1}]","ePoiId":"shop-0028","extras":"[{}]","orderId":5301890193521352344,"orderIdView":5301890193521352344,"originalPrice":15.0,"status":2,"total":15.0}`;

export const demo = accountView(meituanWaimai, vectorAccount);
export const settingsView = (settings: AccountWords['settings']): AccountView =>
  accountView(meituanWaimai, { ...vectorAccount, ...(settings === undefined ? {} : { settings }) });
export const binding = meituanWaimai.binding!;

/** The merchant opens the link, clicks, and the platform calls back with a token. */
export function takeToken(store: string, account: AccountView, memory: PlatformMemory, at = AT): StoreToken {
  const url = new URL(
    meituanWaimai.binding?.bindUrl(account, {
      store,
      name: '',
      state: '',
      returnUrl: '',
      callbackUrl: '',
      options: {},
      at,
    }) ?? '',
  );
  const call = { path: url.pathname, query: url.search.slice(1), headers: {}, body: '', at };
  const shown = meituanWaimai.sandbox.answer?.({ ...call, method: 'GET' }, account, memory);
  assert.equal(shown?.status, 200);
  assert.deepEqual(shown.callbacks ?? [], []);
  const clicked = meituanWaimai.sandbox.answer?.({ ...call, method: 'POST', body: 'agree=1' }, account, memory);
  const [callback] = clicked?.callbacks ?? [];
  assert.equal(callback?.topic, 'bind');
  const accessToken = parseForm(callback.body)?.get('appAuthToken') ?? '';
  return { accessToken, refreshToken: null, expiresAt: null };
}

/** A token of each store that the sandbox plays. */
export const storeTokens = (
  memory: PlatformMemory,
  account: AccountView,
): readonly { readonly store: string; readonly token: StoreToken }[] =>
  STORES.map(({ ePoiId }) => ({ store: ePoiId, token: takeToken(ePoiId, account, memory) }));
