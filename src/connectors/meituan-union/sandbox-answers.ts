import type { AccountView } from '../../core/connector.ts';
import type { Json } from '../../core/json.ts';
import type { CallAnswer, IncomingCall, PlatformMemory, SandboxFault } from '../../core/sandbox.ts';
import { signingRules } from './account.ts';
import { mediaHeaders } from './client.ts';
import { g2Row, mediaLine, mediaRow, orderOf, ordersWithin } from './sandbox-rows.ts';
import type { PlayedOrder } from './sandbox-rows.ts';
import { sign } from './signature.ts';

const DAY_SECONDS = 86_400;
const THREE_MONTHS_SECONDS = 92 * DAY_SECONDS;
const MOST_ROWS = 100;
const CAMPAIGN_LINES = /^\d{1,4}$/u;

/** Answers as the union's API does: order query, list and link of both generations, each with its own signature. */
export function answer(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  if (call.path.startsWith('/cps_open/')) return answerMedia(call, account, memory);
  const given = Object.fromEntries(new URLSearchParams(call.query));
  const { sign: sent, ...parameters } = given;
  const secret = account.credential('secret') ?? '';
  const wanted = sign(new Map(Object.entries(parameters)), secret, signingRules(account));
  if (sent !== wanted || parameters['appkey'] !== account.credential('appkey')) return refused('签名错误');
  const ageMs = Math.abs(call.at - Number(parameters['ts'] ?? 0) * 1000);
  if (!(ageMs <= 60_000)) return refused('ts 已过期');
  if (call.path === '/api/generateLink') return json({ status: 0, des: '', data: linkOf(parameters) });
  const isList = call.path === '/api/orderList';
  if (!isList && call.path !== '/api/order') return json({ status: 1, des: '接口不存在' }, 404);
  if (parameters['actId'] === undefined && parameters['businessLine'] === undefined)
    return refused('actId、businessLine 不能同时为空');
  if (isList) return g2List(parameters, memory);
  const order = orderOf(memory, parameters['orderId'] ?? '');
  if (order === undefined) return refused('订单不存在');
  const rows = order.rows.map((row) => g2Row(order, row, false));
  return { ...json({ status: 0, des: '', data: rows.length === 1 ? rows[0] : rows }), tellsOf: [order.id] };
}

/** A list answers without any status; its window is at most a day, by pay time (sheet 3.1). */
function g2List(parameters: Readonly<Record<string, string | undefined>>, memory: PlatformMemory): CallAnswer {
  const [from, to, page, limit] = ['startTime', 'endTime', 'page', 'limit'].map((name) => Number(parameters[name]));
  const isWhole = (value: number | undefined): value is number => Number.isSafeInteger(value);
  if (!isWhole(from) || !isWhole(to) || !/^\d{10}$/u.test(parameters['startTime'] ?? '') || to < from)
    return refused('startTime、endTime 格式错误');
  if (to - from > DAY_SECONDS) return refused('查询时间跨度不能超过1天');
  if (!isWhole(page) || page < 1) return refused('page 从 1 开始');
  if (!isWhole(limit) || limit < 1 || limit > MOST_ROWS) return refused('limit 最大 100');
  if (parameters['queryTimeType'] !== undefined && parameters['queryTimeType'] !== '1')
    return refused('queryTimeType 仅支持 1');
  const { businessLine, actId } = parameters;
  if (businessLine !== undefined && !CAMPAIGN_LINES.test(businessLine)) return refused('businessLine 错误');
  const fits = ({ fields }: PlayedOrder): boolean =>
    (businessLine === undefined || fields['businessLine'] === businessLine) &&
    (actId === undefined || fields['actId'] === actId);
  const all = ordersWithin(memory, 'paid', from, to).filter(fits);
  const shown = all.slice((page - 1) * limit, page * limit);
  const dataList = shown.flatMap((order) => {
    const [row] = order.rows;
    return row === undefined ? [] : [g2Row(order, row, true)];
  });
  return { ...json({ dataList, total: all.length }), tellsOf: shown.flatMap(whole) };
}

/** A list shows one voucher of several: the truth about such an order is only told when it is asked for by itself. */
const whole = ({ id, rows }: PlayedOrder): readonly string[] =>
  rows.length === 1 && rows[0]?.coupon === null ? [id] : [];

function answerMedia(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  const appkey = account.credential('appkey') ?? '';
  const at = Number(call.headers['s-ca-timestamp'] ?? 0);
  const wanted = mediaHeaders(call.path, call.body, { appkey, secret: account.credential('secret') ?? '', at });
  const isGenuine =
    call.headers['s-ca-app'] === appkey &&
    call.headers['content-md5'] === wanted['content-md5'] &&
    call.headers['s-ca-signature'] === wanted['s-ca-signature'] &&
    Math.abs(call.at - at) <= 120_000;
  if (!isGenuine) return json({ code: 400, message: 'authentication failed' });
  const parameters = JSON.parse(call.body) as Readonly<Record<string, unknown>>;
  if (call.path.endsWith('/get_referral_link')) return json({ code: 0, message: '', data: linkOf(parameters) });
  if (!call.path.endsWith('/query_order')) return badParameter('path');
  return parameters['orderId'] === undefined ? mediaList(parameters, call, memory) : mediaOne(parameters, memory);
}

function mediaOne(parameters: Readonly<Record<string, unknown>>, memory: PlatformMemory): CallAnswer {
  const order = orderOf(memory, String(parameters['orderId']));
  const dataList = order === undefined ? [] : [mediaRow(order)];
  return { ...json({ code: 0, message: '', data: { dataList } }), tellsOf: order === undefined ? [] : [order.id] };
}

/** Scrolls through the orders of a time; the scroll says how many were told. Goes back three months (sheet 3.3). */
function mediaList(
  parameters: Readonly<Record<string, unknown>>,
  call: IncomingCall,
  memory: PlatformMemory,
): CallAnswer {
  const { startTime: from, endTime: to, limit = 100, page = 1, scrollId, queryTimeType = 1, platform = 1 } = parameters;
  if (typeof from !== 'number' || typeof to !== 'number' || to < from) return badParameter('startTime');
  if (from < Math.floor(call.at / 1000) - THREE_MONTHS_SECONDS) return badParameter('startTime');
  if (typeof limit !== 'number' || limit < 1 || limit > MOST_ROWS) return badParameter('limit');
  if (parameters['searchType'] === 2 && page !== 1) return badParameter('page');
  if (queryTimeType !== 1 && queryTimeType !== 2) return badParameter('queryTimeType');
  if (platform !== 1 && platform !== 2) return badParameter('platform');
  const lines = parameters['businessLine'];
  // Without lines: on platform 1 all but those that are only told by themselves, on platform 2 the first.
  const fits = (order: PlayedOrder): boolean => {
    const own = mediaLine(order);
    if (own.platform !== platform) return false;
    if (Array.isArray(lines)) return lines.includes(own.businessLine);
    return platform === 1 ? own.businessLine !== 7 && own.businessLine !== 12 : own.businessLine === 1;
  };
  const told = typeof scrollId === 'string' ? Number(scrollId.slice('scroll-'.length)) : 0;
  if (!Number.isSafeInteger(told)) return badParameter('scrollId');
  const all = ordersWithin(memory, queryTimeType === 1 ? 'paid' : 'updated', from, to).filter(fits);
  const shown = all.slice(told, told + limit);
  const data = {
    skuCount: all.length,
    scrollId: `scroll-${told + shown.length}`,
    dataList: shown.map((order) => mediaRow(order)),
  };
  return { ...json({ code: 0, message: '', data }), tellsOf: shown.map(({ id }) => id) };
}

const linkOf = (parameters: Readonly<Record<string, unknown>>): string =>
  `https://click.meituan.com/t?actId=${String(parameters['actId'])}&sid=${String(parameters['sid'])}&t=${String(parameters['linkType'])}`;

const refused = (des: string): CallAnswer => json({ status: 1, des });
const badParameter = (name: string): CallAnswer => json({ code: 1, message: `bad parameter ${name}` });

const isMediaCall = ({ path }: IncomingCall): boolean => path.startsWith('/cps_open/');

/** Troubles of the two APIs. The codes of g2 are not published: its refusals are told in words. */
export const faults: readonly SandboxFault[] = [
  {
    name: 'rate_limit',
    applies: ({ path }) => path.startsWith('/cps_open/') || path.startsWith('/api/'),
    answer: (call) =>
      isMediaCall(call) ? json({ code: 402, message: 'too frequent' }) : json({ status: 1, des: '请求过于频繁' }),
  },
  {
    name: 'quota_exceeded',
    applies: isMediaCall,
    answer: () => json({ code: 403, message: 'quota exceeded' }),
  },
  {
    name: 'processing_error',
    applies: isMediaCall,
    answer: () => json({ code: 2, message: 'processing error, retry later' }),
  },
];

const json = (value: Json | Readonly<Record<string, Json | undefined>>, status = 200): CallAnswer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
});
