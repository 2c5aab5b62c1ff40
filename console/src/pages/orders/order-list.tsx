import { TableOutlined } from '@ant-design/icons';
import { useQueryClient } from '@tanstack/react-query';
import type { InfiniteData } from '@tanstack/react-query';
import { Button, Checkbox, Popover } from 'antd';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { readOrders } from '../../api/orders.ts';
import type { Order } from '../../api/orders.ts';
import type { Page } from '../../api/request.ts';
import { useWords } from '../../app/language.ts';
import { useLiveEvents } from '../../app/live.ts';
import type { LiveListener } from '../../app/live.ts';
import { CursorTable } from '../../parts/cursor-table.tsx';
import { EmptyState } from '../../parts/empty-state.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { partWords } from '../../parts/words.ts';
import { ExportButton } from './export-button.tsx';
import { FilterBar } from './filter-bar.tsx';
import { COLUMN_NAMES, keepColumns, loadColumns, tableColumns, widthOf } from './order-columns.tsx';
import type { ColumnName } from './order-columns.tsx';
import { useOrderFilter } from './order-filter.ts';
import type { AddressFilter } from './order-filter.ts';
import { OrderRow } from './order-row.tsx';
import styles from './orders.module.css';
import { ordersWords } from './words.ts';

const PAGE_LIMIT = 50;

const phoneRow = (order: Order): ReactNode => <OrderRow order={order} />;

export function OrderList(): ReactNode {
  const words = useWords(ordersWords);
  const { kinds } = useWords(partWords);
  const navigate = useNavigate();
  const address = useOrderFilter();
  const [chosen, setChosen] = useState(loadColumns);
  const columns = useMemo(() => tableColumns(chosen, words.names, kinds), [chosen, words, kinds]);
  const queryKey = useMemo(() => ['orders', address.filter], [address.filter]);
  const news = useNews(queryKey, address);
  const isFiltered = Object.keys(address.texts).length > 0;
  return (
    <>
      <PageHead title={words.title}>
        <ColumnChoice
          chosen={chosen}
          onChange={(next) => {
            setChosen(next);
            keepColumns(next);
          }}
        />
        <ExportButton filter={address.filter} shown={chosen} />
      </PageHead>
      <FilterBar filter={address} />
      {news.count > 0 && (
        <Button block type="dashed" className={styles['news'] ?? ''} onClick={news.show}>
          {words.newOnes(String(news.count))}
        </Button>
      )}
      <CursorTable<Order>
        label={words.list}
        queryKey={queryKey}
        read={(cursor, signal) => readOrders({ ...address.filter, limit: PAGE_LIMIT, cursor }, signal)}
        columns={columns}
        rowKey="id"
        minWidth={widthOf(chosen)}
        onOpen={({ id }) => void navigate(`/orders/${id}`)}
        phoneRow={phoneRow}
        empty={
          isFiltered ? (
            <EmptyState title={words.empty} hint={words.emptyHint}>
              <Button onClick={address.clear}>{words.clear}</Button>
            </EmptyState>
          ) : (
            <EmptyState title={words.nothingYet} hint={words.nothingYetHint} />
          )
        }
      />
    </>
  );
}

/**
 * Rows that are shown follow the stream; rows that would push others away wait for a click, since nothing is worse than a
 * list that moves under the finger.
 */
function useNews(queryKey: readonly unknown[], { filter }: AddressFilter): { readonly count: number; show(): void } {
  const client = useQueryClient();
  const [fresh, setFresh] = useState<{ readonly key: readonly unknown[]; readonly ids: ReadonlySet<string> }>({
    key: queryKey,
    ids: new Set(),
  });
  const listener = useMemo<LiveListener>(
    () => ({
      onEvents(events) {
        const orders = new Map<string, Order>();
        for (const { type, data } of events) {
          const order = data['order'] as Order | undefined;
          if (type.startsWith('order.') && order !== undefined) orders.set(order.id, order);
        }
        if (orders.size === 0) return;
        client.setQueryData<InfiniteData<Page<Order>>>(queryKey, (list) => {
          if (list === undefined) return list;
          const pages = list.pages.map((page) => ({
            ...page,
            data: page.data.map((row) => {
              const news = orders.get(row.id);
              orders.delete(row.id);
              return news === undefined || news.version <= row.version ? row : news;
            }),
          }));
          return { ...list, pages };
        });
        const fits = [...orders.values()].filter((order) => order.version === 1 && mayFit(order, filter));
        if (fits.length === 0) return;
        setFresh(({ key, ids }) => ({
          key: queryKey,
          ids: new Set([...(key === queryKey ? ids : []), ...fits.map(({ id }) => id)]),
        }));
      },
      onGap: () => void client.invalidateQueries({ queryKey }),
    }),
    [client, queryKey, filter],
  );
  useLiveEvents(listener);
  return {
    count: fresh.key === queryKey ? fresh.ids.size : 0,
    show() {
      setFresh({ key: queryKey, ids: new Set() });
      void client.resetQueries({ queryKey });
    },
  };
}

/** What can be told here; of a search only the hub knows. */
function mayFit(order: Order, filter: AddressFilter['filter']): boolean {
  if (filter.q !== undefined || filter.flag !== undefined || filter.placedTo !== undefined) return false;
  if (order.parent !== null && filter.legs !== true) return false;
  return (['status', 'platform', 'kind', 'account', 'merchant', 'shop', 'store'] as const).every(
    (name) => filter[name] === undefined || filter[name] === order[name],
  );
}

function ColumnChoice({
  chosen,
  onChange,
}: {
  readonly chosen: readonly ColumnName[];
  readonly onChange: (columns: readonly ColumnName[]) => void;
}): ReactNode {
  const words = useWords(ordersWords);
  return (
    <Popover
      trigger="click"
      placement="bottomRight"
      content={
        <div className={styles['choice']}>
          {COLUMN_NAMES.map((name) => (
            <Checkbox
              key={name}
              checked={chosen.includes(name)}
              disabled={name === 'number'}
              onChange={({ target }) =>
                onChange(COLUMN_NAMES.filter((other) => (other === name ? target.checked : chosen.includes(other))))
              }
            >
              {words.names[name]}
            </Checkbox>
          ))}
        </div>
      }
    >
      <Button icon={<TableOutlined />} className={styles['columnButton'] ?? ''}>
        {words.columns}
      </Button>
    </Popover>
  );
}
