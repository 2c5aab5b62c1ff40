import type { PlatformMemory } from '../../core/sandbox.ts';

const PREFIX = 'told ';
const keyOf = (kind: 'payment' | 'refund' | 'settle', number: string): string => `${PREFIX}${kind} ${number}`;

/** Notes what an answer told the hub: of a payment by the platform's number, of a refund or a settlement by its own. */
export function noteTold(
  memory: PlatformMemory,
  kind: 'payment' | 'refund' | 'settle',
  number: string,
  state: string,
): void {
  const key = keyOf(kind, number);
  if (memory[key] !== state) memory[key] = state;
}

/** The state that an answer told last; undefined: none told of it. */
export const stateTold = (
  memory: PlatformMemory,
  kind: 'payment' | 'refund' | 'settle',
  number: string,
): string | undefined => memory[keyOf(kind, number)] as string | undefined;

/** Of an answer that got lost these are not kept. */
export const notesTold = (name: string): boolean => name.startsWith(PREFIX);
