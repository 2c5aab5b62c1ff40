// Runs before `npm start` and `npm test`: installs the packages when they are missing or do not match the lockfile,
// and is over in milliseconds when they do. Plain JavaScript without dependencies, for any Node from 20 on: on a fresh
// clone there is nothing else yet.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OLDEST_NODE_MAJOR = 20;
const LOCK_POLL_MS = 250;
/** A pid is used again some day; no install takes this long. */
const LOCK_LIMIT_MS = 30 * 60_000;

const rootDir = dirname(dirname(fileURLToPath(import.meta.url)));
const modulesDir = join(rootDir, 'node_modules');
const stampPath = join(modulesDir, '.installed-for');
// Beside node_modules, not in it: `npm ci` begins by removing that folder.
const lockPath = join(rootDir, '.installing');
const npmLockPath = join(rootDir, 'package-lock.json');
const nodePath = join(modulesDir, 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

if (process.argv.includes('--stamp')) {
  // npm's `prepare` step: a plain `npm install` or `npm ci` by hand counts as well, unless the tools were left out.
  const { NODE_ENV: mode, npm_config_omit: omitted = '' } = process.env;
  if (existsSync(modulesDir) && mode !== 'production' && !omitted.includes('dev')) {
    writeFileSync(stampPath, wantedStamp());
  }
} else {
  main();
}

function main() {
  if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE_MAJOR) {
    leave(1, `Node ${OLDEST_NODE_MAJOR} or newer is needed, this is ${process.version}.`);
  }
  if (isInstalled()) return;
  takeLock();
  try {
    // Whoever held the lock may have done the work.
    if (!isInstalled()) install();
  } finally {
    rmSync(lockPath, { force: true });
  }
}

function install() {
  const command = existsSync(npmLockPath) ? 'ci' : 'install';
  const startedAt = Date.now();
  say(`Installing the packages (npm ${command}); this is needed once and takes about a minute on a slow line ...`);
  rmSync(stampPath, { force: true });
  // Errors only: under an older Node npm warns of every package that wants a newer one, which they will run under.
  const status = runNpm([
    command,
    '--include=dev',
    '--include=optional',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]);
  if (status !== 0) leave(status, `npm ${command} failed; its message is above. Run it again when the cause is gone.`);
  if (!pinnedNodeRuns()) {
    leave(
      1,
      `The packages are there, but the pinned Node is not: ${nodePath} does not run.\n` +
        'npm must be allowed to run the install script of the package "node" (is ignore-scripts set?).',
    );
  }
  // Last: an install that was broken off leaves no stamp and is done again.
  writeFileSync(stampPath, wantedStamp());
  say(`Installed in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
}

function isInstalled() {
  try {
    return readFileSync(stampPath, 'utf8') === wantedStamp() && existsSync(nodePath);
  } catch {
    return false;
  }
}

/** Platform and processor are part of it: a checkout that is mounted into a container brings the wrong binaries. */
function wantedStamp() {
  const listPath = existsSync(npmLockPath) ? npmLockPath : join(rootDir, 'package.json');
  const digest = createHash('sha256').update(readFileSync(listPath)).digest('hex');
  return `${digest} ${process.platform} ${process.arch}\n`;
}

function pinnedNodeRuns() {
  return spawnSync(nodePath, ['--version'], { stdio: 'ignore' }).status === 0;
}

function runNpm(args) {
  const { npm_execpath: npmPath, npm_node_execpath: npmNodePath } = process.env;
  // npm puts node_modules/.bin first, and with it the Node that npm ci is about to delete.
  const path = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((dir) => !dir.startsWith(modulesDir))
    .join(delimiter);
  const options = { cwd: rootDir, stdio: 'inherit', env: { ...process.env, PATH: path } };
  const result =
    npmPath !== undefined && npmNodePath !== undefined && /npm-cli\.c?js$/.test(npmPath) && existsSync(npmNodePath)
      ? spawnSync(npmNodePath, [npmPath, ...args], options)
      : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
  if (result.error) leave(1, `npm could not be started: ${result.error.message}`);
  return result.status ?? 1;
}

/** One install at a time: two at once would delete each other's files. A lock whose owner has died is taken over. */
function takeLock() {
  let told = false;
  for (;;) {
    try {
      writeFileSync(lockPath, String(process.pid), { flag: 'wx' });
      process.once('exit', () => ownsLock() && rmSync(lockPath, { force: true }));
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = readLock();
    if (isStale(owner)) {
      removeStaleLock(owner);
      continue;
    }
    if (!told) say(`Another install is under way here (process ${owner ?? 'unknown'}); waiting for it ...`);
    told = true;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS);
  }
}

/** Renamed first: of several that found the same dead owner only one can move the file, so no fresh lock is deleted. */
function removeStaleLock(owner) {
  const asidePath = `${lockPath}.${process.pid}`;
  try {
    renameSync(lockPath, asidePath);
    const moved = readFileSync(asidePath, 'utf8');
    if (moved !== String(owner ?? '')) writeFileSync(lockPath, moved, { flag: 'wx' });
  } catch {
    // Someone else was quicker; the next round sees what is there.
  }
  rmSync(asidePath, { force: true });
}

/** @returns {number | null} the owner's pid; null while it is being written or was removed just now */
function readLock() {
  try {
    const pid = Number.parseInt(readFileSync(lockPath, 'utf8'), 10);
    return Number.isInteger(pid) ? pid : null;
  } catch {
    return null;
  }
}

function ownsLock() {
  return readLock() === process.pid;
}

/** @param {number | null} owner */
function isStale(owner) {
  let ageMs;
  try {
    ageMs = Date.now() - statSync(lockPath).mtimeMs;
  } catch {
    return false;
  }
  // Created but never filled: its writer died between two system calls.
  if (owner === null) return ageMs > 5000;
  return ageMs > LOCK_LIMIT_MS || !isAlive(owner);
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function say(message) {
  process.stderr.write(`${message}\n`);
}

function leave(code, message) {
  say(message);
  process.exit(code);
}
