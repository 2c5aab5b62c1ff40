import type { AccountField, Words } from './account-fields.ts';
import { AUTO_ACCEPT } from './auto-accept-field.ts';
import { CALL_SETTINGS, REPAIR_SECONDS } from './common-settings.ts';
import type { AccountView } from './connector.ts';
import { integer, words } from './field-builders.ts';
import { LIFE } from './lives/life-settings.ts';
import type { TimeMs } from './time.ts';

type Settings = Pick<AccountView, 'settings'>;

/** What every takeaway account can set. `acceptHelp`: where the platform's time to accept an order is known from. */
export const takeawaySettings = (acceptHelp: Words): readonly AccountField[] => [
  integer('acceptWithinMinutes', [1, 60, 5], words('Minutes to accept an order', '接单时限（分钟）'), acceptHelp),
  AUTO_ACCEPT,
  LIFE,
  REPAIR_SECONDS,
  ...CALL_SETTINGS,
];

/** How long an order waits to be accepted, in ms; undefined where the account does not say. */
export const acceptWithinMs = ({ settings }: Settings): number | undefined =>
  typeof settings['acceptWithinMinutes'] === 'number' ? settings['acceptWithinMinutes'] * 60_000 : undefined;

/** Until when an order that came at `since` must be accepted, where that is known. */
export function acceptBy(account: Settings, since: TimeMs | undefined): TimeMs | undefined {
  const waitMs = acceptWithinMs(account);
  return since === undefined || waitMs === undefined ? undefined : since + waitMs;
}
