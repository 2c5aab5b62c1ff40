import type { ReactNode } from 'react';
import { Route, Routes } from 'react-router';
import { EndpointList } from './endpoint-list.tsx';
import { EndpointView } from './endpoint-view.tsx';

export function Page(): ReactNode {
  return (
    <Routes>
      <Route index element={<EndpointList />} />
      <Route path=":id" element={<EndpointView />} />
    </Routes>
  );
}
