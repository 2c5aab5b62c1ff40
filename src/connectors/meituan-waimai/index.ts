import { defineConnector } from '../../core/connector.ts';
import { account } from './account.ts';
import { answerGet, parse, registers, reply } from './callback.ts';
import { doctor } from './doctor.ts';
import { outbound } from './outbound.ts';
import { sandbox } from './sandbox.ts';
import { verify } from './signature.ts';

/** Meituan takeaway (美团外卖) by the catering open platform (聚宝盆): one address an event, forms signed with SHA-1, JSON within. */
export const meituanWaimai = defineConnector({
  id: 'meituan-waimai',
  label: { en: 'Meituan Waimai', zh: '美团外卖' },
  orderKinds: ['takeaway'],
  account,
  topics: [
    { name: 'bind', label: { en: 'Store bound', zh: '门店绑定' } },
    { name: 'unbind', label: { en: 'Store unbound', zh: '门店解绑' } },
    { name: 'order', label: { en: 'New order', zh: '推送订单' } },
    { name: 'confirmed', label: { en: 'Order confirmed', zh: '订单已确认' } },
    { name: 'completed', label: { en: 'Order completed', zh: '订单已完成' } },
    { name: 'cancelled', label: { en: 'Order cancelled', zh: '订单取消' } },
    { name: 'refund', label: { en: 'Refund', zh: '退款类消息' } },
    { name: 'partial-refund', label: { en: 'Partial refund', zh: '部分退款' } },
    { name: 'delivery', label: { en: 'Delivery status', zh: '配送状态' } },
    { name: 'store-status', label: { en: 'Store status', zh: '门店状态变更' } },
    { name: 'settlement', label: { en: 'Settlement', zh: '对账信息' } },
    { name: 'reminder', label: { en: 'Reminder', zh: '催单' } },
    { name: 'privacy', label: { en: 'Privacy number downgrade', zh: '隐私号降级' } },
    { name: 'heartbeat', label: { en: 'Cloud heartbeat', zh: '云端心跳' } },
  ],
  registers,
  verify,
  parse,
  reply,
  answerGet,
  ...outbound,
  doctor,
  sandbox,
});
