import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface RunKeeper {
  readonly pid: number;
  /** Ends the run for those who watch it. */
  end(): Promise<void>;
}

/**
 * A process that lives exactly as long as the tests run, also when the runner is killed: what the test files share (one
 * PostgreSQL server) watches it and stops by itself. It is not the runner, which must outlive them all to see that
 * nothing stays.
 */
export async function startRunKeeper(): Promise<RunKeeper> {
  const child = spawn(process.execPath, ['--eval', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'inherit'] });
  await once(child, 'spawn');
  return {
    pid: child.pid ?? 0,
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.stdin.end();
      await ended;
    },
  };
}
