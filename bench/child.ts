import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A process of the benchmark that is spoken to by messages. */
export interface Child<First> {
  readonly first: First;
  ask<Answer>(message: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts a file of this folder, tells it its job and waits for its first message. */
export async function startChild<First>(file: string, job?: unknown): Promise<Child<First>> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const first = nextMessage<First>(child, file);
  if (job !== undefined) child.send(job as object);
  return {
    first: await first,
    ask(message) {
      const answer = nextMessage<never>(child, file);
      child.send(message as object);
      return answer;
    },
    async stop() {
      if (child.exitCode !== null) return;
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await exited;
    },
  };
}

/** Runs a file to its one answer. */
export async function runChild<Answer>(file: string, job: unknown): Promise<Answer> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const answer = nextMessage<Answer>(child, file);
  child.send(job as object);
  return answer;
}

function nextMessage<Answer>(child: ChildProcess, file: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`${file} ended with ${code} before it answered`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message as Answer);
    });
  });
}
