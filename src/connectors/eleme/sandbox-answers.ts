import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, NumberText, parseLossless, scalarText, stringifyLossless } from '../../core/json.ts';
import type { Json, Lossless, LosslessObject } from '../../core/json.ts';
import { fenToYuan } from '../../core/money.ts';
import type { CallAnswer, IncomingCall, PlatformMemory } from '../../core/sandbox.ts';
import { equalInConstantTime, md5Hex } from '../../core/signing.ts';
import type { TimeMs } from '../../core/time.ts';
import { playAct } from './sandbox-acts.ts';
import { APP_LEVEL, playList, readOrder } from './sandbox-lists.ts';
import { noteReading, scenesSoFar } from './sandbox-memory.ts';
import { authorizePage } from './sandbox-page.ts';
import { invent, lastRequest, plotOf, refundFenOf, requestStatus, SHOPS } from './sandbox-order.ts';
import type { Plot } from './sandbox-plots.ts';
import { signRequest } from './signature.ts';

const CODE_VALID_MS = 10 * 60_000;
const TOKEN_VALID_S = 2_592_000;
/** After a refresh whose reply got lost the old refresh token still works for so long (sheet, 2). */
const OLD_REFRESH_VALID_MS = 30 * 60_000;

interface Code {
  readonly redirectUri: string;
  readonly expiresAt: TimeMs;
}
interface Access {
  readonly expiresAt: TimeMs;
}
interface Refresh {
  readonly replacedAt: TimeMs | null;
}

/** The memory of the played platform: one name a code, a token or an order. */
const NAMES = {
  code: (code: string) => `code:${code}`,
  access: (token: string) => `access:${token}`,
  refresh: (token: string) => `refresh:${token}`,
  own: 'own',
  given: 'given',
} as const;

const recall = <T>(memory: PlatformMemory, name: string): T | undefined => memory[name] as T | undefined;
const remember = (memory: PlatformMemory, name: string, value: Code | Access | Refresh): void => {
  memory[name] = { ...value };
};

/** A text that nobody guesses without the app secret, another one each time. */
function unguessable(account: AccountView, what: string, memory: PlatformMemory): string {
  const count = Number(memory[NAMES.given] ?? 0) + 1;
  memory[NAMES.given] = count;
  return md5Hex(`${account.secrets('appSecret')[0]?.value ?? ''}/${what}/${count}`);
}

/** Answers the hub's calls and the merchant's browser: `/authorize`, `/token` and the actions below `/api/v1`. */
export function answer(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  const path = call.path.replace(/\/+$/u, '');
  if (path === '/authorize' && call.method === 'GET') return authorize(call, account, memory);
  if (path === '/token' && call.method === 'POST') return answerToken(call, account, memory);
  if (path === '/api/v1' && call.method === 'POST') return act(call, account, memory);
  return json({ error: 'not_found' }, 404);
}

const json = (value: Json, status = 200): CallAnswer => jsonText(JSON.stringify(value), status);
const jsonText = (body: string, status = 200): CallAnswer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body,
});

function authorize(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  const asked = new URLSearchParams(call.query);
  const redirectUri = asked.get('redirect_uri') ?? '';
  if (asked.get('client_id') !== account.credential('appKey')) return json({ error: 'invalid_client' }, 400);
  if (asked.get('response_type') !== 'code') return json({ error: 'unsupported_response_type' }, 400);
  if (!/^https?:\/\//u.test(redirectUri) || !URL.canParse(redirectUri)) return json({ error: 'invalid_request' }, 400);
  const said = asked.get('answer');
  if (said !== 'yes' && said !== 'no') return authorizePage(asked);
  const target = new URL(redirectUri);
  if (said === 'yes') {
    const code = unguessable(account, 'code', memory);
    remember(memory, NAMES.code(code), { redirectUri, expiresAt: call.at + CODE_VALID_MS });
    target.searchParams.set('code', code);
  } else {
    target.searchParams.set('error', 'access_denied');
    target.searchParams.set('error_description', '商户拒绝了授权');
  }
  target.searchParams.set('state', asked.get('state') ?? '');
  return { status: 302, contentType: 'text/plain; charset=utf-8', body: '', location: target.href };
}

function answerToken(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  const proof = `${account.credential('appKey') ?? ''}:${account.secrets('appSecret')[0]?.value ?? ''}`;
  const wanted = `Basic ${Buffer.from(proof).toString('base64')}`;
  const deny = (error: string, description: string, status = 400): CallAnswer =>
    json({ error, error_description: description }, status);
  if (!equalInConstantTime(call.headers['authorization'] ?? '', wanted)) {
    return deny('invalid_client', 'key or secret is wrong', 401);
  }
  const form = new URLSearchParams(call.body);
  switch (form.get('grant_type')) {
    case 'client_credentials':
      if (account.settings['appType'] !== 'own') return deny('unauthorized_client', 'the app needs an authorisation');
      return tokenReply(ownToken(call, account, memory));
    case 'authorization_code': {
      const name = NAMES.code(form.get('code') ?? '');
      const code = recall<Code>(memory, name);
      delete memory[name];
      if (code === undefined || code.expiresAt < call.at) return deny('invalid_grant', 'the code is not valid');
      if (code.redirectUri !== form.get('redirect_uri')) return deny('invalid_grant', 'another redirect_uri');
      if (form.get('client_id') !== account.credential('appKey')) return deny('invalid_request', 'another client_id');
      return issuePair(call, account, memory);
    }
    case 'refresh_token': {
      const name = NAMES.refresh(form.get('refresh_token') ?? '');
      const old = recall<Refresh>(memory, name);
      const replacedAt = old?.replacedAt ?? call.at;
      if (old === undefined || call.at > replacedAt + OLD_REFRESH_VALID_MS) {
        return deny('invalid_grant', 'the refresh token is not valid');
      }
      remember(memory, name, { replacedAt });
      return issuePair(call, account, memory);
    }
    default:
      return deny('unsupported_grant_type', 'grant_type is not known');
  }
}

function issuePair(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  const access = unguessable(account, 'access', memory);
  const refresh = unguessable(account, 'refresh', memory);
  remember(memory, NAMES.access(access), { expiresAt: call.at + TOKEN_VALID_S * 1000 });
  remember(memory, NAMES.refresh(refresh), { replacedAt: null });
  return tokenReply({ access, expiresIn: TOKEN_VALID_S, refresh });
}

/** The one token of a merchant's own app: the same until it runs out. */
function ownToken(
  call: IncomingCall,
  account: AccountView,
  memory: PlatformMemory,
): { access: string; expiresIn: number } {
  const known = recall<string>(memory, NAMES.own) ?? '';
  const expiresAt = recall<Access>(memory, NAMES.access(known))?.expiresAt ?? 0;
  if (expiresAt > call.at) return { access: known, expiresIn: Math.ceil((expiresAt - call.at) / 1000) };
  const access = unguessable(account, 'own', memory);
  delete memory[NAMES.access(known)];
  memory[NAMES.own] = access;
  remember(memory, NAMES.access(access), { expiresAt: call.at + TOKEN_VALID_S * 1000 });
  return { access, expiresIn: TOKEN_VALID_S };
}

const tokenReply = (token: {
  readonly access: string;
  readonly expiresIn: number;
  readonly refresh?: string;
}): CallAnswer =>
  json({
    access_token: token.access,
    token_type: 'Bearer',
    expires_in: token.expiresIn,
    ...(token.refresh === undefined ? {} : { refresh_token: token.refresh }),
  });

/** One action: shape, key, signature and token first, as any of the platform's errors would show. */
function act(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  const request = parseLossless(call.body);
  if (!isLosslessObject(request)) return failure('', 'ILLEGAL_REQUEST', 'the body is not a JSON object');
  const text = (name: string): string => scalarText(request.get(name)) ?? '';
  const [id, action, given] = [text('id'), text('action'), text('token')];
  const [metas, params] = [request.get('metas'), request.get('params')];
  if (text('nop') !== '1.0.0' || id === '' || !isLosslessObject(metas) || !isLosslessObject(params)) {
    return failure(id, 'ILLEGAL_REQUEST', 'nop, id, metas or params is missing or of another shape');
  }
  if (!/^\d{10}(?:\d{3})?$/u.test(scalarText(metas.get('timestamp')) ?? '')) {
    return failure(id, 'INVALID_TIMESTAMP', 'timestamp is neither seconds nor milliseconds');
  }
  const secret = account.secrets('appSecret')[0]?.value ?? '';
  const isOurs = scalarText(metas.get('app_key')) === account.credential('appKey');
  const computed = signRequest(action, given, metas, params, secret);
  if (!isOurs || !equalInConstantTime(text('signature').toUpperCase(), computed)) {
    return failure(id, 'INVALID_SIGNATURE', 'signature is wrong');
  }
  const known = recall<Access>(memory, NAMES.access(given));
  const isOpen = APP_LEVEL.has(action) ? given === '' : known !== undefined && known.expiresAt > call.at;
  if (!isOpen) return failure(id, 'UNAUTHORIZED', 'the token is not valid');
  if (action === 'eleme.user.getUser') return success(id, user());
  const orderId = scalarText(params.get('orderId')) ?? '';
  if (action === 'eleme.order.getOrder' || action === 'eleme.order.getRefundOrder') {
    const plot = plotOf(orderId);
    if (plot === undefined) return failure(id, 'ORDER_NOT_FOUND', '订单不存在');
    const read = action === 'eleme.order.getOrder' ? readOrder : readRefund;
    return { ...success(id, read(orderId, plot, call.at, memory)), tellsOf: [orderId] };
  }
  const { failedPushIds } = account.settings;
  const idsName = typeof failedPushIds === 'string' ? failedPushIds : 'requestIds';
  const listed = playList(action, { params, memory, at: call.at, idsName });
  if (listed !== undefined)
    return 'refused' in listed
      ? failure(id, listed.refused.code, listed.refused.message)
      : { ...success(id, listed.result), tellsOf: listed.tellsOf ?? [] };
  const acted = playAct(action, params, { account, memory, at: call.at });
  if (acted === undefined) return failure(id, 'METHOD_NOT_ALLOWED', `${action} is not played`);
  if ('refused' in acted) return failure(id, acted.refused.code, acted.refused.message);
  return { ...success(id, null), callbacks: acted.callbacks };
}

const success = (id: string, result: Lossless): CallAnswer =>
  jsonText(
    stringifyLossless(
      new Map<string, Lossless>([
        ['id', id],
        ['result', result],
        ['error', null],
      ]),
    ),
  );

const failure = (id: string, code: string, message: string): CallAnswer =>
  json({ id, result: null, error: { code, message } });

const user = (): LosslessObject =>
  new Map<string, Lossless>([
    ['userId', new NumberText('98500000000000001')],
    ['userName', '演示商户'],
    [
      'authorizedShops',
      SHOPS.map(
        ({ id, name }) =>
          new Map<string, Lossless>([
            ['id', new NumberText(id)],
            ['name', name],
          ]),
      ),
    ],
  ]);

/** The last request to cancel or to refund this order, if there was one. */
function readRefund(orderId: string, plot: Plot, at: TimeMs, memory: PlatformMemory): LosslessObject {
  const scenes = scenesSoFar(orderId, plot, memory);
  const last = lastRequest(scenes);
  const status = requestStatus(scenes);
  const refundType = last?.refundType ?? 'normal';
  const amountFen = last === undefined ? 0 : refundFenOf(invent(orderId, plot), refundType);
  const kind = (last?.type ?? 20) < 30 ? 'cancel' : 'refund';
  const request = { kind, open: status === 'applied' || status === 'arbitrating' } as const;
  noteReading(orderId, { at, state: null, request }, memory);
  return new Map<string, Lossless>([
    ['orderId', orderId],
    ['refundStatus', status],
    ['refundType', refundType],
    ['totalPrice', new NumberText(fenToYuan(amountFen))],
    ['goodsList', []],
    ['applyRefundReason', '不想要了'],
  ]);
}
