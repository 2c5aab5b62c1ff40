import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import { actAt, actionsOf, orderAfter, reportsOf, sendTo } from '../../../test/kit/played-action.ts';
import type { PlayedPlatform } from '../../../test/kit/played-action.ts';
import type { ActionOutcome, ActionRequest } from '../../core/action.ts';
import type { Report } from '../../core/fact.ts';
import type { Json } from '../../core/json.ts';
import type { OrderJson } from '../../core/order-json.ts';
import { eleme } from './index.ts';
import { noteStep } from './sandbox-memory.ts';
import { invent, orderNumberOf, pushOf } from './sandbox-order.ts';
import { PLOTS } from './sandbox-plots.ts';

const AT = 1_700_000_000_123;
const SECRET = 'hubsecret0000000000000000000000000000001';
const TOKEN = { accessToken: 'hubtoken00000000000000000000001', refreshToken: null, expiresAt: null };
const view = (settings: Readonly<Record<string, Json>> = {}): PlayedPlatform['account'] =>
  accountView(eleme, { credentials: { appKey: 'HUBKEY0001', appSecret: SECRET }, settings });
const actions = actionsOf(eleme);

type Params = Readonly<Record<string, Json>>;

function bareRequest(action: string, params: Params = {}, orderId = '3000000000000000017', at = AT): ActionRequest {
  const aliases = [{ kind: 'platform', value: orderId }] as const;
  const store = { line: '', register: 'store', value: { ref: '500000001', name: null } } as const;
  const json = orderAfter(eleme, orderId, [{ aliases, kind: 'takeaway', at: 1, facts: [store] }]) as OrderJson;
  return {
    action,
    params,
    number: 'act-1',
    at,
    order: { aliases, kind: 'takeaway', json, store: '500000001', storeToken: TOKEN },
  };
}

function bodyOf(
  account: PlayedPlatform['account'],
  request: ActionRequest,
): Record<string, unknown> & { text: string } {
  const prepared = actions.prepare(account, request);
  assert.ok(prepared.ok, JSON.stringify(prepared));
  const text = prepared.request.body ?? '';
  return { ...(JSON.parse(text) as Record<string, unknown>), text };
}
const faultsOf = (action: string, params: Params, orderId?: string): readonly string[] => {
  const prepared = actions.prepare(view(), bareRequest(action, params, orderId));
  return prepared.ok ? [] : prepared.faults.map(({ field }) => field);
};
const concluded = (action: string, body: string, status = 200): ActionOutcome =>
  actions.conclude(view(), bareRequest(action), { status, headers: {}, body });
const stateOf = (outcome: ActionOutcome | undefined): string | undefined =>
  outcome?.state === 'failed' ? `${outcome.refusal.class} ${outcome.refusal.code}` : outcome?.state;

describe('eleme: the bytes of an action', () => {
  test('accepting and cancelling are the vectors of the protocol', () => {
    const accept = bodyOf(view(), bareRequest('accept', {}, '3000000000000000017', 1_700_000_000_000));
    assert.equal(accept['action'], 'eleme.order.confirmOrderLite');
    assert.equal(accept['signature'], '962B8808F961F5EAB7348EF487D45270');
    assert.deepEqual(accept['params'], { orderId: '3000000000000000017' });
    const params = { reasonCode: 'foodSoldOut', reason: '缺货/"加料"已停' };
    const cancel = bodyOf(view({ metasTimestamp: 'ms' }), bareRequest('cancel', params, '3000000000000000018'));
    assert.equal(cancel['signature'], 'E50A8160887D17152616C820C8D5330F');
    assert.equal(cancel['token'], TOKEN.accessToken);
  });

  test('every action has its own name and parameters', () => {
    const orderId = '3000000000000000017';
    const rider = { name: '李师傅', phone: '13900000000' };
    const cases: readonly (readonly [string, Params, string, unknown])[] = [
      ['accept', {}, 'confirmOrderLite', { orderId }],
      ['cancel', {}, 'cancelOrderLite', { orderId, type: 'others', remark: '其他原因' }],
      [
        'cancel',
        { reasonCode: 'foodSoldOut' },
        'cancelOrderLite',
        { orderId, type: 'foodSoldOut', remark: '商品已售完' },
      ],
      ['agree-refund', {}, 'agreeRefundLite', { orderId }],
      ['reject-refund', { reason: '已出餐' }, 'disagreeRefundLite', { orderId, reason: '已出餐' }],
      ['ready', {}, 'setOrderPrepared', { orderId }],
      [
        'assign',
        rider,
        'selfDeliveryStateSync',
        {
          shopId: 500_000_001,
          stateInfo: { orderId, distributorId: 201, knight: { id: '', ...rider }, state: 'DELIVERY_START' },
        },
      ],
      ['picked-up', { phone: rider.phone }, 'startDeliveryBySelf', { orderId, phone: rider.phone }],
      [
        'position',
        { lng: 120.382_345, lat: 30 },
        'selfDeliveryLocationSync',
        {
          shopId: 500_000_001,
          orderId,
          locationInfo: { latitude: 30, longitude: 120.382_345, altitude: 0, utc: 1_700_000_000 },
        },
      ],
      ['delivered', { phone: rider.phone }, 'completeDeliveryBySelf', { orderId, phone: rider.phone }],
      ['query', {}, 'getOrder', { orderId }],
    ];
    for (const [action, params, name, wanted] of cases) {
      const body = bodyOf(view(), bareRequest(action, params));
      assert.equal(body['action'], `eleme.order.${name}`);
      assert.deepEqual(body['params'], wanted, action);
    }
    assert.deepEqual(
      [...new Set(cases.map(([action]) => action))],
      actions.specs.map(({ name }) => name),
    );
  });
});

describe('eleme: what is checked before it is sent', () => {
  test('each limit holds at its value and not past it', () => {
    const rider = { name: '李', phone: '13900000000' };
    const cases: readonly (readonly [string, Params, readonly string[]])[] = [
      ['cancel', { reasonCode: 'notSatisfiedDeliveryRequirement' }, []],
      ['cancel', { reasonCode: 'soldOut' }, ['reasonCode']],
      ['cancel', { reason: '缺'.repeat(200) }, []],
      ['cancel', { reason: '缺'.repeat(201) }, ['reason']],
      ['reject-refund', {}, ['reason']],
      ['reject-refund', { reason: ' ' }, ['reason']],
      ['assign', {}, ['name', 'phone']],
      ['assign', { ...rider, name: '😄'.repeat(50) }, []],
      ['assign', { ...rider, name: '😄'.repeat(51) }, ['name']],
      ['assign', { ...rider, phone: '139' }, ['phone']],
      ['picked-up', {}, ['phone']],
      ['delivered', { phone: '138****1234' }, ['phone']],
      ['position', { lng: -180, lat: 90 }, []],
      ['position', { lng: -180.1, lat: 90.1 }, ['lng', 'lat']],
      ['position', { lng: 120 }, ['lat']],
      ['agree-refund', { reason: 'x' }, ['reason']],
    ];
    for (const [action, params, fields] of cases)
      assert.deepEqual(faultsOf(action, params), fields, `${action} ${JSON.stringify(params).slice(0, 60)}`);
  });

  test('nothing is sent without the number, the token, the shop, the secret or a known action', () => {
    assert.deepEqual(faultsOf('accept', {}, '1'.repeat(20)), []);
    assert.deepEqual(faultsOf('accept', {}, '1'.repeat(21)), ['order']);
    assert.deepEqual(faultsOf('refund', {}), ['action']);
    const request = bareRequest('accept');
    const unbound = actions.prepare(view(), { ...request, order: { ...request.order, storeToken: null } });
    assert.deepEqual(!unbound.ok && unbound.faults.map(({ field }) => field), ['store']);
    // Our own code of the shop is not the number that the platform wants.
    const position = bareRequest('position', { lng: 1, lat: 1 });
    const coded = actions.prepare(view({ storeRef: 'openId' }), position);
    assert.deepEqual(!coded.ok && coded.faults.map(({ field }) => field), ['store']);
    const bare = actions.prepare(accountView(eleme, { credentials: {} }), request);
    assert.deepEqual(!bare.ok && bare.faults.map(({ field }) => field), ['account']);
  });

  test('the number of the assigned rider stands in for a missing one, a masked number does not', () => {
    const request = bareRequest('delivered');
    const withRider = (phone: string): ActionRequest => ({
      ...request,
      order: { ...request.order, rider: { name: '李', phone } },
    });
    const known = bodyOf(view(), withRider('13900000000'));
    assert.deepEqual(known['params'], { orderId: '3000000000000000017', phone: '13900000000' });
    assert.equal(actions.prepare(view(), withRider('139****0000')).ok, false);
  });
});

describe('eleme: what an answer means', () => {
  const error = (code: string, message = ''): string =>
    JSON.stringify({ id: '1', result: null, error: { code, message } });

  test('no error is success, and so is done already', () => {
    assert.equal(stateOf(concluded('accept', '{"id":"1","result":null,"error":null}')), 'succeeded');
    for (const [action, words] of [
      ['accept', '订单已确认'],
      ['cancel', '订单已取消'],
      ['agree-refund', '商户已同意'],
      ['reject-refund', '商户已拒绝'],
      ['ready', '订单已出餐'],
      ['picked-up', '订单已送出'],
      ['delivered', '订单已送达'],
    ] as const) {
      assert.equal(stateOf(concluded(action, error('BIZ_ORDER_STATE', words))), 'succeeded', words);
    }
    assert.equal(stateOf(concluded('accept', error('BIZ_ORDER_STATE', '订单已取消'))), 'final BIZ_ORDER_STATE');
  });

  test('each error code has its class, and where a repeat would cost something doubt stays doubt', () => {
    const classes = {
      retry: ['SERVER_ERROR', 'EXCEED_LIMIT', 'SOURCE_TIMEOUT'],
      alert: ['UNAUTHORIZED', 'ACCESS_DENIED', 'PERMISSION_DENIED', 'INVALID_SIGNATURE', 'INVALID_TIMESTAMP'],
      final: ['ILLEGAL_REQUEST', 'METHOD_NOT_ALLOWED', 'VALIDATION_FAILED', 'ORDER_NOT_FOUND'],
    };
    for (const [kind, codes] of Object.entries(classes)) {
      for (const code of codes) {
        assert.equal(stateOf(concluded('ready', error(code))), `${kind} ${code}`);
        const isDoubtful = kind === 'retry' && code !== 'EXCEED_LIMIT';
        assert.equal(stateOf(concluded('cancel', error(code))), isDoubtful ? 'unknown' : `${kind} ${code}`);
      }
    }
    assert.equal(stateOf(concluded('accept', '<html>', 502)), 'unknown');
    assert.equal(stateOf(concluded('delivered', '<html>', 502)), 'retry unreadable_reply');
  });
});

/** The life of an order up to one of its steps, at a platform that remembers it. */
function played(plotName: string, steps: number) {
  const world: PlayedPlatform = { connector: eleme, account: view(), memory: {} };
  const place = PLOTS.findIndex(({ plot }) => plot === plotName);
  const plot = PLOTS[place];
  assert.ok(plot !== undefined, plotName);
  const order = invent(orderNumberOf(AT - 600_000, place, 1), plot);
  world.memory[`access:${TOKEN.accessToken}`] = { expiresAt: AT + 86_400_000 };
  const reports: Report[] = [];
  for (const [index, scene] of plot.scenes.slice(0, steps).entries()) {
    noteStep(order.id, index, AT + index, world.memory);
    reports.push(...reportsOf(world, pushOf(order, plot, scene, index, AT - 300_000 + index * 1_000, world.account)));
  }
  const requestFor = (action: string, known: readonly Report[], at = AT, params: Params = {}): ActionRequest => {
    const json = orderAfter(eleme, order.id, known) as OrderJson;
    const aliases = [{ kind: 'platform', value: order.id }] as const;
    const about = { aliases, kind: 'takeaway' as const, json, store: order.shop.id, storeToken: TOKEN };
    return { action, params, number: 'act-1', at, order: about };
  };
  return { world, order, reports, requestFor };
}

/** The registers that an action's report and its message both tell must end alike, whichever comes first. */
function converge(id: string, before: readonly Report[], own: readonly Report[], told: readonly Report[]): OrderJson {
  const both = orderAfter(eleme, id, [...before, ...own, ...told]) as OrderJson;
  assert.deepEqual(orderAfter(eleme, id, [...before, ...told, ...own]), both);
  return both;
}

const refusedNames = (json: OrderJson): readonly string[] =>
  actions.specs.filter((spec) => spec.refuses(json) !== undefined).map(({ name }) => name);

describe('eleme: acting on a played order', () => {
  test('own riders carry an order to its door; each report converges with the message that it set off', () => {
    const { world, order, reports, requestFor } = played('new and not yet taken', 1);
    const known: Report[] = [...reports];
    const phone = '13900000000';
    const steps: readonly (readonly [string, Params, string])[] = [
      ['accept', {}, 'accepted'],
      ['ready', {}, 'accepted'],
      ['assign', { name: '李师傅', phone }, 'accepted'],
      ['picked-up', { phone }, 'delivering'],
      ['position', { lng: 120.38, lat: 30.31 }, 'delivering'],
      ['delivered', { phone }, 'delivered'],
    ];
    for (const [index, [action, params, fulfilment]] of steps.entries()) {
      const request = requestFor(action, known, AT + index * 60_000, params);
      assert.equal(refusedNames(request.order.json).includes(action), false, action);
      const { outcome, callbacks } = actAt(world, request);
      assert.ok(outcome.state === 'succeeded', `${action} ${JSON.stringify(outcome)}`);
      const told = callbacks.flatMap((callback) => reportsOf(world, callback));
      const shown = converge(order.id, known, outcome.reports, told);
      assert.equal(shown.fulfilment, fulfilment, action);
      // Where a message follows, it says all that the report said, but for what nobody else tells.
      if (['accept', 'picked-up'].includes(action))
        assert.deepEqual(orderAfter(eleme, order.id, [...known, ...told]), shown, action);
      known.push(...outcome.reports, ...told);
    }
    const { json } = requestFor('query', known).order;
    assert.equal(json.status, 'completed');
    assert.deepEqual(
      refusedNames(json),
      actions.specs.map(({ name }) => name).filter((name) => name !== 'query'),
    );
  });

  test('a cancellation ends as its message says, before it was taken and afterwards', () => {
    for (const steps of [1, 2]) {
      const { world, order, reports, requestFor } = played('taken, then made invalid', steps);
      const request = requestFor('cancel', reports, AT, { reasonCode: 'foodSoldOut' });
      const { outcome, callbacks } = actAt(world, request);
      assert.ok(outcome.state === 'succeeded');
      assert.match(callbacks[0]?.body ?? '', steps === 1 ? /"type":"?14/u : /"type":"?17/u);
      const told = callbacks.flatMap((callback) => reportsOf(world, callback));
      const shown = converge(order.id, reports, outcome.reports, told);
      assert.equal(shown.lifecycle, 'cancelled');
      assert.deepEqual(orderAfter(eleme, order.id, [...reports, ...told]), shown);
      assert.equal(stateOf(actAt(world, request).outcome), 'succeeded');
      assert.equal(stateOf(actAt(world, requestFor('accept', reports)).outcome), 'final BIZ_ORDER_STATE');
    }
  });

  test('a request to cancel or to refund is agreed to or refused once', () => {
    const cases = [
      ['cancel asked and still open', 3, 'agree-refund', 'cancelled', 'refunded'],
      ['cancel asked and still open', 3, 'reject-refund', 'open', 'paid'],
      ['completed, then refunded in part', 10, 'agree-refund', 'completed', 'partially_refunded'],
      ['completed, then refunded', 10, 'agree-refund', 'completed', 'refunded'],
      ['completed, then refunded', 10, 'reject-refund', 'completed', 'paid'],
    ] as const;
    for (const [plot, steps, action, lifecycle, payment] of cases) {
      const { world, order, reports, requestFor } = played(plot, steps);
      const params = action === 'reject-refund' ? { reason: '已出餐' } : {};
      const request = requestFor(action, reports, AT, params);
      assert.equal(refusedNames(request.order.json).includes(action), false, plot);
      const question = actions.prepareQuestion?.(world.account, request);
      assert.ok(question !== undefined);
      const ask = (): ActionOutcome | undefined =>
        actions.concludeQuestion?.(world.account, request, sendTo(world, question, AT).response);
      assert.equal(stateOf(ask()), 'unknown', plot);
      const { outcome, callbacks } = actAt(world, request);
      assert.ok(outcome.state === 'succeeded', JSON.stringify(outcome));
      assert.deepEqual(ask(), outcome);
      const told = callbacks.flatMap((callback) => reportsOf(world, callback));
      const shown = converge(order.id, reports, outcome.reports, told);
      assert.deepEqual([shown.lifecycle, shown.payment, shown.flags], [lifecycle, payment, []], `${plot} ${action}`);
      assert.deepEqual(orderAfter(eleme, order.id, [...reports, ...told]), shown, `${plot} ${action}`);
      assert.ok(refusedNames(shown).includes(action));
      assert.equal(stateOf(actAt(world, request).outcome), 'final BIZ_ORDER_STATE');
    }
  });

  test('after silence the order is read, and only what the platform does not know may be sent again', () => {
    const { world, reports, requestFor, order } = played('new and not yet taken', 1);
    for (const [action, otherwise] of [
      ['accept', 'final invalid'],
      ['cancel', 'succeeded'],
    ] as const) {
      const request = requestFor(action, reports);
      const question = actions.prepareQuestion?.(world.account, request);
      assert.ok(question !== undefined);
      const ask = (): ActionOutcome | undefined =>
        actions.concludeQuestion?.(world.account, request, sendTo(world, question, AT).response);
      assert.equal(stateOf(ask()), 'retry not_done');
      actAt(world, request);
      const after = ask();
      assert.ok(after?.state === 'succeeded' && after.reports.length > 1);
      actAt(world, requestFor('cancel', reports));
      assert.equal(stateOf(ask()), otherwise);
      delete world.memory[`acts:${order.id}`];
    }
    const lost = actions.concludeQuestion?.(world.account, requestFor('accept', reports), {
      ...{ status: 503, headers: {} },
      body: '',
    });
    assert.equal(lost?.state, 'unknown');
  });

  test('a query tells the order as it is, and another order is not believed', () => {
    const { world, order, reports, requestFor } = played('paid at the door', 2);
    const { outcome } = actAt(world, requestFor('query', reports));
    assert.ok(outcome.state === 'succeeded');
    const shown = orderAfter(eleme, order.id, outcome.reports) as OrderJson;
    assert.deepEqual([shown.fulfilment, shown.amounts.total], ['accepted', order.totalFen]);
    const other = `{"id":"1","result":{"orderId":"1","status":"valid"},"error":null}`;
    assert.equal(stateOf(concluded('query', other)), 'final unreadable_reply');
  });

  test('the platform checks signature, token, shop and parameters of each call', () => {
    const { world, reports, requestFor } = played('new and not yet taken', 1);
    const request = requestFor('accept', reports);
    const forger = accountView(eleme, { credentials: { appKey: 'HUBKEY0001', appSecret: 'x' } });
    const forged = actions.prepare(forger, request);
    assert.ok(forged.ok);
    const answered = sendTo(world, forged.request, AT).response;
    assert.equal(stateOf(actions.conclude(world.account, request, answered)), 'alert INVALID_SIGNATURE');
    const stale = { ...request, order: { ...request.order, storeToken: { ...TOKEN, accessToken: 'old' } } };
    assert.equal(stateOf(actAt(world, stale).outcome), 'alert UNAUTHORIZED');
    assert.equal(stateOf(actAt(world, requestFor('ready', reports)).outcome), 'final BIZ_ORDER_STATE');
    actAt(world, request);
    const elsewhere = requestFor('position', reports, AT, { lng: 1, lat: 1 });
    const json = { ...elsewhere.order.json, store: '1' };
    const moved = { ...elsewhere, order: { ...elsewhere.order, json } };
    assert.equal(stateOf(actAt(world, moved).outcome), 'final BIZ_SHOP');
  });
});
