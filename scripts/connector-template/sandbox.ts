import type { AccountView } from '../../src/core/connector.ts';
import { fenToYuan } from '../../src/core/money.ts';
import type { ExpectedOrder, OutgoingCallback, SandboxPlatform, Story } from '../../src/core/sandbox.ts';
import type { TimeMs } from '../../src/core/time.ts';
import { sign } from './signature.ts';

const MINUTE_MS = 60_000;

/** The lives that are told: each status follows the one before. */
const PLOTS: readonly (readonly string[])[] = [
  ['paid'],
  ['paid', 'completed'],
  ['paid', 'refunded'],
  ['cancelled'],
  ['paid', 'completed', 'refunded'],
];

function notice(
  number: string,
  status: string,
  amountFen: number,
  atMs: TimeMs,
  account: AccountView,
): OutgoingCallback {
  const [secret] = account.secrets('appSecret');
  if (secret === undefined) throw new TypeError('the account has no appSecret to sign with');
  const body = JSON.stringify({
    order_no: number,
    status,
    amount: fenToYuan(amountFen),
    updated_at: Math.floor(atMs / 1000),
  });
  const headers = { 'content-type': 'application/json', 'x-signature': sign(secret.value, Buffer.from(body)) };
  return { topic: '', headers, body };
}

/** The truth after these statuses, worked out from them and not by the code that the sandbox is to test. */
function truth(statuses: readonly string[], amountFen: number): ExpectedOrder {
  const was = (status: string): boolean => statuses.includes(status);
  const payment = was('refunded') ? 'refunded' : was('paid') || was('completed') ? 'paid' : 'unpaid';
  const lifecycle = was('cancelled') ? 'cancelled' : was('completed') ? 'completed' : 'open';
  return {
    status: payment === 'refunded' ? payment : lifecycle === 'open' ? payment : lifecycle,
    payment,
    lifecycle,
    fulfilment: 'none',
    flags: [],
    amounts: { total: amountFen, refunded: payment === 'refunded' ? amountFen : 0 },
  };
}

export const sandbox: SandboxPlatform = {
  demoAccount: (random, baseUrl) => ({
    credentials: { appSecret: Array.from({ length: 32 }, () => Math.floor(random() * 16).toString(16)).join('') },
    settings: { baseUrl },
  }),
  tell(random, number, atMs): Story {
    const statuses = PLOTS[Math.floor(random() * PLOTS.length)] ?? ['paid'];
    const amountFen = 100 + Math.floor(random() * 10_000);
    const platformOrderId = `${Math.floor(atMs / 1000)}${String(number).padStart(6, '0')}`;
    return {
      platformOrderId,
      plot: statuses.join(', then '),
      steps: statuses.map((status) => ({
        afterMs: MINUTE_MS + Math.floor(random() * MINUTE_MS),
        callback: (stepMs, account) => notice(platformOrderId, status, amountFen, stepMs, account),
      })),
      expected: (told) =>
        truth(
          told.map((index) => statuses[index] ?? ''),
          amountFen,
        ),
    };
  },
  isReceived: ({ status, body }) => status === 200 && body === '{"code":0}',
  // How often and how long the platform sends again.
  retryGapsMs: [15_000, MINUTE_MS, 10 * MINUTE_MS],
};
