import { Button, Modal } from 'antd';
import type { ReactNode } from 'react';
import { useWords } from '../../app/language.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import styles from './settings.module.css';
import { settingsWords } from './words.ts';

/** A key or a link that is given once: closed only by saying that it was kept. */
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
  const words = useWords(settingsWords);
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
