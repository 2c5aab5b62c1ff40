import { form, md5, nameCases } from '../../kit/doctor-cases.ts';
import type { Case } from '../../kit/doctor-cases.ts';

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
const FIRST = '1563ba18aa545bda7d2e297fbfedb76d';
const FORM_DATA = form({ d: EM_DATA }).slice('d='.length);
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
  em(
    'as a form that is not decoded',
    form({ appid: 'HUBAPP01', timestamp: '1700000000', request_data: EM_DATA, sign: md5(K + bareOf(FORM_DATA) + K) }),
    'secret-wrap-kv-lower',
    'data_undecoded',
  ),
  em('as JSON that is URL-encoded', encodeURIComponent(emJson(EM_DATA, '1700000000', FIRST)), 'secret-wrap-kv-lower'),
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

nameCases(EM_CASES);
