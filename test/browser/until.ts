import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 60_000;
const AGAIN_MS = 50;

/** Looks again and again until there is something to see; throws after a minute, so that no test waits for ever. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (const deadlineMs = performance.now() + LIMIT_MS; performance.now() < deadlineMs;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(AGAIN_MS);
  }
  throw new Error(`waited in vain for ${what}`);
}
