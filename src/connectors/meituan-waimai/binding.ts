import type { AccountView } from '../../core/connector.ts';
import { writeForm } from '../../core/form.ts';
import type { Json } from '../../core/json.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import type { BindingRequest, PlatformStore, StoreBinding, StoreToken } from '../../core/store-binding.ts';
import type { TimeMs } from '../../core/time.ts';
import { isSet } from '../../core/account-fields.ts';
import { ask, failed, hostOf, isTokenRefusal } from './client.ts';
import { phonesWanted } from './polls.ts';
import { sign } from './signature.ts';

const NOT_LISTED = 'store_not_listed';

/** What each option of the binding page may be. The sheet knows no meaning of `netStore`, only that it was sent. */
const OPTIONS: Readonly<Record<string, { readonly fits: (value: Json) => boolean; readonly message: string }>> = {
  netStore: { fits: (value) => value === 0 || value === 1, message: 'is 0 or 1' },
  callbackUrl: {
    fits: (value) => typeof value === 'boolean' || (typeof value === 'string' && /^https?:\/\/\S{1,500}$/u.test(value)),
    message: "is true for this account's own address, or an http(s) address",
  },
  // No source names the parameter; what is given is sent as `language` and signed with the rest.
  language: {
    fits: (value) => typeof value === 'string' && /^[A-Za-z]{2}(?:[-_][A-Za-z]{2,4})?$/u.test(value),
    message: 'is a tag such as zh-CN',
  },
};

function bindUrl(account: AccountView, request: BindingRequest): string {
  const { netStore, callbackUrl, language } = request.options;
  const developerId = account.credential('developerId') ?? '';
  const signKey = account.secrets('signKey')[0]?.value ?? '';
  const chosen: (readonly [string, string])[] = [
    ['developerId', developerId],
    ['businessId', '2'],
    ['ePoiId', request.store],
  ];
  if (request.name !== '') chosen.push(['ePoiName', request.name]);
  if (typeof netStore === 'number') chosen.push(['netStore', String(netStore)]);
  if (callbackUrl === true) chosen.push(['callbackUrl', request.callbackUrl]);
  else if (typeof callbackUrl === 'string') chosen.push(['callbackUrl', callbackUrl]);
  if (typeof language === 'string') chosen.push(['language', language]);
  const page = `${hostOf(account, 'bindUrl')}/storemap`;
  if (isSet(account, 'bindLink', 'unsigned')) return `${page}?${writeForm([...chosen, ['signKey', signKey]])}`;
  const { at } = request;
  chosen.push(['timestamp', String(isSet(account, 'bindTimestamp', 's') ? Math.floor(at / 1000) : at)]);
  return `${page}?${writeForm([...chosen, ['sign', sign(chosen, signKey)]])}`;
}

/** The page that takes back a binding has no signed form: the address holds the sign key and the token in clear. */
function releaseUrl(account: AccountView, _store: string, token: StoreToken): string {
  const fields: readonly (readonly [string, string])[] = [
    ['signKey', account.secrets('signKey')[0]?.value ?? ''],
    ['businessId', '2'],
    ['appAuthToken', token.accessToken],
  ];
  return `${hostOf(account, 'bindUrl')}/releasebinding?${writeForm(fields)}`;
}

/** A token that opens another store proves nothing, so the answer must list ours. */
async function prove(
  account: AccountView,
  call: CallPlatform,
  store: string,
  token: StoreToken,
  at: TimeMs,
): Promise<PlatformResult<readonly PlatformStore[]>> {
  const biz = [['ePoiIds', store]] as const;
  const wanted = {
    call: 'poi.queryPoiInfo',
    path: '/waimai/poi/queryPoiInfo',
    method: 'GET',
    biz,
    token: token.accessToken,
  } as const;
  const answer = await ask(account, call, wanted, at);
  if (!answer.ok) return answer;
  const found = answer.value.objects('data').find((poi) => poi.text('ePoiId') === store);
  if (found === undefined) return failed(NOT_LISTED, 'alert', 'The token opens no store with this number.');
  const isOpen = found.text('isOpen');
  const open = isOpen === undefined ? null : isOpen === '1';
  const name = found.text('name', 200) ?? null;
  // The answer names the store by our number; Meituan's own number comes with the bind callback, if at all.
  return { ok: true, value: [{ platformStoreId: found.text('poiId', 100) ?? null, name, open }] };
}

/** Stores are bound one by one: a page where the merchant agrees, then a callback with the store's token. */
export const binding: StoreBinding = {
  style: 'link',
  bindUrl,
  releaseUrl,
  prove,
  checkOptions: (options) =>
    Object.entries(options).flatMap(([field, value]) => {
      const option = Object.hasOwn(OPTIONS, field) ? OPTIONS[field] : undefined;
      if (option === undefined) return [{ field, message: 'is not an option of this page' }];
      return option.fits(value) ? [] : [{ field, message: option.message }];
    }),
  tellsReleased: (refusal) => refusal.code === NOT_LISTED || isTokenRefusal(refusal),
};

/**
 * Proves developerId and signKey with the one call that needs no store's token: the phone numbers that were downgraded,
 * of which one at most is asked for and none is looked at.
 */
export async function check(account: AccountView, call: CallPlatform, at: TimeMs): Promise<PlatformResult<string>> {
  const developerId = account.credential('developerId') ?? '';
  const answer = await ask(account, call, phonesWanted(account, 0, 1), at);
  return answer.ok ? { ok: true, value: `developer ${developerId}` } : answer;
}
