import type { ParamFault } from '../../core/action-params.ts';
import type { ActionRequest } from '../../core/action.ts';
import type { AccountView } from '../../core/connector.ts';
import type { JsonObject } from '../../core/json.ts';
import { sha256Hex } from '../../core/signing.ts';
import { numberOf } from './order-numbers.ts';
import { textSetting } from './payment-settings.ts';
import { tradeAuthorization } from './request-signature.ts';
import { goodsOf, PAYMENT_FIELDS, paymentFaults } from './wished-payment.ts';

/** Limits of `requestOrder` (sheet, 7). */
const MOST_PIECES = 100;
const NOTIFY_LENGTH = 512;

type Checkout =
  | { readonly ok: true; readonly checkout: JsonObject }
  | { readonly ok: false; readonly faults: readonly ParamFault[] };

/**
 * What `tt.requestOrder` takes: `data`, and `byteAuthorization` over its very bytes. It holds for about an hour (sheet,
 * 7). The nonce follows from our number: it needs to be unlike others, not secret.
 */
export function checkoutOf(account: AccountView, request: ActionRequest, notifyUrl: string | undefined): Checkout {
  const { params, order, at, number } = request;
  const outOrderNo = numberOf(order.aliases, 'merchant') ?? '';
  const faults: ParamFault[] = [...paymentFaults(PAYMENT_FIELDS, params, outOrderNo)];
  const [privateKey] = account.secrets('privateKey');
  const keyVersion = account.credential('keyVersion');
  const tagGroupId = params['tagGroupId'] ?? textSetting(account, 'tagGroupId') ?? null;
  if (privateKey === undefined) faults.push({ field: 'account', message: 'has no privateKey to sign with' });
  if (keyVersion === undefined) faults.push({ field: 'account', message: 'has no keyVersion' });
  if (tagGroupId === null) faults.push({ field: 'tagGroupId', message: 'is missing' });
  if (notifyUrl !== undefined && notifyUrl.length > NOTIFY_LENGTH)
    faults.push({ field: 'order', message: 'has an address to be called back at of over 512 characters' });
  if (faults.length > 0 || privateKey === undefined || keyVersion === undefined) return { ok: false, faults };
  const path = textSetting(account, 'orderEntryPath') ?? '';
  const data = JSON.stringify({
    skuList: [skuOf(account, request, outOrderNo, tagGroupId as string, path)],
    outOrderNo,
    totalAmount: Number(params['amount']),
    payExpireSeconds: Number(params['validSeconds']),
    ...(notifyUrl === undefined ? {} : { payNotifyUrl: notifyUrl }),
    ...(typeof params['storeUid'] === 'string' ? { merchantUid: params['storeUid'] } : {}),
    ...(typeof params['cpExtra'] === 'string' ? { cpExtra: params['cpExtra'] } : {}),
    orderEntrySchema: { path, params: JSON.stringify({ out_order_no: outOrderNo }) },
  });
  const signer = {
    appId: account.credential('appId') ?? '',
    privateKey: privateKey.value,
    keyVersion,
    quotes: account.settings['authorizationQuotes'] === true,
  };
  try {
    const byteAuthorization = tradeAuthorization(
      signer,
      { method: 'POST', path: '/requestOrder', body: data },
      String(Math.floor(at / 1000)),
      sha256Hex(`nonce ${number}`).slice(0, 32),
    );
    return { ok: true, checkout: { data, byteAuthorization } };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return { ok: false, faults: [{ field: 'account', message: 'has a privateKey that cannot be read' }] };
  }
}

/** The platform takes one kind of goods an order; several, or such as do not add up, go as one of the order's title. */
function skuOf(
  account: AccountView,
  { params }: ActionRequest,
  outOrderNo: string,
  tagGroupId: string,
  path: string,
): JsonObject {
  const amount = Number(params['amount']);
  const goods = goodsOf(params, outOrderNo);
  const [only] = goods;
  const isWhole =
    goods.length === 1 && only !== undefined && only.price * only.quantity === amount && only.quantity <= MOST_PIECES;
  const title = typeof params['subject'] === 'string' ? params['subject'].trim() : outOrderNo;
  const image = goods.find((one) => one.image !== null)?.image ?? textSetting(account, 'defaultImage');
  return {
    skuId: isWhole ? only.code : outOrderNo,
    price: isWhole ? only.price : amount,
    quantity: isWhole ? only.quantity : 1,
    title: isWhole ? only.title : title,
    ...(image === undefined ? {} : { imageList: [image] }),
    type: Number(account.settings['skuType']),
    tagGroupId,
    entrySchema: { path, params: JSON.stringify({ out_order_no: outOrderNo }) },
  };
}
