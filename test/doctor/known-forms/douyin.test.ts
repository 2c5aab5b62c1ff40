import { sign as rsaSign } from 'node:crypto';
import { rsaKeysFromText } from '../../../src/core/rsa.ts';
import { md5, nameCases, sha1 } from '../../kit/doctor-cases.ts';
import type { Case } from '../../kit/doctor-cases.ts';

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
    ...douyinCall('V1 as a form', {}, ''),
    question: {
      ...{ platform: 'douyin', direction: 'out', account: DOUYIN },
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'app_id=tt0000000000000001&out_order_no=HUB20240101000001&sign=941f2f8c3fe5748854d3a5d30fe90a87',
    },
    besides: ['body.form', 'body.type'],
  },
  {
    ...douyinCall('V1 that calls its JSON a form', {}, ''),
    question: {
      ...douyinCall('', { out_order_no: 'HUB20240101000001' }, '941f2f8c3fe5748854d3a5d30fe90a87').question,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    },
    besides: ['body.type'],
  },
  {
    ...douyinCall(
      'V1 for another app',
      { app_id: 'tt0000000000000002', out_order_no: 'HUB20240101000001' },
      '941f2f8c3fe5748854d3a5d30fe90a87',
    ),
    besides: ['field.other_account'],
  },
  {
    ...douyinCall(
      'V1 without its app',
      { app_id: undefined, out_order_no: 'HUB20240101000001' },
      '941f2f8c3fe5748854d3a5d30fe90a87',
    ),
    besides: ['field.missing'],
  },
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
  ecpayCallback(
    'a msg that is trimmed',
    ' {"a": 1} ',
    '1700000000',
    '4821',
    'payment',
    sha1(sorted('1700000000', '4821', '{"a": 1}', TOKEN)),
    ['values_trimmed'],
  ),
  ecpayCallback(
    'a value that is the text null left out',
    '{"a":1}',
    '1700000000',
    'null',
    'payment',
    sha1(sorted('1700000000', '{"a":1}', TOKEN)),
    ['null.skipped_text'],
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

nameCases(DOUYIN_CASES);
