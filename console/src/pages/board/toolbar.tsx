import { BellOutlined, SoundOutlined } from '@ant-design/icons';
import { App, Button } from 'antd';
import { useEffect, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import { useSearchParams } from 'react-router';
import { canChime, chime, onChimeChange } from '../../app/chime.ts';
import { useLanguage, useWords } from '../../app/language.ts';
import { changePreferences, usePreferences } from '../../app/preferences.ts';
import { appWords } from '../../app/words.ts';
import { PlatformBadge, usePlatforms } from '../../parts/platform-badge.tsx';
import styles from './board.module.css';
import type { BoardState } from './board-store.ts';
import { COLUMN_IDS } from './columns.ts';
import type { ColumnId } from './columns.ts';
import { boardWords } from './words.ts';

export function Toolbar(): ReactNode {
  const words = useWords(boardWords);
  const { name } = useWords(appWords);
  useEffect(() => {
    document.title = `${words.title} · ${name}`;
  }, [words.title, name]);
  return (
    <div className={styles['toolbar']}>
      <h1>{words.title}</h1>
      <PlatformFilter />
      <div className={styles['switches']}>
        <SoundSwitch />
        <NotificationSwitch />
      </div>
    </div>
  );
}

/** In the address, so that a screen in the kitchen can be set to one platform for good. */
function PlatformFilter(): ReactNode {
  const words = useWords(boardWords);
  const language = useLanguage();
  const platforms = usePlatforms();
  const [params, setParams] = useSearchParams();
  const chosen = params.get('platform');
  const choose = (id: string | null): void => {
    setParams(
      (before) => {
        const after = new URLSearchParams(before);
        if (id === null) after.delete('platform');
        else after.set('platform', id);
        return after;
      },
      { replace: true },
    );
  };
  return (
    <div className={styles['platforms']} role="group" aria-label={words.platform}>
      <button type="button" aria-pressed={chosen === null} onClick={() => choose(null)}>
        {words.allPlatforms}
      </button>
      {platforms.map(({ id, label }) => (
        <button
          key={id}
          type="button"
          aria-pressed={chosen === id}
          title={label[language]}
          onClick={() => choose(chosen === id ? null : id)}
        >
          <PlatformBadge platform={id} withName={chosen === id} />
        </button>
      ))}
    </div>
  );
}

function SoundSwitch(): ReactNode {
  const words = useWords(boardWords);
  const { sound } = usePreferences();
  const isAllowed = useSyncExternalStore(onChimeChange, canChime);
  const text = !sound ? words.soundOff : isAllowed ? words.soundOn : words.soundBlocked;
  return (
    <Button
      type="text"
      icon={<SoundOutlined />}
      aria-label={text}
      aria-pressed={sound}
      title={words.sound}
      className={styles['switch'] ?? ''}
      onClick={() => {
        // The click that allows sound must not switch it off.
        const isOn = sound && !isAllowed ? true : !sound;
        changePreferences({ sound: isOn });
        if (isOn) chime();
      }}
    >
      {text}
    </Button>
  );
}

function NotificationSwitch(): ReactNode {
  const words = useWords(boardWords);
  const { message } = App.useApp();
  const { notifications } = usePreferences();
  const isOn = notifications && 'Notification' in globalThis && Notification.permission === 'granted';
  const toggle = async (): Promise<void> => {
    if (isOn) {
      changePreferences({ notifications: false });
      return;
    }
    if (!globalThis.isSecureContext || !('Notification' in globalThis)) {
      void message.info(words.notifyInsecure);
      return;
    }
    const answer = await Notification.requestPermission();
    if (answer === 'granted') changePreferences({ notifications: true });
    else void message.info(words.notifyDenied);
  };
  return (
    <Button
      type="text"
      icon={<BellOutlined />}
      aria-label={isOn ? words.notifyOn : words.notifyOff}
      aria-pressed={isOn}
      title={words.notify}
      className={styles['switch'] ?? ''}
      onClick={() => void toggle()}
    >
      {isOn ? words.notifyOn : words.notifyOff}
    </Button>
  );
}

/** On a phone: one column at a time. */
export function ColumnTabs({
  state,
  chosen,
  onChoose,
}: {
  readonly state: BoardState;
  readonly chosen: ColumnId;
  readonly onChoose: (id: ColumnId) => void;
}): ReactNode {
  const words = useWords(boardWords);
  return (
    <div className={styles['tabs']} role="group" aria-label={words.title}>
      {COLUMN_IDS.map((id) => (
        <button key={id} type="button" aria-pressed={id === chosen} data-column={id} onClick={() => onChoose(id)}>
          {words.columns[id]}
          <b>{words.count(String(state.cards[id].length), state.hasMore[id])}</b>
        </button>
      ))}
    </div>
  );
}
