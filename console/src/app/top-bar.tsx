import { BulbOutlined, GlobalOutlined, LogoutOutlined, SearchOutlined, UserOutlined } from '@ant-design/icons';
import { Button, Dropdown, Input } from 'antd';
import { useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';
import { signOut } from '../api/me.ts';
import { backToButton } from '../parts/back-to-button.ts';
import { ConnectionPill } from './connection-pill.tsx';
import { useWords } from './language.ts';
import { changePreferences, usePreferences } from './preferences.ts';
import { useMe } from './session.tsx';
import { Mark } from './mark.tsx';
import styles from './top-bar.module.css';
import { appWords } from './words.ts';

const THEMES = ['system', 'light', 'dark'] as const;

export function TopBar(): ReactNode {
  const words = useWords(appWords);
  const me = useMe();
  return (
    <header className={styles['bar']}>
      <span className={styles['mark']}>
        <Mark />
      </span>
      <strong className={styles['name']}>{words.name}</strong>
      {me.isDemo && <span className={styles['demo']}>{words.demo}</span>}
      <FindOrder />
      <ConnectionPill />
      <LanguageButton />
      <UserMenu />
    </header>
  );
}

/** From anywhere to the order that somebody has just named on the phone. */
function FindOrder(): ReactNode {
  const words = useWords(appWords);
  const navigate = useNavigate();
  const [text, setText] = useState('');
  return (
    <form
      role="search"
      className={styles['find']}
      onSubmit={(event) => {
        event.preventDefault();
        const wanted = text.trim();
        if (wanted !== '') void navigate(`/orders?q=${encodeURIComponent(wanted)}`);
      }}
    >
      <Input
        value={text}
        onChange={({ target }) => setText(target.value)}
        prefix={<SearchOutlined aria-hidden />}
        placeholder={words.searchHint}
        aria-label={words.search}
        enterKeyHint="search"
        variant="filled"
      />
    </form>
  );
}

/** Outside of the menu too: whoever cannot read the menu must find it. */
export function LanguageButton(): ReactNode {
  const words = useWords(appWords);
  const { language } = usePreferences();
  return (
    <Button
      type="text"
      className={styles['language'] ?? ''}
      icon={<GlobalOutlined aria-hidden />}
      lang={language === 'zh' ? 'en' : 'zh-CN'}
      aria-label={words.language}
      onClick={() => changePreferences({ language: language === 'zh' ? 'en' : 'zh' })}
    >
      <span>{words.language}</span>
    </Button>
  );
}

function UserMenu(): ReactNode {
  const words = useWords(appWords);
  const me = useMe();
  const { theme } = usePreferences();
  const button = useRef<HTMLButtonElement>(null);
  const name = me.user?.name ?? me.user?.username ?? me.key?.name ?? words.byKey;
  const leave = async (): Promise<void> => {
    await signOut().catch(() => undefined);
    // Loaded anew: nothing of what was shown stays in the page for whoever comes next.
    location.reload();
  };
  return (
    <Dropdown
      trigger={['click']}
      autoFocus
      onOpenChange={(isOpen) => backToButton(button.current, isOpen)}
      menu={{
        selectedKeys: [theme],
        items: [
          {
            key: 'who',
            type: 'group',
            label: `${name} · ${words.rights[me.right]}`,
          },
          {
            key: 'theme',
            icon: <BulbOutlined />,
            label: words.theme,
            children: THEMES.map((key) => ({
              key,
              label: words.themes[key],
              onClick: () => changePreferences({ theme: key }),
            })),
          },
          {
            key: 'docs',
            icon: <GlobalOutlined />,
            label: (
              <a href="/api/docs" target="_blank" rel="noreferrer">
                {words.apiDocs}
              </a>
            ),
          },
          ...(me.user === null
            ? []
            : [
                { key: 'line', type: 'divider' as const },
                { key: 'out', icon: <LogoutOutlined />, label: words.signOut, onClick: () => void leave() },
              ]),
        ],
      }}
    >
      <Button
        ref={button}
        type="text"
        shape="circle"
        icon={<UserOutlined />}
        aria-label={`${words.account}: ${name}`}
      />
    </Dropdown>
  );
}
