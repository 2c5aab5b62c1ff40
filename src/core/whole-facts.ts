import type { Fact } from './fact.ts';
import { topicLine, WHOLE } from './registers.ts';
import type { RegisterName, RegisterValues } from './registers.ts';
import type { TimeMs } from './time.ts';

/** A fact about the whole order. `at`: where its time is not the report's (`Fact.at`). */
export const whole = <R extends RegisterName>(register: R, value: RegisterValues[R], at?: TimeMs | null): Fact =>
  ({ line: WHOLE, register, value, ...(at === undefined ? {} : { at }) }) as Fact;

/** What is said of one line, by register; what is undefined is not said. */
export type Said = { readonly [R in RegisterName]?: RegisterValues[R] | undefined };

/** The facts of a line, in the order in which they are listed. `at`: where their time is not the report's (`Fact.at`). */
export function factsOn(line: string, said: Said, at?: TimeMs | null): readonly Fact[] {
  const facts: Fact[] = [];
  // A plain loop: filtering and mapping the entries took three times as long, for every push.
  for (const register of Object.keys(said) as RegisterName[]) {
    const value = said[register];
    if (value === undefined) continue;
    facts.push((at === undefined ? { line, register, value } : { line, register, value, at }) as Fact);
  }
  return facts;
}

/** What a message says of the whole order. */
export const wholeFacts = (said: Said, at?: TimeMs | null): readonly Fact[] => factsOn(WHOLE, said, at);

/** The platform's own fields of a message of its own (`topicLine`); none where it has none. */
export const topicFacts = (topic: string, value: RegisterValues['platformFields']): readonly Fact[] =>
  factsOn(topicLine(topic), { platformFields: Object.keys(value).length === 0 ? undefined : value });

/** A value of several parts, or undefined where none of them is known. */
export const ifAny = <Value extends object>(value: Value): Value | undefined =>
  Object.values(value).some((part) => part !== null) ? value : undefined;
