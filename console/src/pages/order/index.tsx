import { LeftOutlined } from '@ant-design/icons';
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert } from 'antd';
import { useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';
import { readOrder, readTimeline } from '../../api/orders.ts';
import type { Order, TimelineEntry } from '../../api/orders.ts';
import { useWords } from '../../app/language.ts';
import { useLiveEvents, whenListening } from '../../app/live.ts';
import type { LiveListener } from '../../app/live.ts';
import { ErrorState } from '../../parts/error-state.tsx';
import { Loading } from '../../parts/loading.tsx';
import { usePlatforms } from '../../parts/platform-badge.tsx';
import { DetailDrawer } from './detail-drawer.tsx';
import { OrderActions, Unsettled } from './order-actions.tsx';
import { OrderContext } from './order-context.ts';
import { OrderHead } from './order-head.tsx';
import { OrderDetails, OrderSummary } from './order-summary.tsx';
import styles from './order.module.css';
import { timelineRows } from './timeline-rows.ts';
import { Timeline } from './timeline.tsx';
import { Why } from './why-panel.tsx';
import { orderWords } from './words.ts';

/** An order: what it is, why it is in its status, what can be done, and everything that happened to it. */
export function OrderPage(): ReactNode {
  const { id = '' } = useParams();
  // Another order is another page: what was revealed of the one before must not stay.
  return <OrderOf key={id} id={id} />;
}

function OrderOf({ id }: { readonly id: string }): ReactNode {
  const words = useWords(orderWords);
  const [reason, setReason] = useState<string | undefined>();
  const order = useQuery({
    queryKey: ['order', id, reason ?? null],
    queryFn: async ({ signal }) => {
      await whenListening();
      return readOrder(id, reason, signal);
    },
    placeholderData: (before) => before,
  });
  useFollow(id);
  if (order.error !== null && order.data === undefined) {
    return (
      <>
        <Back />
        <ErrorState error={order.error} retry={() => void order.refetch()} />
      </>
    );
  }
  if (order.data === undefined) return <Loading />;
  return (
    <>
      <Back />
      {order.data.mergedInto !== null && (
        <Alert
          type="info"
          showIcon
          title={words.merged}
          action={<Link to={`/orders/${order.data.mergedInto}`}>{order.data.mergedInto}</Link>}
        />
      )}
      <Body
        order={order.data}
        isRevealed={reason !== undefined && order.error === null}
        onReveal={setReason}
        error={order.error}
      />
    </>
  );
}

function Back(): ReactNode {
  const words = useWords(orderWords);
  return (
    <Link to="/orders" className={styles['back']}>
      <LeftOutlined aria-hidden /> {words.back}
    </Link>
  );
}

function Body({
  order,
  isRevealed,
  onReveal,
  error,
}: {
  readonly order: Order;
  readonly isRevealed: boolean;
  readonly onReveal: (reason: string) => void;
  readonly error: Error | null;
}): ReactNode {
  const words = useWords(orderWords);
  const platforms = usePlatforms();
  const specs = useMemo(
    () => platforms.find(({ id }) => id === order.platform)?.actions ?? [],
    [platforms, order.platform],
  );
  const context = useMemo(
    () => ({ platform: order.platform, kind: order.kind, specs }),
    [order.platform, order.kind, specs],
  );
  const [opened, setOpened] = useState<TimelineEntry | null>(null);
  const timeline = useInfiniteQuery({
    queryKey: ['timeline', order.id],
    queryFn: ({ pageParam, signal }) => readTimeline(order.id, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor,
  });
  const rows = useMemo(
    () => timelineRows(timeline.data?.pages.flatMap(({ data }) => [...data]) ?? []),
    [timeline.data],
  );
  return (
    <OrderContext value={context}>
      <OrderHead order={order}>
        <OrderActions order={order} specs={specs} />
      </OrderHead>
      <Unsettled order={order} />
      <Why order={order} rows={rows} onOpen={setOpened} />
      <OrderSummary order={order} isRevealed={isRevealed} onReveal={onReveal} error={error} />
      <section className={styles['picture']} aria-labelledby="timeline-title">
        <h2 id="timeline-title">{words.timeline.title}</h2>
        <p className="muted">{words.timeline.hint}</p>
        {timeline.error !== null && timeline.data === undefined ? (
          <ErrorState error={timeline.error} retry={() => void timeline.refetch()} />
        ) : timeline.isPending ? (
          <Loading />
        ) : (
          <Timeline
            rows={rows}
            onOpen={setOpened}
            more={
              timeline.hasNextPage
                ? { isLoading: timeline.isFetchingNextPage, load: () => void timeline.fetchNextPage() }
                : null
            }
          />
        )}
      </section>
      <OrderDetails order={order} />
      <DetailDrawer entry={opened} onClose={() => setOpened(null)} />
    </OrderContext>
  );
}

/** Deliveries are written down a moment after the event that they carry. */
const AFTERMATH_MS = 1500;

function useFollow(id: string): void {
  const client = useQueryClient();
  const listener = useMemo<LiveListener>(() => {
    const readAgain = (): void => {
      void client.invalidateQueries({ queryKey: ['order', id] });
      void client.invalidateQueries({ queryKey: ['timeline', id] });
    };
    return {
      onEvents(events) {
        const isAbout = events.some(({ data }) => {
          const order = data['order'] as { readonly id?: string } | string | undefined;
          return typeof order === 'string' ? order === id : order?.id === id;
        });
        if (!isAbout) return;
        readAgain();
        setTimeout(readAgain, AFTERMATH_MS);
      },
      onGap: readAgain,
    };
  }, [client, id]);
  useLiveEvents(listener);
}
