import { readFileSync } from 'node:fs';
import { posix } from 'node:path';

/** What pure rooms do without: `process` covers the environment, which other rooms lack as well. */
export type Without = 'clock' | 'chance' | 'environment' | 'process' | 'io';

export interface Room {
  /** Rooms whose files may be imported, besides the room's own. */
  readonly rooms: readonly string[];
  /** Rooms of which only types may be imported. */
  readonly typesOf?: readonly string[];
  /** Rooms that may be loaded by `import()` only. */
  readonly dynamicRooms?: readonly string[];
  /** npm packages; `*` stands for any. */
  readonly packages: readonly string[];
  /** Node's own modules; `node:*` stands for any. */
  readonly builtins: readonly string[];
  readonly without: readonly Without[];
}

export interface RoomTable {
  readonly rooms: Readonly<Record<string, Room>>;
  /** The files that may read the environment although their room may not. */
  readonly environmentReaders: readonly string[];
}

export type ImportKind = 'static' | 'type' | 'dynamic';

/** The one table: the linter, the architecture page's test and this module's tests read it. */
export const roomTable = JSON.parse(readFileSync(new URL('rooms.json', import.meta.url), 'utf8')) as RoomTable;

/** The room of a file given by its path from the root (`src/hub/act.ts` is in `hub`); null outside of src. */
export function roomOf(path: string): string | null {
  const parts = path.split('/');
  if (parts[0] !== 'src') return null;
  const [, name = '', folder] = parts;
  // A file straight in src/connectors is the registry's room; a folder there is a connector, a room of its own.
  return name === 'connectors' && parts.length > 3 && folder !== undefined ? `connectors/${folder}` : name;
}

/** Tests stand outside of the rules, and nobody may lean on them. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || path.startsWith('test/');
}

/** The rules of a room; every connector shares one row. Undefined for a folder that the table does not know. */
export function ruleOf(room: string, table: RoomTable = roomTable): Room | undefined {
  return table.rooms[room.startsWith('connectors/') ? 'connectors/*' : room];
}

/**
 * Says why a file may not import something, or null where it may.
 * @param path the importing file, from the root, with `/`
 * @param specifier as written in the file
 */
export function importFault(
  path: string,
  specifier: string,
  kind: ImportKind,
  table: RoomTable = roomTable,
): string | null {
  const room = roomOf(path);
  if (isTest(path)) return null;
  if (specifier.startsWith('.')) return relativeFault(path, room, specifier, kind, table);
  if (room === null) return null;
  const rule = ruleOf(room, table);
  if (rule === undefined) return unknownRoom(room);
  if (specifier.startsWith('/') || specifier.startsWith('file:') || specifier.startsWith('#')) {
    return `imports are relative or name a package, not '${specifier}'`;
  }
  if (specifier.startsWith('node:')) {
    return allows(rule.builtins, specifier) ? null : `${room} may not import ${specifier}${list(rule.builtins)}`;
  }
  const name = packageName(specifier);
  return allows(rule.packages, name) ? null : `${room} may not import the package ${name}${list(rule.packages)}`;
}

/** True where a file must do without something: its room's rule, less the files that are excepted by name. */
export function mustDoWithout(path: string, what: Without, table: RoomTable = roomTable): boolean {
  const room = roomOf(path);
  if (room === null || isTest(path)) return false;
  const without = ruleOf(room, table)?.without ?? [];
  if (what !== 'environment') return without.includes(what);
  return (without.includes('environment') || without.includes('process')) && !table.environmentReaders.includes(path);
}

function relativeFault(
  path: string,
  room: string | null,
  specifier: string,
  kind: ImportKind,
  table: RoomTable,
): string | null {
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  if (isTest(target)) return `${target} is a test: only tests import it`;
  if (room === null) return null;
  const rule = ruleOf(room, table);
  if (rule === undefined) return unknownRoom(room);
  const targetRoom = roomOf(target);
  if (targetRoom === null) return `${room} may not import ${target}: it is outside of src`;
  if (targetRoom === room) return null;
  if (allowsRoom(rule.rooms, targetRoom)) return null;
  if (kind === 'type' && allowsRoom(rule.typesOf ?? [], targetRoom)) return null;
  if (kind === 'dynamic' && allowsRoom(rule.dynamicRooms ?? [], targetRoom)) return null;
  if (allowsRoom(rule.typesOf ?? [], targetRoom)) return `${room} may import only types from ${targetRoom}`;
  if (allowsRoom(rule.dynamicRooms ?? [], targetRoom)) return `${room} may load ${targetRoom} by import() only`;
  return `${room} may not import from ${targetRoom}${list(rule.rooms)}`;
}

function allowsRoom(rooms: readonly string[], room: string): boolean {
  return rooms.includes(room) || (room.startsWith('connectors/') && rooms.includes('connectors/*'));
}

function allows(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name));
}

function packageName(specifier: string): string {
  const [scope = '', name = ''] = specifier.split('/');
  return scope.startsWith('@') ? `${scope}/${name}` : scope;
}

function unknownRoom(room: string): string {
  return `'${room}' is no room of scripts/rooms/rooms.json`;
}

function list(names: readonly string[]): string {
  return names.length === 0 ? ' (none at all)' : ` (only ${names.join(', ')})`;
}
