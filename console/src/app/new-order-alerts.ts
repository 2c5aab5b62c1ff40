import type { Order } from '../api/orders.ts';
import { yuanText } from '../parts/money.tsx';
import { itemsText, orderName } from '../parts/order-name.ts';
import { partWords } from '../parts/words.ts';
import { useLiveEvents } from './live.ts';
import type { LiveListener } from './live.ts';
import { readPreferences } from './preferences.ts';
import { ringOnce } from './ring-once.ts';

/** As many as somebody can read. */
const NOTICES_AT_ONCE = 3;
/** After a long loss of the line the orders of the past hour need no bell. */
const STALE_MS = 120_000;

const listener: LiveListener = {
  onEvents(events) {
    const { sound, notifications, language } = readPreferences();
    if (!sound && !notifications) return;
    const nowMs = Date.now();
    const newest: number[] = [];
    const orders = events.flatMap(({ type, timestamp, data }) => {
      const atMs = Date.parse(timestamp);
      if (type !== 'order.paid' || nowMs - atMs > STALE_MS) return [];
      const order = data['order'] as Order | undefined;
      if (order?.kind !== 'takeaway') return [];
      newest.push(atMs);
      return [order];
    });
    if (orders.length === 0) return;
    if (sound) void ringOnce(Math.max(...newest));
    if (!notifications || !('Notification' in globalThis) || Notification.permission !== 'granted') return;
    const kind = partWords[language].kinds.takeaway;
    for (const order of orders.slice(0, NOTICES_AT_ONCE)) {
      const sum = order.amounts.paid ?? order.amounts.total;
      const notice = new Notification(`${kind} ${orderName(order)}${sum === null ? '' : ` · ${yuanText(sum)}`}`, {
        body: itemsText(order),
        // Of several tabs the later ones put theirs in the place of the first, in silence.
        tag: order.id,
        icon: '/console/favicon.svg',
      });
      notice.addEventListener('click', () => {
        globalThis.focus();
        notice.close();
      });
    }
  },
};

/** Rings, and tells the desktop, when a takeaway order has come in; on every page. */
export const useNewOrderAlerts = (): void => useLiveEvents(listener);
