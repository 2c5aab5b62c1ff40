import { nameCases, upperMd5 } from '../../kit/doctor-cases.ts';
import type { Case } from '../../kit/doctor-cases.ts';
import type { Question } from '../../kit/doctor.ts';

const ELEME_SECRET = 'hubsecret0000000000000000000000000000001';
const ELEME = { appKey: 'HUBKEY0001', appSecret: ELEME_SECRET };
const M1 = '{"id":"3000000000000000017","orderId":"3000000000000000017","totalPrice":20.0,"status":"unprocessed"}';
const M2 = '{"orderId":"3000000000000000017","state":"valid","shopId":500000001,"updateTime":1700000005,"role":3}';
const M3 =
  '{"orderId":"3000000000000000018","refundStatus":"applied","reason":"不想要了","shopId":500000001,"updateTime":1700000009}';
const pushBody = (
  requestId: string,
  type: number,
  message: string,
  timestamp: number,
  userId: string,
  signature: string,
): string =>
  `{"requestId":"${requestId}","type":${type},"appId":60000001,"message":${JSON.stringify(message)},"shopId":500000001,"timestamp":${timestamp},"userId":${userId},"signature":"${signature}"}`;
const push1 = (signature: string): string =>
  pushBody('200000000000000001', 10, M1, 1_700_000_000_123, '98500000000000001', signature);
const push2 = (signature: string): string =>
  pushBody('200000000000000002', 12, M2, 1_700_000_005_456, '62000001', signature);
const elemePush = (name: string, body: string, codes: readonly string[], more: Partial<Question> = {}): Case => ({
  name: `eleme ${name}`,
  question: { platform: 'eleme', account: ELEME, body, ...more },
  codes,
  scheme: 'push',
  secret: 'appSecret',
});
const push2Text = (message: string, secret: string, quote = ''): string =>
  `appId=60000001message=${message}requestId=${quote}200000000000000002${quote}shopId=500000001timestamp=1700000005456type=12userId=62000001${secret}`;
const nop = (action: string, params: string, timestamp: string, signature: string): string =>
  `{"nop":"1.0.0","id":"X","action":"${action}","token":"hubtoken00000000000000000000001","metas":{"app_key":"HUBKEY0001","timestamp":${timestamp}},"params":${params},"signature":"${signature}"}`;
const elemeCall = (name: string, body: string, ...codes: string[]): Case => ({
  name: `eleme ${name}`,
  question: { platform: 'eleme', direction: 'out', account: ELEME, body },
  codes,
  scheme: 'request',
  secret: 'appSecret',
});
const CANCEL = '{"orderId":"3000000000000000018","type":"foodSoldOut","remark":"缺货/\\"加料\\"已停"}';
const cancelText = (remark: string, quote = '"', token = 'hubtoken00000000000000000000001'): string =>
  `eleme.order.cancelOrderLite${token}app_key=${quote}HUBKEY0001${quote}orderId=${quote}3000000000000000018${quote}remark=${remark}timestamp=1700000000123type=${quote}foodSoldOut${quote}${ELEME_SECRET}`;
const cancelCall = (text: string): string =>
  nop('eleme.order.cancelOrderLite', CANCEL, '1700000000123', upperMd5(text));
const rightRemark = '"缺货/\\"加料\\"已停"';

const ELEME_CASES: readonly Case[] = [
  elemePush('push 1', push1('FB1195CFDCE4E0A59282774A1ED9E92D'), []),
  elemePush('push 2', push2('CB7588B643E57A2F49E36ADB9C1EC374'), []),
  elemePush(
    'push 3',
    pushBody(
      '200000000000000003',
      20,
      M3,
      1_700_000_009_789,
      '"5486000000000000001"',
      '9434E3A1DC7672AF4B919EF3629DA12E',
    ),
    [],
  ),
  elemePush('push 1 with a rounded user', push1('49227D320FBAEE7C4C3CEA6225497C31'), ['user_id_rounded']),
  elemePush('push 2 with quoted texts', push2(upperMd5(push2Text(JSON.stringify(M2), ELEME_SECRET, '"'))), [
    'texts_quoted',
  ]),
  elemePush(
    'push 2 with the values alone',
    push2(upperMd5(`60000001${M2}20000000000000000250000000117000000054561262000001${ELEME_SECRET}`)),
    ['values_only'],
  ),
  elemePush(
    'push 2 with five of its values',
    push2(upperMd5(`60000001${M2}2000000000000000025000000011700000005456${ELEME_SECRET}`)),
    ['fields.some_values'],
  ),
  elemePush(
    'push 2 with five of its values as they were sent',
    push2(upperMd5(`20000000000000000260000001${M2}5000000011700000005456${ELEME_SECRET}`)),
    ['fields.some_values'],
  ),
  elemePush(
    'push 2 with its message in quotes and its number not',
    push2(upperMd5(push2Text(JSON.stringify(M2), ELEME_SECRET))),
    ['strings.some_quoted'],
  ),
  elemePush('push 2 without the secret', push2(upperMd5(push2Text(M2, ''))), ['no_secret']),
  elemePush('push 2 with its signature signed', push2('CB7588B643E57A2F49E36ADB9C1EC374'), ['signature_signed'], {
    signature: upperMd5(
      push2Text(M2, '').replace('timestamp=', 'signature=CB7588B643E57A2F49E36ADB9C1EC374timestamp=') + ELEME_SECRET,
    ),
  }),
  elemePush(
    'push 1 with a message written again',
    push1(
      upperMd5(
        `appId=60000001message=${M1.replace('20.0', '20')}requestId=200000000000000001shopId=500000001timestamp=1700000000123type=10userId=98500000000000001${ELEME_SECRET}`,
      ),
    ),
    ['message_rewritten'],
  ),
  {
    ...elemePush(
      'push 1 whose user was rounded in the body',
      push1('FB1195CFDCE4E0A59282774A1ED9E92D').replace(':98500000000000001', ':98500000000000000'),
      ['number.restored'],
    ),
  },
  elemeCall(
    'call 1',
    nop(
      'eleme.order.confirmOrderLite',
      '{"orderId":"3000000000000000017"}',
      '1700000000',
      '962B8808F961F5EAB7348EF487D45270',
    ),
  ),
  elemeCall('call 2', nop('eleme.order.cancelOrderLite', CANCEL, '1700000000123', 'E50A8160887D17152616C820C8D5330F')),
  elemeCall(
    'call 3',
    nop(
      'eleme.order.mgetOrders',
      '{"orderIds":["3000000000000000019","3000000000000000020"]}',
      '1700000001',
      'DF13EB32943A5CCA5700644D1C0F9BA4',
    ),
  ),
  elemeCall(
    'call 4',
    nop('eleme.order.getUnprocessOrders', '{"shopId":500000001}', '1700000002', '6DC204C17C81C8A691DA90C4388E240E'),
  ),
  elemeCall('call 5', nop('eleme.user.getUser', '{}', '1700000003', '44E6A4071F7CF4819A6BFF4E87CBF156')),
  elemeCall('call 2 with texts as pushes have them', cancelCall(cancelText('缺货/"加料"已停', '')), 'texts_unquoted'),
  elemeCall('call 2 with unescaped quotes', cancelCall(cancelText('"缺货/"加料"已停"')), 'texts_quoted_unescaped'),
  elemeCall(
    'call 2 with escaped slashes and letters',
    cancelCall(cancelText(String.raw`"\u7f3a\u8d27\/\"\u52a0\u6599\"\u5df2\u505c"`)),
    'texts_by_php',
  ),
  elemeCall(
    'call 2 with escaped letters',
    cancelCall(cancelText(String.raw`"\u7f3a\u8d27/\"\u52a0\u6599\"\u5df2\u505c"`)),
    'texts_ascii',
  ),
  elemeCall(
    'call 2 with the quotes of one name alone',
    cancelCall(
      `eleme.order.cancelOrderLitehubtoken00000000000000000000001app_key=HUBKEY0001orderId="3000000000000000018"remark=缺货/"加料"已停timestamp=1700000000123type=foodSoldOut${ELEME_SECRET}`,
    ),
    'strings.some_plain',
  ),
  elemeCall('call 2 without the token', cancelCall(cancelText(rightRemark, '"', '')), 'token_missing'),
  elemeCall(
    'call 3 with a blank in the list',
    nop(
      'eleme.order.mgetOrders',
      '{"orderIds":["3000000000000000019","3000000000000000020"]}',
      '1700000001',
      upperMd5(
        `eleme.order.mgetOrdershubtoken00000000000000000000001app_key="HUBKEY0001"orderIds=["3000000000000000019", "3000000000000000020"]timestamp=1700000001${ELEME_SECRET}`,
      ),
    ),
    'arrays_spaced',
  ),
];

nameCases(ELEME_CASES);
