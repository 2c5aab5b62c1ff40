import { Input, Modal, Radio } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { settleAction } from '../api/orders.ts';
import { useWords } from '../app/language.ts';
import { ErrorText } from './error-text.tsx';
import { partWords } from './words.ts';

type Outcome = 'succeeded' | 'failed';

/** A person says what became of an action whose end nobody knows, and how that is known. */
export function SettleDialog({
  actionId,
  about,
  onClose,
  onSettled,
}: {
  readonly actionId: string;
  /** What was asked for, such as the name of the action. */
  readonly about?: string;
  readonly onClose: () => void;
  readonly onSettled: () => Promise<void> | void;
}): ReactNode {
  const { settle: words, cancel } = useWords(partWords);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [reason, setReason] = useState('');
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isOpen, setOpen] = useState(true);
  const save = async (): Promise<void> => {
    if (outcome === null) return;
    setBusy(true);
    setError(null);
    try {
      await settleAction(actionId, { outcome, reason: reason.trim() });
      await onSettled();
      setOpen(false);
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Modal
      open={isOpen}
      title={words.title(about ?? null)}
      okText={words.label}
      cancelText={cancel}
      confirmLoading={isBusy}
      okButtonProps={{ disabled: outcome === null || reason.trim() === '' }}
      onOk={() => void save()}
      onCancel={() => setOpen(false)}
      afterClose={onClose}
      destroyOnHidden
    >
      <div style={{ display: 'grid', gap: 14 }}>
        <p className="muted">{words.hint}</p>
        <Radio.Group
          aria-label={words.outcome}
          value={outcome}
          onChange={({ target }) => setOutcome(target.value as Outcome)}
          options={(['succeeded', 'failed'] as const).map((value) => ({ value, label: words.outcomes[value] }))}
        />
        <Input
          aria-label={words.reason}
          placeholder={words.reasonPlaceholder}
          maxLength={500}
          value={reason}
          onChange={({ target }) => setReason(target.value)}
        />
        {error !== null && (
          <div role="alert">
            <ErrorText error={error} />
          </div>
        )}
      </div>
    </Modal>
  );
}
