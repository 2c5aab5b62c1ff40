import type { ReactNode } from 'react';
import { Navigate, Route, Routes } from 'react-router';
import { useWords } from '../../app/language.ts';
import { useMay, useMe } from '../../app/session.tsx';
import { PageHead } from '../../parts/page-head.tsx';
import { TabLinks } from '../../parts/tab-links.tsx';
import { AuditLog } from './audit-log.tsx';
import { Keys } from './keys.tsx';
import { MySignIns } from './my-sign-ins.tsx';
import { SandboxControls } from './sandbox-controls.tsx';
import { Users } from './users.tsx';
import { settingsWords } from './words.ts';

const CONTENTS = { me: MySignIns, keys: Keys, users: Users, audit: AuditLog, sandbox: SandboxControls } as const;
type Tab = keyof typeof CONTENTS;

/** What an administrator keeps in order; whoever is none finds the own sign-ins here. */
export function Page(): ReactNode {
  const isAdmin = useMay('admin');
  const { isDemo } = useMe();
  const tabs: readonly Tab[] = isAdmin
    ? ['me', 'keys', 'users', 'audit', ...(isDemo ? (['sandbox'] as const) : [])]
    : ['me'];
  return (
    <Routes>
      <Route index element={<Navigate to={isDemo && isAdmin ? 'sandbox' : 'me'} replace />} />
      {tabs.map((tab) => (
        <Route key={tab} path={tab} element={<Tabbed tab={tab} tabs={tabs} />} />
      ))}
    </Routes>
  );
}

function Tabbed({ tab, tabs }: { readonly tab: Tab; readonly tabs: readonly Tab[] }): ReactNode {
  const words = useWords(settingsWords);
  const Content = CONTENTS[tab];
  return (
    <>
      <PageHead title={words.title} hint={words.what} />
      <TabLinks
        label={words.title}
        links={tabs.map((name) => ({ to: `/settings/${name}`, label: words.tabs[name] }))}
      />
      <Content />
    </>
  );
}
