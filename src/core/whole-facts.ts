import type { Fact } from './fact.ts';
import { topicLine, WHOLE } from './registers.ts';
import type { RegisterName, RegisterValues } from './registers.ts';
import type { TimeMs } from './time.ts';

/** A fact about the whole order. `at`: where its time is not the report's (`Fact.at`). */
export const whole = <R extends RegisterName>(register: R, value: RegisterValues[R], at?: TimeMs | null): Fact =>
  ({ line: WHOLE, register, value, ...(at === undefined ? {} : { at }) }) as Fact;

/** What a message says of the whole order by register, in the order in which it is listed; what is undefined is not said. */
export const wholeFacts = (said: {
  readonly [R in RegisterName]?: RegisterValues[R] | undefined;
}): readonly Fact[] =>
  Object.entries(said)
    .filter(([, value]) => value !== undefined)
    .map(([register, value]) => ({ line: WHOLE, register, value }) as Fact);

/** The platform's own fields of a message of its own (`topicLine`); none where it has none. */
export const topicFacts = (topic: string, value: RegisterValues['platformFields']): readonly Fact[] =>
  Object.keys(value).length === 0 ? [] : [{ line: topicLine(topic), register: 'platformFields', value }];

/** A value of several parts, or undefined where none of them is known. */
export const ifAny = <Value extends object>(value: Value): Value | undefined =>
  Object.values(value).some((part) => part !== null) ? value : undefined;
