import { connectors } from '../../src/connectors/registry.ts';
import { diagnose, openCredentials } from '../../src/core/doctor/diagnosis.ts';
import type { Diagnosis } from '../../src/core/doctor/diagnosis.ts';
import { readRequest } from '../../src/core/doctor/request-reading.ts';
import type { DoctorSecret, PlatformSheet } from '../../src/core/doctor/trial.ts';
import { secretFingerprint } from '../../src/core/signing.ts';

/** A question to the doctor as a test words it. */
export interface Question {
  readonly platform?: string;
  readonly direction?: 'in' | 'out';
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Credentials of the account; several values of one: the first is current, the others retired. */
  readonly account?: Readonly<Record<string, string | readonly string[]>>;
  readonly pasted?: Readonly<Record<string, string>>;
  readonly signature?: string;
  readonly hideValues?: boolean;
  readonly maxTried?: number;
}

export const SHEETS: readonly PlatformSheet[] = connectors.flatMap((connector) =>
  connector.doctor === undefined
    ? []
    : [
        {
          platform: connector.id,
          label: connector.label,
          sheet: connector.doctor,
          credentials: Object.fromEntries(connector.account.credentials.map(({ name, label }) => [name, label])),
        },
      ],
);

export function ask(question: Question): Diagnosis {
  const sheet = SHEETS.find(({ platform }) => platform === question.platform)?.sheet;
  const open = sheet === undefined ? new Set<string>() : openCredentials(sheet);
  const running = diagnose(
    {
      reading: readRequest({
        direction: question.direction ?? 'in',
        method: question.method ?? 'POST',
        path: question.path ?? '',
        query: question.query ?? '',
        topic: '',
        headers: question.headers ?? {},
        body: typeof question.body === 'string' ? Buffer.from(question.body) : (question.body ?? new Uint8Array()),
      }),
      platform: question.platform ?? null,
      sheets: SHEETS,
      secrets: secretsOf(question),
      plainCredentials: Object.fromEntries(
        Object.entries(question.account ?? {})
          .filter(([name]) => open.has(name))
          .map(([name, value]) => [name, [value].flat()[0] ?? '']),
      ),
      nowMs: 1_700_000_000_000,
      hideValues: question.hideValues ?? false,
      ...(question.signature === undefined ? {} : { signature: question.signature }),
      ...(question.maxTried === undefined ? {} : { maxTried: question.maxTried }),
    },
    () => false,
  );
  for (;;) {
    const step = running.next();
    if (step.done === true) return step.value;
  }
}

function secretsOf({ platform, account = {}, pasted = {} }: Question): readonly DoctorSecret[] {
  const labels = SHEETS.find((sheet) => sheet.platform === platform)?.credentials ?? {};
  const held = Object.entries(account).flatMap(([name, values]) =>
    [values].flat().map((value, index): DoctorSecret => ({
      name,
      value,
      label: labels[name] ?? { en: name, zh: name },
      fingerprint: secretFingerprint(value),
      state: index === 0 ? 'current' : 'retired',
    })),
  );
  const given = Object.entries(pasted).map(([name, value]): DoctorSecret => ({
    name,
    value,
    label: labels[name] ?? { en: name, zh: name },
    fingerprint: secretFingerprint(value),
    state: 'pasted',
  }));
  return [...held, ...given];
}
