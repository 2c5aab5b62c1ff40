import { createHmac, createSecretKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { OrderJson } from '../core/order-json.ts';
import type { TimeMs } from '../core/time.ts';
import type { StoredEvent } from '../store/event-reads.ts';
import type { RawRequest } from '../store/receipts.ts';

/** One HTTP request to an endpoint. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

const SECRET_PREFIX = 'whsec_';

/** Text form of a signing key, as Standard Webhooks has it. */
export function toSecretText(key: Uint8Array): string {
  return SECRET_PREFIX + Buffer.from(key).toString('base64');
}

/** The key behind `whsec_…`, made once: signing with bare bytes makes it each time (17 µs a signature instead of 3). */
export function secretKey(text: string): KeyObject {
  return createSecretKey(Buffer.from(text.slice(SECRET_PREFIX.length), 'base64'));
}

/** `webhook-signature` for all keys that are valid now, as Standard Webhooks 1.0 has it: `v1,BASE64`, parted by blanks. */
export function signWebhook(keys: readonly KeyObject[], id: string, timestampS: number, body: string): string {
  return keys
    .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestampS}.${body}`).digest('base64')}`)
    .join(' ');
}

/**
 * The event as text. `dataText` is the stored body: it goes in as it lies in the database, because parsing and writing
 * it again is most of what a delivery would cost.
 */
export function eventText(
  event: StoredEvent,
  previousSequence: number | null,
  dataText: string = event.bodyText,
): string {
  const start =
    `{"id":"${event.id}","type":"${event.type}","timestamp":"${event.createdAt.toISOString()}",` +
    `"data":{"sequence":${event.sequence},"previousSequence":${previousSequence}`;
  if (isOrderEvent(event)) {
    const previousStatus = event.previousStatus === null ? 'null' : `"${event.previousStatus}"`;
    return `${start},"previousStatus":${previousStatus},"order":${dataText}}}`;
  }
  const fields = dataText.trim().slice(1, -1).trim();
  return `${start}${fields === '' ? '' : `,${fields}`}}}`;
}

/** True when the body is an order; the events of other things bring their own `data`. */
export function isOrderEvent(event: Pick<StoredEvent, 'subject'>): boolean {
  return event.subject.startsWith('ord_');
}

/** The order in the body of an order's event. */
export function orderOf(event: StoredEvent): OrderJson {
  return JSON.parse(event.bodyText) as OrderJson;
}

/** A signed webhook: Standard Webhooks headers and a JSON body. */
export function webhookRequest(
  url: URL,
  keys: readonly KeyObject[],
  id: string,
  body: string,
  nowMs: TimeMs,
): OutgoingRequest {
  const timestampS = Math.floor(nowMs / 1000);
  return {
    method: 'POST',
    path: url.pathname + url.search,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Huidan',
      'webhook-id': id,
      'webhook-timestamp': String(timestampS),
      'webhook-signature': signWebhook(keys, id, timestampS, body),
    },
    body,
  };
}

// RFC 9110, section 7.6.1; and what belongs to the request that the platform made of us, not to ours.
const NOT_PASSED_ON = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The platform's own request again, for an endpoint of kind `raw`: same method, query, headers and bytes, so that the
 * platform's signature still fits. `huidan-event-id` lets the receiver know a repeat.
 */
export function rawRequest(url: URL, method: string, received: RawRequest, eventId: string): OutgoingRequest {
  const named = new Set((received.headers['connection'] ?? '').split(',').map((name) => name.trim().toLowerCase()));
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(received.headers)) {
    if (!NOT_PASSED_ON.has(name) && !named.has(name)) headers[name] = value;
  }
  headers['huidan-event-id'] = eventId;
  const query = [url.search.slice(1), received.query].filter((part) => part !== '').join('&');
  return { method, path: query === '' ? url.pathname : `${url.pathname}?${query}`, headers, body: received.body };
}
