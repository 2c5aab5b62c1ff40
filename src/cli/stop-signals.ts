const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm passes Ctrl-C on to its script although the terminal has sent it as well: that second one is no impatience. */
const ECHO_MS = 500;

/**
 * An abort signal that fires at the first request to end, from a terminal or a supervisor. A second one ends the
 * process at once, for whoever does not want to wait for a clean stop.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  let firstMs = 0;
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (controller.signal.aborted) {
        if (performance.now() - firstMs > ECHO_MS) process.exit(130);
        return;
      }
      firstMs = performance.now();
      controller.abort();
    });
  }
  return controller.signal;
}

/** Resolves when the signal fires. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
