// Lets an installed copy of this package run its TypeScript: Node refuses to strip types below node_modules, since it
// wants packages to be published as JavaScript. We ship what we test instead of a second, built form of it.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';

const sourceUrl = new URL('../src/', import.meta.url).href;

// The stripper is the one that Node itself uses for our checkout; its "experimental" warning would greet every start.
const { emitWarning } = process;
process.emitWarning = (warning, ...rest) => {
  if (!String(warning).startsWith('stripTypeScriptTypes')) emitWarning.call(process, warning, ...rest);
};

registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith(sourceUrl) || !url.endsWith('.ts')) return nextLoad(url, context);
    const source = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'), { sourceUrl: url });
    return { format: 'module', source, shortCircuit: true };
  },
});
