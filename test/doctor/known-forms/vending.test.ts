import { nameCases, upperMd5 } from '../../kit/doctor-cases.ts';
import type { Case } from '../../kit/doctor-cases.ts';

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
  vending('raw address', NOTIFY, upperMd5(notifyText(NOTIFY.notify_url))),
  vending(
    'encoded address',
    NOTIFY,
    upperMd5(notifyText('https%3A%2F%2Fhub.example.com%2Fa%3Fb%3D1%26c%3D%E5%BA%97')),
    'values_form_encoded',
  ),
  vending(
    'address encoded twice',
    NOTIFY,
    upperMd5(notifyText('https://hub.example.com/a?b=1&c=%25E5%25BA%2597')),
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
      upperMd5(notifyText(NOTIFY.notify_url).replace('HUBMERCHANTKEY', VENDING.appSecret)),
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

nameCases(VENDING_CASES);
