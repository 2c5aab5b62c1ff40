import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountView } from '../../../test/kit/account-view.ts';
import {
  BASE,
  SALT,
  WISH,
  actions,
  bodyOf,
  concluded,
  faultsOf,
  prepared,
  requestFor,
  response,
  view,
} from '../../../test/kit/douyin-actions.ts';
import type { Params } from '../../../test/kit/douyin-actions.ts';
import type { ActionOutcome } from '../../core/action.ts';
import type { Json } from '../../core/json.ts';
import { douyin } from './index.ts';
import { ecpaySign } from './request-signature.ts';
import type { EcpayFields } from './request-signature.ts';

describe('douyin: the bytes of a guaranteed payment call', () => {
  test('a payment is made with a notify_url of its own, signed over the body as posted', () => {
    const request = prepared(requestFor('create', WISH));
    assert.equal(request.url, 'https://developer.toutiao.com/api/apps/ecpay/v1/create_order');
    const body = bodyOf(request);
    assert.deepEqual(body, {
      app_id: 'tt0000000000000001',
      out_order_no: 'HUB3',
      total_amount: 12_800,
      subject: '测试商品 红色',
      body: '测试商品 红色',
      valid_time: 900,
      notify_url: BASE,
      sign: ecpaySign(body as EcpayFields, SALT),
    });
    const provider = bodyOf(prepared(requestFor('create', WISH), view({ thirdpartyId: 'ttp1' })));
    assert.deepEqual([provider['thirdparty_id'], provider['sign']], ['ttp1', body['sign']]);
    assert.equal(bodyOf(prepared(requestFor('create', { ...WISH, cpExtra: '{"a":1}' })))['cp_extra'], '{"a":1}');
  });

  test('a refund is V4 of the sheet but for the fields that it does not send', () => {
    const body = bodyOf(prepared({ ...requestFor('refund', { amount: 100, reason: '不想要了' }), number: 'RF3' }));
    const { notify_url: notifyUrl, sign, ...others } = body;
    assert.equal(notifyUrl, BASE);
    assert.equal(sign, ecpaySign(body as EcpayFields, SALT));
    assert.equal(ecpaySign({ ...(others as EcpayFields), all_settle: 1 }, SALT), 'dc1602d2195c563f9f16a56b28e90680');
  });

  test('a settlement is V3 of the sheet: the splits as one JSON text, signed as they are sent', () => {
    const params = {
      description: '分账：作者',
      splits: [{ merchantUid: '70000000000000000002', amount: 3000 }],
      final: true,
    };
    const aliases = [{ kind: 'merchant', value: 'HUB20240101000002' }] as const;
    const request = { ...requestFor('settle', params, { aliases }), number: 'ST20240108000001' };
    const { notify_url: _url, sign: _sign, ...others } = bodyOf(prepared(request));
    const vector = { ...(others as EcpayFields), cp_extra: '{"门店":"一号店"}' };
    assert.equal(ecpaySign(vector, SALT), 'bf66d04bd6819a8379beddabd86537a9');
    const part = bodyOf(prepared({ ...request, params: { ...params, final: false } }));
    assert.deepEqual([part['finish'], part['out_settle_no']], ['false', 'ST20240108000001-part']);
    assert.equal(bodyOf(prepared(request, view({ settleFinish: 'one_zero' })))['finish'], '1');
    assert.equal('finish' in bodyOf(prepared(request, view({ settleFinish: 'omit' }))), false);
    assert.deepEqual(faultsOf('settle', { ...params, final: false }, view({ settleFinish: 'omit' })), ['final']);
  });

  test('questions name the order by the merchant’s number', () => {
    const query = prepared(requestFor('query'));
    assert.ok(query.url.endsWith('/query_order'));
    assert.equal(bodyOf(query)['out_order_no'], 'HUB3');
    assert.ok(prepared(requestFor('unsettled')).url.endsWith('/unsettle_amount'));
    const foreign = requestFor('query', {}, { aliases: [{ kind: 'platform', value: 'N7' }] });
    assert.deepEqual(faultsOf('query', {}, view(), foreign), ['order']);
  });

  test('each limit holds at its value and not past it', () => {
    const cases: readonly (readonly [string, Params, readonly string[]])[] = [
      ['create', { ...WISH, amount: 1 }, []],
      ['create', { ...WISH, amount: 0 }, ['amount']],
      ['create', { ...WISH, amount: 10_000_000_000 }, []],
      ['create', { ...WISH, amount: 10_000_000_001 }, ['amount']],
      ['create', { ...WISH, amount: 3.5 }, ['amount']],
      ['create', { ...WISH, subject: '字'.repeat(42) }, []],
      ['create', { ...WISH, subject: '字'.repeat(43) }, ['subject']],
      ['create', { ...WISH, subject: '😀'.repeat(32) }, []],
      ['create', { ...WISH, subject: '😀'.repeat(33) }, ['subject']],
      ['create', { ...WISH, body: 'x'.repeat(42) }, []],
      ['create', { ...WISH, body: 'x'.repeat(43) }, ['body']],
      ['create', { ...WISH, body: `${'😀'.repeat(32)}a` }, ['body']],
      ['create', { ...WISH, validSeconds: 300 }, []],
      ['create', { ...WISH, validSeconds: 299 }, ['validSeconds']],
      ['create', { ...WISH, validSeconds: 172_800 }, []],
      ['create', { ...WISH, validSeconds: 172_801 }, ['validSeconds']],
      ['create', { ...WISH, cpExtra: 'x'.repeat(2048) }, []],
      ['create', { ...WISH, cpExtra: 'x'.repeat(2049) }, ['cpExtra']],
      ['create', { ...WISH, cpExtra: '字'.repeat(683) }, ['cpExtra']],
      ['refund', { amount: 1, reason: '由'.repeat(100) }, []],
      ['refund', { amount: 1, reason: '由'.repeat(101) }, ['reason']],
      ['refund', { amount: 1 }, ['reason']],
      ['refund', { amount: 0, reason: 'x' }, ['amount']],
      ['settle', { description: '结'.repeat(80) }, []],
      ['settle', { description: '结'.repeat(81) }, ['description']],
      ['settle', { description: 'x', splits: splits(4) }, []],
      ['settle', { description: 'x', splits: splits(5) }, ['splits']],
      ['settle', { description: 'x', splits: splits(1, 10_000) }, []],
      ['settle', { description: 'x', splits: splits(1, 10_001) }, ['splits']],
      ['settle', { description: 'x', splits: splits(1, 0) }, ['splits[0].amount']],
      ['settle', { description: 'x', splits: [{ amount: 1 }] }, ['splits[0].merchantUid']],
      ['settle', { description: 'x', splits: [{ merchantUid: '1', amount: 1, name: 'x' }] }, ['splits[0].name']],
      ['push', { status: 8 }, []],
      ['push', { status: 9 }, ['status']],
      ['push', { status: 3 }, ['status']],
      ['push', { milestone: 'done' }, []],
      ['push', { milestone: 'over' }, ['milestone']],
    ];
    for (const [action, params, fields] of cases)
      assert.deepEqual(faultsOf(action, params), fields, `${action} ${JSON.stringify(params).slice(0, 70)}`);
    for (const [length, fields] of [
      [64, []],
      [65, ['merchantOrderId']],
    ] as const) {
      const aliases = [{ kind: 'merchant', value: 'H'.repeat(length) }] as const;
      assert.deepEqual(faultsOf('create', WISH, view(), requestFor('create', WISH, { aliases })), fields);
    }
    for (const [length, fields] of [
      [256, []],
      [257, ['order']],
    ] as const) {
      const callbackBase = `https://h/${'x'.repeat(length - 10)}`;
      assert.deepEqual(faultsOf('create', WISH, view(), { ...requestFor('create', WISH), callbackBase }), fields);
    }
  });

  test('a payment is called back by https at port 443 alone, unless private targets are allowed', () => {
    for (const [callbackBase, fits] of [
      ['https://hub.example.com/callbacks', true],
      ['https://hub.example.com:443/callbacks', true],
      ['https://hub.example.com:8443/callbacks', false],
      ['http://127.0.0.1:8420/callbacks', false],
      ['', false],
    ] as const) {
      const request = { ...requestFor('create', WISH), callbackBase };
      assert.deepEqual(faultsOf('create', WISH, view(), request), fits ? [] : ['order'], callbackBase);
      const waived = faultsOf('create', WISH, view(), { ...request, plainCallbacks: true });
      assert.deepEqual(waived, callbackBase === '' ? ['order'] : [], callbackBase);
    }
  });

  test('nothing is sent without app id, salt, numbers or a known action', () => {
    const bare = accountView(douyin, { credentials: { appId: 'tt1' } });
    assert.deepEqual(faultsOf('query', {}, bare), ['account']);
    assert.deepEqual(faultsOf('accept', {}), ['action']);
    const push = prepared(
      requestFor('push'),
      accountView(douyin, { credentials: { appId: 'tt1' }, settings: { defaultImage: 'x' } }),
    );
    assert.ok(push.url.endsWith('/api/apps/order/v2/push'));
  });
});

const splits = (count: number, amount = 1): Json =>
  Array.from({ length: count }, (_, index) => ({ merchantUid: `7000${index}`, amount }));

describe('douyin: what an answer means', () => {
  const classOf = (outcome: ActionOutcome): string =>
    outcome.state === 'failed' ? `${outcome.refusal.class} ${outcome.refusal.kind ?? ''}`.trim() : outcome.state;

  test('each number of the sheet has its class, and of 1000 nobody knows what happened', () => {
    const cases: readonly (readonly [string, Json, string])[] = [
      ['refund', { err_no: 1000, err_tips: '系统错误' }, 'unknown'],
      ['refund', { err_no: 1001, err_tips: '限流' }, 'retry rate'],
      ['query', { err_no: 2000, err_tips: '不存在' }, 'final'],
      ['create', { err_no: 2008, err_tips: '签名' }, 'alert'],
      ['create', { err_no: 2010, err_tips: '参数' }, 'final'],
      ['create', { err_no: 2042, err_tips: 'app_id' }, 'alert'],
      ['create', { err_no: 2047, err_tips: 'thirdparty_id' }, 'alert'],
      ['create', { err_no: 2048, err_tips: '未授权' }, 'alert'],
      ['settle', { err_no: 4000, err_tips: 'merchant' }, 'alert'],
      ['create', { err_no: 777, err_tips: '什么' }, 'final'],
      ['create', { err_no: 777, err_tips: '系统繁忙，请稍后再试' }, 'retry'],
      ['create', { err_no: 777, err_tips: '请求过于频繁' }, 'retry rate'],
      ['create', { err_no: 777, err_tips: '单号重复' }, 'final duplicate'],
      ['create', { err_no: 2010, err_tips: '订单号已存在' }, 'final duplicate'],
      ['push', { err_code: 40014, err_msg: 'bad access token' }, 'alert token'],
      ['push', { err_code: 40012, err_msg: 'open_id' }, 'final'],
      ['push', { err_code: 40031, err_msg: 'open_id' }, 'final'],
      ['push', { err_code: -1, err_msg: 'system' }, 'retry'],
      ['push', { err_code: 0, err_msg: '' }, 'succeeded'],
    ];
    for (const [action, body, wanted] of cases)
      assert.equal(classOf(concluded(action, body)), wanted, `${action} ${JSON.stringify(body)}`);
    assert.equal(classOf(concluded('refund', '<html>', view(), 502)), 'unknown');
    assert.equal(classOf(concluded('refund', 'null')), 'unknown');
    assert.equal(classOf(concluded('refund', '', view(), 429)), 'retry rate');
    assert.equal(classOf(concluded('create', { err_no: 0, data: null })), 'unknown');
  });

  test('a repeat that is refused as one is an earlier sending of the same refund or settlement', () => {
    for (const action of ['refund', 'settle']) {
      const outcome = concluded(action, { err_no: 777, err_tips: '单号重复' });
      assert.ok(outcome.state === 'succeeded' && outcome.reports.length === 1, action);
    }
  });

  test('a made payment hands over number and token, and keeps the token to the caller', () => {
    const outcome = actions.conclude(
      view(),
      requestFor('create', WISH),
      response(
        { err_no: 0, err_tips: '', data: { order_id: 'N7', order_token: 'CgwSecret' } },
        { 'x-tt-logid': '20260101abc' },
      ),
    );
    assert.ok(outcome.state === 'succeeded');
    assert.deepEqual(outcome.handOver, { orderId: 'N7', orderToken: 'CgwSecret' });
    assert.deepEqual(outcome.answer, { logId: '20260101abc', orderId: 'N7' });
    assert.deepEqual(outcome.reports[0]?.aliases[0], { kind: 'platform', value: 'N7' });
    assert.equal(JSON.stringify([outcome.answer, outcome.reports]).includes('CgwSecret'), false);
    const refused = actions.conclude(
      view(),
      requestFor('refund'),
      response({ err_no: 2010, err_tips: '金额' }, { 'x-tt-logid': '20260101abc' }),
    );
    assert.ok(refused.state === 'failed' && refused.refusal.message === '金额 (X-Tt-Logid 20260101abc)');
  });

  test('what the platform took in is under way, and not done', () => {
    const outcome = actions.conclude(
      view(),
      requestFor('refund', { amount: 300, reason: 'x' }),
      response({ err_no: 0, err_tips: '受理成功', refund_no: '8001' }),
    );
    assert.ok(outcome.state === 'succeeded');
    assert.deepEqual(outcome.reports[0]?.facts, [
      {
        line: 'refund:170000000000012345678901',
        register: 'refund',
        value: { state: 'requested', amount: 300 },
      },
      { line: 'refund:170000000000012345678901', register: 'platformFields', value: { refund_no: '8001' } },
    ]);
  });

  test('a query tells paid, waiting and let go of; an unknown word is refused', () => {
    const read = (status: string, payTime = ''): ActionOutcome =>
      concluded('query', {
        err_no: 0,
        out_order_no: 'HUB3',
        order_id: 'N7000000000000000001',
        payment_info: { total_fee: 1200, order_status: status, pay_time: payTime, way: 1, channel_no: '1' },
      });
    const factsOf = (outcome: ActionOutcome): Readonly<Record<string, unknown>> =>
      outcome.state === 'succeeded'
        ? Object.fromEntries((outcome.reports[0]?.facts ?? []).map(({ register, value }) => [register, value]))
        : { state: outcome.state };
    const paid = factsOf(read('SUCCESS', '2026-11-01 15:49:48'));
    assert.deepEqual(
      [paid['payment'], paid['money.paid'], paid['paidAt']],
      ['paid', 1200, Date.UTC(2026, 10, 1, 7, 49, 48)],
    );
    assert.deepEqual(factsOf(read('PROCESSING'))['payment'], 'unpaid');
    assert.deepEqual(
      [factsOf(read('TIMEOUT'))['payment'], factsOf(read('TIMEOUT'))['lifecycle']],
      ['unpaid', 'expired'],
    );
    assert.deepEqual(factsOf(read('FAIL'))['lifecycle'], undefined);
    assert.deepEqual(factsOf(read('CLOSED')), { state: 'failed' });
    assert.deepEqual(factsOf(read('SUCCESS')), { state: 'failed' });
  });
});
