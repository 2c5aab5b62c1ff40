// Loaded into each test file's process: hands node:test's events to the runner as lines of JSON on descriptor 3, so that
// whatever the tests print cannot be mistaken for a result.
import { writeSync } from 'node:fs';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

/** The descriptor that the runner opens for the events. */
export const EVENTS_FD = 3;

/** node:test's own summary, which must not look like a second closing line. */
const SUMMARY_LINE = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

/** What the runner gets to know. */
export type ReportLine =
  | ResultLine
  /** In the order of time: these say what a file is busy with. */
  | { readonly kind: 'begun'; readonly name: string }
  | { readonly kind: 'done'; readonly name: string }
  /** A warning of the test runner's, such as an error that no running test can be blamed for. */
  | { readonly kind: 'note'; readonly text: string };

/** In the order of the report: a group's start comes before its members' results. */
export type ResultLine =
  | { readonly kind: 'started'; readonly name: string; readonly nesting: number }
  | {
      readonly kind: 'passed' | 'failed' | 'skipped';
      readonly name: string;
      readonly nesting: number;
      /** A suite, or a test that failed only because one inside it did: shown, never counted. */
      readonly isGroup: boolean;
      readonly durationMs: number;
      /** The error's text, or why it was skipped. */
      readonly detail: string;
    };

// oxlint-disable-next-line import/no-default-export -- the form in which Node loads a reporter
export default async function* eventReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const line = lineOf(event);
    if (line !== null) send(`${JSON.stringify(line)}\n`);
    // A reporter is a stream of text; this one has nothing to print.
    yield '';
  }
}

function lineOf(event: TestEvent): ReportLine | null {
  if (event.type === 'test:start') return { kind: 'started', name: event.data.name, nesting: event.data.nesting };
  if (event.type === 'test:dequeue') return { kind: 'begun', name: event.data.name };
  if (event.type === 'test:complete') return { kind: 'done', name: event.data.name };
  if (event.type === 'test:diagnostic') {
    return SUMMARY_LINE.test(event.data.message) ? null : { kind: 'note', text: event.data.message };
  }
  if (event.type !== 'test:pass' && event.type !== 'test:fail') return null;
  const { name, nesting, details, skip, todo } = event.data;
  const base = { name, nesting, durationMs: details.duration_ms, isGroup: details.type === 'suite' };
  if (skip !== undefined && skip !== false) return { ...base, kind: 'skipped', detail: reason('skipped', skip) };
  if (todo !== undefined && todo !== false) return { ...base, kind: 'skipped', detail: reason('to do', todo) };
  if (event.type === 'test:pass') return { ...base, kind: 'passed', detail: '' };
  const { error } = event.data.details;
  const { failureType } = error as { failureType?: string };
  return {
    ...base,
    kind: 'failed',
    isGroup: failureType === 'subtestsFailed',
    detail: withoutNodeFrames(inspect(error.cause ?? error, { depth: 6, breakLength: 110 })),
  };
}

/** The test runner's own calls below each test are the same every time. */
function withoutNodeFrames(text: string): string {
  return text.replaceAll(/\n *at [^\n]*\(?node:(?:internal\/|async_hooks)[^\s)]*\)?/g, '');
}

function reason(word: string, given: string | boolean): string {
  return typeof given === 'string' && given !== '' ? `${word}: ${given}` : word;
}

/** The pipe is not blocking: a full one says EAGAIN, and the runner empties it within moments. */
function send(text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(EVENTS_FD, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}
