import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { OrderModel } from '../../../test/kit/order-model.ts';
import { actionsOf } from '../../../test/kit/played-action.ts';
import type { ActionRequest } from '../../core/action.ts';
import type { Report } from '../../core/fact.ts';
import type { Json } from '../../core/json.ts';
import { refundLine } from '../../core/registers.ts';
import type { RefundState } from '../../core/registers.ts';
import { meituanWaimai } from './index.ts';

const AT = 1_700_000_000_000;
const ORDER = '5301890193521352344';
const TOKEN = { accessToken: 'a1b2c3', refreshToken: null, expiresAt: null };
const account = accountView(meituanWaimai, { credentials: { developerId: '100999', signKey: 'k' }, settings: {} });
const actions = actionsOf(meituanWaimai);
const aliases = [{ kind: 'platform', value: ORDER }] as const;

/** An order with these refunds, as the hub knows them: by their numbers, or by a push alone (`notice`). */
function having(refunds: Readonly<Record<string, RefundState>>): OrderModel {
  const model = new OrderModel(meituanWaimai);
  const report: Report = {
    aliases,
    kind: 'takeaway',
    at: AT,
    facts: [
      { line: '', register: 'payment', value: 'paid' },
      ...Object.entries(refunds).map(
        ([number, state]) =>
          ({ line: refundLine(number), register: 'refund', value: { state, amount: null, whole: true } }) as const,
      ),
    ],
  };
  model.take(report);
  return model;
}

/** The answer to the open request, as the hub stores it and, once it was silent, asks about it. */
function answerTo(model: OrderModel, action: 'agree-refund' | 'reject-refund', later = model): ActionRequest {
  const [json, now] = [model.order(ORDER), later.order(ORDER)];
  assert.ok(json !== undefined && now !== undefined);
  const spec = actions.specs.find(({ name }) => name === action);
  assert.equal(spec?.refuses(json), undefined);
  const params = { ...spec?.paramsFrom?.(json, model.lines(ORDER)), reason: '已出餐' };
  const order = {
    aliases,
    kind: 'takeaway',
    json: now,
    lines: later.lines(ORDER),
    store: 's',
    storeToken: TOKEN,
  } as const;
  return { action, params, number: 'act-1', at: AT + 60_000, order };
}

/** What it means that the platform lists these: number, `res_type` and second of the application. */
function told(request: ActionRequest, ...entries: readonly (readonly [string, number, number, boolean?])[]): string {
  const listed = entries.map(([number, result, second, isAppeal = false]): Record<string, Json> => ({
    ...{ refund_id: number, refund_type: '2', refund_apply_time: AT / 1000 + second },
    ...{ res_type: result, is_appeal: isAppeal ? 1 : 0 },
  }));
  const data = listed.length === 0 ? [] : [{ order_id: ORDER, OrderRefundInfo: listed }];
  const body = JSON.stringify({ code: 'OP_SUCCESS', data });
  const outcome = actions.concludeQuestion?.(account, request, { status: 200, headers: {}, body });
  if (outcome?.state === 'unknown') return outcome.isPersons === true ? 'a person’s' : 'asked again';
  return outcome?.state === 'failed' ? (outcome.refusal.kind ?? outcome.refusal.code) : (outcome?.state ?? 'nothing');
}

describe('meituan-waimai: an answer to a refund of which nothing was heard', () => {
  test('is given again where the same refund is still open', () => {
    for (const action of ['agree-refund', 'reject-refund'] as const) {
      const request = answerTo(having({ '9001': 'failed', '9002': 'requested' }), action);
      assert.equal(request.params['request'], '9002');
      assert.equal(told(request, ['9001', 1, 0], ['9002', 0, 60]), 'not_done');
    }
  });

  test('is what became of that refund, whatever was asked for after it', () => {
    const agreed = answerTo(having({ '9001': 'requested' }), 'agree-refund');
    const rejected = answerTo(having({ '9001': 'requested' }), 'reject-refund');
    for (const result of [2, 4, 5, 6]) {
      assert.equal(told(agreed, ['9001', result, 0], ['9002', 0, 60]), 'succeeded');
      assert.equal(told(rejected, ['9001', result, 0]), 'decided_otherwise');
    }
    for (const result of [1, 3, 7, 8]) {
      assert.equal(told(agreed, ['9001', result, 0], ['9002', 0, 60]), 'decided_otherwise');
      assert.equal(told(rejected, ['9001', result, 0], ['9002', 0, 60]), 'succeeded');
    }
    // An appeal to the service desk is no request to the merchant.
    assert.equal(told(rejected, ['9001', 1, 0], ['9001', 0, 60, true]), 'succeeded');
    assert.equal(told(agreed, ['9001', 1, 0], ['9001', 0, 60, true]), 'decided_otherwise');
  });

  test('is a person’s where another refund is open and that one is not listed', () => {
    const request = answerTo(having({ '9001': 'requested' }), 'agree-refund');
    assert.equal(told(request, ['9002', 0, 60]), 'a person’s');
    assert.equal(told(request, ['9002', 2, 60]), 'asked again');
    assert.equal(told(request), 'asked again');
  });

  test('is a person’s where only a push told of the refund, so that nobody knew which it was', () => {
    for (const refunds of [{ notice: 'requested' }, { notice: 'requested', '9001': 'requested' }] as const) {
      const request = answerTo(having(refunds), 'agree-refund');
      assert.equal(request.params['request'], undefined);
      assert.equal(told(request, ['9001', 0, 0]), 'a person’s');
      assert.equal(told(request, ['9001', 2, 0]), 'succeeded');
    }
  });

  test('is not given at all where another refund was asked for before it left', () => {
    const later = having({ '9001': 'failed', '9002': 'requested' });
    const prepared = actions.prepare(account, answerTo(having({ '9001': 'requested' }), 'agree-refund', later));
    assert.ok(!prepared.ok);
    assert.deepEqual(prepared.faults, [{ field: 'request', message: 'is not the one that is open' }]);
  });
});
