import { Button, Modal } from 'antd';
import type { ReactNode } from 'react';
import { useWords } from '../../app/language.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import styles from './endpoints.module.css';
import { endpointsWords } from './words.ts';

/** A secret that is given once: closed only by saying that it was kept. */
export function SecretOnce({
  secret,
  onClose,
}: {
  readonly secret: string | null;
  readonly onClose: () => void;
}): ReactNode {
  const words = useWords(endpointsWords);
  return (
    <Modal
      open={secret !== null}
      title={words.secretTitle}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      footer={
        <Button type="primary" onClick={onClose}>
          {words.close}
        </Button>
      }
    >
      <p>{words.secretOnce}</p>
      <p className={styles['secret']}>
        <code>{secret}</code> <CopyButton text={secret ?? ''} />
      </p>
    </Modal>
  );
}
