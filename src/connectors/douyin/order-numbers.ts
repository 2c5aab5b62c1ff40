import type { AccountView } from '../../core/connector.ts';
import type { Alias } from '../../core/fact.ts';
import type { OrderJson } from '../../core/order-json.ts';
import { generationOf } from './account.ts';

/** What tells of an order in which of the two generations it is. */
type Told = Pick<OrderJson, 'platformFields'> & { readonly aliases: readonly Alias[] };

/** The generation of an order: as it was made here, as its callbacks look, else as new ones are made. */
export function generationOfOrder({ platformFields, aliases }: Told, account: AccountView): 'ecpay' | 'trade' {
  const { generation } = platformFields;
  // Only trade callbacks name `pay_channel` and numbers that begin with `ots`; only the others name `way`.
  if ('way' in platformFields) return 'ecpay';
  if ('pay_channel' in platformFields || numberOf(aliases, 'platform')?.startsWith('ots') === true) return 'trade';
  return generation === 'ecpay' || generation === 'trade' ? generation : generationOf(account);
}

export const numberOf = (aliases: readonly Alias[], kind: Alias['kind']): string | undefined =>
  aliases.find((alias) => alias.kind === kind)?.value;

/** Marks the number of a settlement after which others follow: its callback names the number and nothing else of ours. */
const PART = '-part';

/** Our number of a settlement, 64 characters at most. */
export const settleNumber = (number: string, isFinal: boolean): string => (isFinal ? number : `${number}${PART}`);

/** Whether a settlement that succeeded leaves nothing to be settled. One that we did not ask for is taken for the last. */
export const isLastSettlement = (number: string): boolean => !number.endsWith(PART);

export const settleLine = (number: string): string => `settle:${number}`;
