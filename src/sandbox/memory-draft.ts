import type { Json } from '../core/json.ts';
import type { PlatformMemory } from '../core/sandbox.ts';

/** Names of a platform's memory with their new values; one without a value was deleted. */
export type MemoryChanges = readonly (readonly [name: string, value?: Json])[];

export interface MemoryDraft {
  /** Reads through to the memory; what is set or deleted stays in the draft. */
  readonly memory: PlatformMemory;
  changes(): MemoryChanges;
}

/**
 * A view of a memory that notes what changes instead of changing it: a step or an answer that fails half-way leaves no
 * trace, and the ledger's line holds only what is new.
 */
export function draftOf(held: Readonly<PlatformMemory>): MemoryDraft {
  const changed = new Map<string, Json | undefined>();
  const valueOf = (name: string | symbol): Json | undefined =>
    typeof name !== 'string' ? undefined : changed.has(name) ? changed.get(name) : held[name];
  const memory = new Proxy<PlatformMemory>(
    {},
    {
      get: (_target, name) => valueOf(name),
      has: (_target, name) => valueOf(name) !== undefined,
      set(_target, name, value: Json) {
        changed.set(String(name), value);
        return true;
      },
      deleteProperty(_target, name) {
        changed.set(String(name), undefined);
        return true;
      },
      ownKeys: () =>
        [...new Set([...Object.keys(held), ...changed.keys()])].filter((name) => valueOf(name) !== undefined),
      getOwnPropertyDescriptor(_target, name) {
        const value = valueOf(name);
        return value === undefined ? undefined : { value, writable: true, enumerable: true, configurable: true };
      },
    },
  );
  return {
    memory,
    changes: () => [...changed].map(([name, value]) => (value === undefined ? [name] : [name, value])),
  };
}

/** Lets changes take effect. */
export function applyChanges(memory: PlatformMemory, changes: MemoryChanges): void {
  for (const [name, value] of changes) {
    if (value === undefined) delete memory[name];
    else memory[name] = value;
  }
}
