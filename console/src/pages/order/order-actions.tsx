import { DownOutlined } from '@ant-design/icons';
import { App, Button, Dropdown } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import type { Order } from '../../api/orders.ts';
import type { ActionSpec } from '../../api/platforms.ts';
import { useOwnWords, useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './order.module.css';
import { orderWords } from './words.ts';

/** What fits the status best is a button, the rest is in the menu; whether it makes sense the hub says. */
const FIRST: Readonly<Record<string, readonly string[]>> = {
  pending: ['approve', 'reject', 'pay'],
  paid: ['accept', 'dispense', 'cancel'],
  accepted: ['ready', 'cancel'],
  fulfilling: ['delivered', 'picked-up'],
  completed: ['refund', 'settle'],
};
const WHEN_ASKED = ['agree-refund', 'reject-refund'];
const BUTTONS = 2;

export function OrderActions({
  order,
  specs,
}: {
  readonly order: Order;
  readonly specs: readonly ActionSpec[];
}): ReactNode {
  const words = useWords(orderWords);
  const { more } = useWords(partWords).actions;
  const own = useOwnWords();
  const mayWrite = useMay('write');
  const client = useQueryClient();
  const { message } = App.useApp();
  const [asking, setAsking] = useState<ActionSpec | null>(null);
  if (!mayWrite || specs.length === 0) return null;

  const isAsked = order.flags.includes('refund_requested') || order.flags.includes('cancel_requested');
  const wanted = isAsked ? WHEN_ASKED : (FIRST[order.status] ?? []);
  const first = wanted.flatMap((name) => specs.find((spec) => spec.name === name) ?? []).slice(0, BUTTONS);
  const rest = specs.filter((spec) => !first.includes(spec));
  return (
    <div className={styles['actions']} role="group" aria-label={words.actions}>
      {first.map((spec, at) => (
        <Button key={spec.name} type={at === 0 ? 'primary' : 'default'} onClick={() => setAsking(spec)}>
          {own(spec.label)}
        </Button>
      ))}
      {rest.length > 0 && (
        <Dropdown
          trigger={['click']}
          menu={{
            items: rest.map((spec) => ({ key: spec.name, label: own(spec.label), onClick: () => setAsking(spec) })),
          }}
        >
          <Button icon={<DownOutlined />} iconPlacement="end">
            {more}
          </Button>
        </Dropdown>
      )}
      {asking !== null && (
        <ActionDialog
          order={order}
          spec={asking}
          onClose={() => setAsking(null)}
          onSent={() => {
            void message.success(words.sent(own(asking.label)));
            void client.invalidateQueries({ queryKey: ['timeline', order.id] });
          }}
        />
      )}
    </div>
  );
}
