import type { Outcome, Reply } from './connector.ts';

/** The acknowledgements of a platform that are always the same two: `Connector.reply`. */
export const fixedReplies =
  (stored: Reply, rejected: Reply) =>
  (outcome: Exclude<Outcome, 'try_again'>): Reply =>
    outcome === 'stored' ? stored : rejected;
