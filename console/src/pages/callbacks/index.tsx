import type { ReactNode } from 'react';
import { Route, Routes } from 'react-router';
import { CallbackList } from './callback-list.tsx';
import { CallbackView } from './callback-view.tsx';
import { PasteBox } from './paste-box.tsx';

export function Page(): ReactNode {
  return (
    <Routes>
      <Route index element={<CallbackList />} />
      <Route path="doctor" element={<PasteBox />} />
      <Route path=":id" element={<CallbackView />} />
    </Routes>
  );
}
