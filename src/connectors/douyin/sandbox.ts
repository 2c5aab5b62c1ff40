import type { Fen } from '../../core/money.ts';
import { rsaKeysFromText } from '../../core/rsa.ts';
import type { ExpectedOrder, Random, SandboxPlatform, Story } from '../../core/sandbox.ts';
import type { TimeMs } from '../../core/time.ts';
import { answer, faults } from './sandbox-answers.ts';
import { platformKeysFor } from './sandbox-envelope.ts';
import { ownOrders, tick } from './sandbox-ledger.ts';
import { PLOTS } from './sandbox-plots.ts';
import type { Plot, Scene } from './sandbox-plots.ts';
import { ECPAY_GAPS_MS, retryGapsOf } from './sandbox-retries.ts';
import { noteScene, sceneAnswered, sceneCallback } from './sandbox-scenes.ts';
import type { StoryOrder } from './sandbox-scenes.ts';
import { pay, wish, wishPayment } from './sandbox-shop.ts';
import { notesTold } from './sandbox-told.ts';

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

function invent(random: Random, number: number, atMs: TimeMs, plot: Plot): StoryOrder {
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

/** The truth after these scenes, worked out from the plot and not by the code that the sandbox is to test. */
function truth(order: StoryOrder, scenes: readonly Scene[]): ExpectedOrder {
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

const scenesOf = (scenes: readonly Scene[], steps: readonly number[]): readonly Scene[] =>
  scenes.filter((_, index) => steps.includes(index));

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
      callback(stepMs, account, memory) {
        if (memory !== undefined) noteScene(memory, order, scene, plot, stepMs);
        return sceneCallback(order, scene, plot, stepMs, account);
      },
    })),
    // What the hub was told when it asked heals what was never told.
    expected: (told, _happened, memory = {}) =>
      truth(
        order,
        scenes.filter(
          (scene, index) =>
            told.includes(index) || sceneAnswered(order, scene, plot, scenesOf(scenes, told), memory) === 'yes',
        ),
      ),
    answered: (step, told, memory) => sceneAnswered(order, scenes[step], plot, scenesOf(scenes, told), memory),
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
      // Both generations are told of; what the shop sells is paid in the one whose whole life the hub carries.
      settings: {
        baseUrl,
        openBaseUrl: baseUrl,
        generation: 'ecpay',
        tagGroupId: 'tag_group_0001',
        defaultImage: 'https://example.com/default.png',
      },
    };
  },
  tell,
  isReceived,
  answer,
  tick,
  pay,
  wish,
  wishPayment,
  orders: (_account, memory) => ownOrders(memory),
  notesTold,
  faults,
  retryGapsMs: ECPAY_GAPS_MS,
  retryGapsOf,
};
