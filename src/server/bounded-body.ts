import type { Readable } from 'node:stream';

export interface BodyBounds {
  /** Longest body that is read. */
  readonly bodyLimitBytes: number;
  /** What all bodies that are being read may hold together beyond `FREE_BYTES` each. Default 256 MiB. */
  readonly readingLimitBytes?: number;
}

export type ReadBody = (payload: Readable, contentLength: string | undefined) => Promise<Buffer>;

/**
 * The first part of each body counts for nothing, so that genuine callbacks, a few KiB, still come in while somebody
 * holds all the rest.
 */
const FREE_BYTES = 16_384;

class BodyRefused extends Error {
  override readonly name = 'BodyRefused';
  readonly statusCode: number;
  constructor(statusCode: number, message: string) {
    super(message);
    this.statusCode = statusCode;
  }
}

/**
 * Reads bodies whole, within one bound for all of them: anybody may send to a callback address, and thousands of slow
 * bodies of 1 MiB each would take the memory of the machine before the first was complete. Rejects with `statusCode` 413
 * for a body beyond its limit, 503 when the bound is reached, 400 for one that breaks off.
 */
export function createBodyReader({ bodyLimitBytes, readingLimitBytes = 268_435_456 }: BodyBounds): ReadBody {
  let reading = 0;
  return (payload, contentLength) => {
    if (Number(contentLength) > bodyLimitBytes) {
      return Promise.reject(new BodyRefused(413, 'the body is larger than the limit'));
    }
    const body = Promise.withResolvers<Buffer>();
    const chunks: Buffer[] = [];
    let length = 0;
    let counted = 0;
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      const counts = Math.max(0, length - FREE_BYTES) - counted;
      counted += counts;
      reading += counts;
      if (length > bodyLimitBytes) end(new BodyRefused(413, 'the body is larger than the limit'));
      else if (reading > readingLimitBytes) end(new BodyRefused(503, 'too many bodies are being read'));
      else chunks.push(chunk);
    };
    const complete = (): void => end();
    const breakOff = (): void => end(new BodyRefused(400, 'the body broke off'));
    const end = (error?: Error): void => {
      payload.removeListener('data', take).removeListener('end', complete).removeListener('close', breakOff);
      reading -= counted;
      counted = 0;
      if (error === undefined) return body.resolve(Buffer.concat(chunks, length));
      chunks.length = 0;
      body.reject(error);
    };
    // The listener for errors stays: one that comes after the end has nobody else to hear it.
    payload.on('data', take).on('end', complete).on('close', breakOff).on('error', breakOff);
    return body.promise;
  };
}
