import { styleText } from 'node:util';
import type { ResultLine } from './event-reporter.ts';

const SLOW_MS = 1000;

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

interface Failure {
  readonly title: string;
  readonly detail: string;
}

/**
 * Prints what happens, file by file although several run at once: the first one that is not over speaks directly, the
 * others wait with what they have to say. At the end come all failures again and the one closing line.
 */
export class Report {
  readonly tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  readonly #write: (text: string) => void;
  readonly #failures: Failure[] = [];
  readonly #queue: FileReport[] = [];
  readonly #unsteady: string[] = [];

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  file(path: string): FileReport {
    const file = new FileReport(path, this);
    this.#queue.push(file);
    return file;
  }

  /** @internal what a file has to say, when it is its turn */
  drain(): void {
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      for (const text of first.waiting.splice(0)) this.#write(`${text}\n`);
      if (!first.isOver) return;
      this.#queue.shift();
    }
  }

  pass(): void {
    this.tally.passed += 1;
  }

  /** @internal a file is over and counts */
  count(tally: Tally, failures: readonly Failure[]): void {
    this.tally.passed += tally.passed;
    this.tally.skipped += tally.skipped;
    for (const { title, detail } of failures) this.fail(title, detail);
  }

  /** A file failed, and passed when it ran once more by itself: no failure, and no secret either. */
  noteUnsteady(path: string): void {
    this.#unsteady.push(path);
  }

  fail(title: string, detail: string): void {
    this.tally.failed += 1;
    this.#failures.push({ title, detail });
  }

  /** The last line of a run, whatever it ran. */
  close(): void {
    if (this.#failures.length > 0) {
      this.#write(`\n${styleText('red', 'What failed:')}\n`);
      for (const { title, detail } of this.#failures) {
        this.#write(`\n${styleText('red', `✖ ${title}`)}\n${indent(detail, 1)}\n`);
      }
    }
    if (this.#unsteady.length > 0) {
      this.#write(`\n${styleText('yellow', 'Failed at first and passed when run again by itself, see above why:')}\n`);
      for (const path of this.#unsteady) this.#write(`  ${path}\n`);
    }
    this.#write(`\n${closingLine(this.tally)}\n`);
  }
}

export class FileReport {
  readonly waiting: string[] = [];
  isOver = false;
  readonly #path: string;
  readonly #report: Report;
  /** Names of the groups that we are in; the printed ones come first. */
  readonly #groups: string[] = [];
  readonly #tally: Tally = { passed: 0, failed: 0, skipped: 0 };
  readonly #failures: Failure[] = [];
  #printedGroups = 0;

  constructor(path: string, report: Report) {
    this.#path = path;
    this.#report = report;
    this.#say('', 0);
    this.#say(styleText('bold', path), 0);
  }

  add(line: ResultLine): void {
    this.#printedGroups = Math.min(this.#printedGroups, line.nesting);
    if (line.kind === 'started') {
      this.#groups.splice(line.nesting, Infinity, line.name);
      return;
    }
    const wasGroup = this.#groups.length > line.nesting + 1;
    this.#groups.length = Math.min(this.#groups.length, line.nesting);
    const title = [this.#path, ...this.#groups, line.name].join(' › ');
    if (line.kind === 'failed' && !line.isGroup) this.#failures.push({ title, detail: line.detail });
    else if (line.kind === 'passed' && !line.isGroup) this.#tally.passed += 1;
    else if (line.kind === 'skipped' && !line.isGroup) this.#tally.skipped += 1;
    if (line.isGroup && (line.kind === 'failed' || wasGroup)) return;

    for (; this.#printedGroups < line.nesting; this.#printedGroups += 1) {
      this.#say(this.#groups[this.#printedGroups] ?? '', this.#printedGroups + 1);
    }
    this.#say(resultText(line), line.nesting + 1);
    if (line.kind === 'failed') this.#say(indent(line.detail, line.nesting + 2), 0);
  }

  text(line: string): void {
    this.#say(styleText('gray', `│ ${line}`), 1);
  }

  /**
   * @param fault why the file as a whole counts as failed, or null
   * @param hasSecondRun a file that failed does not count yet, since it will run once more
   * @returns whether the file failed
   */
  end(fault: string | null, hasSecondRun = false): boolean {
    if (fault !== null) {
      this.#failures.push({ title: this.#path, detail: fault });
      this.#say(styleText('red', `✖ ${fault}`), 1);
    }
    const hasFailed = this.#failures.length > 0;
    if (hasFailed && hasSecondRun)
      this.#say(styleText('yellow', 'runs once more, by itself, when all others are over'), 1);
    else this.#report.count(this.#tally, this.#failures);
    this.isOver = true;
    this.#report.drain();
    return hasFailed;
  }

  #say(text: string, depth: number): void {
    this.waiting.push('  '.repeat(depth) + text);
    this.#report.drain();
  }
}

/** `12 passed, 1 failed` and, where it applies, `, 2 skipped`: read by machines, so never coloured. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

/** "0.8 s" and the like; nothing for what took no time worth telling. */
export function durationText(durationMs: number): string {
  return durationMs < 1000 ? `${Math.round(durationMs)} ms` : `${(durationMs / 1000).toFixed(1)} s`;
}

function resultText(line: Exclude<ResultLine, { kind: 'started' }>): string {
  if (line.kind === 'skipped') return styleText('yellow', `- ${line.name} (${line.detail})`);
  const time = `(${durationText(line.durationMs)})`;
  const shownTime = line.durationMs >= SLOW_MS ? styleText('yellow', time) : styleText('gray', time);
  return line.kind === 'passed'
    ? `${styleText('green', '✔')} ${line.name} ${shownTime}`
    : `${styleText('red', `✖ ${line.name}`)} ${shownTime}`;
}

function indent(text: string, depth: number): string {
  return text.replaceAll(/^(?=.)/gm, '  '.repeat(depth));
}
