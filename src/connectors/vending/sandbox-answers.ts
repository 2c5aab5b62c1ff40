import type { AccountView } from '../../core/connector.ts';
import type { Json } from '../../core/json.ts';
import { fenToYuan } from '../../core/money.ts';
import type { Fen } from '../../core/money.ts';
import type { CallAnswer, IncomingCall, PlatformMemory } from '../../core/sandbox.ts';
import { equalInConstantTime } from '../../core/signing.ts';
import { toBeijingText } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { API_PATH } from './client.ts';
import { encodingOf, sign } from './signature.ts';

/** A dispense record as the platform keeps it. */
export interface KeptRecord {
  readonly id: number;
  readonly productId: number;
  readonly quantity: number;
  readonly priceFen: Fen;
  /** '' until the order is paid. */
  readonly status: string;
  /** Reports sent about it. */
  readonly reports: number;
}

/** An order as the platform keeps it. */
export interface KeptOrder {
  readonly id: number;
  readonly tradeId: string;
  readonly machineNo: string;
  readonly placedAt: TimeMs;
  readonly status: string;
  readonly records: readonly KeptRecord[];
}

const orderName = (orderId: string | number): string => `order ${orderId}`;

export function keep(memory: PlatformMemory, order: KeptOrder): void {
  memory[orderName(order.id)] = order as unknown as Json;
}

const kept = (memory: PlatformMemory, orderId: string): KeptOrder | undefined =>
  memory[orderName(orderId)] as unknown as KeptOrder | undefined;

/** Answers the calls of a merchant's system: headers first, then the payload's signature, then what was asked. */
export function answer(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  const refusal = wrongHeaders(call, account);
  if (refusal !== undefined) return refusal;
  if (call.method === 'POST' && call.path === `${API_PATH}/ping`) return fine('pong');
  const [, orderId] = new RegExp(`^${API_PATH}/orders/(\\d+)$`, 'u').exec(call.path) ?? [];
  if (call.method === 'POST' && orderId !== undefined) {
    const asked = readPayload(call, account);
    return 'fault' in asked ? asked.fault : query(asked.parameters, kept(memory, orderId));
  }
  return fault(404, 'not found', 404);
}

const envelope = (status: number, value: Json): CallAnswer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
});

/** Zeros are left out of the platform's answers, but its documents always show code and message. */
const fine = (data: Json): CallAnswer => envelope(200, { code: 0, message: 'ok', data });
const fault = (code: number, message: string, status = 200): CallAnswer =>
  envelope(status, { code, message, data: {} });

function wrongHeaders({ headers }: IncomingCall, account: AccountView): CallAnswer | undefined {
  const [appid = '', appSecret = ''] = [headers['appid'], headers['appsecret']];
  if (appid === '' || appSecret === '') return fault(10_008, 'appid or appsecret is empty', 401);
  if (appid !== account.credential('appid')) return fault(10_014, 'appid is invalid', 401);
  if (!account.secrets('appSecret').some(({ value }) => equalInConstantTime(value, appSecret))) {
    return fault(10_013, 'appsecret is invalid', 401);
  }
  return undefined;
}

type Asked = { readonly parameters: Readonly<Record<string, string>> } | { readonly fault: CallAnswer };

function readPayload({ body }: IncomingCall, account: AccountView): Asked {
  try {
    const { payload } = JSON.parse(body) as { readonly payload?: unknown };
    const text = Buffer.from(typeof payload === 'string' ? payload : '', 'base64').toString('utf8');
    const parameters = Object.fromEntries(
      Object.entries(JSON.parse(text) as object).map(([name, value]) => [name, String(value)]),
    );
    const [merchantKey] = account.secrets('merchantKey');
    const computed = sign(parameters, merchantKey?.value ?? '', encodingOf(account));
    if (!equalInConstantTime(parameters['sign'] ?? '', computed))
      return { fault: fault(4006, 'sorry, payload sign invalid') };
    if (!/^\d{10}$/u.test(parameters['timestamp'] ?? '')) return { fault: fault(10_001, '表单校验失败') };
    return { parameters };
  } catch {
    return { fault: fault(10_001, '表单校验失败') };
  }
}

function query(parameters: Readonly<Record<string, string>>, order: KeptOrder | undefined): CallAnswer {
  if (order === undefined || parameters['machine_no'] !== order.machineNo) return fault(80_002, '记录不存在');
  const { id, tradeId, placedAt, status, records } = order;
  const reports = records.reduce((sum, record) => sum + record.reports, 0);
  const answered = fine({
    order_id: id,
    trade_id: tradeId,
    date: toBeijingText(placedAt),
    amount: fenToYuan(records.reduce((sum, record) => sum + record.priceFen, 0)),
    status,
    ...(reports === 0 ? {} : { notify_send_count: reports }),
    records: records.map((record) => ({
      id: record.id,
      product_id: record.productId,
      quantity: record.quantity,
      price: fenToYuan(record.priceFen),
      ...(record.status === '' ? {} : { status: record.status }),
      notify_sent: record.reports > 0 ? '1' : '0',
    })),
  });
  return { ...answered, tellsOf: [String(id)] };
}
