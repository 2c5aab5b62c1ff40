import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { actionsOf, reportsOf } from '../../../test/kit/played-action.ts';
import type { ActionOutcome, ActionRequest } from '../../core/action.ts';
import type { Json } from '../../core/json.ts';
import { eleme } from './index.ts';
import { invent, orderNumberOf, pushOf } from './sandbox-order.ts';
import type { Order } from './sandbox-order.ts';
import { PLOTS } from './sandbox-plots.ts';
import type { Plot, Scene } from './sandbox-plots.ts';

const AT = 1_700_000_000_000;
const TOKEN = { accessToken: 'hubtoken00000000000000000000001', refreshToken: null, expiresAt: null };
const account = accountView(eleme, { credentials: { appKey: 'HUBKEY0001', appSecret: 's'.repeat(40) }, settings: {} });
const actions = actionsOf(eleme);
const [plot] = PLOTS as readonly [Plot, ...Plot[]];
const order: Order = invent(orderNumberOf(AT - 600_000, 0, 1), plot);

/** An order as the hub knows it after these messages, one a minute. */
function after(...scenes: readonly Omit<Scene, 'afterMs'>[]): OrderModel {
  const model = new OrderModel(eleme);
  for (const [index, scene] of [{ type: 10 }, { type: 12 }, ...scenes].entries()) {
    const sent = pushOf(order, plot, { afterMs: [0, 0], ...scene }, index, AT + index * 60_000, account);
    for (const report of reportsOf({ connector: eleme, account, memory: {} }, sent)) model.take(report);
  }
  return model;
}

/** The answer to the open request, as the hub stores it and, once it was silent, asks about it. */
function answerTo(model: OrderModel, action: 'agree-refund' | 'reject-refund', later = model): ActionRequest {
  const [json, now] = [model.order(order.id), later.order(order.id)];
  assert.ok(json !== undefined && now !== undefined);
  const spec = actions.specs.find(({ name }) => name === action);
  assert.equal(spec?.refuses(json), undefined);
  const params = { ...spec?.paramsFrom?.(json, model.lines(order.id)), reason: '已出餐' };
  const { reason: _reason, ...alone } = params;
  const aliases = [{ kind: 'platform', value: order.id }] as const;
  const about = { aliases, kind: 'takeaway' as const, store: order.shop.id, storeToken: TOKEN };
  return {
    action,
    params: action === 'reject-refund' ? params : alone,
    number: 'act-1',
    at: AT + 600_000,
    order: { ...about, json: now, lines: later.lines(order.id) },
  };
}

function told(request: ActionRequest, said: Readonly<Record<string, Json>>): string {
  const result = { orderId: order.id, refundStatus: 'applied', goodsList: [], ...said };
  const body = JSON.stringify({ id: '1', result, error: null });
  const outcome: ActionOutcome | undefined = actions.concludeQuestion?.(account, request, {
    ...{ status: 200, headers: {}, body },
  });
  if (outcome?.state === 'unknown') return outcome.isPersons === true ? 'a person’s' : 'asked again';
  return outcome?.state === 'failed' ? (outcome.refusal.kind ?? outcome.refusal.code) : (outcome?.state ?? 'nothing');
}

const yuan = (fen: number): number => fen / 100;
const CANCEL = { refundType: 'normal', totalPrice: yuan(order.totalFen), applyRefundReason: '不想要了' };
const PART = { refundType: 'part', totalPrice: yuan(order.partFen), applyRefundReason: '不想要了' };

describe('eleme: an answer to a request of which nothing was heard', () => {
  test('is given again where the same request is still open', () => {
    for (const action of ['agree-refund', 'reject-refund'] as const) {
      assert.equal(told(answerTo(after({ type: 20 }), action), CANCEL), 'not_done');
      const wanted = after({ type: 18 }, { type: 30, refundType: 'part' });
      assert.equal(told(answerTo(wanted, action), PART), 'not_done');
      assert.equal(told(answerTo(wanted, action), { ...PART, totalPrice: PART.totalPrice.toFixed(2) }), 'not_done');
    }
  });

  test('is a person’s where the open request asks for something else', () => {
    const request = answerTo(after({ type: 18 }, { type: 30, refundType: 'part' }), 'agree-refund');
    for (const other of [
      { totalPrice: yuan(order.partFen + 1) },
      { refundType: 'normal' },
      { applyRefundReason: '少送了' },
      { applyRefundReason: null },
      { totalPrice: null },
    ])
      assert.equal(told(request, { ...PART, ...other }), 'a person’s', JSON.stringify(other));
    const cancel = answerTo(after({ type: 20 }), 'agree-refund');
    assert.equal(told(cancel, { ...CANCEL, applyRefundReason: '等太久' }), 'a person’s');
  });

  test('is a person’s where a message told of another request, or of the end of this one', () => {
    const first = after({ type: 20 });
    for (const later of [after({ type: 20 }, { type: 21 }), after({ type: 20 }, { type: 21 }, { type: 20 })])
      assert.equal(told(answerTo(first, 'agree-refund', later), CANCEL), 'a person’s');
  });

  test('is a person’s where nobody knew which request was answered', () => {
    const vague = after({ type: 20, vague: true });
    assert.deepEqual(answerTo(vague, 'agree-refund').params, {});
    assert.equal(told(answerTo(vague, 'agree-refund'), CANCEL), 'a person’s');
    // A list showed it: whether it is the request of the last message nobody can say.
    const listed = after({ type: 20 });
    const flag = { line: '', register: 'flag.cancel_requested', value: true } as const;
    const aliases = [{ kind: 'platform', value: order.id }] as const;
    listed.take({ aliases, kind: 'takeaway', at: AT + 300_000, final: false, facts: [flag] });
    assert.deepEqual(answerTo(listed, 'agree-refund').params, {});
  });

  test('is not given at all where another request was opened before it left', () => {
    const request = answerTo(after({ type: 20 }), 'agree-refund', after({ type: 20 }, { type: 21 }, { type: 20 }));
    const prepared = actions.prepare(account, request);
    assert.ok(!prepared.ok);
    assert.deepEqual(prepared.faults, [{ field: 'request', message: 'is not the one that is open' }]);
  });

  test('ends as the platform decided meanwhile', () => {
    const request = answerTo(after({ type: 20 }), 'reject-refund');
    for (const [refundStatus, end] of [
      ['rejected', 'succeeded'],
      ['arbitrating', 'succeeded'],
      ['successful', 'decided_otherwise'],
      ['noRefund', 'decided_otherwise'],
    ] as const)
      assert.equal(told(request, { ...CANCEL, refundStatus }), end, refundStatus);
  });
});
