import { useInfiniteQuery } from '@tanstack/react-query';
import { Button, Table } from 'antd';
import type { TableColumnsType } from 'antd';
import type { ReactNode } from 'react';
import type { Page } from '../api/request.ts';
import { useWords } from '../app/language.ts';
import styles from './cursor-table.module.css';
import { EmptyState } from './empty-state.tsx';
import { ErrorState } from './error-state.tsx';
import { Loading } from './loading.tsx';
import { useIsPhone } from './use-is-phone.ts';
import { partWords } from './words.ts';

interface CursorTableProps<T> {
  /** Everything that the list depends on: another key is another list, read from its start. */
  readonly queryKey: readonly unknown[];
  readonly read: (cursor: string | null, signal: AbortSignal) => Promise<Page<T>>;
  readonly columns: TableColumnsType<T>;
  readonly rowKey: keyof T & string;
  readonly empty?: ReactNode;
  readonly onOpen?: (row: T) => void;
  /** Names the table for screen readers. */
  readonly label: string;
  readonly refetchIntervalMs?: number;
  /** On a phone a row is shown like this instead of in a table; `onOpen` is the row's own matter then. */
  readonly phoneRow?: (row: T) => ReactNode;
  /** Below it the table scrolls sideways. Default 720. */
  readonly minWidth?: number;
}

/**
 * A list of the API, page after page by its cursor: there are no page numbers, since no count of ten million rows is
 * quick and none stays right.
 */
export function CursorTable<T extends object>(props: CursorTableProps<T>): ReactNode {
  const { queryKey, read, columns, rowKey, empty, onOpen, label, refetchIntervalMs, minWidth = 720, phoneRow } = props;
  const isPhone = useIsPhone();
  const words = useWords(partWords);
  const list = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => read(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
    ...(refetchIntervalMs === undefined ? {} : { refetchInterval: refetchIntervalMs }),
  });
  if (list.error !== null && list.data === undefined) {
    return <ErrorState error={list.error} retry={() => void list.refetch()} />;
  }
  const rows = list.data?.pages.flatMap(({ data }) => [...data]) ?? [];
  return (
    <section className={styles['table']} aria-label={label}>
      {isPhone && phoneRow !== undefined ? (
        <PhoneList rows={rows} rowKey={rowKey} isPending={list.isPending} empty={empty} phoneRow={phoneRow} />
      ) : (
        <Table<T>
          rowKey={rowKey}
          columns={columns}
          dataSource={rows}
          loading={list.isPending}
          pagination={false}
          size="middle"
          scroll={{ x: minWidth }}
          locale={{ emptyText: list.isPending ? <div style={{ height: 160 }} /> : (empty ?? <EmptyState />) }}
          {...(onOpen === undefined
            ? {}
            : {
                rowClassName: styles['opens'] ?? '',
                onRow: (row: T) => ({
                  onClick: (event) => {
                    // What is clickable in a row answers for itself, and so does a text that is being selected.
                    const target = event.target as HTMLElement;
                    if (target.closest('a,button,input,label') !== null || getSelection()?.isCollapsed === false)
                      return;
                    onOpen(row);
                  },
                }),
              })}
        />
      )}
      {rows.length > 0 && (
        <p className={styles['foot']}>
          {list.hasNextPage ? (
            <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
              {words.loadMore}
            </Button>
          ) : null}
          <span className="muted">
            {list.hasNextPage ? words.loadedSome(String(rows.length)) : words.allLoaded(String(rows.length))}
          </span>
        </p>
      )}
    </section>
  );
}

function PhoneList<T extends object>({
  rows,
  rowKey,
  isPending,
  empty,
  phoneRow,
}: Pick<CursorTableProps<T>, 'rowKey' | 'empty'> & {
  readonly rows: readonly T[];
  readonly isPending: boolean;
  readonly phoneRow: (row: T) => ReactNode;
}): ReactNode {
  if (isPending) return <Loading />;
  if (rows.length === 0) return empty ?? <EmptyState />;
  return (
    <ul className={styles['rows']}>
      {rows.map((row) => (
        <li key={String(row[rowKey])}>{phoneRow(row)}</li>
      ))}
    </ul>
  );
}
