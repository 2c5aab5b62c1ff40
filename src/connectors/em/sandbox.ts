import type { AccountView } from '../../core/connector.ts';
import { writeForm } from '../../core/form.ts';
import type { ExpectedOrder, OutgoingCallback, Random, SandboxPlatform, Story } from '../../core/sandbox.ts';
import { beijingDay } from '../../core/time.ts';
import type { TimeMs } from '../../core/time.ts';
import { schemeOf } from './account.ts';
import { NOTICES } from './callback.ts';
import { answer, faults, loseNotice, notesTold, ordersOf, wish } from './sandbox-trades.ts';
import { sign } from './signature.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The waiting time before a notice, at least and at most, and the status that it tells. */
type Scene = readonly [fromMs: number, toMs: number, status: 1 | 2];

interface Plot {
  readonly plot: string;
  readonly type: keyof typeof NOTICES;
  /** How often it is told, against the others. */
  readonly weight: number;
  readonly scenes: readonly Scene[];
  /** In the format before there was a `notify_type`. */
  readonly older?: true;
}

const WAITS: Scene = [0, 3 * SECOND_MS, 1];
const APPROVED: Scene = [10 * MINUTE_MS, 20 * HOUR_MS, 2];
const APPROVED_AT_ONCE: Scene = [0, 3 * SECOND_MS, 2];
/** The same notice with the time of its second sending. */
const AGAIN: Scene = [30 * SECOND_MS, 30 * SECOND_MS + 1, 2];

const PLOTS: readonly Plot[] = [
  { plot: 'order approved', type: 'OUT_TRADE_AUDIT', weight: 30, scenes: [APPROVED_AT_ONCE] },
  { plot: 'order waits, then is approved', type: 'OUT_TRADE_AUDIT', weight: 20, scenes: [WAITS, APPROVED] },
  { plot: 'order still waits', type: 'OUT_TRADE_AUDIT', weight: 8, scenes: [WAITS] },
  {
    plot: 'order approved, told three times',
    type: 'OUT_TRADE_AUDIT',
    weight: 8,
    scenes: [APPROVED_AT_ONCE, AGAIN, AGAIN],
  },
  {
    plot: 'order approved, in the older format',
    type: 'OUT_TRADE_AUDIT',
    weight: 8,
    scenes: [WAITS, APPROVED],
    older: true,
  },
  { plot: 'stock-in approved', type: 'IN_STOCK_AUDIT', weight: 12, scenes: [APPROVED_AT_ONCE] },
  { plot: 'stock-in waits, then is approved', type: 'IN_STOCK_AUDIT', weight: 10, scenes: [WAITS, APPROVED, AGAIN] },
  { plot: 'stock-in still waits', type: 'IN_STOCK_AUDIT', weight: 4, scenes: [WAITS] },
];

const REMARKS: Readonly<Record<1 | 2, readonly string[]>> = {
  1: ['待审核', '', 'a&b=c 100%', '客户要求 9:00+ 送达'],
  2: ['审核通过', '审核成功', 'ok', '已审核："整箱"发货 📦', 'C:\\仓库\\1 & 50%+'],
};

/** The bodies that the sources leave open. */
const FORMS = ['json', 'percent-json', 'form', 'object'] as const;

function pick<T>(random: Random, list: readonly T[]): T {
  const item = list[Math.floor(random() * list.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
}

function pickPlot(random: Random): Plot {
  let rest = random() * PLOTS.reduce((sum, { weight }) => sum + weight, 0);
  for (const plot of PLOTS) {
    rest -= plot.weight;
    if (rest < 0) return plot;
  }
  return pick(random, PLOTS);
}

/** The text of `request_data`. */
function requestData({ type, older }: Plot, number: string, status: number, message: string): string {
  const names = NOTICES[type];
  return JSON.stringify({
    ...(older === true ? {} : { notify_type: type }),
    [names.number]: number,
    [names.status]: status,
    ...(message === '' ? {} : { message }),
  });
}

function notice(data: string, form: (typeof FORMS)[number], atMs: TimeMs, account: AccountView): OutgoingCallback {
  const [secret] = account.secrets('appSecret');
  if (secret === undefined) throw new TypeError('the account has no appSecret to sign with');
  const fields = {
    appid: account.credential('appid') ?? '',
    request_data: data,
    timestamp: String(Math.floor(atMs / 1000)),
  };
  const signed = { ...fields, sign: sign(fields, secret.value, schemeOf(account)) };
  const contentType = form === 'form' ? 'application/x-www-form-urlencoded' : 'application/json; charset=utf-8';
  const json = JSON.stringify(signed);
  const bodies = {
    json,
    'percent-json': encodeURIComponent(json),
    form: writeForm(Object.entries(signed)),
    object: json.replace(JSON.stringify(data), () => data),
  };
  return { topic: '', headers: { 'content-type': contentType }, body: bodies[form] };
}

/** The truth after these scenes, worked out from the plot and not by the code that the sandbox is to test. */
function truth(scenes: readonly Scene[]): ExpectedOrder {
  const approved = scenes.some(([, , status]) => status === 2);
  return {
    status: approved ? 'accepted' : 'pending',
    payment: 'unpaid',
    lifecycle: 'open',
    fulfilment: approved ? 'accepted' : 'none',
    flags: [],
    amounts: { total: null },
    sid: null,
  };
}

function tell(random: Random, number: number, atMs: TimeMs): Story {
  const plot = pickPlot(random);
  const prefix = plot.type === 'OUT_TRADE_AUDIT' ? 'DD' : 'RK';
  const platformOrderId = `${prefix}${beijingDay(atMs).replaceAll('-', '')}${String(number).padStart(4, '0')}`;
  const form = pick(random, FORMS);
  const remarks = { 1: pick(random, REMARKS[1]), 2: pick(random, REMARKS[2]) };
  return {
    platformOrderId,
    plot: plot.plot,
    steps: plot.scenes.map(([fromMs, toMs, status]) => ({
      afterMs: Math.floor(fromMs + random() * (toMs - fromMs)),
      callback: (stepMs, account) =>
        notice(requestData(plot, platformOrderId, status, remarks[status]), form, stepMs, account),
    })),
    expected: (told) => truth(told.map((index) => plot.scenes[index]).filter((scene) => scene !== undefined)),
  };
}

function letters(random: Random, length: number): string {
  let text = '';
  while (text.length < length) text += Math.floor(random() * 36).toString(36);
  return text;
}

export const sandbox: SandboxPlatform = {
  demoAccount: (random, baseUrl) => ({
    credentials: { appid: `KEY_${letters(random, 12)}`, appSecret: `SECRET_${letters(random, 24)}` },
    settings: { baseUrl },
  }),
  tell,
  answer: (call, account, memory) => answer(call, account, memory, (data, atMs) => notice(data, 'json', atMs, account)),
  orders: (_account, memory) => ordersOf(memory),
  lost: (callback, _at, _account, memory) => loseNotice(callback, memory),
  notesTold,
  wish: (random, number) => wish(random, number),
  faults,
  // Exactly the seven letters; no source says that the HTTP status counts.
  isReceived: ({ body }) => body === 'SUCCESS',
  // Every 30 s for at most an hour.
  retryGapsMs: Array.from({ length: HOUR_MS / (30 * SECOND_MS) }, () => 30 * SECOND_MS),
};
