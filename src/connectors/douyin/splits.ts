import type { ParamFault } from '../../core/action-params.ts';
import type { Json } from '../../core/json.ts';
import type { Fen } from '../../core/money.ts';

/** Outside parties of one settlement, and the length of their JSON text (sheet, 1.5, 6 and 7). */
const MOST_SPLITS = 4;
const TEXT_LENGTH = { ecpay: 2048, trade: 512 } as const;

interface Split {
  readonly merchantUid: string;
  readonly amount: Fen;
}

/** What is wrong with the parties of a settlement; `left`: fen of the order that have not gone back. */
export function splitFaults(value: Json, left: Fen, isTrade: boolean): readonly ParamFault[] {
  if (!Array.isArray(value)) return [{ field: 'splits', message: 'must be a list' }];
  const splits = value as readonly Json[];
  if (splits.length > MOST_SPLITS) return [{ field: 'splits', message: `must have at most ${MOST_SPLITS} parties` }];
  const faults: ParamFault[] = [];
  let sum = 0;
  for (const [index, one] of splits.entries()) {
    const { merchantUid, amount, ...others } = (
      one === null || typeof one !== 'object' || Array.isArray(one) ? {} : one
    ) as Readonly<Record<string, Json>>;
    if (typeof merchantUid !== 'string' || !/^[0-9A-Za-z_-]{1,64}$/u.test(merchantUid))
      faults.push({ field: `splits[${index}].merchantUid`, message: 'must be a merchant id' });
    if (typeof amount !== 'number' || !Number.isSafeInteger(amount) || amount < 1)
      faults.push({ field: `splits[${index}].amount`, message: 'must be a whole number of fen from 1' });
    else sum += amount;
    for (const name of Object.keys(others)) faults.push({ field: `splits[${index}].${name}`, message: 'is not known' });
  }
  // The platform allows less (30 % by an older text) and takes its fee first; more than all is wrong for sure.
  if (faults.length === 0 && sum > left)
    faults.push({ field: 'splits', message: `are more than the ${left} fen that are left` });
  const most = isTrade ? TEXT_LENGTH.trade : TEXT_LENGTH.ecpay;
  if (faults.length === 0 && (splitText(value)?.length ?? 0) > most)
    faults.push({ field: 'splits', message: `must fit into ${most} characters` });
  return faults;
}

/** `settle_params`: JSON text, written once, since its very bytes are signed. None where nobody else gets a part. */
export function splitText(value: Json): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const splits = value as unknown as readonly Split[];
  return JSON.stringify(splits.map(({ merchantUid, amount }) => ({ merchant_uid: merchantUid, amount })));
}
