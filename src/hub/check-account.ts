import { HuidanError } from '../core/errors.ts';
import type { PlatformRefusal } from '../core/outgoing.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { HubContext } from './context.ts';
import { askPlatform } from './store-tasks.ts';

/** What one harmless call said of an account's credentials. */
export interface CheckJson {
  readonly ok: boolean;
  readonly message: string;
  readonly code: string | null;
  readonly class: PlatformRefusal['class'] | null;
}

/** Errors: `account_not_found`, `check_unsupported`. A platform that refuses or is away is an answer. */
export async function checkAccount(
  ctx: HubContext,
  deps: { readonly accounts: AccountDirectory },
  accountId: string,
): Promise<CheckJson> {
  // What was changed a moment ago is what the user wants to see proved.
  deps.accounts.forget(accountId);
  const account = await deps.accounts.find(accountId);
  if (account === undefined) throw new HuidanError('account_not_found');
  const { connector, view } = account;
  const { check } = connector;
  if (check === undefined) throw new HuidanError('check_unsupported');
  const answer = await askPlatform(() => check.call(connector, view, ctx.callPlatform, ctx.clock()));
  if (answer.ok) return { ok: true, message: answer.value, code: null, class: null };
  const { code, message, class: kind } = answer.refusal;
  return { ok: false, message, code, class: kind };
}
