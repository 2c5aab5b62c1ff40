import { globSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export type Selection = 'ordinary' | 'quick' | 'long';

const EVERYWHERE = [
  'src/**/*.test.ts',
  'bin/**/*.test.ts',
  'scripts/**/*.test.ts',
  'bench/**/*.test.ts',
  'test/**/*.test.ts',
];

/**
 * The test files of a run, from the root, with `/`. `ordinary` is all but test/long, which takes longer than anyone
 * waits for; `quick` is what holds the docs and the tools in step, in seconds.
 */
export function findTestFiles(rootDir: string, selection: Selection): string[] {
  const patterns = {
    ordinary: EVERYWHERE,
    quick: ['scripts/rooms/*.test.ts', 'test/docs/**/*.test.ts'],
    long: ['test/long/**/*.test.ts'],
  };
  const found = globSync(patterns[selection], { cwd: rootDir }).map(withSlashes);
  return found.filter((path) => selection === 'long' || !path.startsWith('test/long/')).sort();
}

/** Files, folders and patterns as a person types them; throws where one matches nothing, since that is a mistake. */
export function expandPaths(rootDir: string, given: readonly string[]): string[] {
  const files = given.flatMap((text) => {
    const path = withSlashes(relative(rootDir, text));
    const isFolder = statSync(join(rootDir, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
    const found = globSync(isFolder ? join(path, '**/*.test.ts') : path, { cwd: rootDir });
    if (found.length === 0) throw new Error(`No test file matches '${text}'.`);
    return found.map(withSlashes);
  });
  return [...new Set(files)].sort();
}

function withSlashes(path: string): string {
  return path.split(sep).join('/');
}
