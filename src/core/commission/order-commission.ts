import { deriveFacets } from '../derive.ts';
import { read } from '../fact.ts';
import type { Lines } from '../fact.ts';
import type { Fen } from '../money.ts';
import { WHOLE } from '../registers.ts';

/** What one line of an order earns: the whole order, or a voucher that counts apart. Fen. */
export interface PartCommission {
  readonly line: string;
  /** CPS and CPA rewards together, before anything was taken back. */
  readonly gross: Fen;
  /** What is left of it. */
  readonly net: Fen;
}

/** What an order earns by its facts. */
export interface OrderCommission {
  /** Empty while the platform has not said an amount. */
  readonly parts: readonly PartCommission[];
  /** `confirmed`: the order is completed and the platform gave the amount for that. */
  readonly phase: 'estimated' | 'confirmed';
}

/**
 * Works out what an order earns. A refund of all or risk control leaves nothing; of a refund in part the platform's own
 * refunded reward counts where it says one, else the refund's share of what was paid, rounded in the platform's favour.
 */
export function commissionOf(lines: Lines): OrderCommission {
  const facets = deriveFacets(lines);
  const names = Object.keys(lines).sort();
  const said = names.filter((line) => read(lines, line, 'commission') !== undefined);
  // Once a voucher has an amount of its own, that of the whole order would count it twice.
  const own = said.filter((line) => line !== WHOLE);
  const counted = own.length > 0 ? own : said;
  const isGone = facets.payment === 'refunded' || facets.flags.includes('risk') || facets.lifecycle === 'cancelled';
  const parts: PartCommission[] = [];
  let isFinal = true;
  for (const line of counted) {
    const value = read(lines, line, 'commission');
    if (value === undefined) continue;
    const gross = value.cps + value.cpa;
    const refunded = value.refundedCps + value.refundedCpa;
    const isPartGone = isGone || read(lines, line, 'payment') === 'refunded' || read(lines, line, 'flag.risk') === true;
    if (!isPartGone) isFinal &&= value.final;
    parts.push({
      line,
      gross,
      net: isPartGone ? 0 : refunded > 0 ? Math.max(0, gross - refunded) : inProportion(lines, line, gross),
    });
  }
  if (parts.length === 0) {
    const gross = read(lines, WHOLE, 'money.commission');
    if (gross !== undefined) parts.push({ line: WHOLE, gross, net: isGone ? 0 : inProportion(lines, WHOLE, gross) });
  }
  const isConfirmed = parts.length > 0 && facets.lifecycle === 'completed' && isFinal;
  return { parts, phase: isConfirmed ? 'confirmed' : 'estimated' };
}

/** What a refund in part leaves of a reward whose refunded share the platform does not name. */
function inProportion(lines: Lines, line: string, gross: Fen): Fen {
  if (line !== WHOLE) return gross;
  const { payment, refunded } = deriveFacets(lines);
  if (payment !== 'partially_refunded') return gross;
  const paid = read(lines, WHOLE, 'money.paid');
  if (refunded !== null && paid !== undefined && paid > 0) return floorShare(gross, Math.max(0, paid - refunded), paid);
  // No amount is known, but how many of the vouchers went back is.
  const vouchers = Object.keys(lines).filter((name) => name.startsWith('part:'));
  const back = vouchers.filter((name) => read(lines, name, 'payment') === 'refunded').length;
  const count = Math.max(read(lines, WHOLE, 'parts') ?? 0, vouchers.length);
  return count === 0 ? gross : floorShare(gross, count - back, count);
}

/** `amount · numerator / denominator`, rounded down; through bigint, since the product can pass 2^53. */
export function floorShare(amount: Fen, numerator: number, denominator: number): Fen {
  return Number((BigInt(amount) * BigInt(numerator)) / BigInt(denominator));
}
