import { DownOutlined } from '@ant-design/icons';
import { Alert, App, Button, Dropdown } from 'antd';
import { useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { readPossible } from '../../api/orders.ts';
import type { Order, PossibleActions } from '../../api/orders.ts';
import type { ActionSpec } from '../../api/platforms.ts';
import { useOwnWords, useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { ActionDialog } from '../../parts/action-dialog.tsx';
import { backToButton } from '../../parts/back-to-button.ts';
import { useActionName } from '../../parts/platform-badge.tsx';
import { SettleDialog } from '../../parts/settle-dialog.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './order.module.css';
import { orderWords } from './words.ts';

/** What fits the status best is a button, the rest is in the menu; what makes no sense now says why. */
const FIRST: Readonly<Record<string, readonly string[]>> = {
  pending: ['approve', 'reject', 'audited', 'pay', 'paid'],
  paid: ['accept', 'dispense', 'cancel', 'refund'],
  accepted: ['ready', 'cancel'],
  fulfilling: ['delivered', 'picked-up'],
  completed: ['refund', 'settle', 'refund-done'],
  failed: ['refund', 'refund-done'],
};
const WHEN_ASKED = ['agree-refund', 'reject-refund'];
const BUTTONS = 2;

/** What can be done to the order now; the cache is under the order's own key, so news of it ask again. */
function usePossible(order: Order): PossibleActions | undefined {
  const { data } = useQuery({
    queryKey: ['order', order.id, 'possible', order.version],
    queryFn: ({ signal }) => readPossible([order.id], signal),
    placeholderData: (before) => before,
  });
  return data?.data[0];
}

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
  const possible = usePossible(order);
  const [asking, setAsking] = useState<ActionSpec | null>(null);
  const group = useRef<HTMLDivElement>(null);
  const menuButton = useRef<HTMLButtonElement>(null);
  if (!mayWrite || specs.length === 0) return null;

  const refusalOf = (name: string): string | null => {
    const refusal = possible?.actions.find((action) => action.name === name)?.refusal ?? null;
    return refusal === null ? null : own(refusal);
  };
  const isAsked = order.flags.includes('refund_requested') || order.flags.includes('cancel_requested');
  const wanted = isAsked ? WHEN_ASKED : (FIRST[order.status] ?? []);
  const first = wanted
    .flatMap((name) => specs.find((spec) => spec.name === name) ?? [])
    .filter(({ name }) => refusalOf(name) === null)
    .slice(0, BUTTONS);
  const rest = specs.filter((spec) => !first.includes(spec));
  return (
    <div className={styles['actions']} role="group" aria-label={words.actions} ref={group}>
      {first.map((spec, at) => (
        <Button
          key={spec.name}
          type={at === 0 && spec.name !== 'refund' ? 'primary' : 'default'}
          onClick={() => setAsking(spec)}
        >
          {own(spec.label)}
        </Button>
      ))}
      {rest.length > 0 && (
        <Dropdown
          trigger={['click']}
          autoFocus
          onOpenChange={(isOpen) => backToButton(menuButton.current, isOpen)}
          menu={{
            items: rest.map((spec) => {
              const refusal = refusalOf(spec.name);
              return {
                key: spec.name,
                disabled: refusal !== null,
                label: (
                  <>
                    {own(spec.label)}
                    {refusal !== null && <small className={styles['refusal']}>{refusal}</small>}
                  </>
                ),
                onClick: () => setAsking(spec),
              };
            }),
          }}
        >
          <Button ref={menuButton} icon={<DownOutlined />} iconPlacement="end">
            {more}
          </Button>
        </Dropdown>
      )}
      {asking !== null && (
        <ActionDialog
          order={order}
          spec={asking}
          onClose={() => {
            setAsking(null);
            // What no longer fits the order has no button to go back to.
            if (document.activeElement === document.body) group.current?.querySelector('button')?.focus();
          }}
          onSent={() => {
            void message.success(words.sent(own(asking.label)));
            void client.invalidateQueries({ queryKey: ['timeline', order.id] });
          }}
        />
      )}
    </div>
  );
}

/** What was sent and nobody knows the end of: a person can say how it ended. */
export function Unsettled({ order }: { readonly order: Order }): ReactNode {
  const { settle } = useWords(partWords);
  const actionName = useActionName(order.platform);
  const mayWrite = useMay('write');
  const client = useQueryClient();
  const unsettled = usePossible(order)?.unsettled ?? [];
  const [settling, setSettling] = useState<PossibleActions['unsettled'][number] | null>(null);
  return (
    <>
      {unsettled.map((action) => (
        <Alert
          key={action.id}
          type="warning"
          showIcon
          title={action.isLate ? settle.unknown(actionName(action.action)) : settle.asking(actionName(action.action))}
          action={
            mayWrite && (
              <Button size="small" onClick={() => setSettling(action)}>
                {settle.label}
              </Button>
            )
          }
        />
      ))}
      {settling !== null && (
        <SettleDialog
          actionId={settling.id}
          about={actionName(settling.action)}
          onClose={() => setSettling(null)}
          onSettled={async () => {
            await client.invalidateQueries({ queryKey: ['order', order.id] });
            await client.invalidateQueries({ queryKey: ['timeline', order.id] });
          }}
        />
      )}
    </>
  );
}
