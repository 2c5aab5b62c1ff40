// npm run new-connector <id>     writes src/connectors/<id> from scripts/connector-template and adds its registry line
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const rootDir = join(import.meta.dirname, '..');
const templateDir = join(import.meta.dirname, 'connector-template');
const registryPath = join(rootDir, 'src', 'connectors', 'registry.ts');

/** What the template calls itself, in each of its forms. It is a connector like any other, and so always compiles. */
const TEMPLATE = { id: 'new-platform', constant: 'newPlatform', label: 'New platform' } as const;

/** Words that no constant may be called, as far as they look like an id. */
const RESERVED = new Set(
  'await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield connectors'.split(
    ' ',
  ),
);

const [id, ...rest] = process.argv.slice(2);
const fault = id === undefined || rest.length > 0 ? 'usage: npm run new-connector <id>' : idFault(id);
if (id === undefined || fault !== undefined) {
  console.error(fault);
  process.exitCode = 1;
} else {
  writeConnector(id);
  console.log(nextSteps(id));
}

function idFault(text: string): string | undefined {
  if (!/^[a-z][a-z\d]*(?:-[a-z\d]+)*$/u.test(text) || text.length > 40) {
    return `'${text}' is no platform id: small letters, digits and single hyphens, at most 40, a letter first.`;
  }
  if (RESERVED.has(text)) return `'${text}' is a word of the language; choose another id.`;
  if (existsSync(join(rootDir, 'src', 'connectors', text))) return `src/connectors/${text} exists already.`;
  return undefined;
}

function constantOf(text: string): string {
  return text.replaceAll(/-([a-z\d])/gu, (_, first: string) => first.toUpperCase());
}

function writeConnector(platform: string): void {
  const folder = join(rootDir, 'src', 'connectors', platform);
  const constant = constantOf(platform);
  const label = platform.charAt(0).toUpperCase() + platform.slice(1).replaceAll('-', ' ');
  cpSync(templateDir, folder, { recursive: true });
  renameSync(join(folder, `${TEMPLATE.id}.test.ts`), join(folder, `${platform}.test.ts`));
  for (const file of readdirSync(folder)) {
    if (!/\.(?:ts|md)$/u.test(file)) continue;
    const text = readFileSync(join(folder, file), 'utf8')
      .replaceAll("'../../src/", "'../../")
      .replaceAll("'../../test/", "'../../../test/")
      .replaceAll(TEMPLATE.id, platform)
      .replaceAll(TEMPLATE.constant, constant)
      .replaceAll(TEMPLATE.label, label);
    writeFileSync(join(folder, file), text);
  }
  writeFileSync(registryPath, withLine(readFileSync(registryPath, 'utf8'), platform, constant));
  // Where a name is short or long, lines break elsewhere than in the template.
  const oxfmt = join(rootDir, 'node_modules', 'oxfmt', 'bin', 'oxfmt');
  spawnSync(process.execPath, [oxfmt, folder, registryPath], { cwd: rootDir });
}

/** The registry with one more import, in the order of the folders, and one more connector at the end of the list. */
function withLine(registry: string, platform: string, constant: string): string {
  const own = `import { ${constant} } from './${platform}/index.ts';`;
  const imports = [...registry.matchAll(/^import \{ \w+ \} from '\.\/[^']+';$/gmu)].map(([line]) => line);
  const list = /(connectors: readonly Connector\[\] = \[)([^\]]*?),?(\s*\])/u;
  const last = imports.at(-1);
  if (last === undefined || !list.test(registry)) throw new Error(`${registryPath} has no list of connectors.`);
  const folderOf = (line: string): string => line.slice(line.indexOf("'"));
  const after = imports.findLast((line) => folderOf(line) < folderOf(own));
  const withImport =
    after === undefined
      ? registry.replace(imports[0] ?? last, (first) => `${own}\n${first}`)
      : registry.replace(after, (line) => `${line}\n${own}`);
  return withImport.replace(
    list,
    (_, start: string, names: string, end: string) => `${start}${names}, ${constant}${end}`,
  );
}

function nextSteps(platform: string): string {
  const folder = `src/connectors/${platform}`;
  return `Wrote ${folder} and its line in src/connectors/registry.ts. It passes the shared suite as it stands:

  npm test -- ${folder}

It speaks of no real platform yet. docs/connectors.md explains each part; in this order:

  1. ${folder}/index.ts      names, kinds of orders, callback addresses
  2. ${folder}/account.ts    credentials and settings under the platform's own names
  3. ${folder}/signature.ts  what is signed and how; add the platform's vectors to ${platform}.test.ts
  4. ${folder}/callback.ts   the status table, the registers' order, the fields, the replies
  5. ${folder}/fixtures/     a real body for every row of every table, with the facts expected of it
  6. ${folder}/sandbox.ts    the lives that its orders lead, its rule for 'received', its retry clock
  7. ${folder}/README.md     their words for our nouns, what is not known, links with the date read
`;
}
