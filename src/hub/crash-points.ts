/**
 * Places where a process may die between two effects that must agree. The hub calls the function it was given at each;
 * in production it does nothing, in the chaos tests it kills the process.
 */
export const CRASH_POINTS = [
  'take.before-store',
  'take.before-commit',
  'take.after-commit',
  'take.before-reply',
  'deliver.after-claim',
  'deliver.before-send',
  'deliver.after-send',
  'deliver.before-results',
  'deliver.after-results',
  'act.before-send',
  'act.after-send',
  'act.before-outcome',
  'lives.before-commit',
  'lives.after-commit',
  'lives.before-clock',
] as const;

export type CrashPointName = (typeof CRASH_POINTS)[number];
export type CrashPoints = (name: CrashPointName) => void;

export const noCrash: CrashPoints = () => {};
