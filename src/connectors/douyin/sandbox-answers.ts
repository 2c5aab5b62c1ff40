import type { AccountView } from '../../core/connector.ts';
import type { Json } from '../../core/json.ts';
import type { CallAnswer, IncomingCall, PlatformMemory, SandboxFault } from '../../core/sandbox.ts';
import { playEcpay } from './sandbox-calls.ts';
import { playPush } from './sandbox-push.ts';
import { giveClientToken, giveToken } from './sandbox-tokens.ts';
import { playTrade } from './sandbox-trade.ts';

const ECPAY = '/api/apps/ecpay/v1/';
const TRADE = '/api/trade_basic/v1/developer/';
const PUSH = '/api/apps/order/v2/push';

/** The platform's answer to a call of the hub. */
export function answer(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  if (call.method !== 'POST') return NOT_FOUND;
  if (call.path === '/api/apps/v2/token') return json(giveToken(call, account, memory));
  if (call.path === '/oauth/client_token/') return json(giveClientToken(call, account, memory));
  if (call.path === PUSH) return json(playPush(call, account, memory));
  const [family, play] = call.path.startsWith(ECPAY) ? ([ECPAY, playEcpay] as const) : ([TRADE, playTrade] as const);
  if (!call.path.startsWith(family)) return NOT_FOUND;
  const name = call.path.slice(family.length).replace(/\/$/u, '');
  const { body, tellsOf = [] } = play(name, call, account, memory);
  return { ...json(body), tellsOf };
}

const json = (value: Readonly<Record<string, Json>>, status = 200): CallAnswer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
});
const NOT_FOUND = json({ err_no: 404, err_tips: 'not found' }, 404);

const isEcpay = ({ path }: IncomingCall): boolean => path.startsWith(ECPAY);
const takesMoney = ({ path }: IncomingCall): boolean => /\/(?:create_refund|settle)$/u.test(path);

/** Troubles of the platform's own. */
export const faults: readonly SandboxFault[] = [
  { name: 'rate_limit', applies: isEcpay, answer: () => json({ err_no: 1001, err_tips: '请求过于频繁，请稍后再试' }) },
  { name: 'system_busy', applies: isEcpay, answer: () => json({ err_no: 1000, err_tips: '系统错误' }) },
  {
    // Done, and the answer is that of a repeat: what an impatient gateway between the two makes of one call.
    name: 'duplicate_number',
    applies: takesMoney,
    answer(call, account, memory) {
      const done = answer(call, account, memory);
      const isDone = /"err_no":0[,}]/u.test(done.body);
      return isDone ? { ...done, body: '{"err_no":2010,"err_tips":"单号重复"}' } : done;
    },
  },
  {
    name: 'expired_token',
    applies: ({ path }) => path === PUSH || path.startsWith(TRADE),
    answer: ({ path }) =>
      path === PUSH
        ? json({ err_code: 40_014, err_msg: 'bad access token' })
        : json({ err_no: 28_001_008, err_msg: 'access_token 已过期', data: null }),
  },
];
