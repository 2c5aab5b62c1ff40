import type { AccountField } from './account-fields.ts';

/**
 * The setting of every takeaway platform that lets the hub accept orders by itself: false, true (all stores, all hours),
 * or `{"stores": ["8859"], "hours": ["09:00-22:00"]}`, where what is left out narrows nothing. Hours are Beijing time.
 */
export const AUTO_ACCEPT: AccountField = {
  name: 'autoAccept',
  kind: 'json',
  default: false,
  required: false,
  label: { en: 'Accept orders automatically', zh: '自动接单' },
  help: {
    en: 'true: all stores, all hours; {"stores": ["8859"], "hours": ["09:00-22:00"]} narrows it (Beijing time).',
    zh: 'true：全部门店、全天自动接单；{"stores": ["8859"], "hours": ["09:00-22:00"]}：仅限所列门店与时段（北京时间）。',
  },
};
