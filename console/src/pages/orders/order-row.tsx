import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Order } from '../../api/orders.ts';
import { Money } from '../../parts/money.tsx';
import { useNamedOrder } from '../../parts/named-items.ts';
import { itemsText, orderName } from '../../parts/order-name.ts';
import { PlatformBadge } from '../../parts/platform-badge.tsx';
import { FlagTag, StatusTag } from '../../parts/status-tag.tsx';
import { Time } from '../../parts/time.tsx';
import styles from './orders.module.css';

/** An order in the list of a phone. */
export function OrderRow({ order: given }: { readonly order: Order }): ReactNode {
  const order = useNamedOrder(given);
  return (
    <Link to={`/orders/${order.id}`} className={styles['row']}>
      <span className={styles['rowHead']}>
        <PlatformBadge platform={order.platform} />
        <b>{orderName(order)}</b>
        <StatusTag status={order.status} kind={order.kind} />
        {order.flags.slice(0, 1).map((flag) => (
          <FlagTag key={flag} flag={flag} />
        ))}
        <span className={styles['rowMoney']}>
          <Money fen={order.amounts.paid ?? order.amounts.total} isStrong />
        </span>
      </span>
      <span className={styles['rowText']}>{itemsText(order)}</span>
      <span className={styles['rowFoot']}>
        <span className="mono">{order.platformOrderId ?? order.id}</span>
        <Time at={order.placedAt ?? order.paidAt ?? order.updatedAt} />
      </span>
    </Link>
  );
}
