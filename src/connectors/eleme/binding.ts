import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, scalarText } from '../../core/json.ts';
import type { Lossless } from '../../core/json.ts';
import type { CallPlatform, PlatformResult } from '../../core/outgoing.ts';
import type { PlatformStore, StoreBinding } from '../../core/store-binding.ts';
import type { TimeMs } from '../../core/time.ts';
import { isSet } from '../../core/account-fields.ts';
import { address, callAction, callToken, refuse } from './client.ts';

/** How shops come to an account: the merchant logs in at Ele.me, and one token pair covers all shops of that login. */
export const binding: StoreBinding = {
  style: 'oauth',
  bindUrl(account, { returnUrl, state }) {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: account.credential('appKey') ?? '',
      redirect_uri: returnUrl,
      state,
      scope: 'all',
    });
    return `${address(account, '/authorize')}?${query.toString()}`;
  },
  checkOptions: (options) =>
    Object.keys(options).map((field) => ({ field, message: 'The authorisation page takes no options.' })),
  exchangeCode: (account, call, code, returnUrl, at) =>
    callToken(
      account,
      call,
      {
        grant_type: 'authorization_code',
        code,
        redirect_uri: returnUrl,
        client_id: account.credential('appKey') ?? '',
      },
      at,
    ),
  async refresh(account, call, token, at) {
    // The token of a merchant's own app has no refresh token; another is asked for as the first was.
    if (token.refreshToken === null) return ownToken(account, call, at);
    const scope = isSet(account, 'refreshScope', 'omit') ? {} : { scope: 'all' };
    return callToken(account, call, { grant_type: 'refresh_token', refresh_token: token.refreshToken, ...scope }, at);
  },
  prove: (account, call, _store, token, at) => authorisedShops(account, call, token.accessToken, at),
  tellsReleased: ({ code }) => code === 'UNAUTHORIZED',
};

/** A token for a merchant's own app, which no page and no login is needed for. */
export const ownToken = (account: AccountView, call: CallPlatform, at: TimeMs): ReturnType<typeof callToken> =>
  callToken(account, call, { grant_type: 'client_credentials' }, at);

/** The shops that a token covers. */
async function authorisedShops(
  account: AccountView,
  call: CallPlatform,
  token: string,
  at: TimeMs,
): Promise<PlatformResult<readonly PlatformStore[]>> {
  const user = await callAction(account, call, { action: 'eleme.user.getUser', token, params: new Map() }, at);
  if (!user.ok) return user;
  const shops: Lossless | undefined = isLosslessObject(user.value) ? user.value.get('authorizedShops') : undefined;
  if (!Array.isArray(shops)) return refuse('final', 'unreadable_reply', 'The reply names no authorizedShops.');
  const stores = (shops as readonly Lossless[]).flatMap((shop): readonly PlatformStore[] => {
    const id = isLosslessObject(shop) ? (scalarText(shop.get('id')) ?? '') : '';
    if (!isLosslessObject(shop) || id === '') return [];
    return [{ platformStoreId: id, name: scalarText(shop.get('name')) ?? null, open: null }];
  });
  return { ok: true, value: stores };
}

/**
 * Proves key and secret by asking for a token of the app itself. An app that merchants authorise may not have one, and
 * is told so only after key and secret were found right (RFC 6749, 5.2; not confirmed for this platform).
 */
export async function check(account: AccountView, call: CallPlatform, at: TimeMs): Promise<PlatformResult<string>> {
  const token = await ownToken(account, call, at);
  if (token.ok) return { ok: true, value: 'The app key and secret were accepted.' };
  const { code } = token.refusal;
  const isKnown = code === 'unauthorized_client' || code === 'unsupported_grant_type';
  if (!isKnown || isSet(account, 'appType', 'own')) return token;
  return { ok: true, value: 'The app key and secret were accepted; shops are proved when they are authorised.' };
}
