import type { ReactNode } from 'react';
import { Route, Routes } from 'react-router';
import { AccountList } from './account-list.tsx';
import { AccountView } from './account-view.tsx';
import { AddAccount } from './add-account.tsx';

export function Page(): ReactNode {
  return (
    <Routes>
      <Route index element={<AccountList />} />
      <Route path="new" element={<AddAccount />} />
      <Route path=":id" element={<AccountView />} />
    </Routes>
  );
}
