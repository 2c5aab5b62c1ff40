import { useEffect } from 'react';
import type { ReactNode } from 'react';
import type { Order } from '../../api/orders.ts';
import { useWords } from '../../app/language.ts';
import { appWords } from '../../app/words.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Money } from '../../parts/money.tsx';
import { orderName } from '../../parts/order-name.ts';
import { PlatformBadge } from '../../parts/platform-badge.tsx';
import { FlagTag, StatusTag, ToneTag } from '../../parts/status-tag.tsx';
import { partWords } from '../../parts/words.ts';
import styles from './order.module.css';
import { orderWords } from './words.ts';

export function OrderHead({ order, children }: { readonly order: Order; readonly children: ReactNode }): ReactNode {
  const words = useWords(orderWords);
  const { kinds, payments } = useWords(partWords);
  const product = useWords(appWords).name;
  const name = orderName(order);
  const title = words.title(name);
  useEffect(() => {
    document.title = `${title} · ${product}`;
  }, [title, product]);
  const number = order.platformOrderId ?? order.displayId ?? order.merchantOrderId ?? order.id;
  return (
    <header className={styles['head']}>
      <div className={styles['headMain']}>
        <h1>
          <span className="only-read">{words.title('')}</span>
          {name}
        </h1>
        <div className={styles['headText']}>
          <div className={styles['tags']}>
            <StatusTag status={order.status} kind={order.kind} />
            {order.payment === 'partially_refunded' && (
              <ToneTag tone="accent">
                {payments.partially_refunded} <Money fen={order.amounts.refunded} />
              </ToneTag>
            )}
            {order.flags.map((flag) => (
              <FlagTag key={flag} flag={flag} />
            ))}
          </div>
          <div className={styles['numbers']}>
            <PlatformBadge platform={order.platform} withName />
            <span className="muted">{kinds[order.kind]}</span>
            <span className="mono">
              {number}
              <CopyButton text={number} />
            </span>
          </div>
        </div>
      </div>
      {children}
    </header>
  );
}
