import { connectors } from '../src/connectors/registry.ts';
import { diagnose } from '../src/core/doctor/diagnosis.ts';
import { readRequest } from '../src/core/doctor/request-reading.ts';
import type { Scheme } from '../src/core/doctor/scheme.ts';
import type { DoctorSecret, PlatformSheet } from '../src/core/doctor/trial.ts';
import { platformSheet } from '../src/hub/diagnose.ts';
import { seededRandom } from '../src/sandbox/seeded-random.ts';

/**
 * How long the signature doctor searches where nothing matches, the longest that it can take: for each scheme of each
 * platform a request of about 1 KiB with a signature that nobody made, an account's secrets and two pasted ones.
 */
const random = seededRandom('bench/doctor');
const hex = (length: number): string => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
const LENGTHS: Readonly<Record<string, number>> = { sha1: 40, sha256: 64 };
const sheets = connectors.flatMap(platformSheet);

for (const of of sheets) {
  for (const scheme of of.sheet.schemes) {
    const startedAt = performance.now();
    let slowestMs = 0;
    const running = diagnose(hopeless(of, scheme), () => false);
    for (;;) {
      const stepAt = performance.now();
      const { done, value } = running.next();
      slowestMs = Math.max(slowestMs, performance.now() - stepAt);
      if (done !== true) continue;
      const took = `${String(value.tried).padStart(6)} tried ${String(Math.round(performance.now() - startedAt)).padStart(5)} ms`;
      const step = `longest step ${slowestMs.toFixed(1).padStart(5)} ms`;
      const end = `${value.exhausted ? '' : ', bounded'}${value.matches.length > 0 ? ', FALSE MATCH' : ''}`;
      process.stdout.write(`${`${of.platform} ${scheme.code}`.padEnd(45)} ${took}, ${step}${end}\n`);
      break;
    }
  }
}

function hopeless(of: PlatformSheet, scheme: Scheme): Parameters<typeof diagnose>[0] {
  const given = hex(LENGTHS[scheme.rules.digest] ?? 32);
  const { name } = scheme.signature;
  const fields = {
    ...Object.fromEntries((scheme.expects ?? []).map((field) => [field, hex(16)])),
    ...Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`field${index}`, hex(20)])),
    empty: '',
    nothing: null,
    list: [2, 3],
    amount: 20.5,
    nested: '{"a": 1.0, "b": "中/文"}',
    text: ' 中文 a+b 😀 ',
    [name]: given,
  };
  const isHeader = scheme.signature.in === 'header';
  return {
    reading: readRequest({
      direction: scheme.direction,
      method: 'POST',
      path: '/path',
      query: '',
      topic: '',
      headers: isHeader ? { [name]: given, 'x-timestamp': '1700000000' } : {},
      body: Buffer.from(JSON.stringify(fields)),
    }),
    platform: of.platform,
    sheets,
    secrets: [
      ...Object.entries(of.credentials).map(([field, label]) => secret(field, label, 'current')),
      ...['one', 'two'].map((field) => secret(field, { en: field, zh: field }, 'pasted')),
    ],
    plainCredentials: {},
    nowMs: 1_700_000_000_000,
    hideValues: false,
  };
}

function secret(name: string, label: DoctorSecret['label'], state: DoctorSecret['state']): DoctorSecret {
  return { name, label, value: hex(32), fingerprint: '', state };
}
