import { Drawer } from 'antd';
import { EllipsisOutlined } from '@ant-design/icons';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { Link, NavLink, useLocation } from 'react-router';
import { useWords } from './language.ts';
import { useLiveConnection } from './live.ts';
import { LostBanner } from './lost-banner.tsx';
import { Mark } from './mark.tsx';
import { useNewOrderAlerts } from './new-order-alerts.ts';
import { PAGES, pageNames } from './pages.ts';
import type { PageEntry } from './pages.ts';
import styles from './shell.module.css';
import { TopBar } from './top-bar.tsx';
import { appWords } from './words.ts';

/** What is around every page: the navigation, the bar at the top, the state of the connection. */
export function Shell({ children }: { readonly children: ReactNode }): ReactNode {
  useLiveConnection();
  useNewOrderAlerts();
  const words = useWords(appWords);
  const { pathname } = useLocation();
  // Only the board fills the window and scrolls within; other pages are as long as they are.
  const isFixed = pathname.startsWith('/board');
  return (
    <div className={styles['shell']}>
      <a className={styles['skip']} href="#content">
        {words.skip}
      </a>
      <SideNav />
      <div className={styles['column']} data-fixed={isFixed}>
        <TopBar />
        <LostBanner />
        <main id="content" className={styles['content']} tabIndex={-1}>
          {children}
        </main>
      </div>
      <FootNav />
    </div>
  );
}

function SideNav(): ReactNode {
  const words = useWords(appWords);
  return (
    <nav className={styles['side']} aria-label={words.nav}>
      <Link to="/board" className={styles['logo']} aria-label={words.name}>
        <Mark />
      </Link>
      <ul>
        {PAGES.map((page) => (
          <li key={page.id} data-starts-group={page.startsGroup === true}>
            <NavItem page={page} />
          </li>
        ))}
      </ul>
    </nav>
  );
}

function FootNav(): ReactNode {
  const words = useWords(appWords);
  const [isOpen, setOpen] = useState(false);
  const { pathname } = useLocation();
  const isElsewhere = !PAGES.some(({ id, isMain }) => isMain && pathname.startsWith(`/${id}`));
  return (
    <nav className={styles['foot']} aria-label={words.nav}>
      <ul>
        {PAGES.filter(({ isMain }) => isMain).map((page) => (
          <li key={page.id}>
            <NavItem page={page} />
          </li>
        ))}
        <li>
          <button
            type="button"
            className={styles['item']}
            data-active={isElsewhere}
            aria-expanded={isOpen}
            onClick={() => setOpen(true)}
          >
            <EllipsisOutlined className={styles['icon']} aria-hidden />
            <span>{words.more}</span>
          </button>
        </li>
      </ul>
      <Drawer
        open={isOpen}
        onClose={() => setOpen(false)}
        placement="bottom"
        size="auto"
        title={words.more}
        styles={{ body: { padding: 12 } }}
      >
        <ul className={styles['sheet']}>
          {PAGES.filter(({ isMain }) => !isMain).map((page) => (
            <li key={page.id}>
              <NavItem page={page} onOpen={() => setOpen(false)} />
            </li>
          ))}
        </ul>
      </Drawer>
    </nav>
  );
}

function NavItem({
  page: { id, icon: Icon },
  onOpen,
}: {
  readonly page: PageEntry;
  readonly onOpen?: () => void;
}): ReactNode {
  const names = useWords(pageNames);
  return (
    <NavLink to={`/${id}`} className={styles['item'] ?? ''} onClick={onOpen}>
      <Icon className={styles['icon']} aria-hidden />
      <span>{names[id]}</span>
    </NavLink>
  );
}
