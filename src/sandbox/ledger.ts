import { open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { LEDGER_FILE, openLedgerFile } from './ledger-file.ts';
import type { LedgerFile, LinePlace } from './ledger-file.ts';
import type { LedgerLine } from './ledger-lines.ts';
import { applyLine, emptyLedgerState } from './ledger-state.ts';
import type { LedgerState, MessageRecord } from './ledger-state.ts';
import { SandboxError } from './sandbox-error.ts';
import { fieldsOf, parseJson, textOf } from './untrusted-json.ts';

/** The sandbox's memory: the file and what it adds up to, kept in step. */
export interface Ledger {
  readonly state: LedgerState;
  /** Takes the line in at once; resolves when it is written. */
  write(line: LedgerLine): Promise<LinePlace>;
  read(place: LinePlace): Promise<LedgerLine>;
  close(): Promise<void>;
}

export async function openLedger(dir: string): Promise<Ledger> {
  const state = emptyLedgerState();
  const file: LedgerFile = await openLedgerFile(dir, (line, place) => applyLine(state, line, place));
  return {
    state,
    write(line) {
      applyLine(state, line);
      return file.append(line);
    },
    read: (place) => file.read(place),
    close: () => file.close(),
  };
}

/** Moves a ledger out of the way, never over another one. Resolves to its new name. */
export async function setLedgerAside(dir: string, stamp: string): Promise<string> {
  const name = `ledger-until-${stamp.replaceAll(/[:.]/gu, '-')}.jsonl`;
  await rename(join(dir, LEDGER_FILE), join(dir, name));
  return name;
}

/** The hub that a folder's ledger belongs to; undefined where there is no ledger. */
export async function hubOfLedger(dir: string): Promise<string | undefined> {
  const file = await open(join(dir, LEDGER_FILE), 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    for await (const text of file.readLines({ autoClose: false })) return textOf(fieldsOf(parseJson(text))?.['hub']);
    return undefined;
  } finally {
    await file.close();
  }
}

/** The last callback of an order that was told. */
export async function lastMessageOf(ledger: Ledger, platformOrderId: string): Promise<MessageRecord> {
  const record = [...ledger.state.orders.values()].findLast(({ order }) => order.platformOrderId === platformOrderId);
  if (record?.lastMessage === undefined) throw new SandboxError(`No callback of ${platformOrderId} was sent yet.`);
  const line = await ledger.read(record.lastMessage);
  if (line.line !== 'message') throw new SandboxError('The ledger was changed under us.');
  const { platform, number, step, callback, fate } = line;
  return { platform, account: record.order.account, number, step, callback, fate };
}
