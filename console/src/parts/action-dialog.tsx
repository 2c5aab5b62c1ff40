import { Alert, Modal } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { act } from '../api/orders.ts';
import type { Order } from '../api/orders.ts';
import type { ActionSpec } from '../api/platforms.ts';
import { ApiError } from '../api/problem.ts';
import { newIdempotencyKey } from '../api/request.ts';
import { useOwnWords, useWords } from '../app/language.ts';
import { ErrorText } from './error-text.tsx';
import { FieldForm, faultsOf, fieldValues } from './field-form.tsx';
import type { FieldFaults, FieldTexts } from './field-form.tsx';
import { Money } from './money.tsx';
import { orderName } from './order-name.ts';
import { PlatformBadge } from './platform-badge.tsx';
import { partWords } from './words.ts';

const DANGEROUS = new Set(['cancel', 'reject-refund', 'refund', 'agree-refund']);

/** Asks before something is done to an order at its platform: what, to which, with what it needs to know. */
export function ActionDialog({
  order,
  spec,
  onClose,
  onSent,
}: {
  readonly order: Order;
  readonly spec: ActionSpec;
  readonly onClose: () => void;
  readonly onSent: (actionId: string) => void;
}): ReactNode {
  const words = useWords(partWords);
  const own = useOwnWords();
  const [texts, setTexts] = useState<FieldTexts>({});
  const [faults, setFaults] = useState<FieldFaults>({});
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  // One for the whole dialog: a second click, or a try after a lost answer, is the same wish.
  const [intent] = useState(newIdempotencyKey);
  const [isOpen, setOpen] = useState(true);
  const label = own(spec.label);

  const confirm = async (): Promise<void> => {
    const { values, faults: found } = fieldValues(spec.params, texts, words.form);
    setFaults(found);
    setError(null);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      const { id } = await act(order.id, { action: spec.name, params: values }, `${intent}:${JSON.stringify(values)}`);
      onSent(id);
      setOpen(false);
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
      if (thrown instanceof ApiError) setFaults(faultsOf(thrown.fields, 'params'));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open={isOpen}
      title={words.actions.question(label, orderName(order))}
      okText={label}
      cancelText={words.cancel}
      confirmLoading={isBusy}
      okButtonProps={{ danger: DANGEROUS.has(spec.name) }}
      onOk={() => void confirm()}
      onCancel={() => setOpen(false)}
      afterClose={onClose}
      destroyOnHidden
    >
      <div style={{ display: 'grid', gap: 14 }}>
        <p style={{ display: 'flex', flexWrap: 'wrap', gap: '4px 16px', alignItems: 'center' }}>
          <PlatformBadge platform={order.platform} withName />
          <span className="mono">{order.platformOrderId ?? order.id}</span>
          {order.amounts.paid !== null && (
            <span>
              {words.actions.paid} <Money fen={order.amounts.paid} isStrong />
            </span>
          )}
        </p>
        {spec.moves !== 'nothing' && (
          <Alert
            type="warning"
            showIcon
            title={spec.moves === 'money' ? words.actions.movesMoney : words.actions.movesGoods}
          />
        )}
        {spec.params.length > 0 && <FieldForm fields={spec.params} texts={texts} onChange={setTexts} faults={faults} />}
        {error !== null && (
          <div role="alert">
            <ErrorText error={error} />
          </div>
        )}
      </div>
    </Modal>
  );
}
