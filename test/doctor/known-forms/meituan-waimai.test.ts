import { form, nameCases, sha1 } from '../../kit/doctor-cases.ts';
import type { Case } from '../../kit/doctor-cases.ts';

const WAIMAI = { developerId: '100999', signKey: 'demoSignKey00001' };
const T = 'a1b2c3d4e5f60718293a4b5c6d7e8f90'.repeat(2);
const V5_ORDER =
  '{"caution":"多放辣椒 😄 a+b&c=d","ctime":1700000000,"daySeq":"3","detail":"[{\\"food_name\\":\\"黄金蝴蝶虾(4个)\\",\\"price\\":5,\\"quantity\\":1}]","ePoiId":"shop-0028","extras":"[{}]","orderId":5301890193521352344,"orderIdView":5301890193521352344,"originalPrice":15.0,"status":2,"total":15.0}';
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
  waimai(
    'V3 without what is known of the courier',
    'request',
    { ...V3, courierName: '李师傅' },
    sha1(`demoSignKey00001appAuthToken${T}charsetutf-8orderId16650443632263245timestamp1700000000`),
    'field.dropped',
  ),
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
    'V6 with a name that is signed as it stands in the address',
    'store_link',
    { developerId: '100999', businessId: '2', ePoiId: 'shop-0028', ePoiName: '湘北人家', timestamp: '1700000000000' },
    sha1(
      'demoSignKey00001businessId2developerId100999ePoiIdshop-0028ePoiName%E6%B9%98%E5%8C%97%E4%BA%BA%E5%AE%B6timestamp1700000000000',
    ),
    'undecoded',
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

nameCases(WAIMAI_CASES);
