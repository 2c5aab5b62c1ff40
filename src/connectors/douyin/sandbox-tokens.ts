import type { AccountView } from '../../core/connector.ts';
import { isLosslessObject, parseLossless, scalarText } from '../../core/json.ts';
import type { Json, JsonObject } from '../../core/json.ts';
import type { IncomingCall, PlatformMemory } from '../../core/sandbox.ts';
import { sha256Hex } from '../../core/signing.ts';

const LIFE_SECONDS = 7200;
/** What a new token leaves of the life of the one before. */
const OVERLAP_MS = 5 * 60_000;

type Answer = Readonly<Record<string, Json>>;

/** `v2/token` with its error numbers (sheet, 4). Refused, `data` holds an empty token and 0. */
export function giveToken(call: IncomingCall, account: AccountView, memory: PlatformMemory): Answer {
  const field = fieldsOf(call);
  const refusal =
    field('appid') !== account.credential('appId')
      ? { err_no: 40_015, err_tips: 'bad appid' }
      : field('secret') !== account.credential('appSecret')
        ? { err_no: 40_017, err_tips: 'bad secret' }
        : field('grant_type') !== 'client_credential'
          ? { err_no: 40_020, err_tips: 'bad grant_type' }
          : undefined;
  if (refusal !== undefined) return { ...refusal, data: { access_token: '', expires_in: 0 } };
  const token = newToken(call, account, memory);
  return { err_no: 0, err_tips: 'success', data: { access_token: token, expires_in: LIFE_SECONDS } };
}

/** `oauth/client_token`, whose error number stands in `data`. */
export function giveClientToken(call: IncomingCall, account: AccountView, memory: PlatformMemory): Answer {
  const field = fieldsOf(call);
  const isKnown =
    field('client_key') === account.credential('appId') && field('client_secret') === account.credential('appSecret');
  if (!isKnown || field('grant_type') !== 'client_credential')
    return { data: { error_code: 10_003, description: 'client_key 或 client_secret 错误' }, message: 'error' };
  const token = newToken(call, account, memory);
  const data = { access_token: token, description: '', error_code: 0, expires_in: LIFE_SECONDS };
  return { data, message: 'success' };
}

function fieldsOf(call: IncomingCall): (name: string) => string | undefined {
  const isJson = (call.headers['content-type'] ?? '').startsWith('application/json');
  const body = isJson ? parseLossless(call.body) : undefined;
  return (name) => (isLosslessObject(body) ? scalarText(body.get(name)) : undefined);
}

function newToken(call: IncomingCall, account: AccountView, memory: PlatformMemory): string {
  const given = Number(memory['tokensGiven'] ?? 0) + 1;
  const token = `0801121846${sha256Hex(`${account.credential('appSecret') ?? ''} ${given}`)}`;
  const alive = livingTokens(memory, call.at).map(({ text, untilMs }) => ({
    text,
    untilMs: Math.min(untilMs, call.at + OVERLAP_MS),
  }));
  memory['tokensGiven'] = given;
  memory['tokens'] = [...alive, { text: token, untilMs: call.at + LIFE_SECONDS * 1000 }];
  return token;
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
