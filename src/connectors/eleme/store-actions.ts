import { text, words } from '../../core/field-builders.ts';
import { NumberText } from '../../core/json.ts';
import type { Json, Lossless } from '../../core/json.ts';
import { NO_STORE_TOKEN } from '../../core/store-action.ts';
import type { StoreActions } from '../../core/store-action.ts';
import { callAction, refuse } from './client.ts';
import { resultObject, tokenFor } from './truth.ts';

/** What of a shop is shown: nothing personal, and nothing of its account. */
const SHOWN = ['id', 'name', 'openId', 'isOpen', 'isValid', 'isBookable', 'deliverAmount', 'agentFee', 'busyLevel'];

export const storeActions: StoreActions = {
  specs: [
    { name: 'info', label: words('Ask how it stands', '查询店铺信息'), params: [], asks: true },
    {
      name: 'set-code',
      label: words('Set our own code of it', '绑定商家自有门店编码（openId）'),
      params: [
        text(
          'code',
          words('Code', '门店编码'),
          words('Comes back as openId in every order of the shop.', '之后该店订单中的 openId 即为此编码。'),
          { maxLength: 64, pattern: '^[A-Za-z0-9_.-]+$' },
        ),
      ],
    },
  ],
  async run(account, call, { action, params, store, token, at }) {
    if (!/^\d{1,18}$/u.test(store)) return refuse('final', 'no_number', 'The store has no number of the platform.');
    const held = await tokenFor(account, call, { storeToken: token }, at);
    if (!held.ok) return held.refusal.code === 'no_token' ? refuse('alert', NO_STORE_TOKEN, 'Not authorised.') : held;
    const { code } = params;
    const named = new Map<string, Lossless>([['shopId', new NumberText(store)]]);
    if (action === 'set-code') named.set('properties', new Map([['openId', typeof code === 'string' ? code : '']]));
    const name = action === 'set-code' ? 'eleme.shop.updateShop' : 'eleme.shop.getShop';
    const answer = await callAction(account, call, { action: name, token: held.value, params: named }, at);
    if (!answer.ok) return answer;
    const shop = resultObject(answer.value, name);
    if (!shop.ok) return action === 'set-code' ? { ok: true, value: {} } : shop;
    return { ok: true, value: shop.value.raw(SHOWN) as Json };
  },
};
