import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sentRequest } from '../../../test/kit/connector-fixtures.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { actAt, reportsOf } from '../../../test/kit/played-action.ts';
import { repairByPolls } from '../../../test/kit/played-polls.ts';
import { playedCall, settleDoubts } from '../../../test/kit/truth-reading.ts';
import type { ActionRequest } from '../../core/action.ts';
import type { Report } from '../../core/fact.ts';
import type { Json } from '../../core/json.ts';
import type { CallPlatform } from '../../core/outgoing.ts';
import type { PlatformMemory } from '../../core/sandbox.ts';
import { beijingDay } from '../../core/time.ts';
import { compareOrder } from '../../sandbox/compare-order.ts';
import { seededRandom } from '../../sandbox/seeded-random.ts';
import { meituanWaimai } from './index.ts';
import { START, account, take, worldOf } from '../../../test/kit/waimai-stories.ts';

const DAY_MS = 86_400_000;

test('meituan-waimai: the orders of a day are walked by their numbers until five of them are nobody’s', async () => {
  const memory: PlatformMemory = {};
  const wanted = new Set<string>();
  for (let number = 1; number <= 90; number += 1) {
    const story = meituanWaimai.sandbox.tell(seededRandom(`day/${number}`), number, START);
    if (number % 7 === 0) continue;
    take(story, memory, 1);
    wanted.add(story.platformOrderId);
  }
  const from = Date.parse('2026-11-20T00:00:00+08:00');
  assert.equal(beijingDay(from), '2026-11-20');
  const { stores } = worldOf(memory);
  const day = { at: START + DAY_MS, from, to: from + DAY_MS - 1, stores };
  const call = playedCall(meituanWaimai, account, memory, day.at);
  const found = new Set<string>();
  let page: Json = null;
  do {
    const value: { readonly reports: readonly Report[]; readonly next: Json } = await readPage(call, { ...day, page });
    for (const { aliases } of value.reports) found.add(aliases[0].value);
    page = value.next;
  } while (page !== null);
  assert.deepEqual(found, wanted);
});

async function readPage(
  call: CallPlatform,
  ask: Parameters<NonNullable<typeof meituanWaimai.readDay>>[2],
): Promise<{ readonly reports: readonly Report[]; readonly next: Json }> {
  const answer = await meituanWaimai.readDay?.(account, call, ask);
  assert.ok(answer?.ok === true, JSON.stringify(answer));
  return answer.value;
}

/** Something that the merchant does to an order as the hub shows it, where it may. */
const CHOICES: readonly (readonly [string, Readonly<Record<string, Json>>])[] = [
  ['accept', {}],
  ['cancel', { reasonCode: '2009' }],
  ['agree-refund', {}],
  ['reject-refund', { reason: '已出餐' }],
  ['assign', { name: '李师傅', phone: '13900000000' }],
  ['picked-up', {}],
  ['delivered', {}],
];

test('stories with lost messages and a merchant who acts are shown as the platform has them, once they were asked for', async () => {
  let acts = 0;
  for (let number = 1; number <= 300; number += 1) {
    const random = seededRandom(`waimai/repair/${number}`);
    const story = meituanWaimai.sandbox.tell(random, number, START);
    const memory: PlatformMemory = {};
    const { stores } = worldOf(memory);
    const played = { connector: meituanWaimai, account, memory };
    const model = new OrderModel(meituanWaimai);
    const told: number[] = [];
    const doubts: Report[] = [];
    const hear = (reports: readonly Report[]): void => {
      for (const report of reports) model.take(report);
      doubts.push(...reports.filter(({ doubt }) => doubt !== undefined));
    };
    let at = START;
    for (const [step, taken] of story.steps.entries()) {
      at += taken.afterMs;
      const sent = taken.callback(at, account, memory);
      if (random() >= 0.4) {
        told.push(step);
        const verified = meituanWaimai.verify({ ...sentRequest(sent), receivedAt: at }, account);
        assert.ok(verified.ok);
        const parsed = meituanWaimai.parse(verified.accepted, account);
        if (parsed.kind === 'reports') hear(parsed.reports);
      }
      // Nobody acts within the second of a message: the platform's times are that coarse.
      if ((story.steps[step + 1]?.afterMs ?? 5000) < 5000) continue;
      const json = model.order(story.platformOrderId);
      const [action, params = {}] = CHOICES[Math.floor(random() * CHOICES.length * 2)] ?? [];
      const spec = meituanWaimai.actions?.specs.find(({ name }) => name === action);
      if (json === undefined || action === undefined || spec?.refuses(json) !== undefined) continue;
      const aliases = [{ kind: 'platform', value: story.platformOrderId }] as const;
      const storeToken = stores.find(({ store }) => store === json.store)?.token ?? null;
      if (storeToken === null) continue;
      const order = { aliases, kind: 'takeaway' as const, json, store: json.store, storeToken };
      const request: ActionRequest = { action, params, number: 'act-1', at: at + 2000, order };
      const { outcome, callbacks } = actAt(played, request);
      if (outcome.state !== 'succeeded') continue;
      acts += 1;
      hear(outcome.reports);
      for (const callback of callbacks) if (random() >= 0.4) hear(reportsOf(played, callback));
    }
    const asksAt = at + 7_200_000;
    const daySequences = async (): Promise<readonly number[]> => [];
    hear(await repairByPolls(worldOf(memory, asksAt), model, { daySequences }));
    if (model.order(story.platformOrderId) === undefined) continue;
    const aliases = [{ kind: 'platform', value: story.platformOrderId }] as const;
    const overdue: Report = { aliases, kind: 'takeaway', at: null, doubt: 'overdue', facts: [] };
    const takeToken = (store: string) => stores.find((entry) => entry.store === store)?.token ?? NO_TOKEN;
    const world = { account, memory, at: asksAt + 60_000, takeToken };
    await settleDoubts(meituanWaimai, model, story.platformOrderId, [...doubts, overdue], world);
    const expected = story.expected(told, story.steps.length, memory);
    const differences = compareOrder(expected, { ...model.order(story.platformOrderId) });
    assert.deepEqual(differences, [], `${number}: ${story.plot}, told ${told.join(', ')}`);
  }
  assert.ok(acts > 50, `${acts} acts`);
});

const NO_TOKEN = { accessToken: '', refreshToken: null, expiresAt: null };
