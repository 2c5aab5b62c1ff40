import type { AccountField } from '../account-fields.ts';
import type { Json } from '../json.ts';

const DEFAULT_SECONDS = 604_800;

/** The setting of accounts whose orders earn commission: how long a confirmed amount waits before it can be paid out. */
export const availableAfterField: AccountField = {
  name: 'availableAfterSeconds',
  kind: 'integer',
  minimum: 0,
  maximum: 31_536_000,
  default: DEFAULT_SECONDS,
  required: false,
  label: { en: 'Commission available after (seconds)', zh: '佣金可提现等待秒数' },
  help: {
    en: 'Counts from when the hub booked the amount as confirmed. Default 604800, seven days.',
    zh: '自汇单确认入账起计。默认 604800，即七天。',
  },
};

/** The wait of an account in milliseconds. */
export function availableAfterMs(settings: Readonly<Record<string, Json>>): number {
  const seconds = settings['availableAfterSeconds'];
  return (typeof seconds === 'number' ? seconds : DEFAULT_SECONDS) * 1000;
}
