import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { readProducts } from '../api/machines.ts';
import type { Order } from '../api/orders.ts';

const FRESH_MS = 600_000;

/** A platform that names no products in its orders gives their numbers in place of names. */
const isNameless = (order: Pick<Order, 'kind' | 'items'>): boolean =>
  order.kind === 'vending' && order.items.some(({ sku, name }) => sku !== null && name === sku);

/** Puts the names that the machines know into orders that only have numbers; `orders` should stay the same array. */
export function useNamedOrders(orders: readonly Order[]): readonly Order[] {
  const isNeeded = useMemo(() => orders.some(isNameless), [orders]);
  const { data } = useQuery({
    queryKey: ['products'],
    queryFn: ({ signal }) => readProducts(signal),
    enabled: isNeeded,
    staleTime: FRESH_MS,
  });
  return useMemo(() => {
    if (!isNeeded || data === undefined) return orders;
    const names = new Map(data.map(({ account, productId, name }) => [`${account} ${productId}`, name]));
    return orders.map((order) => {
      if (!isNameless(order)) return order;
      const items = order.items.map((item) => ({
        ...item,
        name: names.get(`${order.account} ${item.sku}`) ?? item.name,
      }));
      return { ...order, items };
    });
  }, [orders, data, isNeeded]);
}

/** The same for one order. */
export function useNamedOrder(order: Order): Order {
  const [named] = useNamedOrders(useMemo(() => [order], [order]));
  return named ?? order;
}
