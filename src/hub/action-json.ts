import type { Json } from '../core/json.ts';
import { maskAddress, maskName, maskPhone } from '../core/mask.ts';
import { toRfc3339 } from '../core/time.ts';
import type { ActionRow, ActionState, ShownRequest } from '../store/actions.ts';

/** An action as every reader sees it: no secret, no personal data. */
export interface ActionJson {
  readonly id: string;
  readonly account: string;
  readonly platform: string;
  readonly order: string;
  readonly action: string;
  readonly params: Readonly<Record<string, Json>>;
  readonly state: ActionState;
  /** Our own number of it, as the platform knows it. */
  readonly number: string;
  /** Of an automatic action, such as `auto:accept`. */
  readonly cause: string | null;
  /** The API key that asked. */
  readonly askedBy: string | null;
  readonly request: ShownRequest | null;
  readonly answer: Json;
  readonly code: string | null;
  readonly reason: string | null;
  readonly attempts: number;
  readonly questions: number;
  readonly durationMs: number | null;
  readonly createdAt: string;
  readonly sentAt: string | null;
  readonly finishedAt: string | null;
  /** When the hub looks at it again by itself; null: no more. */
  readonly nextAt: string | null;
}

export function actionJson(row: ActionRow, platform: string): ActionJson {
  const time = (at: Date | null): string | null => toRfc3339(at?.getTime() ?? null);
  return {
    id: row.id,
    account: row.account,
    platform,
    order: row.orderId,
    action: row.action,
    params: row.params,
    state: row.state,
    number: row.number,
    cause: row.cause,
    askedBy: row.askedBy,
    request: row.request,
    answer: row.answer,
    code: row.code,
    reason: row.reason,
    attempts: row.attempts,
    questions: row.questions,
    durationMs: row.durationMs,
    createdAt: row.createdAt.toISOString(),
    sentAt: time(row.sentAt),
    finishedAt: time(row.finishedAt),
    nextAt: time(row.dueAt),
  };
}

const MASKS: Readonly<Record<string, (text: string) => string>> = {
  name: maskName,
  phone: maskPhone,
  address: maskAddress,
};

/** The parameters with what says who somebody is masked: a courier's name and phone. */
export function maskParams(params: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => {
      const mask = Object.hasOwn(MASKS, name) ? MASKS[name] : undefined;
      return [name, mask !== undefined && typeof value === 'string' ? mask(value) : value];
    }),
  );
}
