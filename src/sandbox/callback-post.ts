import { request } from 'undici';
import type { Dispatcher } from 'undici';
import type { OutgoingCallback } from '../core/sandbox.ts';
import { reasonOf } from './hub-client.ts';

/** What became of one sending. */
export type PostResult =
  | { readonly kind: 'reply'; readonly status: number; readonly body: string }
  | { readonly kind: 'unreachable'; readonly reason: string };

export type PostCallback = (url: string, callback: OutgoingCallback) => Promise<PostResult>;

/** A platform waits about as long for an answer. */
const TIMEOUT_MS = 10_000;
const REPLY_LIMIT_CHARACTERS = 65_536;

/** Sends callbacks over connections that are kept open. */
export function createPostCallback(dispatcher: Dispatcher): PostCallback {
  return async (url, callback) => {
    try {
      const response = await request(url, {
        method: 'POST',
        dispatcher,
        headers: callback.headers,
        body: callback.body,
        headersTimeout: TIMEOUT_MS,
        bodyTimeout: TIMEOUT_MS,
      });
      const body = await response.body.text();
      return { kind: 'reply', status: response.statusCode, body: body.slice(0, REPLY_LIMIT_CHARACTERS) };
    } catch (error) {
      return { kind: 'unreachable', reason: reasonOf(error) };
    }
  };
}
