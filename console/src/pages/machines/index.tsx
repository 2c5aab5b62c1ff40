import type { ReactNode } from 'react';
import { Route, Routes } from 'react-router';
import { MachineList } from './machine-list.tsx';
import { MachineView } from './machine-view.tsx';

export function Page(): ReactNode {
  return (
    <Routes>
      <Route index element={<MachineList />} />
      <Route path=":account/:machine" element={<MachineView />} />
    </Routes>
  );
}
