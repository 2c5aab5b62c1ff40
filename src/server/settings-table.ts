import { CONFIG_VARIABLES } from './config-variables.ts';
import type { ConfigVariable } from './config-variables.ts';

/** The table of docs/settings.md, made from the variables: the page is held to it by a test. */
export function settingsTable(): string {
  const rows = CONFIG_VARIABLES.map((variable: ConfigVariable) => {
    const standing = variable.default === null ? (variable.absent ?? 'none') : `\`${variable.default}\``;
    return `| \`${variable.name}\` | ${standing} | ${variable.meaning} |`;
  });
  return ['| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}
