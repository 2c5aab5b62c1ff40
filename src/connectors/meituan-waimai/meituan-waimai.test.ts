import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseForm, writeForm } from '../../core/form.ts';
import { isLosslessObject, parseLossless, scalarText } from '../../core/json.ts';
import { connectorSuite } from '../../../test/kit/connector-suite.ts';
import { callbackRequest } from '../../../test/kit/connector-fixtures.ts';
import type { CallbackRequest } from '../../core/accept.ts';
import type { AccountView } from '../../core/connector.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import type { StoreToken } from '../../core/store-binding.ts';
import { DELIVERY_STATUSES, PART_REFUND_NOTICES, REFUND_NOTICES, STORE_STATES } from './callback.ts';
import { meituanWaimai } from './index.ts';
import { ORDER_STATUSES } from './order-push.ts';
import { sign, signingRules } from './signature.ts';

/** Which table an event's JSON is looked up in, and by which of its fields. */
const TABLES: Readonly<Record<string, { readonly field: string; readonly rows: readonly string[] }>> = {
  order: { field: 'status', rows: Object.keys(ORDER_STATUSES) },
  orderCancel: { field: '', rows: [''] },
  orderRefund: { field: 'notifyType', rows: Object.keys(REFUND_NOTICES) },
  partOrderRefund: { field: 'notifyType', rows: Object.keys(PART_REFUND_NOTICES) },
  shippingStatus: { field: 'shippingStatus', rows: Object.keys(DELIVERY_STATUSES) },
  poiStatus: { field: 'poiStatus', rows: Object.keys(STORE_STATES) },
  tradeDetail: { field: '', rows: [''] },
  pushOrderRemind: { field: '', rows: [''] },
};
const TOPICS = ['bind', 'unbind', 'privacy', 'heartbeat'];

function statusOf(request: CallbackRequest): string | undefined {
  if (TOPICS.includes(request.topic)) return request.topic;
  const fields = parseForm(request.body);
  for (const [name, { field }] of Object.entries(TABLES)) {
    const text = fields?.get(name);
    if (text === undefined) continue;
    const json = parseLossless(text);
    return `${name} ${isLosslessObject(json) ? (scalarText(json.get(field)) ?? '') : ''}`;
  }
  return undefined;
}

/** Signs a form again, whatever it holds now. */
function resign(request: CallbackRequest, account: AccountView): CallbackRequest | undefined {
  const [secret] = account.secrets('signKey');
  const fields = parseForm(request.body);
  if (fields === undefined || secret === undefined || !fields.has('sign')) return undefined;
  const kept = [...fields].filter(([name]) => name !== 'sign');
  const body = writeForm([...kept, ['sign', sign(kept, secret.value, signingRules(account))]]);
  return { ...request, body: Buffer.from(body) };
}

/** The merchant opens the link, clicks, and the platform calls back with a token. */
export function takeToken(store: string, account: AccountView, memory: PlatformMemory): StoreToken {
  const at = Date.UTC(2026, 10, 1);
  const url = new URL(
    meituanWaimai.binding?.bindUrl(account, { store, name: '', state: '', returnUrl: '', callbackUrl: '', options: {}, at }) ?? '',
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

const T = 'a1b2c3d4e5f60718293a4b5c6d7e8f90'.repeat(2);
const KEY = 'demoSignKey00001';
const vectorAccount = { credentials: { developerId: '100999', signKey: KEY } };

const replyOf = (outcome: 'stored' | 'rejected', body: string, topic = '') => ({
  outcome,
  topic,
  status: 200,
  contentType: 'application/json; charset=utf-8',
  body,
});

connectorSuite(meituanWaimai, {
  fixtures: new URL('fixtures/', import.meta.url),
  replies: [
    replyOf('stored', '{"data":"OK"}', 'order'),
    replyOf('stored', '{"data":"OK"}', 'heartbeat'),
    replyOf('stored', '{"data":"success"}', 'bind'),
    replyOf('stored', '{"data":"success"}', 'unbind'),
    replyOf('rejected', '{"data":"error"}', 'order'),
    replyOf('rejected', '{"data":"error"}', 'bind'),
  ],
  statuses: {
    all: [...TOPICS, ...Object.entries(TABLES).flatMap(([name, { rows }]) => rows.map((row) => `${name} ${row}`))],
    of: statusOf,
  },
  resign,
  takeToken,
});
void [describe, test, callbackRequest, T, vectorAccount];
