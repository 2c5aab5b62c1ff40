import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export interface Check {
  readonly name: string;
  readonly tool: string;
  readonly args: readonly string[];
}

/** The lint includes the room rules. */
export const checks: readonly Check[] = [
  { name: 'types', tool: 'typescript/bin/tsc', args: ['-p', 'tsconfig.json'] },
  { name: 'types of the console', tool: 'typescript/bin/tsc', args: ['-p', 'console/tsconfig.json'] },
  { name: 'lint', tool: 'oxlint/bin/oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'format', tool: 'oxfmt/bin/oxfmt', args: ['--check'] },
];

/** @returns what the tool printed when it found fault, or null */
export function runCheck(check: Check, rootDir: string): string | null {
  const result = spawnSync(process.execPath, [join(rootDir, 'node_modules', check.tool), ...check.args], {
    cwd: rootDir,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.error !== undefined) return result.error.message;
  return result.status === 0 ? null : `${result.stdout}${result.stderr}`.trim();
}
