import { Button, Modal } from 'antd';
import type { ReactNode } from 'react';
import { useWords } from '../app/language.ts';
import { CopyButton } from './copy-button.tsx';
import styles from './shown-once.module.css';
import { partWords } from './words.ts';

/** A secret, key or link that is given once: closed only by saying that it was kept. null: there is none to show. */
export function ShownOnce({
  text,
  title,
  hint,
  onClose,
}: {
  readonly text: string | null;
  readonly title: string;
  readonly hint: ReactNode;
  readonly onClose: () => void;
}): ReactNode {
  const words = useWords(partWords);
  return (
    <Modal
      open={text !== null}
      title={title}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      footer={
        <Button type="primary" onClick={onClose}>
          {words.kept}
        </Button>
      }
    >
      <p>{hint}</p>
      <p className={styles['secret']}>
        <code>{text}</code> <CopyButton text={text ?? ''} />
      </p>
    </Modal>
  );
}
