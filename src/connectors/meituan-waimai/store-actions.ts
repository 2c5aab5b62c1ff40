import { text, words } from '../../core/field-builders.ts';
import { NO_STORE_TOKEN } from '../../core/store-action.ts';
import type { StoreActions } from '../../core/store-action.ts';
import { ask, failed } from './client.ts';
import type { Wanted } from './client.ts';

/** One or more spans of a day (sheet, 5.3). */
const HOURS = String.raw`^(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)(?:,(?:[01]\d|2[0-3]):[0-5]\d-(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00))*$`;

const CALLS: Readonly<Record<string, Pick<Wanted, 'call' | 'path' | 'method'>>> = {
  open: { call: 'poi.open', path: '/waimai/poi/open', method: 'POST' },
  close: { call: 'poi.close', path: '/waimai/poi/close', method: 'POST' },
  hours: { call: 'poi.updateOpenTime', path: '/waimai/poi/updateOpenTime', method: 'POST' },
  info: { call: 'poi.queryPoiInfo', path: '/waimai/poi/queryPoiInfo', method: 'GET' },
};

/** Words of an error which says that the store is so already. */
const ALREADY = /已经?(?:营业|休息|关店|开店)|already/iu;

export const storeActions: StoreActions = {
  specs: [
    { name: 'open', label: words('Open', '开店（营业）'), params: [] },
    { name: 'close', label: words('Close for a while', '关店（休息）'), params: [] },
    {
      name: 'hours',
      label: words('Set the opening hours', '修改营业时间'),
      params: [
        text('openTime', words('Hours', '营业时间'), words('09:00-14:00,17:00-22:00', '如 09:00-14:00,17:00-22:00'), {
          maxLength: 200,
          pattern: HOURS,
        }),
      ],
    },
    { name: 'info', label: words('Ask how it stands', '查询门店信息'), params: [], asks: true },
  ],
  async run(account, call, { action, params, store, token, at }) {
    const wanted = Object.hasOwn(CALLS, action) ? CALLS[action] : undefined;
    if (wanted === undefined) return failed('unknown_action', 'final', 'There is no such action.');
    if (token === null) return failed(NO_STORE_TOKEN, 'alert', 'The store is not bound.');
    const { openTime } = params;
    const biz: Wanted['biz'] =
      action === 'info' ? [['ePoiIds', store]] : typeof openTime === 'string' ? [['openTime', openTime]] : [];
    const answer = await ask(account, call, { ...wanted, biz, token: token.accessToken }, at);
    if (!answer.ok) return ALREADY.test(answer.refusal.message) ? { ok: true, value: {} } : answer;
    if (action !== 'info') return { ok: true, value: {} };
    const found = answer.value.objects('data').find((poi) => poi.text('ePoiId') === store);
    if (found === undefined) return failed('store_not_listed', 'final', 'The token opens no store with this number.');
    return { ok: true, value: found.raw(['ePoiId', 'name', 'isOpen', 'isOnline', 'openTime', 'logisticsCodes']) };
  },
};
