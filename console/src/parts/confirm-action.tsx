import { Button, Modal } from 'antd';
import type { ButtonProps } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { useWords } from '../app/language.ts';
import { ErrorText } from './error-text.tsx';
import { partWords } from './words.ts';

/**
 * A button that asks before it does. Stays open while it works and shows what went wrong in place, so that nothing that
 * was typed is lost. `run` rejects to say that it failed.
 */
export function ConfirmAction({
  label,
  title,
  children,
  confirmLabel,
  run,
  canRun = true,
  isOffered = true,
  button,
}: {
  readonly label: string;
  readonly title: string;
  /** What will happen, or the form to fill in. */
  readonly children?: ReactNode;
  readonly confirmLabel?: string;
  readonly run: () => Promise<void>;
  readonly canRun?: boolean;
  /** Without a reason to press it there is no button; who was being asked already may still answer. */
  readonly isOffered?: boolean;
  readonly button?: ButtonProps;
}): ReactNode {
  const words = useWords(partWords);
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await run();
      setOpen(false);
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      {(isOffered || isOpen) && (
        <Button {...button} onClick={() => setOpen(true)}>
          {label}
        </Button>
      )}
      <Modal
        open={isOpen}
        title={title}
        okText={confirmLabel ?? label}
        cancelText={words.cancel}
        confirmLoading={isBusy}
        okButtonProps={{ danger: button?.danger === true, disabled: !canRun }}
        onOk={() => void confirm()}
        onCancel={() => setOpen(false)}
        afterClose={() => setError(null)}
        destroyOnHidden
      >
        {children}
        {error !== null && <ErrorText error={error} />}
      </Modal>
    </>
  );
}
