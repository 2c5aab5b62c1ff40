import type { AccountView } from '../../core/connector.ts';
import { parseForm } from '../../core/form.ts';
import { parseLossless, isLosslessObject, scalarText } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import type { CallAnswer, IncomingCall, OutgoingCallback, PlatformMemory } from '../../core/sandbox.ts';
import { equalInConstantTime, sha256Hex } from '../../core/signing.ts';
import { isSet } from '../../core/account-fields.ts';
import { bindPage, boundPage, faultPage, releasedPage, releasePage } from './sandbox-pages.ts';
import { callbackOf, STORES } from './sandbox-orders.ts';
import { refundInfo } from './sandbox-refunds.ts';
import { playAct } from './sandbox-acts.ts';
import { openingOf, playDeveloperCall, playStoreCall } from './sandbox-lists.ts';
import { actsOf, fault, fine, noteReading, recallOrder, timesOf } from './sandbox-told.ts';
import type { NotedOrder, Told } from './sandbox-told.ts';
import { sign } from './signature.ts';
import type { Fields } from './signature.ts';

type BoundStore = { readonly token: string; readonly name: string; readonly poiId: string };

const storeKey = (ePoiId: string): string => `store ${ePoiId}`;
const tokenKey = (token: string): string => `token ${token}`;

/** The platform's pages and calls. Codes and messages of its errors are made up: no list of them is public. */
export function answer(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  if (call.path === '/storemap') return answerBinding(call, account, memory);
  if (call.path === '/releasebinding') return answerRelease(call, account, memory);
  const fields = parseForm(call.method === 'GET' ? call.query : call.body);
  const isSecond = fields?.get('version') === '2';
  const outcome =
    fields === undefined ? fault('OP_PARAM_ERROR', '参数格式错误') : answerCall(call, fields, account, memory);
  const { tellsOf = [], callbacks } = outcome;
  return {
    ...json(isSecond ? outcome.second : outcome.first),
    tellsOf,
    ...(callbacks === undefined ? {} : { callbacks }),
  };
}

const json = (body: string): CallAnswer => ({ status: 200, contentType: 'application/json;charset=UTF-8', body });

/** Every value that was signed by us is checked as the platform would: signature, developer, business, token, in this order. */
function answerCall(call: IncomingCall, fields: Fields, account: AccountView, memory: PlatformMemory): Told {
  if (!isSignedBy(account, fields)) return fault('OP_SIGN_ERROR', '签名验证失败');
  if (!/^\d{10}$/u.test(fields.get('timestamp') ?? '')) return fault('OP_PARAM_ERROR', 'timestamp 应为秒');
  const isSecond = fields.get('version') === '2';
  if (isSecond && fields.get('developerId') !== account.credential('developerId'))
    return fault('OP_DEVELOPER_ERROR', '开发者不存在');
  if (isSecond && fields.get('businessId') !== '2') return fault('OP_PARAM_ERROR', 'businessId 错误');
  const biz = isSecond ? parseLossless(fields.get('biz') ?? '') : fields;
  if (!isLosslessObject(biz)) return fault('OP_PARAM_ERROR', 'biz 不是 JSON 对象');
  const asked = { biz, account, memory, at: call.at };
  const ofDeveloper = playDeveloperCall(call.path, asked);
  if (ofDeveloper !== undefined) return ofDeveloper;

  const store = memory[tokenKey(fields.get('appAuthToken') ?? '')];
  if (typeof store !== 'string') return fault('OP_AUTH_TOKEN_INVALID', 'appAuthToken 无效或已解绑');
  switch (call.path) {
    case '/waimai/poi/queryPoiInfo':
      return fine(poiInfo(memory, store, scalarText(biz.get('ePoiIds')) ?? ''));
    case '/waimai/ng/order/getBatchOrderRefundInfo': {
      const orderIds = listed(biz.get('orderIds'));
      const infos = orderIds.map((id) => refundList(memory, store, id));
      return fine(infos.length === 1 ? (infos[0] ?? 'null') : `[${infos.join(',')}]`, orderIds);
    }
    default:
      return (
        playStoreCall(call.path, { ...asked, store }) ??
        playAct(call.path, biz, { account, memory, store, at: call.at }) ??
        fault('OP_API_NOT_FOUND', '接口不存在')
      );
  }
}

function listed(value: Lossless | undefined): readonly string[] {
  const list = typeof value === 'string' ? parseLossless(value) : value;
  return Array.isArray(list) ? (list as readonly Lossless[]).map((id) => scalarText(id) ?? '') : [];
}

function notedOrder(memory: PlatformMemory, store: string, orderId: string): NotedOrder | undefined {
  const noted = recallOrder(memory, orderId);
  return noted?.store === store ? noted : undefined;
}

function refundList(memory: PlatformMemory, store: string, orderId: string): string {
  const noted = notedOrder(memory, store, orderId);
  const refunds = noted?.refunds ?? [];
  const [steps, acts] = [timesOf(memory, orderId).length, actsOf(memory, orderId).length];
  if (noted !== undefined) noteReading(memory, orderId, { refunds: { steps, acts, list: refunds } });
  const entries = refunds.map((refund) => JSON.stringify({ ...refundInfo(orderId, refund), order_id: 0 }));
  // The id goes in as digits: JSON.stringify would round it.
  const withId = entries.map((entry) => entry.replace('"order_id":0', `"order_id":${orderId}`));
  return `{"order_id":${/^\d+$/u.test(orderId) ? orderId : 0},"OrderRefundInfo":[${withId.join(',')}]}`;
}

function poiInfo(memory: PlatformMemory, store: string, asked: string): string {
  const bound = memory[storeKey(store)] as BoundStore | undefined;
  if (bound === undefined || !asked.split(',').includes(store)) return '[]';
  return JSON.stringify([
    { ePoiId: store, name: bound.name, ...openingOf(memory, store), isOnline: 1, logisticsCodes: '1001' },
  ]);
}

function isSignedBy(account: AccountView, fields: Fields): boolean {
  const given = fields.get('sign') ?? '';
  return account.secrets('signKey').some(({ value }) => equalInConstantTime(given, sign(fields, value)));
}

/** The page where a merchant agrees to the binding. The click comes back to the same address by POST. */
function answerBinding(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  const fields = parseForm(call.query);
  const ePoiId = fields?.get('ePoiId') ?? '';
  const known =
    fields !== undefined &&
    isOpenedBy(account, fields) &&
    fields.get('developerId') === account.credential('developerId');
  if (!known) return faultPage('签名验证失败，请联系您的服务商');
  if (fields.get('businessId') !== '2' || ePoiId === '' || ePoiId.length > 100)
    return faultPage('参数错误：businessId 或 ePoiId');
  const name = fields.get('ePoiName') ?? '';
  const language = fields.get('language');
  if (call.method !== 'POST') return bindPage(ePoiId, name, language);

  const played = STORES.find((store) => store.ePoiId === ePoiId);
  const poiId = played?.poiId ?? String(6_000_000 + (Number.parseInt(sha256Hex(ePoiId).slice(0, 6), 16) % 1_000_000));
  const token = sha256Hex(`token of ${ePoiId} since ${call.at}`);
  const before = memory[storeKey(ePoiId)] as BoundStore | undefined;
  if (before !== undefined) delete memory[tokenKey(before.token)];
  const bound: BoundStore = { token, poiId, name: played?.name ?? (name === '' ? `门店 ${ePoiId}` : name) };
  memory[storeKey(ePoiId)] = bound;
  memory[tokenKey(token)] = ePoiId;
  const callback = storeCallback(account, 'bind', [
    ['appAuthToken', token],
    ['businessId', '2'],
    ['ePoiId', ePoiId],
    ['poiId', poiId],
    ['poiName', bound.name],
    ['timestamp', String(Math.floor(call.at / 1000))],
  ]);
  return { ...boundPage(ePoiId, bound.name, language), callbacks: [calledAt(fields, callback)] };
}

function answerRelease(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  const fields = parseForm(call.query);
  if (fields === undefined || !isOpenedBy(account, fields)) return faultPage('签名密钥错误');
  const token = fields.get('appAuthToken') ?? '';
  const ePoiId = memory[tokenKey(token)];
  if (typeof ePoiId !== 'string') return faultPage('门店未绑定或已解绑');
  const language = fields.get('language');
  if (call.method !== 'POST') return releasePage(ePoiId, language);
  delete memory[tokenKey(token)];
  delete memory[storeKey(ePoiId)];
  const callback = storeCallback(account, 'unbind', [
    ['businessId', '2'],
    ['ePoiId', ePoiId],
    ['timestamp', String(Math.floor(call.at / 1000))],
  ]);
  return { ...releasedPage(ePoiId, language), callbacks: [calledAt(fields, callback)] };
}

/** An address in the link takes the place of the one in the console (sheet, 1.1). */
function calledAt(link: Fields, callback: OutgoingCallback): OutgoingCallback {
  const url = link.get('callbackUrl');
  return url === undefined || url === '' ? callback : { ...callback, url };
}

/** A page's address is signed, or holds the key itself. */
function isOpenedBy(account: AccountView, fields: Fields): boolean {
  if (fields.has('sign')) return isSignedBy(account, fields);
  const given = fields.get('signKey') ?? '';
  return account.secrets('signKey').some(({ value }) => equalInConstantTime(given, value));
}

/** No captured bind callback was signed, so these are only where the account insists. */
const storeCallback = (
  account: AccountView,
  topic: string,
  fields: readonly (readonly [string, string])[],
): OutgoingCallback => callbackOf(account, topic, fields, isSet(account, 'bindCallbacks', 'signed_only'));
