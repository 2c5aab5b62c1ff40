import { HuidanError } from '../core/errors.ts';
import { countTry, forgetTries, uncountTry } from '../store/sign-in-tries.ts';
import type { HubContext } from './context.ts';

export const TRIES_WINDOW_MS = 15 * 60_000;

/**
 * Tries per window. The tight limit is on name and address together: were it on the name alone, anybody could lock the
 * admin out. The wider ones stop one address that tries many names, and many addresses that try one: 200 in a quarter of
 * an hour are 19 200 a day, nothing against a password that is not among the first guesses.
 */
const LIMITS = { pair: 6, address: 60, name: 200 } as const;

export interface CountedTry {
  /** Takes the try back and forgets the failures of this name from this address. */
  succeeded(): Promise<void>;
}

/** Counts a try to sign in before it is looked at. Error: `too_many_tries`, with the time to wait. */
export async function countSignInTry(
  ctx: Pick<HubContext, 'pool' | 'clock' | 'sealer'>,
  username: string,
  address: string,
): Promise<CountedTry> {
  const name = username.toLowerCase();
  const subjects = {
    pair: ctx.sealer.hash(`try pair ${name} ${address}`),
    address: ctx.sealer.hash(`try address ${address}`),
    name: ctx.sealer.hash(`try name ${name}`),
  };
  const all = Object.values(subjects);
  const nowMs = ctx.clock();
  const counted = await countTry(ctx.pool, all, new Date(nowMs), new Date(nowMs - TRIES_WINDOW_MS));
  const over = counted.filter(({ subject, tries }) => {
    const kind = (['pair', 'address', 'name'] as const).find((one) => subjects[one].equals(subject));
    return kind !== undefined && tries > LIMITS[kind];
  });
  if (over.length > 0) {
    // Unlooked at, so it says nothing of the password: counting it would let whoever goes on trying keep the door shut.
    await uncountTry(ctx.pool, all);
    const openMs = Math.max(...over.map(({ since }) => since.getTime())) + TRIES_WINDOW_MS;
    const retryAfterSeconds = Math.max(1, Math.ceil((openMs - nowMs) / 1000));
    throw new HuidanError('too_many_tries', undefined, { retryAfterSeconds });
  }
  return {
    async succeeded() {
      await uncountTry(ctx.pool, [subjects.address, subjects.name]);
      await forgetTries(ctx.pool, subjects.pair);
    },
  };
}
