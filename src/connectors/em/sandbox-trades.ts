import type { AccountView } from '../../core/connector.ts';
import { parseForm } from '../../core/form.ts';
import { parseLossless, toPlainJson } from '../../core/json.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type {
  CallAnswer,
  IncomingCall,
  OutgoingCallback,
  PlatformMemory,
  PlatformOrder,
  Random,
  SandboxFault,
  ShopperWish,
} from '../../core/sandbox.ts';
import { beijingDay } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { schemeOf } from './account.ts';
import { CREATE_PATH, MODIFY_PATH } from './client.ts';
import { sign } from './signature.ts';

/** A trade as the platform has it. */
interface PlayedTrade {
  readonly number: string;
  readonly data: Json;
  /** Its notice gets lost for good, and EM cannot be asked. */
  readonly isUntold?: true;
}

const COUNT = 'trades made';
const tradeKey = (number: string): string => `trade ${number}`;
const toldKey = (number: string): string => `told ${number}`;
/** Of an answer that got lost nobody knows the trade's number. */
export const notesTold = (name: string): boolean => name.startsWith(toldKey(''));

type Fields = Readonly<Record<string, Json>>;
/** Makes a notice of the platform: its `request_data`, sent at that time. */
export type MakeNotice = (data: string, atMs: TimeMs) => OutgoingCallback;

/** Answers the calls of EM: a trade is made and audited a while later; a stock-in is changed. */
export function answer(
  call: IncomingCall,
  account: AccountView,
  memory: PlatformMemory,
  notice: MakeNotice,
): CallAnswer {
  if (call.path !== CREATE_PATH && call.path !== MODIFY_PATH) return refused('404', '接口不存在');
  if (call.method !== 'POST') return refused('405', '仅支持 POST');
  const form = parseForm(call.body);
  const fields = Object.fromEntries(form ?? []);
  const { appid = '', timestamp = '', request_data: data = '', notify_url: topUrl } = fields;
  if (appid !== account.credential('appid')) return refused('1001', 'appid 不存在');
  if (!/^\d{10}$/u.test(timestamp)) return refused('1002', 'timestamp 格式错误');
  const signed = { appid, request_data: data, timestamp, ...(topUrl === undefined ? {} : { notify_url: topUrl }) };
  const [secret] = account.secrets('appSecret');
  const wanted = sign(signed, secret?.value ?? '', schemeOf(account));
  if (fields['sign']?.toLowerCase() !== wanted.toLowerCase()) return refused('1003', '签名错误');
  const parsed = parseLossless(data);
  const said = parsed === undefined ? null : toPlainJson(parsed);
  if (said === null || typeof said !== 'object' || Array.isArray(said))
    return refused('1004', 'request_data 不是 JSON');
  const request = said as Fields;
  if (call.path === MODIFY_PATH) return modify(request, memory);
  const missing = tradeFault(request);
  if (missing !== undefined) return refused('2001', missing);
  return create(request, call, memory, topUrl ?? text(request['notify_url']), notice);
}

function create(
  request: Fields,
  call: IncomingCall,
  memory: PlatformMemory,
  url: string | undefined,
  notice: MakeNotice,
): CallAnswer {
  const count = typeof memory[COUNT] === 'number' ? memory[COUNT] + 1 : 1;
  memory[COUNT] = count;
  // From the end of the day's numbers, so that trades that others make do not meet them.
  const number = `DD${beijingDay(call.at).replaceAll('-', '')}${String(10_000 - (count % 5000)).padStart(4, '0')}`;
  const trade: PlayedTrade = { number, data: request };
  memory[tradeKey(number)] = trade as unknown as Json;
  memory[toldKey(number)] = true;
  const audit = JSON.stringify({
    notify_type: 'OUT_TRADE_AUDIT',
    trade_no: number,
    trade_status: 2,
    message: '审核通过',
  });
  const afterMs = 20_000 + (count % 7) * 10_000;
  const approved = { ...notice(audit, call.at + afterMs), afterMs };
  const callbacks = url === undefined || url === '' ? [] : [{ ...approved, url }];
  return { ...json({ code: 0, msg: '', data: { trade_no: number } }), callbacks };
}

const WAYS: ReadonlySet<number> = new Set([1, 2, 3, 4, 5]);
const CARRIERS: Readonly<Record<number, readonly number[]>> = { 2: [6, 7, 9, 10, 11], 4: [5, 8] };
const NEEDED = ['receivername', 'mobile', 'provincename', 'cityname', 'distrctname', 'address', 'deliverydate'];

const text = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined);

/** The platform's own look at a trade, in its own names. */
function tradeFault(request: Fields): string | undefined {
  if (typeof request['warehouseid'] !== 'number') return 'warehouseid 不能为空';
  const way = request['transportway'] ?? 5;
  if (typeof way !== 'number' || !WAYS.has(way)) return 'transportway 错误';
  const carriers = CARRIERS[way];
  const carrier = request['logisticscompanyid'];
  if (carriers !== undefined && (typeof carrier !== 'number' || !carriers.includes(carrier)))
    return 'logisticscompanyid 错误';
  for (const name of NEEDED) if ((text(request[name]) ?? '') === '') return `${name} 不能为空`;
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(text(request['deliverydate']) ?? '')) return 'deliverydate 格式错误';
  const items = request['items'];
  if (!Array.isArray(items) || items.length === 0) return 'items 不能为空';
  const isItem = (item: Json): boolean =>
    item !== null &&
    typeof item === 'object' &&
    'outerpcode' in item &&
    typeof item.outerpcode === 'string' &&
    'mainmeasunitqty' in item &&
    Number.isSafeInteger(item.mainmeasunitqty);
  return (items as readonly Json[]).every(isItem) ? undefined : 'items 格式错误';
}

function modify(request: Fields, memory: PlatformMemory): CallAnswer {
  const number = text(request['instockno']);
  if (number === undefined || !/^RK\d{12,}$/u.test(number)) return refused('2002', 'instockno 不存在');
  memory[`instock ${number}`] = request as Json;
  return json({ code: 0, msg: '', data: { instock_no: number } });
}

/** The trades that the hub made: audited, as far as a notice of it can come. */
export const ordersOf = (memory: PlatformMemory): readonly PlatformOrder[] =>
  Object.keys(memory)
    .filter((name) => name.startsWith('trade '))
    .map((name) => {
      const { number, isUntold, data } = memory[name] as unknown as PlayedTrade;
      const [ownNumber] = /SUP\d{12}/u.exec(JSON.stringify(data)) ?? [];
      const named = { platformOrderId: number, ...(ownNumber === undefined ? {} : { ownNumber }) };
      if (isUntold === true && memory[toldKey(number)] === undefined) return named;
      const [status, fulfilment] = isUntold === true ? ['pending', 'none'] : ['accepted', 'accepted'];
      return {
        ...named,
        ...(isUntold === true ? { isUntold } : {}),
        expected: { status, fulfilment, lifecycle: 'open', payment: 'unpaid', amounts: { total: null } },
      };
    });

/** The notice of an audit will never arrive. */
export function loseNotice(callback: OutgoingCallback, memory: PlatformMemory): void {
  const [number = ''] = /DD\d{12}/u.exec(callback.body) ?? [];
  const trade = memory[tradeKey(number)] as (PlayedTrade & JsonObject) | undefined;
  if (trade !== undefined) memory[tradeKey(number)] = { ...trade, isUntold: true };
}

/** A trade that a shop of the demo wants. */
export function wish(random: Random, number: number): ShopperWish {
  const quantity = 1 + Math.floor(random() * 20);
  return {
    body: {
      merchantOrderId: `SUP${String(number).padStart(12, '0')}`,
      warehouseId: 1 + Math.floor(random() * 3),
      transportWay: 5,
      name: '张小明',
      phone: '13800138000',
      province: '江苏省',
      city: '苏州市',
      district: '虎丘区',
      address: '科技路 1 号',
      deliveryDate: '2026-12-01',
      items: [{ code: `P-${100 + Math.floor(random() * 900)}`, quantity }],
    },
    needsPayment: false,
    plot: 'a trade, made and audited',
    paysAfterMs: null,
  };
}

const isTradeCall = ({ path }: IncomingCall): boolean => path === CREATE_PATH || path === MODIFY_PATH;

export const faults: readonly SandboxFault[] = [
  { name: 'refused', applies: isTradeCall, answer: () => refused('5001', '系统繁忙') },
  // What no setting understands: neither a yes nor a no.
  { name: 'unclear_answer', applies: isTradeCall, answer: () => json({ result: '已受理' }) },
];

const json = (value: Json): CallAnswer => ({
  status: 200,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
});
const refused = (code: string, msg: string): CallAnswer => json({ code: Number(code), msg, data: null });
