import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { playedCall } from '../../../test/kit/truth-reading.ts';
import { paramFaults } from '../../core/action-params.ts';
import type { Json } from '../../core/json.ts';
import type { CallPlatform } from '../../core/outgoing.ts';
import { eleme } from './index.ts';

const AT = 1_700_000_000_000;
const credentials = { appKey: 'HUBKEY0001', appSecret: 'hubsecret0000000000000000000000000000001' };
const baseUrl = 'http://platform.invalid';
const own = accountView(eleme, { credentials, settings: { appType: 'own', baseUrl } });
const actions = eleme.storeActions!;
const request = { params: {}, store: '500000001', token: null, at: AT };

test('a shop gets our own code, which it shows from then on', async () => {
  const call = playedCall(eleme, own, {}, AT);
  const before = await actions.run(own, call, { ...request, action: 'info' });
  assert.deepEqual(before, {
    ok: true,
    value: { id: '500000001', name: '老王牛肉面（望京店）', openId: '8859', isOpen: '1', isValid: '1' },
  });
  const set = await actions.run(own, call, { ...request, action: 'set-code', params: { code: 'shop-0028' } });
  assert.ok(set.ok && (set.value as Record<string, Json>)['openId'] === 'shop-0028');
  const after = await actions.run(own, call, { ...request, action: 'info' });
  assert.ok(after.ok && (after.value as Record<string, Json>)['openId'] === 'shop-0028');
});

test('the code is bound by its own call', async () => {
  const bodies: string[] = [];
  const call: CallPlatform = async ({ body = '' }) => {
    bodies.push(body);
    return { status: 200, headers: {}, body: '{"id":"1","result":null,"error":null}' };
  };
  const token = { accessToken: 'hubtoken', refreshToken: null, expiresAt: null };
  const set = await actions.run(own, call, { ...request, token, action: 'set-code', params: { code: 'a' } });
  assert.ok(set.ok, 'a reply without a shop is fine');
  const { action, params } = JSON.parse(bodies[0] ?? '') as Record<string, Json>;
  assert.equal(action, 'eleme.shop.updateShop');
  assert.deepEqual(params, { shopId: 500_000_001, properties: { openId: 'a' } });
});

test('what cannot be asked is refused: no number, no token, another’s shop', async () => {
  const call = playedCall(eleme, own, {}, AT);
  const codeOf = async (over: object, view = own): Promise<string | undefined> => {
    const answer = await actions.run(view, call, { ...request, action: 'info', ...over });
    return answer.ok ? undefined : answer.refusal.code;
  };
  const isv = accountView(eleme, { credentials, settings: { baseUrl } });
  assert.equal(await codeOf({ store: 'shop' }), 'no_number');
  assert.equal(await codeOf({}, isv), 'no_store_token');
  assert.equal(await codeOf({ store: '9' }), 'BIZ_SHOP');
  const spec = actions.specs.find(({ name }) => name === 'set-code');
  const faults = (code: Json): number => paramFaults(spec?.params ?? [], { code }).length;
  assert.deepEqual([faults('a'.repeat(64)), faults('a'.repeat(65)), faults('a b'), faults('')], [0, 1, 1, 1]);
});
