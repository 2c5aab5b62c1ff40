import type { EventEmitter } from 'node:events';

/** Commands whose work is not what they print: they go on when nobody reads it any more. */
const WORKS_ON: ReadonlySet<string> = new Set(['serve', 'demo', 'sandbox']);

/**
 * Lets a closed pipe (`huidan orders list | head`) be the end of a command that only prints, as it is of any other program
 * there: without a word, and with the exit code that it had so far. Unheard, the error would end a hub too.
 */
export function endWithOutput(
  command: string | undefined,
  output: EventEmitter,
  errorOutput: EventEmitter,
  end: () => void,
): void {
  const onError = (error: Error & { readonly code?: string }, isOutput: boolean): void => {
    if (error.code !== 'EPIPE') throw error;
    if (isOutput && (command === undefined || !WORKS_ON.has(command))) end();
  };
  output.on('error', (error: Error) => onError(error, true));
  // Notes that nobody reads are missed by nobody.
  errorOutput.on('error', (error: Error) => onError(error, false));
}
