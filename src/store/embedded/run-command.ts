import { spawn } from 'node:child_process';

/** The account of the operating system that PostgreSQL runs under. */
export type UnixUser = { readonly name: string; readonly uid: number; readonly gid: number };

export type CommandResult = {
  readonly ok: boolean;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
};

/**
 * Our own: PG* variables of the caller (PGDATA, PGOPTIONS) would change what PostgreSQL does, and its locale what it
 * says.
 */
export const plainEnvironment: NodeJS.ProcessEnv = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/**
 * Runs a command to its end, as another user when one is given (the caller is root then). Never throws: a command that
 * cannot be started is `ok: false` with the reason in `stderr`. It starts in `/`, since our own folder may be closed to
 * the user.
 */
export function runCommand(
  file: string,
  args: readonly string[],
  options: { user?: UnixUser | null; signal?: AbortSignal } = {},
): Promise<CommandResult> {
  const identity = options.user ? { uid: options.user.uid, gid: options.user.gid } : {};
  const signal = options.signal ? { signal: options.signal } : {};
  return new Promise((resolve) => {
    let stdout = '';
    let stderr = '';
    const child = spawn(file, args, {
      cwd: '/',
      env: plainEnvironment,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...identity,
      ...signal,
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error) => resolve({ ok: false, code: null, stdout, stderr: `${stderr}${error.message}` }));
    child.on('close', (code) => resolve({ ok: code === 0, code, stdout, stderr }));
  });
}
