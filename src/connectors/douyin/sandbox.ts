import type { AccountView } from '../../core/connector.ts';
import { NumberText, stringifyLossless } from '../../core/json.ts';
import type { Json, Lossless } from '../../core/json.ts';
import type { Fen } from '../../core/money.ts';
import { rsaKeysFromText } from '../../core/rsa.ts';
import type { ExpectedOrder, OutgoingCallback, Random, SandboxPlatform, Story } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { refundNumberFor } from './callback.ts';
import { answer } from './sandbox-answers.ts';
import { callbackSignature, tradeCallbackHeaders } from './signature.ts';
import { PLOTS } from './sandbox-plots.ts';
import type { Plot, Scene } from './sandbox-plots.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

const pick = <T>(random: Random, list: readonly [T, ...T[]]): T => list[Math.floor(random() * list.length)] ?? list[0];

const between = (random: Random, [least, most]: readonly [number, number]): number =>
  Math.floor(least + random() * (most - least));

function letters(random: Random, alphabet: string, length: number): string {
  let text = '';
  while (text.length < length) text += alphabet.charAt(Math.floor(random() * alphabet.length));
  return text;
}
const hex = (random: Random, length: number): string => letters(random, '0123456789abcdef', length);
const digits = (random: Random, length: number): string => letters(random, '0123456789', length);

function pickPlot(random: Random): Plot {
  let rest = random() * PLOTS.reduce((sum, { weight }) => sum + weight, 0);
  return PLOTS.find(({ weight }) => (rest -= weight) < 0) ?? pick(random, PLOTS);
}

/** What stays the same in every callback of an order. */
interface Order {
  readonly orderId: string;
  readonly merchantNo: string;
  readonly total: Fen;
  readonly discount: Fen;
  readonly way: '1' | '2' | '10';
  readonly channelNo: string;
  readonly sellerUid: string;
  readonly cpExtra: string;
  /** The envelope's timestamp as a number, as integrations of 2021 had it. */
  readonly numberTimestamp: boolean;
  readonly nonce: string;
  /** Fen of each refund by its letter. */
  readonly refunds: Readonly<Record<string, Fen>>;
}

function invent(random: Random, number: number, atMs: TimeMs, plot: Plot): Order {
  // 19 digits with the second in front: unique over the runs of a sandbox, and no double holds it.
  const digits19 = `${Math.floor(atMs / 1000)}${String(number % 1e9).padStart(9, '0')}`;
  const total = between(random, [100, 30_000]);
  const discount = plot.discount === true ? between(random, [1, Math.floor(total / 4)]) : 0;
  const shares = plot.shares ?? {};
  const names = Object.keys(shares);
  const refunds: Record<string, Fen> = {};
  for (const name of names) refunds[name] = Math.max(1, Math.floor((total - discount) * (shares[name] ?? 0)));
  // The last of refunds that are to add up takes the rest.
  const last = names.at(-1);
  if (plot.addsUp === true && last !== undefined) {
    refunds[last] = total - discount - names.slice(0, -1).reduce((sum, name) => sum + (refunds[name] ?? 0), 0);
  }
  return {
    orderId: plot.generation === 'ecpay' && random() < 0.5 ? `N${digits19}` : digits19,
    merchantNo: `HUB${digits19}`,
    total,
    discount,
    way: pick(random, ['1', '2', '10']),
    channelNo: `${digits19}${digits(random, 9)}`,
    sellerUid: `7${digits19}`,
    cpExtra: pick(random, ['', '', '{"门店":"一号店"}', '渠道=直播&主播=小美🎉']),
    numberTimestamp: random() < 0.2,
    nonce: String(between(random, [1, 10_000])),
    refunds,
  };
}

const refundId = (order: Order, refund: string): string => `8${order.merchantNo.slice(4)}${refund.charCodeAt(0)}`;

/** The number of a refund: the developer's own, or, of one that the user asked for, what the hub answered to the request. */
function refundNo(order: Order, refund: string, plot: Plot): string {
  const isAskedFor = plot.scenes.some((scene) => scene.kind === 'request' && scene.refund === refund);
  return isAskedFor ? refundNumberFor(refundId(order, refund)) : `${order.merchantNo}R${refund}`;
}

type Msg = Readonly<Record<string, Json>>;

function ecpayMsg(order: Order, scene: Scene, plot: Plot, atMs: TimeMs, appid: string): readonly [string, Msg] {
  const at = Math.floor(atMs / 1000);
  const common = { appid, cp_extra: order.cpExtra, order_id: order.orderId };
  switch (scene.kind) {
    case 'refund':
      return [
        'refund',
        {
          ...common,
          cp_refundno: refundNo(order, scene.refund, plot),
          status: scene.status,
          refund_amount: order.refunds[scene.refund] ?? 0,
          is_all_settled: false,
          refunded_at: scene.status === 'SUCCESS' ? at : 0,
          message: scene.status === 'FAIL' ? '余额不足' : '',
          refund_no: refundId(order, scene.refund),
        },
      ];
    case 'settle':
      return [
        'settle',
        {
          ...common,
          cp_settle_no: `${order.merchantNo}S${scene.number}`,
          status: scene.status,
          rake: Math.round(order.total * 0.006),
          commission: 0,
          settle_detail: `商户号${order.sellerUid}-分成金额(分)${order.total}`,
          settled_at: scene.status === 'SUCCESS' ? at : 0,
          message: scene.status === 'SUCCESS' ? '' : '处理失败',
        },
      ];
    default:
      return [
        'payment',
        {
          ...common,
          cp_orderno: order.merchantNo,
          way: order.way,
          channel_no: order.channelNo,
          channel_gateway_no: '',
          payment_order_no: `DPS${order.channelNo}`,
          out_channel_order_no: order.channelNo,
          total_amount: order.total,
          status: 'SUCCESS',
          seller_uid: order.sellerUid,
          extra: scene.kind === 'payment' && scene.full === true ? '{"cps_info":""}' : 'null',
          item_id: scene.kind === 'payment' && scene.full === true ? `9${order.merchantNo.slice(4)}` : '',
          // A repeat tells the same payment.
          paid_at: Math.floor((atMs - (scene.kind === 'payment' ? (scene.sincePaidMs ?? 0) : 0)) / 1000),
          message: '',
        },
      ];
  }
}

function tradeMsg(order: Order, scene: Scene, plot: Plot, atMs: TimeMs, appId: string): readonly [string, Msg] {
  const common = { app_id: appId, order_id: order.orderId, cp_extra: order.cpExtra, event_time: atMs };
  const amounts = { total_amount: order.total, discount_amount: order.discount };
  switch (scene.kind) {
    case 'payment':
      return [
        'payment',
        {
          ...common,
          ...amounts,
          out_order_no: order.merchantNo,
          status: 'SUCCESS',
          pay_channel: Number(order.way),
          channel_pay_id: order.channelNo,
          merchant_uid: order.sellerUid,
          message: '',
        },
      ];
    case 'cancel':
      return [
        'payment',
        { ...common, ...amounts, out_order_no: order.merchantNo, status: 'CANCEL', message: scene.reason },
      ];
    case 'request':
      return [
        'pre_create_refund',
        {
          app_id: appId,
          open_id: `_000${order.merchantNo.slice(-12)}`,
          order_id: order.orderId,
          out_order_no: order.merchantNo,
          out_refund_no: '',
          refund_id: refundId(order, scene.refund),
          refund_total_amount: order.refunds[scene.refund] ?? 0,
          need_refund_audit: 1,
          refund_audit_deadline: atMs + 48 * HOUR_MS,
          create_refund_time: atMs,
          refund_source: 1,
          refund_reason: [{ code: 101, text: '不想要了' }],
        },
      ];
    case 'refund':
      return [
        'refund',
        {
          ...common,
          refund_id: refundId(order, scene.refund),
          out_refund_no: refundNo(order, scene.refund, plot),
          refund_total_amount: order.refunds[scene.refund] ?? 0,
          status: scene.status,
          is_all_settled: false,
          refund_item_detail: { item_order_quantity: 1, item_order_detail: [] },
          message: scene.status === 'FAIL' ? '商家拒绝退款' : '',
        },
      ];
    case 'settle':
      return [
        'settle',
        {
          ...common,
          settle_id: `6${order.merchantNo.slice(4)}${scene.number}`,
          out_settle_no: `${order.merchantNo}S${scene.number}`,
          status: scene.status,
          rake: Math.round(order.total * 0.006),
          commission: 0,
          settle_detail: `商户号${order.sellerUid}-分成金额(分)${order.total}`,
          settle_amount: order.total,
          is_auto_settle: true,
          message: scene.status,
        },
      ];
  }
}

/** The platform's private key for an account. It follows from the app secret, so that a restarted sandbox signs alike. */
const platformKeys = new Map<string, { readonly privateKey: string; readonly publicKey: string }>();
function platformKeysFor(appSecret: string): { readonly privateKey: string; readonly publicKey: string } {
  const keys = platformKeys.get(appSecret) ?? rsaKeysFromText(`platform of ${appSecret}`);
  platformKeys.set(appSecret, keys);
  return keys;
}

function callback(order: Order, scene: Scene, plot: Plot, atMs: TimeMs, account: AccountView): OutgoingCallback {
  const appId = account.credential('appId') ?? '';
  const seconds = String(Math.floor(atMs / 1000));
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  if (plot.generation === 'trade') {
    const [type, msg] = tradeMsg(order, scene, plot, atMs, appId);
    const body = JSON.stringify({ version: '3.0', type, msg: JSON.stringify(msg) });
    const { privateKey } = platformKeysFor(account.credential('appSecret') ?? '');
    const signed = tradeCallbackHeaders(seconds, `${order.nonce}${order.channelNo}`, Buffer.from(body), privateKey);
    return { topic: '', headers: { ...headers, ...signed, 'byte-logid': `${seconds}${order.nonce}` }, body };
  }
  const [type, msg] = ecpayMsg(order, scene, plot, atMs, appId);
  const [token] = account.secrets('token');
  if (token === undefined) throw new TypeError('the account has no token to sign with');
  const fields = new Map<string, Lossless>([
    ['timestamp', order.numberTimestamp ? new NumberText(seconds) : seconds],
    ['nonce', order.nonce],
    ['msg', JSON.stringify(msg)],
    ['type', type],
  ]);
  fields.set('msg_signature', callbackSignature(fields, token.value) ?? '');
  return { topic: '', headers, body: stringifyLossless(fields) };
}

/** The truth after these scenes, worked out from the plot and not by the code that the sandbox is to test. */
function truth(order: Order, scenes: readonly Scene[]): ExpectedOrder {
  const isPaidTold = scenes.some(({ kind }) => kind === 'payment');
  const isSettled = scenes.some((scene) => scene.kind === 'settle' && scene.status === 'SUCCESS');
  const cancel = scenes.find((scene) => scene.kind === 'cancel');
  const lifecycle = cancel === undefined ? 'open' : cancel.reason === 'TIME_OUT' ? 'expired' : 'cancelled';
  const ended = new Set<string>();
  const returned = new Map<string, Fen>();
  for (const scene of scenes) {
    if (scene.kind !== 'refund' || scene.status === 'PROCESSING') continue;
    ended.add(scene.refund);
    if (scene.status === 'SUCCESS') returned.set(scene.refund, order.refunds[scene.refund] ?? 0);
  }
  const waits = scenes.some(
    (scene) => (scene.kind === 'request' || scene.kind === 'refund') && !ended.has(scene.refund),
  );
  const refunded = [...returned.values()].reduce((sum, fen) => sum + fen, 0);
  const paid = order.total - order.discount;
  const payment =
    returned.size > 0
      ? isPaidTold && refunded >= paid
        ? 'refunded'
        : 'partially_refunded'
      : isPaidTold || isSettled
        ? 'paid'
        : 'unpaid';
  return {
    status:
      payment === 'refunded' ? payment : lifecycle !== 'open' ? lifecycle : payment === 'unpaid' ? 'pending' : 'paid',
    payment,
    lifecycle,
    fulfilment: 'none',
    flags: waits ? ['refund_requested'] : [],
    amounts: {
      total: isPaidTold || cancel !== undefined ? order.total : null,
      paid: isPaidTold ? paid : cancel === undefined ? null : 0,
      refunded,
    },
  };
}

function tell(random: Random, number: number, atMs: TimeMs): Story {
  const plot = pickPlot(random);
  const order = invent(random, number, atMs, plot);
  const waits = plot.scenes.map((scene) => between(random, scene.afterMs));
  // How long ago the first notice of the payment was, for a repeat of it.
  const scenes = plot.scenes.map((scene, index): Scene =>
    scene.kind === 'payment'
      ? { ...scene, sincePaidMs: index === 0 ? 0 : waits.slice(1, index + 1).reduce((a, b) => a + b, 0) }
      : scene,
  );
  return {
    platformOrderId: order.orderId,
    plot: `${plot.generation}: ${plot.plot}`,
    steps: scenes.map((scene, index) => ({
      afterMs: waits[index] ?? 0,
      callback: (stepMs, account) => callback(order, scene, plot, stepMs, account),
    })),
    expected: (told) =>
      truth(
        order,
        told.map((index) => scenes[index]).filter((scene) => scene !== undefined),
      ),
  };
}

/** HTTP 200 and `err_no` 0; anything else counts as failed (sheet, 3.4). */
function isReceived({ status, body }: { readonly status: number; readonly body: string }): boolean {
  if (status !== 200) return false;
  try {
    return (JSON.parse(body) as { readonly err_no?: unknown } | null)?.err_no === 0;
  } catch {
    return false;
  }
}

export const sandbox: SandboxPlatform = {
  demoAccount(random, baseUrl) {
    const appSecret = hex(random, 40);
    return {
      credentials: {
        appId: `tt${hex(random, 16)}01`,
        appSecret,
        salt: letters(random, 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789', 32),
        token: letters(random, 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789', 24),
        privateKey: rsaKeysFromText(`app ${hex(random, 64)}`).privateKey,
        keyVersion: '1',
        platformPublicKey: platformKeysFor(appSecret).publicKey,
      },
      settings: { baseUrl, openBaseUrl: baseUrl },
    };
  },
  tell,
  isReceived,
  answer,
  retryGapsMs: [
    15,
    15,
    30,
    3 * 60,
    10 * 60,
    20 * 60,
    30 * 60,
    30 * 60,
    30 * 60,
    60 * 60,
    3 * 3600,
    3 * 3600,
    3 * 3600,
    6 * 3600,
    6 * 3600,
  ].map((seconds) => seconds * SECOND_MS),
};
