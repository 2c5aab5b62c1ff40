import type { TableColumnsType } from 'antd';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import type { Order } from '../../api/orders.ts';
import { Money } from '../../parts/money.tsx';
import { useNamedOrder } from '../../parts/named-items.ts';
import { itemsText, orderName } from '../../parts/order-name.ts';
import { PlatformBadge } from '../../parts/platform-badge.tsx';
import { FlagTag, StatusTag } from '../../parts/status-tag.tsx';
import { Time } from '../../parts/time.tsx';
import type { Translated } from '../../app/language.ts';
import styles from './orders.module.css';

export const COLUMN_NAMES = [
  'number',
  'platform',
  'status',
  'items',
  'paid',
  'total',
  'refunded',
  'income',
  'commission',
  'customer',
  'store',
  'account',
  'sid',
  'member',
  'flags',
  'kind',
  'merchantOrderId',
  'placedAt',
  'updatedAt',
] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

export const USUAL_COLUMNS: readonly ColumnName[] = [
  'number',
  'platform',
  'status',
  'items',
  'paid',
  'customer',
  'store',
  'placedAt',
];

const KEY = 'huidan.order-columns';

export function loadColumns(): readonly ColumnName[] {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as unknown;
    if (!Array.isArray(kept)) return USUAL_COLUMNS;
    return COLUMN_NAMES.filter((name) => name === 'number' || kept.includes(name));
  } catch {
    return USUAL_COLUMNS;
  }
}

export function keepColumns(columns: readonly ColumnName[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(columns));
  } catch {
    // Kept until the page is left.
  }
}

interface Look {
  readonly width: number;
  readonly isNumber?: true;
  readonly show: (order: Order, kinds: Readonly<Record<string, string>>) => ReactNode;
}

const money = (read: (order: Order) => number | null): Look => ({
  width: 104,
  isNumber: true,
  show: (order) => <Money fen={read(order)} />,
});
const text = (width: number, read: (order: Order) => string | null): Look => ({
  width,
  show: (order) => <span className={styles['cut']}>{read(order) ?? <span className="muted">–</span>}</span>,
});

const LOOKS: Readonly<Record<ColumnName, Look>> = {
  number: { width: 196, show: (order) => <NumberCell order={order} /> },
  platform: { width: 132, show: ({ platform }) => <PlatformBadge platform={platform} withName /> },
  status: {
    width: 118,
    show: (order) => (
      <span className={styles['tags']}>
        <StatusTag status={order.status} kind={order.kind} />
        {order.payment === 'partially_refunded' && order.amounts.refunded !== null && <PartlyRefunded order={order} />}
      </span>
    ),
  },
  items: { width: 230, show: (order) => <ItemsCell order={order} /> },
  paid: money(({ amounts }) => amounts.paid),
  total: money(({ amounts }) => amounts.total),
  refunded: money(({ amounts }) => amounts.refunded),
  income: money(({ amounts }) => amounts.income),
  commission: money(({ amounts }) => amounts.commission),
  customer: {
    width: 160,
    show: ({ customer }) =>
      customer === null ? (
        <span className="muted">–</span>
      ) : (
        <span className={styles['cut']}>
          {customer.name} <span className="muted">{customer.phone}</span>
        </span>
      ),
  },
  store: text(110, ({ store }) => store),
  account: text(150, ({ account }) => account),
  sid: text(110, ({ attribution }) => attribution?.sid ?? null),
  member: text(110, ({ attribution }) => attribution?.member ?? null),
  flags: {
    width: 150,
    show: ({ flags }) => (
      <span className={styles['tags']}>
        {flags.map((flag) => (
          <FlagTag key={flag} flag={flag} />
        ))}
      </span>
    ),
  },
  kind: { width: 90, show: ({ kind }, kinds) => kinds[kind] ?? kind },
  merchantOrderId: text(190, ({ merchantOrderId }) => merchantOrderId),
  placedAt: { width: 134, show: (order) => <Time at={order.placedAt ?? order.paidAt ?? null} /> },
  updatedAt: { width: 134, show: ({ updatedAt }) => <Time at={updatedAt} /> },
};

function PartlyRefunded({ order }: { readonly order: Order }): ReactNode {
  return (
    <span className={styles['part']}>
      −<Money fen={order.amounts.refunded} />
    </span>
  );
}

function ItemsCell({ order }: { readonly order: Order }): ReactNode {
  return <span className={styles['cut']}>{itemsText(useNamedOrder(order))}</span>;
}

function NumberCell({ order }: { readonly order: Order }): ReactNode {
  const number = order.platformOrderId ?? order.displayId ?? order.merchantOrderId ?? order.id;
  return (
    <Link to={`/orders/${order.id}`} className={styles['number']}>
      {order.takeaway?.daySequence !== null && order.takeaway?.daySequence !== undefined && <b>{orderName(order)}</b>}
      <span className="mono">{number}</span>
    </Link>
  );
}

export function tableColumns(
  chosen: readonly ColumnName[],
  names: Translated<Readonly<Record<ColumnName, string>>>,
  kinds: Readonly<Record<string, string>>,
): TableColumnsType<Order> {
  return chosen.map((name) => {
    const { width, isNumber, show } = LOOKS[name];
    return {
      key: name,
      title: names[name],
      width,
      ...(isNumber === true ? { align: 'right' as const } : {}),
      render: (_value: unknown, order: Order) => show(order, kinds),
    };
  });
}

export const widthOf = (chosen: readonly ColumnName[]): number =>
  chosen.reduce((sum, name) => sum + LOOKS[name].width, 0);
