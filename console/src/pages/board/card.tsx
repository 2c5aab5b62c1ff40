import { Button } from 'antd';
import { memo } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Order, PossibleActions } from '../../api/orders.ts';
import type { ActionSpec } from '../../api/platforms.ts';
import { useOwnWords, useWords } from '../../app/language.ts';
import { useMay } from '../../app/session.tsx';
import { Money } from '../../parts/money.tsx';
import { useToday } from '../../parts/now.ts';
import { itemsText, orderName } from '../../parts/order-name.ts';
import { PlatformBadge, useActionName } from '../../parts/platform-badge.tsx';
import { FlagTag, StatusTag, ToneTag } from '../../parts/status-tag.tsx';
import { TimeAgo, shortTimeText } from '../../parts/time.tsx';
import { partWords } from '../../parts/words.ts';
import type { UnderWay } from './board-store.ts';
import styles from './card.module.css';
import { deadlineOf } from './columns.ts';
import type { ColumnId } from './columns.ts';
import { Countdown } from './countdown.tsx';
import { LIKELY } from './quick-actions.ts';
import { boardWords } from './words.ts';

const LISTED_ITEMS = 3;

export type Unsettled = PossibleActions['unsettled'][number];

interface CardProps {
  readonly order: Order;
  readonly column: ColumnId;
  readonly isFresh: boolean;
  readonly underWay: UnderWay | undefined;
  readonly actions: readonly ActionSpec[];
  /** What was sent and nobody knows the end of. */
  readonly unsettled: readonly Unsettled[];
  readonly onAct: (order: Order, spec: ActionSpec) => void;
  readonly onSettle: (order: Order, action: Unsettled) => void;
}

/** An order on the board: what staff call it, what is in it, until when somebody must do something, and that at a click. */
export const Card = memo(function Card(props: CardProps): ReactNode {
  const { order, column, isFresh, unsettled } = props;
  const words = useWords(boardWords);
  const { kinds, fulfilments } = useWords(partWords);
  const todayMs = useToday();
  const name = orderName(order);
  const deadline = deadlineOf(order);
  const { takeaway, customer, amounts } = order;
  const sum = amounts.paid !== null && amounts.paid > 0 ? amounts.paid : amounts.total;
  return (
    <article className={styles['card']} data-fresh={isFresh} data-status={order.status} data-order={order.id}>
      <header className={styles['head']}>
        <Link
          to={`/orders/${order.id}`}
          className={styles['name']}
          aria-label={words.open(name)}
          data-small={!name.startsWith('#') || name.length > 5}
        >
          {name}
        </Link>
        <PlatformBadge platform={order.platform} />
        <span className={styles['when']}>
          <TimeAgo at={order.placedAt ?? order.paidAt ?? order.updatedAt} />
        </span>
      </header>
      {deadline !== undefined && <Countdown deadline={deadline} />}
      <Tags order={order} column={column} unsettled={unsettled} />
      <Items order={order} />
      {takeaway?.note !== null && takeaway?.note !== undefined && (
        <p className={styles['note']}>
          <span className="only-read">{words.note}</span>
          {takeaway.note}
        </p>
      )}
      {customer !== null && (customer.name !== null || customer.phone !== null) && (
        <p className={styles['who']}>
          {customer.name} <span>{customer.phone}</span>
        </p>
      )}
      {takeaway?.wantedAt !== null && takeaway?.wantedAt !== undefined && (
        <p className={styles['who']}>{words.wanted(shortTimeText(Date.parse(takeaway.wantedAt), todayMs))}</p>
      )}
      {column === 'fulfilling' && takeaway?.rider?.name !== null && takeaway?.rider?.name !== undefined && (
        <p className={styles['who']}>
          {words.rider} {takeaway.rider.name}
        </p>
      )}
      <p className={styles['sum']}>
        {sum === null ? <span /> : <Money fen={sum} isStrong />}
        <span className="muted">
          {column === 'fulfilling'
            ? fulfilments[order.fulfilment]
            : order.kind === 'takeaway'
              ? null
              : kinds[order.kind]}
        </span>
      </p>
      <Buttons {...props} />
    </article>
  );
});

function Tags({ order, column, unsettled }: Pick<CardProps, 'order' | 'column' | 'unsettled'>): ReactNode {
  const words = useWords(boardWords);
  const { settle } = useWords(partWords);
  const actionName = useActionName(order.platform);
  const showsStatus = column === 'done' || column === 'needs';
  if (!showsStatus && order.flags.length === 0 && order.refundDue === null && unsettled.length === 0) return null;
  return (
    <p className={styles['tags']}>
      {showsStatus && <StatusTag status={order.status} kind={order.kind} />}
      {order.flags.map((flag) => (
        <FlagTag key={flag} flag={flag} />
      ))}
      {order.refundDue !== null && (
        <ToneTag tone="danger">
          {words.refundDue} <Money fen={order.refundDue} />
        </ToneTag>
      )}
      {unsettled.map(({ id, action, isLate }) => (
        <ToneTag key={id} tone={isLate ? 'danger' : 'warn'}>
          {isLate ? settle.unknown(actionName(action)) : settle.asking(actionName(action))}
        </ToneTag>
      ))}
    </p>
  );
}

function Items({ order }: { readonly order: Order }): ReactNode {
  const words = useWords(boardWords);
  if (order.items.length === 0) return null;
  if (order.kind !== 'takeaway') return <p className={styles['what']}>{itemsText(order)}</p>;
  return (
    <ul className={styles['items']}>
      {order.items.slice(0, LISTED_ITEMS).map(({ line, name, quantity }) => (
        <li key={line}>
          <span>{name}</span>
          <b data-many={quantity > 1}>×{quantity}</b>
        </li>
      ))}
      {order.items.length > LISTED_ITEMS && <li className="muted">{words.moreItems(String(order.items.length))}</li>}
    </ul>
  );
}

function Buttons({ order, underWay, actions, unsettled, onAct, onSettle }: CardProps): ReactNode {
  const words = useWords(boardWords);
  const { settle } = useWords(partWords);
  const mayWrite = useMay('write');
  const late = mayWrite ? unsettled.filter(({ isLate }) => isLate).slice(0, 1) : [];
  const own = useOwnWords();
  if (underWay !== undefined) {
    return (
      <p className={styles['buttons']}>
        <Button size="small" loading block>
          {underWay.label}
        </Button>
      </p>
    );
  }
  if (actions.length === 0 && late.length === 0) return null;
  const short: Readonly<Record<string, string>> = {
    ...(order.kind === 'takeaway' ? { cancel: words.refuse } : {}),
    'agree-refund': words.agree,
    'reject-refund': words.reject,
    'refund-done': words.refundDone,
  };
  return (
    <p className={styles['buttons']}>
      {late.map((action) => (
        <Button key={action.id} size="small" type="primary" onClick={() => onSettle(order, action)}>
          {settle.label}
        </Button>
      ))}
      {actions.map((spec, at) => (
        <Button
          key={spec.name}
          size="small"
          type={at === 0 && LIKELY.has(spec.name) ? 'primary' : 'default'}
          onClick={() => onAct(order, spec)}
        >
          {short[spec.name] ?? own(spec.label)}
        </Button>
      ))}
    </p>
  );
}
