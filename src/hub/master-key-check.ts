import { HuidanError } from '../core/errors.ts';
import type { HubContext } from './context.ts';

/**
 * Ties the database to the master key that sealed it: the first hub writes the key's name down, and a hub that comes
 * with another key is refused before it can store what nobody could open together with the rest.
 */
export async function checkMasterKey(ctx: Pick<HubContext, 'pool' | 'sealer'>): Promise<void> {
  await ctx.pool.query(
    `insert into hub_state (name, value) values ('master_key_id', $1) on conflict (name) do nothing`,
    [ctx.sealer.keyId],
  );
  const found = await ctx.pool.query<{ value: string }>(`select value from hub_state where name = 'master_key_id'`);
  if (found.rows[0]?.value === ctx.sealer.keyId) return;
  throw new HuidanError(
    'config_invalid',
    'This database was sealed with another master key. Start with the HUIDAN_MASTER_KEY, or the data folder, that it was made with.',
  );
}
