import type { ReactNode } from 'react';
import { endSession } from '../../api/settings.ts';
import type { Session } from '../../api/settings.ts';
import { useWords } from '../../app/language.ts';
import { ConfirmAction } from '../../parts/confirm-action.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import { Time, TimeAgo } from '../../parts/time.tsx';
import { browserText } from './browser-text.ts';
import styles from './settings.module.css';
import { settingsWords } from './words.ts';

/** Where somebody is signed in, and the way to end that. */
export function SessionRow({
  session,
  onEnded,
}: {
  readonly session: Session;
  readonly onEnded: () => Promise<void>;
}): ReactNode {
  const words = useWords(settingsWords);
  const { id, current, address, agent, createdAt, seenAt } = session;
  return (
    <li>
      <div>
        <p>
          <strong title={agent ?? undefined}>{agent === null ? words.unknownBrowser : browserText(agent)}</strong>{' '}
          {current && <ToneTag tone="ok">{words.here}</ToneTag>}
        </p>
        <p className={styles['agent']}>
          {words.address} {address ?? '–'}
        </p>
        <p className="muted">
          {words.since} <Time at={createdAt} /> · {words.seen} <TimeAgo at={seenAt} />
        </p>
      </div>
      {!current && (
        <ConfirmAction
          label={words.end}
          title={words.end}
          button={{ size: 'small' }}
          run={async () => {
            await endSession(id);
            await onEnded();
          }}
        >
          <p>{words.endHint}</p>
        </ConfirmAction>
      )}
    </li>
  );
}
