import pg from 'pg';
import { sql } from './pool.ts';
import type { Queryable, StoreLog } from './pool.ts';

const CHANNEL = 'huidan_work';
const tell = sql('tell_work', `select pg_notify('${CHANNEL}', '')`);

/** Tells the processes that listen that something may be due. After the commit of what is: they look at once. */
export async function tellWork(db: Queryable): Promise<void> {
  await db.query(tell());
}

const FIRST_GAP_MS = 500;
const LONGEST_GAP_MS = 30_000;

/**
 * Listens for `tellWork` of other processes, on a connection of its own. One that breaks is opened again; what was told
 * meanwhile nobody kept, so that counts as told. A pooler that shares connections by the transaction passes nothing on:
 * then what is due is found by looking every second, as without this.
 */
export function listenForWork(
  url: string,
  { log, onWork }: { readonly log: StoreLog; onWork(): void },
): { stop(): Promise<void> } {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let gapMs = FIRST_GAP_MS;
  let isStopping = false;

  const again = (gone: pg.Client, error: Error | undefined): void => {
    if (gone !== client || isStopping) return;
    client = undefined;
    log.info({ err: error, waitMs: gapMs }, 'the connection that listens for work broke; it is opened again');
    timer = setTimeout(() => void listen(), gapMs);
    gapMs = Math.min(gapMs * 2, LONGEST_GAP_MS);
  };
  const listen = async (): Promise<void> => {
    const own = new pg.Client({ connectionString: url, application_name: 'huidan listening', keepAlive: true });
    client = own;
    own.on('error', (error) => again(own, error));
    own.on('end', () => again(own, undefined));
    own.on('notification', () => onWork());
    try {
      await own.connect();
      await own.query(`listen ${CHANNEL}`);
      gapMs = FIRST_GAP_MS;
      onWork();
    } catch (error) {
      again(own, error as Error);
      await own.end().catch(() => undefined);
    }
  };
  const first = listen();

  return {
    async stop() {
      isStopping = true;
      clearTimeout(timer);
      await first;
      await client?.end().catch(() => undefined);
    },
  };
}
