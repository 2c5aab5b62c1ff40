import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DEFAULT_GAPS_SECONDS } from '../../src/hub/deliver-retry.ts';
import { CRASH_POINTS } from '../../src/hub/crash-points.ts';
import { readPage, rootDir } from './pages.ts';

/** Numbers that pages tell: where the code has them, as it has them, and the words of each page that repeats them. */
const TOLD: readonly {
  readonly file: string;
  readonly code: string;
  readonly pages: Readonly<Record<string, string>>;
}[] = [
  {
    file: 'src/hub/repair-news.ts',
    code: 'PUSH_GRACE_MS = 60_000',
    pages: { 'docs/repair.md': 'within a minute of its happening' },
  },
  {
    file: 'src/hub/repair-run.ts',
    code: 'WAITS_MS = [5000, 15_000, 30_000, 60_000, 300_000, 900_000]',
    pages: { 'docs/repair.md': 'after 5 s, 15 s, 30 s, 1 min, 5 min, then every 15 min; every sixth' },
  },
  {
    file: 'src/hub/settle-doubts.ts',
    code: 'REST_SHARE = 10',
    pages: { 'docs/repair.md': 'after a month every three days' },
  },
  {
    file: 'src/hub/attention.ts',
    code: 'SWEEP_EVERY_MS = 30_000',
    pages: { 'docs/attention.md': 'Every 30 s' },
  },
  {
    file: 'src/hub/attention-causes.ts',
    code: 'MOST_OF_A_SOURCE = 200',
    pages: { 'docs/attention.md': 'at most 200 at once' },
  },
  {
    file: 'src/store/attention-causes.ts',
    code: 'REJECTIONS = 3',
    pages: { 'docs/attention.md': '3 callbacks or more were rejected within an hour' },
  },
  {
    file: 'src/hub/group-commit.ts',
    code: 'maxBatch ?? 256',
    pages: {
      'docs/architecture.md': 'up to 256, in one transaction',
      'docs/decisions/0004-one-batch-in-flight-two-round-trips.md': 'up to 256',
    },
  },
  {
    file: 'src/hub/group-commit.ts',
    code: 'maxInFlight ?? 1',
    pages: { 'docs/architecture.md': 'one transaction in flight an account' },
  },
  {
    file: 'src/hub/group-commit.ts',
    code: 'maxWaiting ?? 10_000',
    pages: {
      'docs/architecture.md': 'More than 10 000 waiting',
      'docs/operations.md': 'more than 10 000 wait',
    },
  },
  {
    file: 'src/hub/take-callback.ts',
    code: 'rejectedPerMinute ?? 120',
    pages: {
      'docs/architecture.md': '120 an account and minute',
      'docs/decisions/0021-rejected-callbacks-are-bounded.md': '120 an account and minute',
    },
  },
  {
    file: 'src/hub/take-callback.ts',
    code: 'rejectedBytesPerHour ?? 4_194_304',
    pages: {
      'docs/architecture.md': '4 MiB an hour',
      'docs/decisions/0021-rejected-callbacks-are-bounded.md': '4 MiB an account and hour',
    },
  },
  {
    file: 'src/hub/store-bindings.ts',
    code: 'VALID_MS = 30 * 86_400_000',
    pages: { 'docs/stores.md': 'good for 30 days' },
  },
  {
    file: 'src/hub/diagnose.ts',
    code: 'TIME_LIMIT_MS = 2000',
    pages: { 'docs/doctor.md': 'ends after 2 s' },
  },
  {
    file: 'src/hub/take-callback.ts',
    code: 'REJECTED_BODY_BYTES = 65_536',
    pages: { 'docs/architecture.md': 'bodies up to 64 KiB' },
  },
  {
    file: 'src/hub/account-directory.ts',
    code: 'FRESH_MS = 1000',
    pages: { 'docs/architecture.md': 'cached for a second' },
  },
  { file: 'src/hub/deliver.ts', code: 'leaseMs ?? 6000', pages: { 'docs/architecture.md': 'a lease of 6 s' } },
  {
    file: 'src/hub/deliver.ts',
    code: 'connections ?? 64',
    pages: { 'docs/architecture.md': '64 connections an endpoint' },
  },
  {
    file: 'src/hub/deliver.ts',
    code: 'timeoutMs ?? 15_000',
    pages: { 'docs/architecture.md': '15 s a request', 'docs/events.md': 'Answer 2xx within 15 s' },
  },
  {
    file: 'src/hub/deliver.ts',
    code: 'stopGraceMs ?? 5000',
    pages: { 'docs/operations.md': 'deliveries under way get 5 s' },
  },
  {
    file: 'src/hub/deliver.ts',
    code: 'BURST_GAP_MS = 1000',
    pages: { 'docs/decisions/0008-claims-yield-to-intake.md': 'claims once a second' },
  },
  {
    file: 'src/hub/deliver.ts',
    code: 'BURST_MS = 10_000',
    pages: { 'docs/decisions/0008-claims-yield-to-intake.md': 'have queued for 10 s' },
  },
  {
    file: 'src/hub/deliver.ts',
    code: 'FLOOD_GAP_MS = 50',
    pages: { 'docs/decisions/0008-claims-yield-to-intake.md': 'every 50 ms' },
  },
  {
    file: 'src/server/start.ts',
    code: 'BUSY_INTAKE = 64',
    pages: { 'docs/decisions/0008-claims-yield-to-intake.md': 'more than 64 callbacks wait' },
  },
  {
    file: 'src/hub/deliver-lines.ts',
    code: 'DOWN_AFTER_FAILURES = 20',
    pages: { 'docs/architecture.md': 'failed 20 times in a row' },
  },
  {
    file: 'src/hub/deliver-lines.ts',
    code: 'SLOTS_WHILE_DOWN = 2',
    pages: { 'docs/architecture.md': 'by 2 requests at a time' },
  },
  {
    file: 'src/store/embedded/settings.ts',
    code: 'MAX_CONNECTIONS = 60',
    pages: { 'docs/operations.md': 'The embedded PostgreSQL takes 60' },
  },
  {
    file: 'src/store/partitions.ts',
    code: 'WEEKS_AHEAD = 4',
    pages: { 'docs/operations.md': 'four weeks ahead' },
  },
  {
    file: 'src/hub/sign-in-limits.ts',
    code: 'pair: 6, address: 60, name: 200',
    pages: {
      'docs/operations.md':
        'six tries a quarter of an hour for a name from one address, 60 for an address, 200 for a name',
      'SECURITY.md': 'Six tries a quarter of an hour for a name from one address, 60 for an address, 200 for a name',
    },
  },
  {
    file: 'src/hub/sign-in-limits.ts',
    code: 'TRIES_WINDOW_MS = 15 * 60_000',
    pages: { 'docs/operations.md': 'six tries a quarter of an hour', 'SECURITY.md': 'Six tries a quarter of an hour' },
  },
  {
    file: 'src/hub/sign-in.ts',
    code: 'LINK_MS = 72 * HOUR_MS',
    pages: {
      'docs/api.md': 'works once and for three days',
      'docs/console.md': 'good for three days',
      'docs/operations.md': 'works once and for three days',
      'SECURITY.md': 'works once, for three days',
    },
  },
  {
    file: 'src/hub/sessions.ts',
    code: 'IDLE_MS = 7 * DAY_MS',
    pages: {
      'docs/console.md': 'seven days unused',
      'docs/operations.md': 'seven days unused',
      'SECURITY.md': 'seven days unused',
    },
  },
  {
    file: 'src/hub/sessions.ts',
    code: 'LONGEST_SESSION_MS = 30 * DAY_MS',
    pages: {
      'docs/console.md': 'after 30 days',
      'docs/operations.md': 'after 30 days',
      'SECURITY.md': 'after 30 days',
    },
  },
  {
    file: 'src/hub/passwords.ts',
    code: 'SHORTEST_PASSWORD = 10',
    pages: { 'SECURITY.md': 'a password of 10 characters or more' },
  },
  {
    file: 'src/server/api/stream.ts',
    code: 'MOST_STREAMS = 200',
    pages: { 'docs/api.md': '200 a process and 24 a key or user' },
  },
  {
    file: 'src/server/api/stream.ts',
    code: 'MOST_OF_ONE = 24',
    pages: { 'docs/api.md': '200 a process and 24 a key or user' },
  },
  { file: 'src/server/api/stream.ts', code: 'PING_MS = 15_000', pages: { 'docs/api.md': 'every 15 s' } },
  { file: 'src/server/api/stream.ts', code: 'RETRY_MS = 2000', pages: { 'docs/api.md': 'comes again after 2 s' } },
  { file: 'src/server/api/stats.ts', code: 'LONGEST_DAYS = 92', pages: { 'docs/api.md': 'Up to 92 days' } },
  { file: 'src/server/api/stats.ts', code: 'MOST_SUMMED_DAYS = 731', pages: { 'docs/api.md': 'Up to 731 days' } },
  { file: 'src/server/api/stats.ts', code: 'MOST_DAYS_OF_HOURS = 14', pages: { 'docs/api.md': 'up to 14' } },
];

test('a number that a page tells is the one that the code has', () => {
  for (const { file, code, pages } of TOLD) {
    assert.ok(
      readFileSync(join(rootDir, file), 'utf8').includes(code),
      `${file} has no longer: ${code}; also change ${Object.keys(pages).join(', ')}`,
    );
    for (const [path, words] of Object.entries(pages)) {
      // A line may break anywhere.
      assert.ok(readPage(path).text.replaceAll(/\s+/gu, ' ').includes(words), `${path} does not say: ${words}`);
    }
  }
});

test('the retries are told as they are', () => {
  const text = readPage('docs/events.md').text;
  const words = DEFAULT_GAPS_SECONDS.map((seconds) =>
    seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`,
  );
  assert.ok(text.includes(words.join(', ')), words.join(', '));
  const hours = DEFAULT_GAPS_SECONDS.reduce((sum, seconds) => sum + seconds, 0) / 3600;
  assert.ok(text.includes(`${hours.toFixed(1)} hours`), hours.toFixed(1));
});

test('every crash point is in the table', () => {
  const { text } = readPage('docs/architecture.md');
  for (const point of CRASH_POINTS) assert.ok(text.includes(`\`${point}\``), point);
});
