#!/usr/bin/env node
// Plain JavaScript, and no syntax newer than Node 20: this file must load under whatever Node the machine has.
// Under a new enough Node it runs the program in this very process; under an older one it starts the pinned Node
// from node_modules and stays only as a relay of signals and of the exit code.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAUNCHER_VARIABLE, endWithNpm, endWithParent } from './end-with-parent.js';

/** The oldest Node that runs the program: the pinned major. Older ones strip types too, but are not tested. */
const OLDEST_NODE_MAJOR = 24;

/** Signals that ask for an end; each is passed on to the program. */
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** npm passes Ctrl-C on to its script although the terminal has sent it as well: the echo comes within milliseconds. */
const SIGNAL_ECHO_MS = 300;

// realpath: npm links the bin, so that the path by which we were started may lie in another folder.
const scriptPath = realpathSync(fileURLToPath(import.meta.url));
const packageDir = dirname(dirname(scriptPath));

endWithNpm();
if (Number.parseInt(process.versions.node, 10) >= OLDEST_NODE_MAJOR) {
  endWithParent();
  await runHere();
} else {
  runUnderPinnedNode();
}

async function runHere() {
  // Node strips no types below a node_modules folder; an installed package needs our own hook.
  if (packageDir.includes(`${sep}node_modules${sep}`)) await import('./strip-types.js');
  let main;
  try {
    ({ main } = await import('../src/cli/main.ts'));
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND' || !/Cannot find package/.test(error.message)) throw error;
    fail(`A package is missing (${error.message.split('\n')[0]}).\n${installAdvice()}`);
    return;
  }
  await main(process.argv.slice(2));
}

function runUnderPinnedNode() {
  const nodePath = pinnedNode();
  if (nodePath === null) {
    fail(
      `Huidan needs Node ${OLDEST_NODE_MAJOR} or newer, this is ${process.version}. ` +
        `It brings its own among its packages, but they are not installed.\n${installAdvice()}`,
    );
    return;
  }
  const child = spawn(nodePath, [scriptPath, ...process.argv.slice(2)], {
    // The channel is there to be closed: its end tells the program that the launcher has died, even by kill -9.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [LAUNCHER_VARIABLE]: String(process.pid) },
    // A group of its own: otherwise Ctrl-C reaches the program twice, from the terminal and through us, and a program
    // that takes the second one for impatience would break off its clean stop.
    detached: process.platform !== 'win32',
  });
  child.on('error', (error) => fail(`Cannot start ${nodePath}: ${error.message}\n${installAdvice()}`));

  const lastAt = new Map();
  for (const signal of FORWARDED_SIGNALS) {
    process.on(signal, () => {
      const now = Date.now();
      if (now - (lastAt.get(signal) ?? -Infinity) < SIGNAL_ECHO_MS) return;
      lastAt.set(signal, now);
      child.kill(signal);
    });
  }
  if (process.platform !== 'win32') {
    // Ctrl-Z and fg, and a resized window: the terminal tells us only.
    process.on('SIGTSTP', () => {
      child.kill('SIGSTOP');
      process.kill(process.pid, 'SIGSTOP');
    });
    process.on('SIGCONT', () => child.kill('SIGCONT'));
    process.on('SIGWINCH', () => child.kill('SIGWINCH'));
  }

  child.on('exit', (code, signal) => {
    if (signal === null) {
      process.exit(code ?? 1);
    }
    // End the way the program ended, so that a shell sees "killed by", not a plain exit code.
    process.removeAllListeners(signal);
    try {
      process.kill(process.pid, signal);
    } catch {
      // A signal that this platform cannot send: the number below says it.
    }
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 200);
  });
}

/** @returns {string | null} the path of the Node that this package depends on, wherever npm has put it */
function pinnedNode() {
  const fileName = process.platform === 'win32' ? 'node.exe' : 'node';
  try {
    const manifestPath = createRequire(scriptPath).resolve('node/package.json');
    const { version } = JSON.parse(readFileSync(manifestPath, 'utf8'));
    const path = join(dirname(manifestPath), 'bin', fileName);
    return Number.parseInt(version, 10) >= OLDEST_NODE_MAJOR && existsSync(path) ? path : null;
  } catch {
    return null;
  }
}

function installAdvice() {
  return existsSync(join(packageDir, 'package-lock.json'))
    ? `Run this first:\n  cd ${packageDir}\n  npm ci`
    : `Run "npm install" again in the folder that uses this package; the install script of its package "node" must be allowed.`;
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}
