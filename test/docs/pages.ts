import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const rootDir = join(import.meta.dirname, '..', '..');

/** A Markdown page of the repository. */
export interface Page {
  /** From the root. */
  readonly path: string;
  readonly text: string;
}

export function readPage(path: string): Page {
  return { path, text: readFileSync(join(rootDir, path), 'utf8') };
}

/** Every page that a reader may meet. */
export function allPages(): readonly Page[] {
  return globSync(['*.md', 'docs/**/*.md', 'src/**/*.md', 'scripts/**/*.md'], { cwd: rootDir }).sort().map(readPage);
}

export interface Block {
  readonly language: string;
  readonly code: string;
  /** Where it begins in the page. */
  readonly at: number;
}

/** The fenced blocks of a page. */
export function fencedBlocks({ text }: Page): readonly Block[] {
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gmu)].map((match) => ({
    language: match[1] ?? '',
    code: match[2] ?? '',
    at: match.index,
  }));
}

/** The first block behind `<!-- mark`; throws where there is none. */
export function markedBlock(page: Page, mark: string): string {
  const markAt = page.text.indexOf(`<!-- ${mark}:`);
  const block = fencedBlocks(page).find(({ at }) => markAt !== -1 && at > markAt);
  if (block === undefined) throw new Error(`${page.path} has no block behind <!-- ${mark}: … -->`);
  return block.code;
}

/** The page without its fenced blocks. */
export function proseOf({ text }: Page): string {
  return text.replaceAll(/^```\w*\n[^]*?^```$/gmu, '');
}

/** Every line of code that a reader may type, wherever it stands: in blocks of a shell and between backticks. */
export function shellText(page: Page): string {
  const shells = fencedBlocks(page).filter(({ language }) => ['sh', 'text', ''].includes(language));
  const inline = [...proseOf(page).matchAll(/`([^`\n]+)`/gu)].map((match) => match[1] ?? '');
  return [...shells.map(({ code }) => code.replaceAll(/\\\n\s*/gu, ' ')), ...inline].join('\n');
}
