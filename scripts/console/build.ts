import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** What the files that are served depend on. The lockfile says of which libraries. */
const SOURCES = ['console/{index.html,vite.config.ts,tsconfig.json}', 'console/{src,public}/**/*', 'package-lock.json'];
const STAMP = '.built-for';
const COMPRESSED = /\.(?:js|css|html|svg)$/u;
/** Smaller ones fit in one packet as they are. */
const COMPRESSED_FROM_BYTES = 1400;
/** 11 takes four times as long for 3 % less. */
const BROTLI_QUALITY = 9;

/**
 * Brings `console/dist` up to date, with a `.gz` and a `.br` beside each file that is worth it. Built beside and moved
 * in whole, so that neither a failed build nor a second one at the same time is ever served by halves.
 * @returns whether it is there
 */
export async function buildConsole(rootDir: string, say: (text: string) => void): Promise<boolean> {
  const distDir = join(rootDir, 'console', 'dist');
  const wanted = sourcesDigest(rootDir);
  if (isBuiltFor(distDir, wanted)) return true;
  const startedMs = performance.now();
  say('Building the console ...');
  const freshDir = `${distDir}.${process.pid}`;
  rmSync(freshDir, { recursive: true, force: true });
  const result = spawnSync(
    process.execPath,
    [
      join(rootDir, 'node_modules', 'vite', 'bin', 'vite.js'),
      'build',
      '--config',
      join(rootDir, 'console', 'vite.config.ts'),
      '--outDir',
      freshDir,
      '--logLevel',
      'warn',
    ],
    // React keeps its warnings in a build that is not meant for users.
    { cwd: rootDir, encoding: 'utf8', env: { ...process.env, NODE_ENV: 'production' } },
  );
  if (result.status !== 0) {
    say(`The console could not be built.\n${result.stdout}${result.stderr}${result.error?.message ?? ''}`);
    rmSync(freshDir, { recursive: true, force: true });
    return false;
  }
  compressFiles(freshDir);
  writeFileSync(join(freshDir, STAMP), wanted);
  await moveIn(freshDir, distDir, wanted);
  say(`Built the console in ${((performance.now() - startedMs) / 1000).toFixed(1)} s.`);
  return true;
}

function isBuiltFor(distDir: string, wanted: string): boolean {
  try {
    return readFileSync(join(distDir, STAMP), 'utf8') === wanted;
  } catch {
    return false;
  }
}

function sourcesDigest(rootDir: string): string {
  const hash = createHash('sha256');
  const paths = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: rootDir }));
  for (const path of [...new Set(paths)].sort()) {
    const full = join(rootDir, path);
    if (!statSync(full).isFile()) continue;
    hash.update(path.split(sep).join('/')).update('\0').update(readFileSync(full)).update('\0');
  }
  return `${hash.digest('hex')}\n`;
}

function compressFiles(dir: string): void {
  for (const path of globSync('**/*', { cwd: dir })) {
    if (!COMPRESSED.test(path)) continue;
    const bytes = readFileSync(join(dir, path));
    if (bytes.length < COMPRESSED_FROM_BYTES) continue;
    writeFileSync(join(dir, `${path}.gz`), gzipSync(bytes, { level: 9 }));
    const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
    writeFileSync(join(dir, `${path}.br`), brotliCompressSync(bytes, { params }));
  }
}

/** A folder cannot be moved over one that holds files: the old one steps aside first. */
async function moveIn(freshDir: string, distDir: string, wanted: string): Promise<void> {
  const asideDir = `${distDir}.old.${process.pid}`;
  try {
    if (existsSync(distDir)) renameSync(distDir, asideDir);
    renameSync(freshDir, distDir);
  } catch (error) {
    // Another build of the same sources was quicker; of others, somebody must say so.
    if (!isBuiltFor(distDir, wanted)) throw error;
  } finally {
    rmSync(freshDir, { recursive: true, force: true });
    rmSync(asideDir, { recursive: true, force: true });
  }
}
