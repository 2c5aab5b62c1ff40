import type { CallbackRequest } from './accept.ts';
import type { Outcome, Reply } from './connector.ts';

/**
 * The acknowledgements of a platform that are always the same two: `Connector.reply`. `byTopic`: where some of its
 * addresses want another one for what was stored.
 */
export const fixedReplies =
  (stored: Reply, rejected: Reply, byTopic: Readonly<Record<string, Reply>> = {}) =>
  (outcome: Exclude<Outcome, 'try_again'>, { topic }: Pick<CallbackRequest, 'topic'>): Reply =>
    outcome === 'rejected' ? rejected : Object.hasOwn(byTopic, topic) ? (byTopic[topic] ?? stored) : stored;

/** A JSON acknowledgement with exactly these bytes. */
export const jsonReply = (body: string, status = 200): Reply => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body,
});

/** An acknowledgement in plain text with exactly these bytes. */
export const textReply = (body: string, status = 200): Reply => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body,
});
