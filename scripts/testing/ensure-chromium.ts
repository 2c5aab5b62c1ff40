import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/**
 * The path of a Chromium for the browser tests: one that the machine has, else the distribution's (as root on a Debian,
 * which also brings the libraries it needs), else the one that playwright downloads.
 * @throws where none of the three leads to one
 */
export function ensureChromium(say: (text: string) => void): string {
  const present = findChromium();
  if (present !== null) return present;
  if (process.getuid?.() === 0 && onPath('apt-get') !== null) {
    say('Installing Chromium from the distribution for the browser tests ...');
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { stdio: 'inherit', env });
  } else {
    say('Downloading a Chromium for the browser tests ...');
    const cli = join(import.meta.dirname, '..', '..', 'node_modules', 'playwright-core', 'cli.js');
    spawnSync(process.execPath, [cli, 'install', 'chromium'], { stdio: 'inherit' });
  }
  const installed = findChromium();
  if (installed === null) throw new Error('No Chromium for the browser tests: install one or set CHROMIUM_PATH.');
  return installed;
}

function findChromium(): string | null {
  const given = process.env['CHROMIUM_PATH'];
  if (given !== undefined && existsSync(given)) return given;
  for (const name of NAMES) {
    const path = onPath(name);
    if (path !== null) return path;
  }
  const downloaded = chromium.executablePath();
  return downloaded !== '' && existsSync(downloaded) ? downloaded : null;
}

function onPath(name: string): string | null {
  for (const dir of (process.env['PATH'] ?? '').split(delimiter)) {
    try {
      accessSync(join(dir, name), constants.X_OK);
      return join(dir, name);
    } catch {
      // Not here.
    }
  }
  return null;
}
