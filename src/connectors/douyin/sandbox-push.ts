import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, NumberText, parseLossless, scalarText } from '../../core/json.ts';
import type { Json, Lossless, LosslessObject } from '../../core/json.ts';
import type { IncomingCall, PlatformMemory } from '../../core/sandbox.ts';
import { EXPIRED_TEXT, STATUS_TEXTS } from './order-centre.ts';
import { livingTokens } from './sandbox-tokens.ts';

const no = (code: number, message: string): Readonly<Record<string, Json>> => ({ err_code: code, err_msg: message });

/** Plays the order centre: token, user, shape and texts of what is pushed; of an order the youngest push is shown. */
export function playPush(
  call: IncomingCall,
  _account: AccountView,
  memory: PlatformMemory,
): Readonly<Record<string, Json>> {
  const body = parseLossless(call.body);
  if (!isLosslessObject(body)) return no(40_014, 'params error');
  const text = (name: string): string => scalarText(body.get(name)) ?? '';
  const token = text('access_token');
  if (!livingTokens(memory, call.at).some((living) => living.text === token)) return no(40_014, 'bad access token');
  if (text('app_name') !== 'douyin') return no(40_016, 'bad app_name');
  // The IDE makes ids that are nobody's.
  if (text('open_id') === '' || text('open_id').startsWith('ide')) return no(40_012, 'open_id error');
  const detailText = body.get('order_detail');
  const detail = typeof detailText === 'string' ? parseLossless(detailText) : undefined;
  if (typeof detailText !== 'string' || Buffer.byteLength(detailText) >= 2048 || !isLosslessObject(detail))
    return no(40_015, 'order_detail error');
  const fault = detailFault(detail, text('order_status'));
  if (fault !== undefined) return no(40_015, fault);
  if (!/^\d{13}$/u.test(text('update_time')) || text('order_type') !== '0') return no(40_015, 'update_time error');
  const orderNo = scalarText(detail.get('order_id')) ?? '';
  const held = memory[pushKey(orderNo)] as { readonly updatedAt: number; readonly told: readonly string[] } | undefined;
  const updatedAt = Number(text('update_time'));
  const isNewer = held === undefined || updatedAt >= held.updatedAt;
  memory[pushKey(orderNo)] = {
    updatedAt: Math.max(updatedAt, held?.updatedAt ?? 0),
    status: isNewer ? text('order_status') : (held?.told.at(-1) ?? ''),
    told: [...(held?.told ?? []), text('order_status')],
  };
  return { err_code: 0, err_msg: 'success', body: '' };
}

const pushKey = (orderNo: string): string => `pushed ${orderNo}`;

/** The statuses that were pushed of an order, in their order. */
export function pushedStatuses(memory: PlatformMemory, orderNo: string): readonly string[] {
  const held = memory[pushKey(orderNo)] as { readonly told: readonly string[] } | undefined;
  return held?.told ?? [];
}

function detailFault(detail: LosslessObject, status: string): string | undefined {
  const statusText = scalarText(detail.get('status')) ?? '';
  const fits = STATUS_TEXTS[Number(status)] === statusText || (status === '2' && statusText === EXPIRED_TEXT);
  if (status === '' || !fits) return 'order_status and status do not agree';
  const isWhole = (value: Lossless | undefined): boolean => value instanceof NumberText && /^\d+$/u.test(value.text);
  if (!isWhole(detail.get('amount')) || !isWhole(detail.get('total_price'))) return 'amount or total_price error';
  if (!/^\d{13}$/u.test(scalarText(detail.get('create_time')) ?? '')) return 'create_time error';
  const page = scalarText(detail.get('detail_url')) ?? '';
  if (page === '' || page.length > 1024 || page.includes('://')) return 'detail_url error';
  const given = detail.get('item_list');
  const list = typeof given === 'string' ? parseLossless(given) : given;
  if (!Array.isArray(list) || list.length === 0) return 'item_list is empty';
  const isWrong = (list as readonly Lossless[]).some((item) => {
    if (!isLosslessObject(item)) return true;
    const lengthOf = (name: string): number => (scalarText(item.get(name)) ?? '').length;
    const isShort = lengthOf('item_code') <= 64 && lengthOf('img') <= 512 && lengthOf('title') <= 256;
    const isThere = lengthOf('item_code') > 0 && lengthOf('img') > 0 && lengthOf('title') > 0;
    return !isShort || !isThere || !isWhole(item.get('price'));
  });
  return isWrong ? 'item_list error' : undefined;
}
