import { createHmac } from 'node:crypto';
import { equalInConstantTime } from '../core/signing.ts';
import type { TimeMs } from '../core/time.ts';

/** As the Standard Webhooks specification has it. */
const TOLERANCE_MS = 300_000;

export interface SignedDelivery {
  readonly id: string;
  readonly timestamp: string;
  readonly signature: string;
  readonly body: string;
}

/** The `v1,…` signature of a delivery; the secret is `whsec_` and base64. */
export function signWebhook(secret: string, id: string, timestamp: string, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/u, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

/** What is wrong with a delivery by Standard Webhooks, or undefined. Of several signatures one has to fit. */
export function deliveryFault(delivery: SignedDelivery, secret: string, now: TimeMs): string | undefined {
  const { id, timestamp, signature, body } = delivery;
  if (id === '' || timestamp === '' || signature === '') return 'a webhook header is missing';
  if (!/^\d{1,12}$/u.test(timestamp)) return 'webhook-timestamp is not in seconds';
  const computed = signWebhook(secret, id, timestamp, body);
  if (!signature.split(' ').some((given) => equalInConstantTime(given, computed))) return 'the signature is wrong';
  return Math.abs(now - Number(timestamp) * 1000) > TOLERANCE_MS ? 'webhook-timestamp is too far from now' : undefined;
}
