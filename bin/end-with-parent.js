// Not named HUIDAN_*: those are the user's settings, and an unknown one is refused.
export const LAUNCHER_VARIABLE = 'LAUNCHED_BY_PID';

/** A clean stop after the launcher's death gets this long; then the process ends the hard way. */
const STOP_LIMIT_MS = 20_000;

/**
 * Makes this process stop when the launcher that started it is gone, however it went. A closed channel is the only
 * sign that also comes after kill -9; watching the parent's pid would need polling and can be fooled by reuse.
 * Does nothing in a process that no launcher started.
 */
export function endWithParent() {
  const launcherPid = process.env[LAUNCHER_VARIABLE];
  // Our own children must not take themselves for launched ones.
  delete process.env[LAUNCHER_VARIABLE];
  if (launcherPid === undefined || process.channel === undefined) return;

  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
    // By signal, so that there is one way to stop, and a program that has no handler yet simply ends.
    process.kill(process.pid, 'SIGTERM');
  });
  // The listener alone would keep a finished program running.
  process.channel.unref();
  if (!process.connected) process.emit('disconnect');
}

/** How often the parent is looked at: a user who stops `npm start` should not find the port taken a second later. */
const PARENT_CHECK_MS = 500;

/**
 * Makes this process stop when npm's shell around it is gone. npm (`npm start`, npx) runs a command in a shell, and
 * passes SIGTERM to that shell alone, which ends without a word to us: the hub would go on without anyone to stop it.
 * Only under npm: elsewhere a parent may well leave, such as a script that starts a server and ends.
 */
export function endWithNpm() {
  // A launched program ends with its launcher, and that is the one whose parent npm's shell is.
  if (process.env[LAUNCHER_VARIABLE] !== undefined) return;
  if (process.env.npm_lifecycle_event === undefined || process.platform === 'win32') return;
  const parentPid = process.ppid;
  const check = setInterval(() => {
    if (process.ppid === parentPid) return;
    clearInterval(check);
    process.kill(process.pid, 'SIGTERM');
  }, PARENT_CHECK_MS);
  check.unref();
}
