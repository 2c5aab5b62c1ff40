import type { AccountView } from '../../core/connector.ts';
import type { Json } from '../../core/json.ts';
import type { CallAnswer, IncomingCall, PlatformMemory, SandboxFault } from '../../core/sandbox.ts';
import { equalInConstantTime } from '../../core/signing.ts';
import { API_PATH } from './client.ts';
import { detailed, findMachine, listed, machineNow, products } from './sandbox-machines.ts';
import { BAD_FORM, createOrder, dispense, NO_RECORD, orderOf, queried, updateOrder } from './sandbox-orders.ts';
import type { Said } from './sandbox-orders.ts';
import { keepMachine, orderOfTrade } from './sandbox-memory.ts';
import type { End } from './sandbox-memory.ts';
import { encodingOf, sign } from './signature.ts';

/** Answers the calls of a merchant's system: headers first, then the payload's signature, then what was asked. */
export const answer = (call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer =>
  answerWith(call, account, memory);

function answerWith(call: IncomingCall, account: AccountView, memory: PlatformMemory, forced?: End): CallAnswer {
  const refusal = wrongHeaders(call, account);
  if (refusal !== undefined) return refusal;
  const path = call.path.startsWith(API_PATH) ? call.path.slice(API_PATH.length) : '';
  const plain = `${call.method} ${path}`;
  if (plain === 'POST /ping') return fine('pong');
  if (plain === 'POST /rent/machines') return fine(listed());
  if (plain === 'POST /orders') return told(createOrder(memory, call.body, call.at));
  const [, machineNo] = /^POST \/rent\/machines\/(\d+)$/u.exec(plain) ?? [];
  if (machineNo !== undefined) {
    const machine = findMachine(machineNo);
    return machine === undefined ? fault(30_003, '设备不存在') : fine(detailed(machine));
  }
  const signed = SIGNED.find(({ form }) => form.test(plain));
  if (signed === undefined) return fault(404, 'not found', 404);
  const asked = readPayload(call, account);
  if ('fault' in asked) return asked.fault;
  const number = signed.form.exec(plain)?.[1] ?? '';
  return told(signed.does(asked.parameters, { number, at: call.at, memory, forced }));
}

interface World {
  /** From the path. */
  readonly number: string;
  readonly at: number;
  readonly memory: PlatformMemory;
  readonly forced: End | undefined;
}
type Parameters = Readonly<Record<string, string>>;

const SIGNED: readonly { readonly form: RegExp; does(parameters: Parameters, world: World): Said }[] = [
  {
    form: /^POST \/orders\/(\d+)$/u,
    does(parameters, { number, memory }) {
      const order = orderOf(memory, number, parameters);
      return order === undefined ? NO_RECORD : queried(order);
    },
  },
  {
    form: /^PUT \/orders\/(\d+)$/u,
    does(parameters, { number, memory, at }) {
      const order = orderOf(memory, number, parameters);
      return order === undefined ? NO_RECORD : updateOrder(memory, order, parameters['status'] ?? '', at);
    },
  },
  {
    form: /^POST \/deliveries$/u,
    does(parameters, { memory, at, forced }) {
      const order = orderOf(memory, parameters['order_id'] ?? '', parameters);
      if (parameters['method'] !== 'device.delivery.put') return BAD_FORM;
      return order === undefined ? NO_RECORD : dispense(memory, order, parameters['record_id'] ?? '', at, forced);
    },
  },
  {
    form: /^POST \/products$/u,
    does(parameters, { memory, at }) {
      const machine = findMachine(parameters['machine_no'] ?? '');
      if (machine === undefined) return { code: 30_003, message: '设备不存在' };
      const count = (name: string, usual: number): number => Number(parameters[name] ?? usual);
      const [page, perPage] = [count('page', 0), count('per_page', 10)];
      if (!(page >= 1) || !(perPage >= 1)) return BAD_FORM;
      keepMachine(memory, machine.machineNo, { ...machineNow(memory, machine.machineNo), readAt: at });
      return { data: products(memory, machine, page, perPage) };
    },
  },
];

const envelope = (status: number, value: Json): CallAnswer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
});

/** Zeros are left out of the platform's answers, but its documents always show code and message. */
const fine = (data: Json): CallAnswer => envelope(200, { code: 0, message: 'ok', data });
const fault = (code: number, message: string, status = 200): CallAnswer =>
  envelope(status, { code, message, data: {} });

function told(said: Said): CallAnswer {
  if ('code' in said) return fault(said.code, said.message);
  return said.order === undefined ? fine(said.data) : { ...fine(said.data), tellsOf: [String(said.order.id)] };
}

function wrongHeaders({ headers }: IncomingCall, account: AccountView): CallAnswer | undefined {
  const [appid = '', appSecret = ''] = [headers['appid'], headers['appsecret']];
  if (appid === '' || appSecret === '') return fault(10_008, 'appid or appsecret is empty', 401);
  if (appid !== account.credential('appid')) return fault(10_014, 'appid is invalid', 401);
  if (!account.secrets('appSecret').some(({ value }) => equalInConstantTime(value, appSecret))) {
    return fault(10_013, 'appsecret is invalid', 401);
  }
  return undefined;
}

type Asked = { readonly parameters: Parameters } | { readonly fault: CallAnswer };

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
    if (!/^\d{10}$/u.test(parameters['timestamp'] ?? '')) return { fault: told(BAD_FORM) };
    return { parameters };
  } catch {
    return { fault: told(BAD_FORM) };
  }
}

const isCall =
  (method: string, path: string) =>
  (call: IncomingCall): boolean =>
    call.method === method && call.path === API_PATH + path;
const isCreation = isCall('POST', '/orders');
const isDispensing = isCall('POST', '/deliveries');

const refusing = (name: string, applies: SandboxFault['applies'], code: number, message: string): SandboxFault => ({
  name,
  applies,
  // Of an order that exists the platform says that, and nothing of the goods that it holds already.
  answer: (call, account, memory) =>
    isCreation(call) && isKnownTrade(call, memory) ? answerWith(call, account, memory) : fault(code, message),
});

function isKnownTrade({ body }: IncomingCall, memory: PlatformMemory): boolean {
  const { trade_id: tradeId } = JSON.parse(body) as { readonly trade_id?: unknown };
  return typeof tradeId === 'string' && orderOfTrade(memory, tradeId) !== undefined;
}

/** Troubles that can be asked for. A jam takes the command, and the item stays where it is. */
export const faults: readonly SandboxFault[] = [
  refusing('sold_out', isCreation, 60_003, '商品库存不足'),
  refusing('duplicate_number', isCreation, 6040, 'sorry, this trade id is exists'),
  refusing('machine_offline', (call) => isCreation(call) || isDispensing(call), 30_002, '设备已离线'),
  {
    name: 'jammed_slot',
    applies: isDispensing,
    answer: (call, account, memory) => answerWith(call, account, memory, 'jammed'),
  },
  {
    name: 'rate_limit',
    applies: () => true,
    answer: () => ({ status: 429, contentType: 'text/plain; charset=utf-8', body: 'Too Many Requests' }),
  },
];
