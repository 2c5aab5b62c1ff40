import { Button, Descriptions } from 'antd';
import { useState } from 'react';
import type { ReactNode } from 'react';
import { diagnose } from '../../api/callbacks.ts';
import type { Diagnosis, DiagnosisMatch, Question } from '../../api/callbacks.ts';
import { useOwnWords, useWords } from '../../app/language.ts';
import { BytesView } from '../../parts/bytes-view.tsx';
import { ErrorText } from '../../parts/error-text.tsx';
import { ToneTag } from '../../parts/status-tag.tsx';
import styles from './callbacks.module.css';
import { callbacksWords } from './words.ts';

/** The signature doctor beside what it is about. `isReady` false: what it would read is not shown to this person yet. */
export function Doctor({
  question,
  reason,
  isReady,
}: {
  readonly question: Question;
  readonly reason: string | null;
  readonly isReady: boolean;
}): ReactNode {
  const words = useWords(callbacksWords);
  const [diagnosis, setDiagnosis] = useState<Diagnosis | null>(null);
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const run = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      setDiagnosis(await diagnose(question, reason));
    } catch (thrown) {
      setError(thrown instanceof Error ? thrown : new Error(String(thrown)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className={styles['card']} aria-labelledby="doctor">
      <div className={styles['doctorHead']}>
        <div>
          <h2 id="doctor">{words.doctor}</h2>
          <p className="muted">{words.doctorHint}</p>
        </div>
        <Button type="primary" loading={isBusy} disabled={!isReady} onClick={() => void run()}>
          {diagnosis === null ? words.runDoctor : words.runAgain}
        </Button>
      </div>
      <div aria-live="polite">
        {error !== null && <ErrorText error={error} />}
        {diagnosis !== null && <DiagnosisView diagnosis={diagnosis} />}
      </div>
    </section>
  );
}

/** What the doctor found, the simplest explanation first. */
export function DiagnosisView({ diagnosis }: { readonly diagnosis: Diagnosis }): ReactNode {
  const words = useWords(callbacksWords);
  const ownWords = useOwnWords();
  const { matches, nearMisses, verification } = diagnosis;
  const advice = ownWords(diagnosis.advice);
  return (
    <div className={styles['diagnosis']} data-found={matches.length > 0}>
      <p className={styles['result']}>{matches.length > 0 ? words.found : words.noMatch}</p>
      {matches.map((match) => (
        <MatchView key={`${match.scheme.code} ${match.secret?.fingerprint ?? ''} ${match.hashed}`} match={match} />
      ))}
      {matches.length === 0 && nearMisses.length > 0 && (
        <>
          <h3>{words.near}</h3>
          <ul className={styles['near']}>
            {nearMisses.map(({ code, field, scheme, text }) => (
              <li key={`${code} ${field ?? ''} ${scheme.code}`}>{ownWords(text)}</li>
            ))}
          </ul>
        </>
      )}
      <h3>{words.advice}</h3>
      <p>{advice}</p>
      {verification !== null && (verification.ok || !advice.includes(verification.detail ?? '–')) && (
        <p className={styles['verification']} data-ok={verification.ok}>
          {verification.ok ? words.hubAccepts : `${words.hubSays}: ${verification.detail ?? verification.reason ?? ''}`}
        </p>
      )}
      <p className="muted">
        {words.tried(diagnosis.tried.toLocaleString('en'), String(diagnosis.tookMs))}
        {diagnosis.exhausted ? '' : ` ${words.notExhausted}`}
      </p>
    </div>
  );
}

function MatchView({ match }: { readonly match: DiagnosisMatch }): ReactNode {
  const words = useWords(callbacksWords);
  const ownWords = useOwnWords();
  const { scheme, secret, deviations, confidence } = match;
  return (
    <article className={styles['match']}>
      <p className={styles['verdict']}>
        {ownWords(match.text)} <ToneTag tone={confidence === 'certain' ? 'ok' : 'warn'}>{words[confidence]}</ToneTag>
      </p>
      <Descriptions
        column={1}
        size="small"
        items={[
          { key: 'scheme', label: words.scheme, children: ownWords(scheme.label) },
          {
            key: 'secret',
            label: words.secret,
            children:
              secret === null ? (
                words.noSecret
              ) : (
                <span className={styles['spaced']}>
                  <strong>{secret.name}</strong> <code>{secret.fingerprint}</code>{' '}
                  <span>{words.states[secret.state]}</span>
                </span>
              ),
          },
          {
            key: 'deviations',
            label: words.deviations,
            children:
              deviations.length === 0
                ? words.asDocumented
                : deviations.map(({ code, field }) => (field === null ? code : `${code} (${field})`)).join(', '),
          },
        ]}
      />
      <p className={styles['hashedLabel']}>{words.hashed}</p>
      <BytesView text={match.hashed} label={words.hashed} />
    </article>
  );
}
