import { readFile } from 'node:fs/promises';

/** What `server.json` of a test run's folder says. */
export type ServerInfo = { readonly url: string };

/**
 * When a process started, in ticks since the machine did: tells a process from a later one with the same number. `0`
 * where unknown.
 */
export async function processStart(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
}

/** Whether the process of that number and start is still running. */
export async function isRunning(pid: number, start: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return (await processStart(pid)) === start;
}
