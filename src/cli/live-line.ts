/** A line that is rewritten in place on a terminal, and printed now and then where there is none. */
export interface LiveLine {
  update(text: string): void;
  /** Prints a line of its own above. */
  note(text: string): void;
  /** Leaves the last state standing. */
  end(): void;
}

const PLAIN_EVERY_MS = 10_000;

export function createLiveLine(stream: NodeJS.WriteStream): LiveLine {
  let current = '';
  let printedMs = Number.NEGATIVE_INFINITY;
  const clear = (): void => {
    if (stream.isTTY && current !== '') stream.write('\r\u001b[2K');
  };
  const draw = (): void => {
    // A line longer than the terminal would wrap, and then rewriting it leaves its beginning behind.
    if (stream.isTTY && current !== '') stream.write(current.slice(0, Math.max(20, stream.columns - 1)));
  };
  return {
    update(text) {
      if (stream.isTTY) {
        clear();
        current = text;
        draw();
        return;
      }
      current = text;
      if (performance.now() - printedMs < PLAIN_EVERY_MS) return;
      printedMs = performance.now();
      stream.write(`${text}\n`);
    },
    note(text) {
      clear();
      stream.write(`${text}\n`);
      draw();
    },
    end() {
      if (stream.isTTY && current !== '') stream.write('\n');
      current = '';
    },
  };
}
