import { EyeOutlined } from '@ant-design/icons';
import { Button, Input, Modal } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import type { Order } from '../../api/orders.ts';
import { useWords } from '../../app/language.ts';
import { useMe } from '../../app/session.tsx';
import { ErrorText } from '../../parts/error-text.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './order.module.css';
import { Pairs, Panel } from './panel.tsx';
import { orderWords } from './words.ts';

const MODES = ['platform', 'self', 'pickup'] as const;

/** Who ordered and who brings it, masked until somebody says why they must know. */
export function People({
  order,
  isRevealed,
  onReveal,
  error,
}: {
  readonly order: Order;
  readonly isRevealed: boolean;
  readonly onReveal: (reason: string) => void;
  readonly error: Error | null;
}): ReactNode {
  const words = useWords(orderWords).people;
  const { customer, takeaway } = order;
  const mode = MODES.find((known) => known === takeaway?.deliveryMode);
  const rider = takeaway?.rider ?? null;
  const phone = customer?.phone ?? null;
  return (
    <Panel title={words.title}>
      <Pairs
        lines={[
          [words.name, customer?.name ?? null],
          [
            words.phone,
            phone === null ? null : isRevealed ? (
              <a key="phone" href={`tel:${phone}`}>
                {phone}
              </a>
            ) : (
              phone
            ),
          ],
          [words.address, customer?.address ?? null],
          [
            words.note,
            takeaway?.note === null || takeaway === null ? null : (
              <mark key="note" className={styles['note']}>
                {takeaway.note}
              </mark>
            ),
          ],
          [
            words.wantedAt,
            takeaway?.wantedAt === null || takeaway === null ? null : <Time key="wanted" at={takeaway.wantedAt} />,
          ],
          [words.delivery, mode === undefined ? (takeaway?.deliveryMode ?? null) : words.modes[mode]],
          [words.rider, rider === null ? null : `${rider.name ?? ''} ${rider.phone ?? ''}`.trim()],
          [words.invoice, takeaway?.invoice?.title ?? null],
        ]}
      />
      {isRevealed ? (
        <p className={styles['revealed']}>{words.revealed}</p>
      ) : (
        <Reveal order={order} onReveal={onReveal} />
      )}
      {error !== null && (
        <div role="alert">
          <ErrorText error={error} />
        </div>
      )}
    </Panel>
  );
}

const AT_WORK: ReadonlySet<Order['status']> = new Set(['pending', 'paid', 'accepted', 'fulfilling']);

/** Staff who make the meal now must know whom to call: no reason is asked of them. The hub decides, and writes it down. */
function Reveal({
  order,
  onReveal,
}: {
  readonly order: Order;
  readonly onReveal: (reason: string) => void;
}): ReactNode {
  const words = useWords(orderWords).people;
  const { user, reveal, limits } = useMe();
  const [isAsking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  if (!reveal) return null;
  const isStaff = user !== null && (limits.shops !== null || limits.merchants !== null);
  const isAtWork = isStaff && order.kind === 'takeaway' && AT_WORK.has(order.status);
  return (
    <>
      <Button size="small" icon={<EyeOutlined />} onClick={() => (isAtWork ? onReveal('') : setAsking(true))}>
        {words.reveal}
      </Button>
      <Modal
        open={isAsking}
        title={words.reveal}
        okText={words.reveal}
        okButtonProps={{ disabled: reason.trim() === '' }}
        onOk={() => {
          setAsking(false);
          onReveal(reason.trim());
        }}
        onCancel={() => setAsking(false)}
        destroyOnHidden
      >
        <label className={styles['reason']}>
          <span>{words.why}</span>
          <Input autoFocus maxLength={200} value={reason} onChange={({ target }) => setReason(target.value)} />
        </label>
      </Modal>
    </>
  );
}
