import assert from 'node:assert/strict';
import type { ActionOutcome, ActionRequest, PreparedAction } from '../../src/core/action.ts';
import type { AccountView } from '../../src/core/connector.ts';
import type { Alias, Report } from '../../src/core/fact.ts';
import type { Json } from '../../src/core/json.ts';
import type { OrderJson } from '../../src/core/order-json.ts';
import type { OutgoingRequest, PlatformResponse } from '../../src/core/outgoing.ts';
import { rsaKeysFromText } from '../../src/core/rsa.ts';
import { douyin } from '../../src/connectors/douyin/index.ts';
import { accountView } from './account-view.ts';
import { actionsOf, orderAfter } from './played-action.ts';

/** Accounts, orders and calls for the tests of what can be done at Douyin. */

export const SALT = 'invented-salt-A1b2C3d4';
export const AT = 1_700_000_000_500;
export const BASE = 'https://hub.example.com/callbacks/douyin/dy-1';
export const keys = rsaKeysFromText('the app of the tests');
export type Params = Readonly<Record<string, Json>>;

export const view = (settings: Params = {}, more: Readonly<Record<string, string>> = {}): AccountView =>
  accountView(douyin, {
    credentials: { appId: 'tt0000000000000001', appSecret: 'app-secret', salt: SALT, token: 't', ...more },
    settings: { defaultImage: 'https://example.com/a.png', ...settings },
  });
export const tradeView = (settings: Params = {}): AccountView =>
  view({ generation: 'trade', tagGroupId: 'tag1', ...settings }, { privateKey: keys.privateKey, keyVersion: '2' });

export const actions = actionsOf(douyin);
export const WISH: Params = { amount: 12_800, subject: '测试商品 红色', body: '测试商品 红色', validSeconds: 900 };

const NUMBERS: readonly Alias[] = [
  { kind: 'platform', value: 'N7000000000000000001' },
  { kind: 'merchant', value: 'HUB3' },
];

/** A paid order, with whatever else is known. */
export function requestFor(
  action: string,
  params: Params = {},
  more: Partial<Report> & { readonly buyer?: string } = {},
): ActionRequest {
  const { buyer = '_000user', ...report } = more;
  const aliases = (report.aliases ?? NUMBERS) as Report['aliases'];
  const paid: Report['facts'] = [
    { line: '', register: 'payment', value: 'paid' },
    { line: '', register: 'money.total', value: 10_000 },
    { line: '', register: 'money.paid', value: 10_000 },
    { line: '', register: 'paidAt', value: AT - 1000 },
    { line: '', register: 'placedAt', value: AT - 5000 },
  ];
  const name = aliases[0].value;
  const json = orderAfter(douyin, name, [
    { kind: 'payment', at: AT - 1000, facts: paid, ...report, aliases },
  ]) as OrderJson;
  const order = { aliases, kind: 'payment', json, store: null, storeToken: null, buyer } as const;
  return { action, params, number: '170000000000012345678901', order, at: AT, callbackBase: BASE, accessToken: 'tok' };
}

export const prepared = (request: ActionRequest, account = view()): OutgoingRequest => {
  const made: PreparedAction = actions.prepare(account, request);
  assert.ok(made.ok, JSON.stringify(made));
  return made.request;
};
export const bodyOf = ({ body = '' }: OutgoingRequest): Record<string, Json> =>
  JSON.parse(body) as Record<string, Json>;
/** A field of a body that is text. */
export const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
export const faultsOf = (
  action: string,
  params: Params,
  account = view(),
  request?: ActionRequest,
): readonly string[] => {
  const made = actions.prepare(account, request ?? requestFor(action, params));
  return made.ok ? [] : made.faults.map(({ field }) => field);
};
export const response = (
  body: Json | string,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): PlatformResponse => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
export const concluded = (action: string, body: Json | string, account = view(), status = 200): ActionOutcome =>
  actions.conclude(account, requestFor(action, action === 'create' ? WISH : {}), response(body, {}, status));
