import type { AccountView } from '../../core/connector.ts';
import type { Json } from '../../core/json.ts';
import { fenToYuan } from '../../core/money.ts';
import type { CallAnswer, IncomingCall, PlatformMemory } from '../../core/sandbox.ts';
import { signingRules } from './account.ts';
import { mediaHeaders } from './client.ts';
import { sign } from './signature.ts';

/** What the platform knows of an order, or of one voucher of it. */
export interface PlayedRow {
  readonly coupon: string | null;
  readonly status: number;
  readonly risk: boolean;
  readonly paidFen: number;
  readonly returnedFen: number;
  readonly title: string;
  readonly sid: string;
}

/** 3 % for the sale, and 50 fen for a new customer on every order above 50 yuan; what went back takes its part along. */
export function commissionOf({ paidFen, returnedFen, risk }: PlayedRow): {
  readonly cps: number;
  readonly cpa: number;
  readonly refundedCps: number;
  readonly refundedCpa: number;
} {
  const cps = Math.floor((paidFen * 3) / 100);
  const cpa = paidFen > 5000 ? 50 : 0;
  const isGone = risk || returnedFen >= paidFen;
  const refundedCps = isGone ? cps : Math.floor((cps * returnedFen) / paidFen);
  return { cps, cpa, refundedCps, refundedCpa: isGone ? cpa : 0 };
}

const key = (orderId: string): string => `order ${orderId}`;

export function noteRow(memory: PlatformMemory, orderId: string, rows: readonly PlayedRow[]): void {
  memory[key(orderId)] = rows as unknown as Json;
}

/** Answers as the union's API does: the order query and the link of both generations, each with its own signature. */
export function answer(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  if (call.path.startsWith('/cps_open/')) return answerMedia(call, account, memory);
  const given = Object.fromEntries(new URLSearchParams(call.query));
  const { sign: sent, ...parameters } = given;
  const secret = account.credential('secret') ?? '';
  const wanted = sign(new Map(Object.entries(parameters)), secret, signingRules(account));
  if (sent !== wanted || parameters['appkey'] !== account.credential('appkey'))
    return json({ status: 1, des: '签名错误' });
  const ageMs = Math.abs(call.at - Number(parameters['ts'] ?? 0) * 1000);
  if (!(ageMs <= 60_000)) return json({ status: 1, des: 'ts 已过期' });
  if (call.path === '/api/generateLink') return json({ status: 0, des: '', data: linkOf(parameters) });
  if (call.path !== '/api/order') return json({ status: 1, des: '接口不存在' }, 404);
  if (parameters['actId'] === undefined && parameters['businessLine'] === undefined)
    return json({ status: 1, des: 'actId、businessLine 不能同时为空' });
  const orderId = parameters['orderId'] ?? '';
  const rows = rowsOf(memory, orderId).map((row) => g2Row(orderId, row));
  if (rows.length === 0) return json({ status: 1, des: '订单不存在' });
  return { ...json({ status: 0, des: '', data: rows.length === 1 ? rows[0] : rows }), tellsOf: [orderId] };
}

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
  if (!call.path.endsWith('/query_order')) return json({ code: 1, message: 'bad parameter' });
  const orderId = String(parameters['orderId']);
  const rows = rowsOf(memory, orderId).map((row) => mediaRow(orderId, row));
  return { ...json({ code: 0, message: '', data: { dataList: rows } }), tellsOf: rows.length === 0 ? [] : [orderId] };
}

const rowsOf = (memory: PlatformMemory, orderId: string): readonly PlayedRow[] =>
  (memory[key(orderId)] ?? []) as unknown as readonly PlayedRow[];

const linkOf = (parameters: Readonly<Record<string, unknown>>): string =>
  `https://click.meituan.com/t?actId=${String(parameters['actId'])}&sid=${String(parameters['sid'])}&t=${String(parameters['linkType'])}`;

function g2Row(orderId: string, row: PlayedRow): Record<string, Json> {
  const { cps, cpa, refundedCps, refundedCpa } = commissionOf(row);
  return {
    orderId,
    status: row.status,
    riskOrder: row.risk ? 1 : 0,
    smstitle: row.title,
    sid: row.sid,
    payprice: fenToYuan(row.paidFen),
    profit: fenToYuan(cps),
    cpaProfit: fenToYuan(cpa),
    refundprice: row.returnedFen === 0 ? '' : fenToYuan(row.returnedFen),
    refundprofit: fenToYuan(refundedCps),
    cpaRefundProfit: fenToYuan(refundedCpa),
    ...(row.coupon === null ? {} : { couponCode: row.coupon }),
  };
}

const MEDIA_STATUSES: Readonly<Record<number, string>> = { 1: '2', 8: '3', 9: '4' };

function mediaRow(orderId: string, row: PlayedRow): Record<string, Json> {
  const { cps, cpa, refundedCps, refundedCpa } = commissionOf(row);
  return {
    orderId,
    status: row.risk ? '5' : (MEDIA_STATUSES[row.status] ?? '2'),
    sid: row.sid,
    payPrice: fenToYuan(row.paidFen),
    profit: fenToYuan(cps),
    cpaProfit: fenToYuan(cpa),
    refundPrice: row.returnedFen === 0 ? 'null' : fenToYuan(row.returnedFen),
    refundProfit: fenToYuan(refundedCps),
    cpaRefundProfit: fenToYuan(refundedCpa),
    ...(row.coupon === null ? {} : { couponCode: row.coupon }),
  };
}

const json = (value: Json | Readonly<Record<string, Json | undefined>>, status = 200): CallAnswer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
});
