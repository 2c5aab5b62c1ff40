import type { Json } from '../core/json.ts';
import { maskAddress, maskName, maskPhone } from '../core/mask.ts';
import { toRfc3339 } from '../core/time.ts';
import type { ActionRow, ActionState, ListedAction, ShownRequest } from '../store/actions.ts';
import { ADMIN_PRINCIPAL } from './access.ts';

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
  /** Id of the API key or the user that asked. */
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

/** An action as the API shows it. Events have no name of who asked: they are kept as they are when that name changes. */
export interface NamedActionJson extends ActionJson {
  /** The user's name for signing in, or the name of the key; null where the hub asked by itself. */
  readonly askedByName: string | null;
}

export function namedActionJson(row: ListedAction): NamedActionJson {
  return { ...actionJson(row, row.platform), askedByName: nameOfAsker(row.askedBy, row.askedByName) };
}

/** The name of who asked: `stored`, or that of the admin key, which no table has. */
export function nameOfAsker<Name extends Json>(askedBy: Json, stored: Name): Name | string {
  return askedBy === ADMIN_PRINCIPAL.id ? ADMIN_PRINCIPAL.name : stored;
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
