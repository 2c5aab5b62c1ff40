import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { removeDataFolder } from '../../src/store/embedded/data-folders.ts';
import { clusterOf } from '../../src/store/embedded/folders.ts';
import { commandLines } from '../../src/store/embedded/server-processes.ts';
import { clusterName } from '../../src/store/embedded/settings.ts';
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '../../src/store/embedded/start.ts';
import { createPool, silentLog } from '../../src/store/pool.ts';

/** What small-hub.ts says when its database is ready. */
export type HubNews = {
  readonly url: string;
  readonly home: string;
  readonly postmasterPid: number;
  readonly guardPid: number;
};

export const isRoot = process.getuid?.() === 0;
export const forRoot = isRoot ? {} : { skip: 'only root drops to another user' };

const smallHub = fileURLToPath(new URL('./small-hub.ts', import.meta.url));

export type EmbeddedBench = {
  /** Killed after each test. */
  readonly children: ChildProcess[];
  makeFolder(): Promise<string>;
  /** A folder that only root may enter. */
  makeClosedFolder(): Promise<string>;
  start(dataDir: string, options?: Partial<EmbeddedPostgresOptions>): Promise<EmbeddedPostgres>;
  /** Starts a process of its own that has the database, to be killed. */
  startHub(
    dataDir: string,
    script?: string,
    stateDirectory?: string,
  ): Promise<{ readonly hub: ChildProcess; readonly news: HubNews }>;
};

/** For test files about the embedded server: what they start is stopped after each test, their folders go at the end. */
export function embeddedBench(): EmbeddedBench {
  const folders: string[] = [];
  const running = new Set<EmbeddedPostgres>();
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const server of running) await server.stop();
    running.clear();
  });
  after(async () => {
    for (const folder of folders) await removeDataFolder(folder);
  });

  const makeFolderUnder = async (parent: string, mode: number): Promise<string> => {
    const folder = await realpath(await mkdtemp(join(parent, 'huidan-pg-')));
    folders.push(folder);
    await chmod(folder, mode);
    return folder;
  };
  return {
    children,
    makeFolder: () => makeFolderUnder(tmpdir(), 0o755),
    makeClosedFolder: () => makeFolderUnder(tmpdir(), 0o700),
    start: async (dataDir, options = {}) => {
      const server = await startEmbeddedPostgres({ dataDir, log: silentLog, ...options });
      running.add(server);
      return server;
    },
    startHub: async (dataDir, script = smallHub, stateDirectory?) => {
      const args = stateDirectory === undefined ? [dataDir] : [dataDir, stateDirectory];
      const hub = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(hub);
      const news = await new Promise<HubNews>((resolve, reject) => {
        hub.stdout.setEncoding('utf8').once('data', (line: string) => resolve(JSON.parse(line) as HubNews));
        hub.once('exit', () => reject(new Error('the small hub ended')));
      });
      return { hub, news };
    },
  };
}

/** The command line of every process of the server in a home: postmaster, its children, its leash. */
export async function serverProcesses(home: string): Promise<string[]> {
  const cluster = clusterOf(home);
  const lines = await commandLines();
  const isPostmaster = (command: string): boolean => command.includes(`postgres -D ${cluster} `);
  const isChild = (command: string): boolean => command.startsWith(`postgres: ${clusterName(cluster)}:`);
  const leashes = [...lines].filter(([, command]) => isPostmaster(command)).map(([pid]) => `huidan-leash ${pid}`);
  const isLeash = (command: string): boolean => leashes.some((leash) => command.endsWith(leash));
  return [...lines.values()].filter((command) => isPostmaster(command) || isChild(command) || isLeash(command));
}

/** Waits until something holds; fails after the limit. */
export async function eventually(
  limitMs: number,
  what: string,
  holds: () => Promise<boolean> | boolean,
): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    assert.ok(performance.now() - startedAt < limitMs, `${what}: not within ${limitMs} ms`);
    await sleep(20);
  }
}

/** The rows of one statement, over a connection of its own. */
export async function answer(url: string, statement: string): Promise<unknown> {
  const pool = createPool({ url, max: 1 });
  try {
    return (await pool.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await pool.end();
  }
}

export const worksAt = (url: string): Promise<boolean> =>
  answer(url, 'select 1').then(
    () => true,
    () => false,
  );
