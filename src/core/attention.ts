import type { Words } from './account-fields.ts';

interface KindWords {
  readonly title: Words;
  /** What a person can do about it. */
  readonly todo: Words;
}

/** What can want a person's attention, with the words for it. */
export const ATTENTION_KINDS = {
  unknown_order: {
    title: { en: 'Unknown order', zh: '未知订单' },
    todo: {
      en: 'The hub knows of it, but not what it is. Look it up at the platform; adopt it by its number, or let the account’s questions run.',
      zh: '平台提到了该订单，但订单内容未知。请在平台查询；可按单号纳入，或立即执行补单查询。',
    },
  },
  amount_mismatch: {
    title: { en: 'Amounts differ', zh: '金额不一致' },
    todo: {
      en: 'Compare both sides. What the platform settles counts; read the order again, or ask the platform about it.',
      zh: '请核对两边金额，以平台结算为准；可重新查询订单或联系平台。',
    },
  },
  late_payment: {
    title: { en: 'Paid after the end', zh: '超时或取消后到账' },
    todo: {
      en: 'Give the money back, or serve the customer and say so. The account’s setting latePayment can decide by itself.',
      zh: '请退款，或继续履约并登记；也可通过账号设置 latePayment 自动处理。',
    },
  },
  dispense_unknown: {
    title: { en: 'Dispensing unknown', zh: '出货结果未知' },
    todo: {
      en: 'Look at the machine. Then settle the action as succeeded or failed; nothing is dispensed or given back before.',
      zh: '请查看设备实际出货情况，然后登记该操作的实际结果；在此之前不会再次出货或退款。',
    },
  },
  action_unknown: {
    title: { en: 'Outcome of an action unknown', zh: '操作结果未知' },
    todo: {
      en: 'Look at the platform whether it was done. Then settle the action as succeeded or failed.',
      zh: '请到平台确认是否已执行，然后登记该操作的实际结果。',
    },
  },
  action_failed: {
    title: { en: 'An automatic step failed', zh: '自动步骤失败' },
    todo: {
      en: 'Read why, put it right, and do the step by hand.',
      zh: '请查看失败原因，处理后手动执行该步骤。',
    },
  },
  refund_due: {
    title: { en: 'Money to be given back', zh: '待退款' },
    todo: {
      en: 'The shop took the money itself, so nobody else can give it back. Give it back where it came in, then say so with the action refund-done.',
      zh: '货款由商家自行收取，需由商家原路退回；退款后请执行“已退款（登记）”操作。',
    },
  },
  goods_held: {
    title: { en: 'Goods held by a lost order', zh: '失联订单占用库存' },
    todo: {
      en: 'The machine’s platform made an order and did not say its number, so nobody can pay or close it. Its goods are on sale again when its own hold ends; sell under another number.',
      zh: '平台已创建订单但未返回单号，无法支付也无法关闭。平台占用到期后商品自动恢复可售；请换一个单号重新下单。',
    },
  },
  payment_unclear: {
    title: { en: 'Payment unclear', zh: '支付结果不明' },
    todo: {
      en: 'Look at the payment platform whether the money came. The goods stay held until that is clear.',
      zh: '请到支付平台确认是否已收款；确认前商品保持占用。',
    },
  },
  unmatched_sid: {
    title: { en: 'Orders of an unknown sid', zh: '推广位未匹配' },
    todo: {
      en: 'Give the sid to a member; the orders that came with it are then counted for them, too.',
      zh: '请将该 sid 绑定到成员，已产生的订单也会一并归属。',
    },
  },
  expired_token: {
    title: { en: 'Access has run out', zh: '授权失效' },
    todo: {
      en: 'Bind the store again, or enter the account’s credentials anew, and check them.',
      zh: '请重新绑定门店，或重新填写账号凭据并测试。',
    },
  },
  deadline_near: {
    title: { en: 'A deadline is near', zh: '即将超时' },
    todo: {
      en: 'Accept or answer before the deadline; after it the platform decides by itself.',
      zh: '请在截止前接单或处理；超时后由平台自动处理。',
    },
  },
  dead_letter: {
    title: { en: 'Events were given up', zh: '事件投递失败' },
    todo: {
      en: 'Put the receiver right, then replay what was given up.',
      zh: '请修复接收端，然后重放失败的事件。',
    },
  },
  repeated_rejection: {
    title: { en: 'Callbacks are rejected', zh: '回调反复被拒' },
    todo: {
      en: 'Ask the signature doctor about one of them; most often a secret is wrong or was changed.',
      zh: '请用签名诊断查看其中一条；多为密钥错误或已更换。',
    },
  },
  unaudited: {
    title: { en: 'Not audited for long', zh: '长时间未审核' },
    todo: {
      en: 'The platform cannot be asked. Look there; when it is audited, say so with the action audited.',
      zh: '该平台不支持查询，请到平台查看；若已审核，请用“已审核”操作登记。',
    },
  },
  unrecognised_callback: {
    title: { en: 'Callbacks not understood', zh: '无法识别的回调' },
    todo: {
      en: 'Genuine, but with something new in it. Look at one; once the connector knows it, apply them again.',
      zh: '签名正确但内容未知。请查看其中一条；连接器支持后可重新处理。',
    },
  },
  doubt_stays: {
    title: { en: 'The truth could not be read', zh: '订单核实失败' },
    todo: {
      en: 'The platform did not say how the order stands. Look there, and read the order again.',
      zh: '平台未能返回订单的真实状态。请到平台查看，并重新查询该订单。',
    },
  },
  repair_failing: {
    title: { en: 'The platform cannot be asked', zh: '补单查询失败' },
    todo: {
      en: 'What callbacks fail to tell is not found meanwhile. Read why, check the account’s credentials and address.',
      zh: '期间漏推的订单无法补回。请查看原因，检查账号凭据与接口地址。',
    },
  },
} as const satisfies Record<string, KindWords>;

export type AttentionKind = keyof typeof ATTENTION_KINDS;
export const ATTENTION_KIND_NAMES = Object.keys(ATTENTION_KINDS) as readonly AttentionKind[];
export const ATTENTION_STATES = ['open', 'dismissed', 'closed'] as const;
export type AttentionState = (typeof ATTENTION_STATES)[number];

/** What the conditions of an order's life are to a person. */
export const KIND_OF_CONDITION: Readonly<Record<string, AttentionKind>> = {
  accept_deadline: 'deadline_near',
  answer_deadline: 'deadline_near',
  late_payment: 'late_payment',
  amount_mismatch: 'amount_mismatch',
  payment_unclear: 'payment_unclear',
  payment_not_told: 'payment_unclear',
  dispense_unknown: 'dispense_unknown',
  records_unknown: 'dispense_unknown',
  close_failed: 'action_failed',
  goods_held: 'goods_held',
  refund_due: 'refund_due',
  refund_failed: 'action_failed',
  settle_failed: 'action_failed',
  step_refused: 'action_failed',
  unaudited: 'unaudited',
};
