import { mkdir, open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { LedgerLine } from './ledger-lines.ts';
import { SandboxError } from './sandbox-error.ts';

export const LEDGER_FILE = 'ledger.jsonl';

/** Where a line is in the file, to read it again. */
export interface LinePlace {
  readonly offset: number;
  readonly length: number;
}

/** An append-only file of JSON lines: what it holds survives a kill of the process at any moment. */
export interface LedgerFile {
  /** Resolves when the line was handed to the operating system; lines keep the order of the calls. */
  append(line: LedgerLine): Promise<LinePlace>;
  read(place: LinePlace): Promise<LedgerLine>;
  close(): Promise<void>;
}

const READ_BYTES = 1 << 20;
const NEWLINE = 10;

/**
 * Opens the ledger of a folder, gives every whole line to `onLine` and cuts off a last line that was torn by a kill in
 * the middle of a write. Nothing is flushed to the disk itself: it is the process that is killed in tests, not the machine.
 */
export async function openLedgerFile(
  dir: string,
  onLine: (line: LedgerLine, place: LinePlace) => void,
): Promise<LedgerFile> {
  await makeLedgerDir(dir);
  const path = join(dir, LEDGER_FILE);
  // 'a+' would do, but it cannot truncate on every system.
  const handle = await open(path, 'a+', 0o600);
  try {
    const end = await readWholeLines(handle, path, onLine);
    await handle.truncate(end);
    return appendTo(handle, end);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Closed to others, but not the folders above it: the hub's data folder must stay open to the user of its PostgreSQL. */
export async function makeLedgerDir(dir: string): Promise<void> {
  await mkdir(dirname(dir), { recursive: true });
  await mkdir(dir, { recursive: true, mode: 0o700 });
}

/** @returns the offset behind the last newline */
async function readWholeLines(
  handle: FileHandle,
  path: string,
  onLine: (line: LedgerLine, place: LinePlace) => void,
): Promise<number> {
  const chunk = Buffer.allocUnsafe(READ_BYTES);
  let rest = Buffer.alloc(0);
  let restOffset = 0;
  let lineNumber = 0;
  for (let position = 0; ;) {
    const { bytesRead } = await handle.read(chunk, 0, READ_BYTES, position);
    if (bytesRead === 0) return restOffset;
    position += bytesRead;
    const bytes = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      lineNumber += 1;
      const place = { offset: restOffset + start, length: end - start };
      onLine(parseLine(bytes.toString('utf8', start, end), `${path}:${lineNumber}`), place);
      start = end + 1;
    }
    rest = bytes.subarray(start);
    restOffset += start;
  }
}

function parseLine(text: string, where: string): LedgerLine {
  try {
    return JSON.parse(text) as LedgerLine;
  } catch {
    throw new SandboxError(`${where} is not a line of a sandbox ledger. Move the file away to start a new one.`);
  }
}

interface Waiting {
  readonly bytes: Buffer;
  readonly place: LinePlace;
  readonly resolve: (place: LinePlace) => void;
  readonly reject: (error: unknown) => void;
}

function appendTo(handle: FileHandle, end: number): LedgerFile {
  let offset = end;
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let closed = false;

  /** Lines that come while a write is under way go out together in the next. */
  async function writeWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await handle.appendFile(Buffer.concat(batch.map(({ bytes }) => bytes)));
        for (const { resolve, place } of batch) resolve(place);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    writing = undefined;
  }

  return {
    append(line) {
      if (closed) return Promise.reject(new SandboxError('the ledger is closed'));
      return new Promise((resolve, reject) => {
        const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
        const place = { offset, length: bytes.length - 1 };
        offset += bytes.length;
        waiting.push({ bytes, place, resolve, reject });
        writing ??= Promise.resolve().then(writeWaiting);
      });
    },
    async read({ offset: from, length }) {
      const bytes = Buffer.alloc(length);
      await handle.read(bytes, 0, length, from);
      return parseLine(bytes.toString('utf8'), LEDGER_FILE);
    },
    async close() {
      closed = true;
      await writing;
      await handle.close();
    },
  };
}
