// The linter's side of the rooms: it sees the syntax tree, so imports in any form are found and comments are not.
import { relative, sep } from 'node:path';
import type { Context, ESTree, Plugin, Rule } from '@oxlint/plugins';
import { type ImportKind, importFault, mustDoWithout } from './rooms.ts';

const CLOCK_MEMBERS = new Map([
  ['Date', ['now']],
  ['performance', ['now', 'timeOrigin']],
]);
const CHANCE_MEMBERS = new Map([
  ['Math', ['random']],
  ['crypto', ['randomUUID', 'getRandomValues']],
]);
const IO_GLOBALS = new Set([
  'console',
  'fetch',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
  'WebSocket',
]);

const imports: Rule = {
  create(context) {
    const check = (node: ESTree.Node, source: unknown, kind: ImportKind): void => {
      if (typeof source !== 'string') return;
      const fault = importFault(pathOf(context), source, kind);
      if (fault !== null) context.report({ node, message: `${fault}.` });
    };
    return {
      ImportDeclaration(node) {
        check(node, node.source.value, node.importKind === 'type' ? 'type' : 'static');
      },
      ExportNamedDeclaration(node) {
        if (node.source !== null) check(node, node.source.value, node.exportKind === 'type' ? 'type' : 'static');
      },
      ExportAllDeclaration(node) {
        check(node, node.source.value, node.exportKind === 'type' ? 'type' : 'static');
      },
      TSImportType(node) {
        check(node, node.source.value, 'type');
      },
      ImportExpression(node) {
        if (node.source.type === 'Literal') check(node, node.source.value, 'dynamic');
      },
    };
  },
};

const ambient: Rule = {
  create(context) {
    const path = pathOf(context);
    const bans = {
      clock: mustDoWithout(path, 'clock'),
      chance: mustDoWithout(path, 'chance'),
      environment: mustDoWithout(path, 'environment'),
      process: mustDoWithout(path, 'process'),
      io: mustDoWithout(path, 'io'),
    };
    if (!Object.values(bans).includes(true)) return {};

    const isGlobal = (node: ESTree.Node, name?: string): boolean =>
      node.type === 'Identifier' &&
      (name === undefined || node.name === name) &&
      context.sourceCode.isGlobalReference(node);
    const report = (node: ESTree.Node, what: string): void => {
      context.report({ node, message: `${what} is not for this room: it is handed in as a parameter.` });
    };

    const reportEnvironment = (node: ESTree.Node): void => {
      context.report({ node, message: 'process.env is read by src/server/config.ts alone.' });
    };

    return {
      MemberExpression(node) {
        if (node.object.type !== 'Identifier') return;
        const { name } = node.object;
        const member = keyName(node.property);
        // By name alone: `import process from 'node:process'` is no way around.
        if (bans.environment && !bans.process && name === 'process' && member === 'env') reportEnvironment(node);
        if (!isGlobal(node.object)) return;
        if (bans.clock && CLOCK_MEMBERS.get(name)?.includes(member) === true) report(node, `${name}.${member}`);
        if (bans.chance && CHANCE_MEMBERS.get(name)?.includes(member) === true) report(node, `${name}.${member}`);
      },
      NewExpression(node) {
        if (bans.clock && node.arguments.length === 0 && isGlobal(node.callee, 'Date')) report(node, 'new Date()');
      },
      CallExpression(node) {
        // Without `new` it returns the present time as text, whatever its arguments are.
        if (bans.clock && isGlobal(node.callee, 'Date')) report(node, 'Date()');
      },
      Identifier(node) {
        if (bans.process && node.name === 'process' && isGlobal(node)) report(node, 'process');
        if (bans.io && IO_GLOBALS.has(node.name) && isGlobal(node)) report(node, node.name);
      },
      VariableDeclarator(node) {
        if (!bans.environment || bans.process || node.id.type !== 'ObjectPattern') return;
        if (node.init?.type !== 'Identifier' || node.init.name !== 'process') return;
        if (node.id.properties.some((property) => property.type === 'Property' && keyName(property.key) === 'env')) {
          reportEnvironment(node);
        }
      },
      ImportSpecifier(node) {
        const { parent } = node;
        if (parent.type !== 'ImportDeclaration' || parent.source.value !== 'node:process' || !bans.environment) return;
        if (keyName(node.imported) === 'env') reportEnvironment(node);
      },
    };
  },
};

const plugin: Plugin = { meta: { name: 'rooms' }, rules: { imports, ambient } };
// The linter takes a plugin by its default export.
// oxlint-disable-next-line import/no-default-export
export default plugin;

function pathOf(context: Context): string {
  return relative(context.cwd, context.filename).split(sep).join('/');
}

function keyName(key: ESTree.Node): string {
  if (key.type === 'Identifier') return key.name;
  return key.type === 'Literal' && typeof key.value === 'string' ? key.value : '';
}
