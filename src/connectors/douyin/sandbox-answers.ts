import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, parseLossless, scalarText } from '../../core/json.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { CallAnswer, IncomingCall, PlatformMemory } from '../../core/sandbox.ts';
import { sha256Hex } from '../../core/signing.ts';

const LIFE_SECONDS = 7200;
/** What a new token leaves of the life of the one before. */
const OVERLAP_MS = 5 * 60_000;

/** The platform's answer to a call of the hub. */
export function answer(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  if (call.method !== 'POST') return json({ err_no: 404, err_tips: 'not found' }, 404);
  return call.path === '/api/apps/v2/token'
    ? giveToken(call, account, memory)
    : json({ err_no: 404, err_tips: 'not found' }, 404);
}

/** `v2/token` with its error numbers (sheet, 4). Refused, `data` holds an empty token and 0. */
function giveToken(call: IncomingCall, account: AccountView, memory: PlatformMemory): CallAnswer {
  const body = (call.headers['content-type'] ?? '').startsWith('application/json')
    ? parseLossless(call.body)
    : undefined;
  const field = (name: string): string | undefined => (isLosslessObject(body) ? scalarText(body.get(name)) : undefined);
  const refusal =
    field('appid') !== account.credential('appId')
      ? { err_no: 40_015, err_tips: 'bad appid' }
      : field('secret') !== account.credential('appSecret')
        ? { err_no: 40_017, err_tips: 'bad secret' }
        : field('grant_type') !== 'client_credential'
          ? { err_no: 40_020, err_tips: 'bad grant_type' }
          : undefined;
  if (refusal !== undefined) return json({ ...refusal, data: { access_token: '', expires_in: 0 } });

  const given = Number(memory['tokensGiven'] ?? 0) + 1;
  const token = `0801121846${sha256Hex(`${account.credential('appSecret') ?? ''} ${given}`)}`;
  const alive = livingTokens(memory, call.at).map(({ text, untilMs }) => ({
    text,
    untilMs: Math.min(untilMs, call.at + OVERLAP_MS),
  }));
  memory['tokensGiven'] = given;
  memory['tokens'] = [...alive, { text: token, untilMs: call.at + LIFE_SECONDS * 1000 }];
  return json({ err_no: 0, err_tips: 'success', data: { access_token: token, expires_in: LIFE_SECONDS } });
}

interface LivingToken extends JsonObject {
  readonly text: string;
  readonly untilMs: number;
}

/** The tokens that the platform still takes. */
export function livingTokens(memory: PlatformMemory, atMs: number): readonly LivingToken[] {
  const tokens = (memory['tokens'] ?? []) as readonly LivingToken[];
  return tokens.filter(({ untilMs }) => untilMs > atMs);
}

const json = (value: Json, status = 200): CallAnswer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
});
