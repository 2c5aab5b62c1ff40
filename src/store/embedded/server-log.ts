import type { Readable } from 'node:stream';

export type LogLevel = 'info' | 'warn' | 'error';

/** Told even when all is well otherwise: what a person wants to know after a crash. */
const notable =
  /was not properly shut down|was interrupted|redo done|terminated by signal|reinitializing|terminating any other/;

const lastLineCount = 5;

/**
 * Reads the server's own log (prefix `%b|`) and passes on what a person should see. Errors of single statements are
 * left out: the hub gets them as answers, and their texts may quote personal data.
 */
export function followServerLog(
  stream: Readable,
  tell: (level: LogLevel, message: string) => void,
): { lastLines(): string } {
  const last: string[] = [];
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      // Whatever is no ordinary message of the server, so also what the system's loader says about a missing library.
      if (!/\|LOG:|^client backend\|/.test(line)) last.push(line);
      if (last.length > lastLineCount) last.shift();
      const level = levelOf(line);
      if (level !== null) tell(level, line.slice(line.indexOf('|') + 1));
    }
  });
  stream.on('error', () => {});
  return { lastLines: () => last.join('\n') };
}

function levelOf(line: string): LogLevel | null {
  const match = /^([^|]*)\|([A-Z]+):/.exec(line);
  if (match === null) return null;
  const [, backend, severity] = match;
  if (severity === 'PANIC') return 'error';
  if (backend === 'client backend') return null;
  if (severity === 'FATAL') return backend === 'postmaster' ? 'error' : null;
  if (severity === 'WARNING' || severity === 'ERROR') return 'warn';
  return notable.test(line) ? 'info' : null;
}
