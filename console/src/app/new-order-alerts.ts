import type { Order } from '../api/orders.ts';
import { yuanText } from '../parts/money.tsx';
import { itemsText, orderName } from '../parts/order-name.ts';
import { partWords } from '../parts/words.ts';
import { chime } from './chime.ts';
import { useLiveEvents } from './live.ts';
import type { LiveListener } from './live.ts';
import { readPreferences } from './preferences.ts';

/** A burst of orders rings once, and shows as many notices as somebody can read. */
const QUIET_MS = 1500;
const NOTICES_AT_ONCE = 3;
/** After a long loss of the line the orders of the past hour need no bell. */
const STALE_MS = 120_000;

let rangMs = 0;

const listener: LiveListener = {
  onEvents(events) {
    const { sound, notifications, language } = readPreferences();
    if (!sound && !notifications) return;
    const nowMs = Date.now();
    const orders = events.flatMap(({ type, timestamp, data }) => {
      if (type !== 'order.paid' || nowMs - Date.parse(timestamp) > STALE_MS) return [];
      const order = data['order'] as Order | undefined;
      return order?.kind === 'takeaway' ? [order] : [];
    });
    if (orders.length === 0) return;
    if (sound && nowMs - rangMs > QUIET_MS) {
      rangMs = nowMs;
      chime();
    }
    if (!notifications || !('Notification' in globalThis) || Notification.permission !== 'granted') return;
    const kind = partWords[language].kinds.takeaway;
    for (const order of orders.slice(0, NOTICES_AT_ONCE)) {
      const sum = order.amounts.paid ?? order.amounts.total;
      const notice = new Notification(`${kind} ${orderName(order)}${sum === null ? '' : ` · ${yuanText(sum)}`}`, {
        body: itemsText(order),
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
