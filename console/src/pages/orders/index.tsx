import { lazy } from 'react';
import type { ReactNode } from 'react';
import { Route, Routes } from 'react-router';
import { OrderList } from './order-list.tsx';

const OrderPage = lazy(async () => ({ default: (await import('../order/index.tsx')).OrderPage }));

export function Page(): ReactNode {
  return (
    <Routes>
      <Route index element={<OrderList />} />
      <Route path=":id" element={<OrderPage />} />
    </Routes>
  );
}
