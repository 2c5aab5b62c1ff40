import { createHash, createHmac } from 'node:crypto';
import { md5, nameCases } from '../../kit/doctor-cases.ts';
import type { Case } from '../../kit/doctor-cases.ts';

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

/** 20.00 and 20.10 are doubles to PHP, which writes them as 20 and 20.1; whole numbers of 64 bits survive. */
const C_BY_PHP =
  'actId33appkeydemoappkeybusinessLine2dealiddirect20.1orderid9000000000000000003payPrice20paytime1700000200quantity2refundType1sidu1003smstitlestatus9uid';

const MEDIA_PATH = '/cps_open/common/api/v1/get_referral_link';
const MEDIA_APP = 'S-Ca-App:demo-app-01\n';
const MEDIA_TIME = 'S-Ca-Timestamp:1700000000000\n';
const mediaText = (contentMd5: string): string => `POST\n${contentMd5}\n${MEDIA_APP}${MEDIA_TIME}${MEDIA_PATH}`;
const MEDIA_BODY = '{"actId":"33","linkType":1,"sid":"u1001"}';

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
  union('C through PHP', C, md5(UNION.callbackSecret + C_BY_PHP + UNION.callbackSecret), 'number.php'),
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
    name: 'union F, names in the order of their bytes',
    question: {
      platform: 'meituan-union',
      account: { callbackSecret: 'k' },
      body: '{"Zeta":"1","alpha":"2","actId":"33","ActId":"x","_u":"5","sign":"87a509d938fc34f2afcbb9919df97c8f"}',
    },
    codes: [],
    scheme: 'push',
    secret: 'callbackSecret',
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
  {
    name: 'union cps_open, the published example of its gateway: GET, another header signed',
    question: {
      platform: 'meituan-union',
      direction: 'out',
      method: 'GET',
      path: '/api/rl-recommend',
      query:
        'ver=1&bizType=bType&campaignId=123123&channelToken=cToken&ip=127.0.0.1&lat=22.324091&lon=114.254329&reqId=123321&sceneType=testType',
      headers: {
        idfa: 'asdfghjkl',
        's-ca-app': 'scaapp',
        's-ca-timestamp': '1733906197000',
        's-ca-signature-headers': 'S-Ca-Timestamp,IDFA,S-Ca-App',
        's-ca-signature': 'z7eJqzEMV/cXeUAnpOZEl1IJvBDbgt0cLY3npp1k7kU=',
      },
      account: { appkey: 'scaapp', secret: 'test' },
    },
    codes: [],
    scheme: 'cps_open',
    secret: 'secret',
    besides: ['time.old'],
  },
  media(
    'with its headers as they are listed',
    (contentMd5) => `POST\n${contentMd5}\n${MEDIA_TIME}${MEDIA_APP}${MEDIA_PATH}`,
    ['headers_unsorted'],
  ),
  media(
    'with the names of its headers in lower case',
    (contentMd5) => `POST\n${contentMd5}\n${MEDIA_APP.toLowerCase()}${MEDIA_TIME.toLowerCase()}${MEDIA_PATH}`,
    ['names_lower'],
  ),
  media(
    'with lines for Accept and Content-Type',
    (contentMd5) => `POST\napplication/json\n${contentMd5}\napplication/json\n${MEDIA_APP}${MEDIA_TIME}${MEDIA_PATH}`,
    ['accept_and_type'],
  ),
  media('without Content-MD5 in the text', () => `POST\n\n${MEDIA_APP}${MEDIA_TIME}${MEDIA_PATH}`, ['no_content_md5']),
  media('whose body was written again after it was signed', mediaText, [], {
    body: '{"actId": "33", "linkType": 1, "sid": "u1001"}',
    besides: ['body.digest'],
  }),
  media('whose Content-MD5 is in hex', mediaText, [], { isHex: true, besides: ['body.digest_hex'] }),
  media('of another app', mediaText, [], { appkey: 'demo-app-02', besides: ['field.other_account'] }),
];

/** A cps_open call that is signed otherwise, or right although something else about it is wrong. */
function media(
  name: string,
  text: (contentMd5: string) => string,
  codes: readonly string[],
  more: { body?: string; isHex?: boolean; appkey?: string; besides?: readonly string[] } = {},
): Case {
  const { body = MEDIA_BODY, isHex = false, appkey = 'demo-app-01', besides = [] } = more;
  const contentMd5 = createHash('md5')
    .update(MEDIA_BODY)
    .digest(isHex ? 'hex' : 'base64');
  const signature = createHmac('sha256', 'demo-secret-01').update(text(contentMd5)).digest('base64');
  const headers = {
    ...{ accept: 'application/json', 'content-type': 'application/json', 'content-md5': contentMd5 },
    ...{ 's-ca-app': 'demo-app-01', 's-ca-timestamp': '1700000000000', 's-ca-signature': signature },
    's-ca-signature-headers': 'S-Ca-Timestamp,S-Ca-App',
  };
  const account = { appkey, secret: 'demo-secret-01' };
  return {
    name: `union cps_open call ${name}`,
    question: { platform: 'meituan-union', direction: 'out', path: MEDIA_PATH, headers, account, body },
    ...{ codes, scheme: 'cps_open', secret: 'secret', besides },
  };
}

function md5With(json: string, secret: string): string {
  const fields = JSON.parse(json) as Record<string, string>;
  const joined = Object.keys(fields)
    .filter((name) => name !== 'sign')
    .sort()
    .map((name) => `${name}${fields[name]}`)
    .join('');
  return md5(secret + joined + secret);
}

nameCases(UNION_CASES);
