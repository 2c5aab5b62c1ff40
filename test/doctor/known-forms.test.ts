import assert from 'node:assert/strict';
import { createHash, createHmac, sign as rsaSign } from 'node:crypto';
import { describe, test } from 'node:test';
import { rsaKeysFromText } from '../../src/core/rsa.ts';
import { ask } from '../kit/doctor.ts';
import type { Question } from '../kit/doctor.ts';

/** A request whose signature is one of the sheets' vectors, or made here by hand, and how the doctor must name it. */
interface Case {
  readonly name: string;
  readonly question: Question;
  /** Codes of the deviations of the best match; none: it verifies as it is. */
  readonly codes: readonly string[];
  readonly scheme: string;
  readonly secret?: string | null;
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');
const sha1 = (text: string): string => createHash('sha1').update(text).digest('hex');

// Meituan Union.

const UNION = {
  appkey: 'demoappkey',
  secret: 'app_Secret_fedcba9876543210',
  callbackSecret: 'cb_Secret_0123456789abcdef',
};
const A =
  '{"orderid":"9000000000000000001","smstitle":"test order","quantity":"1","dealid":"0","paytime":"1700000000","ordertime":"1699999990","modTime":"1700000001","actId":"33","businessLine":"2","subBusinessLine":"1","sid":"u1001","appkey":"demoappkey","uid":"12345","status":"1","total":"35.80","payPrice":"30.50","direct":"30.50","ratio":"0.03","sign":"?"}';
const B =
  '{"smstitle":"美团外卖-老王牛肉面（望京店）🍜","orderid":"9000000000000000002","paytime":"1700000100","actId":"105","businessLine":"4","sid":"u1002_a","appkey":"demoappkey","status":"8","payPrice":"12.00","productName":"鸡蛋 30枚/盒 & 特价=9.9","tradeTypeList":[2,3],"sign":"?"}';
const C =
  '{"orderid":9000000000000000003,"smstitle":"","dealid":"","sid":"u1003","status":9,"payPrice":20.00,"direct":20.10,"quantity":2,"refundType":1,"actId":33,"businessLine":2,"paytime":1700000200,"appkey":"demoappkey","uid":"","sign":"?"}';
const D = '{"orderid":"1","refundType":null,"sid":"u1","sign":"?"}';
const union = (name: string, body: string, sign: string, ...codes: string[]): Case => ({
  name: `union ${name}`,
  question: { platform: 'meituan-union', account: UNION, body: body.replace('"sign":"?"', `"sign":"${sign}"`) },
  codes,
  scheme: 'push',
  secret: 'callbackSecret',
});

const UNION_CASES: readonly Case[] = [
  union('A', A, '6bc94f67b58b01ee65d6981640c82a8f'),
  union('B', B, '89899af8ad8b210436609efcb3d72445'),
  union('B with a blank in the array', B, 'c522025f8b039d8ea7ea3e11696414be', 'array_spaced'),
  union('B with the array as JavaScript makes text of it', B, '691c4a9f98bf6e42b0bd4e9d997a43c0', 'array_comma'),
  union('B with the array as PHP makes text of it', B, 'ff0ebec455c22a8b81bbd3558aeb1c53', 'array_php'),
  union('B without the array', B, '9836bfb80e254aaf59e6a0f466900de1', 'array_dropped'),
  union('B in GB18030', B, '198379e77ed54aa701a50bb3466503c0', 'gb18030'),
  {
    ...union('B with URL-encoded values', B, '8bffbd5c0c938a82e2dee08368768490'),
    codes: ['url_encoded'],
  },
  union('C', C, 'a691a2a9318832cb25fceed9bd3dafb3'),
  union('C without its empty fields', C, '32d2c7bf825b4cc8ca46a3088e403b01', 'empties_skipped'),
  union('C through JSON.parse', C, '937d718fe9227e88fa4d7af093b797ff', 'numbers_by_js'),
  union(
    'C through JSON.parse without its empty fields',
    C,
    '9b4195884f7f72add4aacb6f07166f51',
    'numbers_by_js_empties_skipped',
  ),
  union('D', D, '0d3d8013be2e39e59953e8c794b8b6bd'),
  union('D with null as empty text', D, '9ac4e6e34d37a5f72b8f0b5cccc23c0f', 'null_empty'),
  union('D with null as the text null', D, 'bbc55c03e4b1198be2fa308441e0bb26', 'null_text'),
  {
    ...union('A with the API secret', A, md5With(A, UNION.secret)),
    secret: 'secret',
  },
  {
    name: 'union E, an API request',
    question: {
      platform: 'meituan-union',
      direction: 'out',
      method: 'GET',
      account: UNION,
      query:
        'appkey=demoappkey&ts=1700000000&businessLine=2&startTime=1699913600&endTime=1700000000&page=1&limit=100&queryTimeType=1&sign=4c63f790159efd2731ab08b2c52acb39',
    },
    codes: [],
    scheme: 'request',
    secret: 'secret',
  },
  {
    name: 'union, the secret only behind',
    question: {
      platform: 'meituan-union',
      direction: 'out',
      method: 'GET',
      account: UNION,
      query: `appkey=demoappkey&ts=1700000000&sign=${md5(`appkeydemoappkeyts1700000000${UNION.secret}`)}`,
    },
    codes: ['secret_behind_only'],
    scheme: 'request',
    secret: 'secret',
  },
  ...(
    [
      [
        'query_coupon',
        '{"platform":2,"bizLine":1,"searchText":"火锅","longitude":116404000,"latitude":39928000,"pageNo":1,"pageSize":20}',
        '5YFj2NFg1IIp3ZVWwlaG6w==',
        'UrJXLfbcmV9aLRKIT4d6qJ3fTxgaDSUIbM2XC3iK2Ic=',
      ],
      [
        'get_referral_link',
        '{"actId":"33","linkType":1,"sid":"u1001"}',
        'HArM+0CgGLj19HSV47US4w==',
        '3+CTAY+4lDNZh7aEL1kXIUBjaL0LZDiSaQZfg5WbLZM=',
      ],
      ['query_order', '{}', 'mZFLkyvTelC5g8XnyQrpOw==', 'ELcS9ctCDjHiJ9kkj2BVuHRaWewCQ/GRSH5kfgmrr7I='],
    ] as const
  ).map(([call, body, contentMd5, signature]): Case => ({
    name: `union cps_open ${call}`,
    question: {
      platform: 'meituan-union',
      direction: 'out',
      path: `/cps_open/common/api/v1/${call}`,
      headers: {
        's-ca-app': 'demo-app-01',
        's-ca-timestamp': '1700000000000',
        'content-md5': contentMd5,
        's-ca-signature-headers': 'S-Ca-App,S-Ca-Timestamp',
        's-ca-signature': signature,
      },
      account: { appkey: 'demo-app-01', secret: 'demo-secret-01' },
      body,
    },
    codes: [],
    scheme: 'cps_open',
    secret: 'secret',
  })),
];

function md5With(json: string, secret: string): string {
  const fields = JSON.parse(json) as Record<string, string>;
  const joined = Object.keys(fields)
    .filter((name) => name !== 'sign')
    .sort()
    .map((name) => `${name}${fields[name]}`)
    .join('');
  return md5(secret + joined + secret);
}

// Meituan Waimai.

const WAIMAI = { developerId: '100999', signKey: 'demoSignKey00001' };
const T = 'a1b2c3d4e5f60718293a4b5c6d7e8f90'.repeat(2);
const V5_ORDER =
  '{"caution":"多放辣椒 😄 a+b&c=d","ctime":1700000000,"daySeq":"3","detail":"[{\\"food_name\\":\\"黄金蝴蝶虾(4个)\\",\\"price\\":5,\\"quantity\\":1}]","ePoiId":"shop-0028","extras":"[{}]","orderId":5301890193521352344,"orderIdView":5301890193521352344,"originalPrice":15.0,"status":2,"total":15.0}';
const form = (fields: Readonly<Record<string, string>>): string => new URLSearchParams(fields).toString();
const waimai = (
  name: string,
  scheme: 'callback' | 'request' | 'store_link',
  fields: Readonly<Record<string, string>>,
  sign: string,
  ...codes: string[]
): Case => ({
  name: `waimai ${name}`,
  question: {
    platform: 'meituan-waimai',
    direction: scheme === 'callback' ? 'in' : 'out',
    account: WAIMAI,
    ...(scheme === 'store_link' ? { query: form({ ...fields, sign }) } : { body: form({ ...fields, sign }) }),
  },
  codes,
  scheme,
  secret: 'signKey',
});
const V3 = {
  appAuthToken: T,
  charset: 'utf-8',
  timestamp: '1700000000',
  orderId: '16650443632263245',
  courierName: '',
  courierPhone: '13800000000',
};
const V4 = {
  appAuthToken: T,
  charset: 'UTF-8',
  timestamp: '1700000000',
  degradOffset: '0',
  degradLimit: '1000',
  developerId: '100999',
};
const V5 = { developerId: '100999', ePoiId: 'shop-0028', order: V5_ORDER };
const undecoded = `demoSignKey00001developerId100999ePoiIdshop-0028order${form({ order: V5_ORDER }).slice('order='.length)}`;
const V2 = {
  appAuthToken: T,
  charset: 'UTF-8',
  timestamp: '1700000000',
  orderId: '16650443632263245',
  reasonCode: '2009',
  reason: '商品已售完，抱歉😄 a+b&c=d',
};

const WAIMAI_CASES: readonly Case[] = [
  waimai(
    'V1',
    'request',
    { appAuthToken: T, charset: 'utf-8', timestamp: '1700000000', version: '1', orderId: '5301890193521352344' },
    'a65880d406f1d40d816725401e15819c457f4db1',
  ),
  waimai('V2', 'request', V2, '74d216b2f188ed1551b8c754de7e384806f6e862'),
  waimai(
    'V2 with only the system parameters',
    'request',
    V2,
    sha1(`demoSignKey00001appAuthToken${T}charsetUTF-8timestamp1700000000`),
    'system_fields_only',
  ),
  waimai('V3', 'request', V3, '2028c26aa3e86152357c2ba56963696c33e5886c'),
  waimai('V3x', 'request', V3, '08de664633c43b664653490f11be3cf8123afebb', 'empties_kept'),
  waimai('V4', 'request', V4, '36a700f08ae6d6f9f7173aa8240784efc5f95c6a'),
  waimai('V4x', 'request', V4, '691adec633446ac01096901c92b7622d4a21ac7a', 'zero_dropped'),
  waimai('V5', 'callback', V5, '54c6885d37a160f87850f9e06765007c81c8aa01'),
  waimai('V5 with undecoded values', 'callback', V5, sha1(undecoded), 'undecoded'),
  waimai(
    'V5 decoded twice',
    'callback',
    V5,
    sha1(`demoSignKey00001developerId100999ePoiIdshop-0028order${V5_ORDER.replaceAll('+', ' ')}`),
    'decoded_twice',
  ),
  waimai(
    'V5 without its emoji',
    'callback',
    V5,
    sha1(`demoSignKey00001developerId100999ePoiIdshop-0028order${V5_ORDER.replace('😄', '')}`),
    'emoji_dropped',
  ),
  waimai(
    'V6',
    'store_link',
    { developerId: '100999', businessId: '2', ePoiId: 'shop-0028', ePoiName: '湘北人家', timestamp: '1700000000000' },
    '78cad5417d53f2721e6cca3263427d466097e3f8',
  ),
  waimai(
    'V7',
    'request',
    {
      appAuthToken: T,
      biz: '{"orderId":5301890193521352344,"reason":"商品已售完","reasonCode":"2009"}',
      businessId: '2',
      charset: 'UTF-8',
      developerId: '100999',
      timestamp: '1700000000',
      version: '2',
    },
    '5dfca2068ea3dfebc44034270bfa62c06025b44f',
  ),
  waimai(
    'V8',
    'request',
    { ePoiId: 'x', EPoiId: 'y', appAuthToken: 't', Zeta: 'z', alpha: '1', SIGN: 'ignored' },
    'adb1145837f7c969cc44afcff88baa3322df447c',
  ),
  waimai(
    'V8 sorted without regard to case',
    'request',
    { ePoiId: 'x', EPoiId: 'y', appAuthToken: 't', Zeta: 'z', alpha: '1', SIGN: 'ignored' },
    sha1('demoSignKey00001alpha1appAuthTokentePoiIdxEPoiIdyZetaz'),
    'order_by_locale',
  ),
  waimai(
    'V9',
    'callback',
    {
      developerId: '100999',
      ePoiId: 'shop-0028',
      orderCancel: '{"orderId":5301890193521352344,"reason":"超时取消","reasonCode":"1001"}',
    },
    '6bb03d2307f8c0b27e6e3d3cf37a5a4b28e6a03e',
  ),
  waimai(
    'V10',
    'request',
    { data: '{"developerId":100999,"ePoiId":"shop-0028","posId":"pos-1","time":1700000000000}' },
    'e9d20676e528279c253ff9f96e313aac60d2c7ed',
  ),
];

// Ele.me.

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
const upper = (text: string): string => md5(text).toUpperCase();
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
const cancelCall = (text: string): string => nop('eleme.order.cancelOrderLite', CANCEL, '1700000000123', upper(text));
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
  elemePush('push 2 with quoted texts', push2(upper(push2Text(JSON.stringify(M2), ELEME_SECRET, '"'))), [
    'texts_quoted',
  ]),
  elemePush('push 2 without the secret', push2(upper(push2Text(M2, ''))), ['no_secret']),
  elemePush('push 2 with its signature signed', push2('CB7588B643E57A2F49E36ADB9C1EC374'), ['signature_signed'], {
    signature: upper(
      push2Text(M2, '').replace('timestamp=', 'signature=CB7588B643E57A2F49E36ADB9C1EC374timestamp=') + ELEME_SECRET,
    ),
  }),
  elemePush(
    'push 1 with a message written again',
    push1(
      upper(
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
  elemeCall('call 2 without the token', cancelCall(cancelText(rightRemark, '"', '')), 'token_missing'),
  elemeCall(
    'call 3 with a blank in the list',
    nop(
      'eleme.order.mgetOrders',
      '{"orderIds":["3000000000000000019","3000000000000000020"]}',
      '1700000001',
      upper(
        `eleme.order.mgetOrdershubtoken00000000000000000000001app_key="HUBKEY0001"orderIds=["3000000000000000019", "3000000000000000020"]timestamp=1700000001${ELEME_SECRET}`,
      ),
    ),
    'arrays_spaced',
  ),
];

// Douyin.

const SALT = 'invented-salt-A1b2C3d4';
const TOKEN = 'invented-token-Z9';
const KEYS = rsaKeysFromText('the doctor’s platform');
const OWN_KEYS = rsaKeysFromText('the doctor’s app');
const DOUYIN = {
  appId: 'tt0000000000000001',
  appSecret: 'the-app-secret-0001',
  salt: SALT,
  token: TOKEN,
  platformPublicKey: KEYS.publicKey,
  privateKey: OWN_KEYS.privateKey,
};
const douyinCall = (
  name: string,
  fields: Readonly<Record<string, unknown>>,
  sign: string,
  ...codes: string[]
): Case => ({
  name: `douyin ${name}`,
  question: {
    platform: 'douyin',
    direction: 'out',
    account: DOUYIN,
    body: JSON.stringify({ app_id: 'tt0000000000000001', ...fields, sign }),
  },
  codes,
  scheme: 'ecpay_request',
  secret: 'salt',
});
const DV2 = {
  thirdparty_id: 'ttp000000000000001',
  out_order_no: 'HUB20240101000002',
  total_amount: 12_800,
  subject: '测试商品 红色',
  body: ' 测试商品 红色 ',
  valid_time: 900,
  cp_extra: '',
  notify_url: 'https://hub.example.com/cb/douyin',
  disable_msg: 0,
  msg_page: 'null',
  store_uid: '"70000000000000000001"',
};
const DV2_TEXT = `0&12800&70000000000000000001&900&HUB20240101000002&https://hub.example.com/cb/douyin&${SALT}&测试商品 红色&测试商品 红色`;
const DV3 = {
  out_order_no: 'HUB20240101000002',
  out_settle_no: 'ST20240108000001',
  settle_desc: '分账：作者',
  settle_params: '[{"merchant_uid":"70000000000000000002","amount":3000}]',
  cp_extra: '{"门店":"一号店"}',
  finish: 'true',
  other_settle_params: 'IGNORED',
};
const C1_MSG =
  '{"appid":"tt0000000000000001","cp_orderno":"HUB20240101000002","cp_extra":"","way":"2","total_amount":12800,"status":"SUCCESS","paid_at":1699999990,"message":"","order_id":"7000000000000000001"}';
const C2_MSG =
  '{"appid":"tt0000000000000001","cp_refundno":"RF3","cp_extra":"备注：全额","status":"FAIL","refund_amount":100,"is_all_settled":false,"refunded_at":0,"message":"余额不足","order_id":"7000000000000000001","refund_no":"7000000000000000009"}';
const ecpayCallback = (
  name: string,
  msg: string,
  timestamp: string,
  nonce: string,
  type: string,
  signature: string,
  codes: readonly string[],
  secret = 'token',
): Case => ({
  name: `douyin ${name}`,
  question: {
    platform: 'douyin',
    account: DOUYIN,
    body: JSON.stringify({ timestamp, nonce, msg, type, msg_signature: signature }),
  },
  codes,
  scheme: 'ecpay_callback',
  secret,
});
const sorted = (...values: string[]): string => values.sort().join('');
const TRADE_BODY =
  '{"version":"3.0","type":"payment","msg":"{\\"out_order_no\\":\\"HUB20240101000002\\",\\"status\\":\\"SUCCESS\\"}"}';
const rsa = (text: string, key: string): string => rsaSign('sha256', Buffer.from(text), key).toString('base64');
const trade = (name: string, signed: string, body: string, ...codes: string[]): Case => ({
  name: `douyin trade ${name}`,
  question: {
    platform: 'douyin',
    account: DOUYIN,
    body,
    headers: {
      'byte-timestamp': '1700000001',
      'byte-nonce-str': 'NONCE0002',
      'byte-signature': rsa(signed, KEYS.privateKey),
    },
  },
  codes,
  scheme: 'trade_callback',
  secret: 'platformPublicKey',
});
const REQUEST_ORDER = '{"outOrderNo":"HUB20240101000002","totalAmount":12800}';
const tradeCall = (name: string, signed: string, ...codes: string[]): Case => ({
  name: `douyin trade ${name}`,
  question: {
    platform: 'douyin',
    direction: 'out',
    path: '/requestOrder',
    account: DOUYIN,
    body: REQUEST_ORDER,
    headers: {
      'byte-authorization': `SHA256-RSA2048 appid=tt0000000000000001,nonce_str=NONCE0001,timestamp=1700000000,key_version=1,signature=${rsa(signed, OWN_KEYS.privateKey)}`,
    },
  },
  codes,
  scheme: 'trade_request',
  secret: 'privateKey',
});

const DOUYIN_CASES: readonly Case[] = [
  douyinCall('V1', { out_order_no: 'HUB20240101000001' }, '941f2f8c3fe5748854d3a5d30fe90a87'),
  douyinCall('V2', DV2, '39dbdc50382b13188ba9fa061050fced'),
  douyinCall('V2 with quotes kept', DV2, '0e21a3436fd1e446c20712b13aa91064', 'quotes_kept'),
  { ...douyinCall('V2 with one quote cut', DV2, '5e9ce44eb6ba0bd5b532b5b030763061'), codes: ['one_quote_cut_first'] },
  douyinCall('V2 without its zero', DV2, '362d7032ac4e4d5a6de9daadbbcb9323', 'zero_dropped'),
  douyinCall('V2 with the salt last', DV2, md5(`${DV2_TEXT.replace(`&${SALT}`, '')}&${SALT}`), 'salt_last'),
  {
    ...douyinCall(
      'V2 with the app secret',
      DV2,
      md5(
        [...DV2_TEXT.replace(`&${SALT}`, '').split('&'), 'the-app-secret-0001']
          .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
          .join('&'),
      ),
    ),
    secret: 'appSecret',
  },
  douyinCall('V3', DV3, 'bf66d04bd6819a8379beddabd86537a9'),
  douyinCall(
    'V4',
    { out_order_no: 'HUB3', out_refund_no: 'RF3', reason: '不想要了', refund_amount: 100, all_settle: 1 },
    'dc1602d2195c563f9f16a56b28e90680',
  ),
  douyinCall(
    'V5',
    { out_order_no: 'HUB5', subject: '😀 emoji', body: '！fullwidth' },
    '1e5d49f9ad57efb1ab02f65ef3a127fa',
  ),
  douyinCall(
    'V5 in the order of UTF-16',
    { out_order_no: 'HUB5', subject: '😀 emoji', body: '！fullwidth' },
    'fa25768107c3894e68f3a21e16d7769a',
    'order_utf16',
  ),
  douyinCall('V6', { out_order_no: 'HUB6', subject: '　全角空格　' }, '68a6f5cda176834b8bfb0d423046d2e6'),
  douyinCall(
    'V6 trimmed as ASCII',
    { out_order_no: 'HUB6', subject: '　全角空格　' },
    '13efffc16b50134091cb541a0701a65d',
    'trim_ascii',
  ),
  douyinCall(
    'an amount through a Go float',
    { out_order_no: 'HUB7', total_amount: 1_000_000 },
    md5(`1e+06&HUB7&${SALT}`),
    'amounts_by_go',
  ),
  douyinCall(
    'an object as Go prints it',
    { out_order_no: 'HUB8', expand_order_info: { b: 2, a: 1 } },
    md5(`HUB8&${SALT}&map[a:1 b:2]`),
    'objects_by_go',
  ),
  douyinCall(
    'an object as PHP prints it',
    { out_order_no: 'HUB8', expand_order_info: { b: 2, a: 1 } },
    md5(`Array&HUB8&${SALT}`),
    'objects_by_php',
  ),
  douyinCall('app_id signed', { out_order_no: 'HUB9' }, md5(`HUB9&${SALT}&tt0000000000000001`), 'app_id_signed'),
  {
    name: 'douyin appid for app_id',
    question: {
      platform: 'douyin',
      direction: 'out',
      account: DOUYIN,
      body: JSON.stringify({ appid: 'tt0000000000000001', out_order_no: 'HUB9', sign: md5(`HUB9&${SALT}`) }),
    },
    codes: ['appid_not_signed'],
    scheme: 'ecpay_request',
    secret: 'salt',
  },
  douyinCall(
    'slashes escaped in signing',
    { out_order_no: 'HUB9', cp_extra: '{"url":"https://a/b"}' },
    md5(`HUB9&${SALT}&{"url":"https:\\/\\/a\\/b"}`),
    'texts_rewritten_by_php',
  ),
  ecpayCallback('C1', C1_MSG, '1700000000', '4821', 'payment', 'dae591da7041db4bf315ec3424e4ad5bdc1083e3', []),
  ecpayCallback('C2', C2_MSG, '1700000100', '7', 'refund', 'aee13b353cf4961917ad9fd85375b8b57a4fff61', []),
  ecpayCallback(
    'C1 with the salt',
    C1_MSG,
    '1700000000',
    '4821',
    'payment',
    sha1(sorted('1700000000', '4821', C1_MSG, SALT)),
    [],
    'salt',
  ),
  ecpayCallback(
    'C1 with its type',
    C1_MSG,
    '1700000000',
    '4821',
    'payment',
    sha1(sorted('1700000000', '4821', C1_MSG, TOKEN, 'payment')),
    ['type_signed'],
  ),
  ecpayCallback(
    'a msg written again',
    '{"a": 1, "b": 2.0}',
    '1700000000',
    '4821',
    'payment',
    sha1(sorted('1700000000', '4821', '{"a":1,"b":2}', TOKEN)),
    ['msg_rewritten'],
  ),
  trade('callback', `1700000001\nNONCE0002\n${TRADE_BODY}\n`, TRADE_BODY),
  trade(
    'callback written again',
    `1700000001\nNONCE0002\n${TRADE_BODY}\n`,
    TRADE_BODY.replace(',"type"', ', "type"'),
    'body.js',
  ),
  trade('callback without its last line feed', `1700000001\nNONCE0002\n${TRADE_BODY}`, TRADE_BODY, 'no_last_line_feed'),
  tradeCall('request', `POST\n/requestOrder\n1700000000\nNONCE0001\n${REQUEST_ORDER}\n`),
  tradeCall(
    'request without its last line feed',
    `POST\n/requestOrder\n1700000000\nNONCE0001\n${REQUEST_ORDER}`,
    'no_last_line_feed',
  ),
  tradeCall(
    'request without the slash',
    `POST\nrequestOrder\n1700000000\nNONCE0001\n${REQUEST_ORDER}\n`,
    'path_without_slash',
  ),
];

// EM.

const EM = { appid: 'HUBAPP01', appSecret: 'HUBSECRET01' };
const EM_DATA = '{"notify_type":"OUT_TRADE_AUDIT","trade_no":"DD202311150001","trade_status":2,"message":"审核通过"}';
const K = 'HUBSECRET01';
const emJson = (data: string, timestamp: string, sign: string): string =>
  JSON.stringify({ appid: 'HUBAPP01', timestamp, request_data: data, sign });
const em = (name: string, body: string, scheme: string, ...codes: string[]): Case => ({
  name: `em ${name}`,
  question: { platform: 'em', account: EM, body },
  codes,
  scheme,
  secret: 'appSecret',
});
const pairsOf = (separator: string): string =>
  ['appid=HUBAPP01', `request_data=${EM_DATA}`, 'timestamp=1700000000'].join(separator);
const bareOf = (data: string): string => `appidHUBAPP01request_data${data}timestamp1700000000`;
const emWith = (scheme: string, text: string, ...codes: string[]): Case =>
  em(scheme, emJson(EM_DATA, '1700000000', md5(text)), scheme, ...codes);

const EM_CASES: readonly Case[] = [
  em('1', emJson(EM_DATA, '1700000000', '1563ba18aa545bda7d2e297fbfedb76d'), 'secret-wrap-kv-lower'),
  em(
    '2',
    emJson(
      '{"notify_type":"IN_STOCK_AUDIT","instock_no":"RK202311150001","instock_status":2,"message":"ok"}',
      '1700000060',
      'a68debca8163ddd2d7319342e0fa8074',
    ),
    'secret-wrap-kv-lower',
  ),
  em(
    '3 as a form',
    'appid=HUBAPP01&timestamp=1700000120&request_data=%7B%22trade_no%22%3A%22DD202311150002%22%2C%22trade_status%22%3A1%2C%22message%22%3A%22a%26b%3Dc+100%25%22%7D&sign=cd7e3c648b5b8f2e05b80dbfad58cd41',
    'secret-wrap-kv-lower',
  ),
  emWith('secret-wrap-kv-body-upper', K + bareOf(EM_DATA) + EM_DATA + K),
  emWith('kv-amp-key-upper', `${pairsOf('&')}&key=${K}`),
  emWith('kv-amp-secret-lower', `${pairsOf('&')}&${K}`),
  emWith('kv-amp-concat-secret-lower', pairsOf('&') + K),
  emWith('kv-concat-secret-upper', pairsOf('') + K),
  emWith('secret-json-ts-secret-upper', `${K}${EM_DATA}1700000000${K}`),
  emWith('double-md5-key-upper', `${md5(pairsOf('&'))}&key=${K}`),
  emWith(
    'kv-amp-appsecret-upper',
    `${form({ appid: 'HUBAPP01', request_data: EM_DATA, timestamp: '1700000000' })}&app_secret=${K}`,
  ),
  em(
    'data written again',
    emJson(EM_DATA.replaceAll(',', ', '), '1700000000', '1563ba18aa545bda7d2e297fbfedb76d'),
    'secret-wrap-kv-lower',
    'data_rewritten',
  ),
];

// Vending machines.

const VENDING = { appid: 'ds0001', appSecret: 'the-app-secret-0002', merchantKey: 'HUBMERCHANTKEY' };
const payload = (parameters: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ payload: Buffer.from(JSON.stringify(parameters)).toString('base64') });
const vending = (
  name: string,
  parameters: Readonly<Record<string, unknown>>,
  sign: string,
  ...codes: string[]
): Case => ({
  name: `vending ${name}`,
  question: { platform: 'vending', direction: 'out', account: VENDING, body: payload({ ...parameters, sign }) },
  codes,
  scheme: 'payload',
  secret: 'merchantKey',
});
const NOTIFY = { machine_no: '10000001', notify_url: 'https://hub.example.com/a?b=1&c=店', timestamp: '1700000060' };
const notifyText = (url: string): string =>
  `machine_no=10000001&notify_url=${url}&timestamp=1700000060&key=HUBMERCHANTKEY`;

const VENDING_CASES: readonly Case[] = [
  vending('1', { machine_no: '10000001', status: '1', timestamp: '1700000000' }, 'AFF0157D512AF7346C816352AB0DDF89'),
  vending(
    '2',
    { machine_no: '10000001', method: 'device.delivery.put', order_id: '60', record_id: '78', timestamp: '1700000030' },
    'F591945B4769ABE70BE143F47DBAD762',
  ),
  vending('3', { machine_no: '10000001', timestamp: '1700000060' }, '141B41E34DBA244FEC87395B19F81F57'),
  vending('raw address', NOTIFY, upper(notifyText(NOTIFY.notify_url))),
  vending(
    'encoded address',
    NOTIFY,
    upper(notifyText('https%3A%2F%2Fhub.example.com%2Fa%3Fb%3D1%26c%3D%E5%BA%97')),
    'values_form_encoded',
  ),
  vending(
    'address encoded twice',
    NOTIFY,
    upper(notifyText('https://hub.example.com/a?b=1&c=%25E5%25BA%2597')),
    'values_encoded_twice',
  ),
  vending(
    'zero dropped',
    { machine_no: '10000001', page: 0, timestamp: '1700000060' },
    '141B41E34DBA244FEC87395B19F81F57',
    'zero_dropped',
  ),
  {
    ...vending(
      'with the app secret',
      NOTIFY,
      upper(notifyText(NOTIFY.notify_url).replace('HUBMERCHANTKEY', VENDING.appSecret)),
    ),
    secret: 'appSecret',
  },
  vending(
    'in lower case',
    { machine_no: '10000001', timestamp: '1700000060' },
    '141b41e34dba244fec87395b19f81f57',
    'notation.hex_lower',
  ),
];

// The user's own code.

const WHSEC = `whsec_${Buffer.from('a key of thirty-two bytes, surely').toString('base64')}`;
const CUSTOM_BODY = '{"id":"phone-1", "total":1200}';
const custom = (name: string, key: string | Uint8Array, text: string, ...codes: string[]): Case => ({
  name: `custom ${name}`,
  question: {
    platform: 'custom',
    account: { secret: WHSEC },
    body: CUSTOM_BODY,
    headers: {
      'webhook-id': 'msg_1',
      'webhook-timestamp': '1700000000',
      'webhook-signature': `v1,${createHmac('sha256', key).update(text).digest('base64')}`,
    },
  },
  codes,
  scheme: 'standard_webhooks',
  secret: 'secret',
});
const CUSTOM_KEY = Buffer.from('a key of thirty-two bytes, surely');

const CUSTOM_CASES: readonly Case[] = [
  custom('as it should be', CUSTOM_KEY, `msg_1.1700000000.${CUSTOM_BODY}`),
  custom('with the text as key', WHSEC, `msg_1.1700000000.${CUSTOM_BODY}`, 'key_not_decoded'),
  custom('with only the body', CUSTOM_KEY, CUSTOM_BODY, 'body_only'),
  custom('without dots', CUSTOM_KEY, `msg_11700000000${CUSTOM_BODY}`, 'no_dots'),
  custom(
    'with the body written again',
    CUSTOM_KEY,
    `msg_1.1700000000.${CUSTOM_BODY.replace(', ', ',')}`,
    'body_rewritten',
  ),
];

const CASES: readonly Case[] = [
  ...UNION_CASES,
  ...WAIMAI_CASES,
  ...ELEME_CASES,
  ...DOUYIN_CASES,
  ...EM_CASES,
  ...VENDING_CASES,
  ...CUSTOM_CASES,
];

const WRONG_SECRETS = new Set(
  CASES.filter(({ name }) => / with the (?:API secret|app secret|salt)$/u.test(name)).map(({ name }) => name),
);
/** Names of an account that requests carry in clear. */
const PUBLIC = new Set([
  'tt0000000000000001',
  'HUBAPP01',
  'HUBKEY0001',
  '100999',
  'demo-app-01',
  'demoappkey',
  'ds0001',
]);

describe('every vector of the sheets is named, wrong forms too', () => {
  for (const { name, question, codes, scheme, secret } of CASES) {
    test(name, () => {
      const { matches, nearMisses } = ask(question);
      const [best] = matches;
      assert.ok(best !== undefined, JSON.stringify(nearMisses));
      assert.deepEqual(
        {
          scheme: best.scheme.code,
          secret: best.secret?.name ?? null,
          codes: [...new Set(best.deviations.map(({ code }) => code))],
        },
        { scheme, secret: codes.includes('no_secret') ? null : (secret ?? null), codes },
      );
      assert.equal(best.confidence, 'certain');
      const isRightSecret = best.secret !== null && !WRONG_SECRETS.has(name);
      assert.equal(
        best.text.en.startsWith('This verifies as it is'),
        codes.length === 0 && isRightSecret,
        best.text.en,
      );
      for (const value of Object.values(question.account ?? {}).flat()) {
        if (!PUBLIC.has(value)) assert.ok(!JSON.stringify([best.text, best.hashed]).includes(value), best.hashed);
      }
    });
  }
});
