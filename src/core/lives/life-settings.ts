import type { AccountField } from '../account-fields.ts';
import type { Json } from '../json.ts';

/** For every connector whose orders have a life: accepted, held, dispensed, settled, or waited for. */
export const LIFE: AccountField = {
  name: 'life',
  kind: 'boolean',
  default: true,
  required: false,
  label: { en: 'Carry orders on', zh: '自动推进订单' },
  help: {
    en: 'On: the hub takes the next step of each order by itself and keeps its clocks; off: only what somebody asks for.',
    zh: '开：自动执行订单的下一步并监控各项时限；关：仅执行人工或接口发起的操作。',
  },
};

/** For connectors whose orders wait for an audit that nobody can ask about. */
export const AUDIT_ALARM_HOURS: AccountField = {
  name: 'auditAlarmHours',
  kind: 'integer',
  minimum: 0,
  maximum: 8760,
  default: 24,
  required: false,
  label: { en: 'Alarm for unaudited orders (hours)', zh: '未审核提醒（小时）' },
  help: {
    en: 'After so many hours without an audit, 0 for at once, the order is in the attention queue: the platform cannot be asked.',
    zh: '超过该时长（0 为立即）仍未审核则进入待办：该平台不提供查询接口。',
  },
};

export type LatePayment = 'refund' | 'revive' | 'ask';

/** What an account wants of the lives of its orders. */
export interface LifeSettings {
  readonly isOn: boolean;
  readonly latePayment: LatePayment;
  readonly dispenseTimeoutMs: number;
  /** Null where the account says nothing of it. */
  readonly settleAfterMs: number | null;
  readonly auditAlarmMs: number;
}

/** Reads the settings of an account, defaults filled in or not. */
export function lifeSettings(settings: Readonly<Record<string, Json>>): LifeSettings {
  const number = (name: string, usual: number): number => {
    const value = settings[name];
    return typeof value === 'number' && value >= 0 ? value : usual;
  };
  const late = settings['latePayment'];
  const settleAfter = settings['settleAfterSeconds'];
  return {
    isOn: settings['life'] !== false,
    latePayment: late === 'revive' || late === 'ask' ? late : 'refund',
    dispenseTimeoutMs: number('dispenseTimeoutSeconds', 120) * 1000,
    settleAfterMs: typeof settleAfter === 'number' && settleAfter >= 0 ? settleAfter * 1000 : null,
    auditAlarmMs: number('auditAlarmHours', 24) * 3_600_000,
  };
}
