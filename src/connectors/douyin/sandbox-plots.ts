const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

type Wait = readonly [number, number];

/** One callback of a plot; `refund` is a letter, of which each has a number and an amount of its own. */
export type Scene = { readonly afterMs: Wait } & (
  | {
      readonly kind: 'payment';
      /** With what is filled in later: the video that sold it. */
      readonly full?: true;
      readonly sincePaidMs?: number;
    }
  | { readonly kind: 'cancel'; readonly reason: 'USER_CANCEL' | 'TIME_OUT' }
  | { readonly kind: 'request'; readonly refund: string }
  | { readonly kind: 'refund'; readonly refund: string; readonly status: 'PROCESSING' | 'FAIL' | 'SUCCESS' }
  | { readonly kind: 'settle'; readonly number: 1 | 2; readonly status: 'FAIL' | 'SUCCESS' }
);

export interface Plot {
  readonly plot: string;
  readonly generation: 'ecpay' | 'trade';
  /** How often it is told, against the others. */
  readonly weight: number;
  readonly scenes: readonly Scene[];
  /** Part of what was paid that each refund asks for. */
  readonly shares?: Readonly<Record<string, number>>;
  /** The last refund takes what is left. */
  readonly addsUp?: true;
  readonly discount?: true;
}

const AT_ONCE: Wait = [0, 3_000];
const SOON: Wait = [2 * MINUTE_MS, 30 * MINUTE_MS];
/** The platform's own cycle is 7 days; a demo that settles next week shows nothing. */
const LATER: Wait = [2 * HOUR_MS, 20 * HOUR_MS];

const PAID: Scene = { kind: 'payment', afterMs: AT_ONCE };
const SETTLED: Scene = { kind: 'settle', number: 1, status: 'SUCCESS', afterMs: LATER };
const refund = (letter: string, status: 'PROCESSING' | 'FAIL' | 'SUCCESS'): Scene => ({
  kind: 'refund',
  refund: letter,
  status,
  afterMs: SOON,
});

export const PLOTS: readonly [Plot, ...Plot[]] = [
  { plot: 'paid', generation: 'ecpay', weight: 8, scenes: [PAID] },
  { plot: 'paid, then settled', generation: 'ecpay', weight: 24, scenes: [PAID, SETTLED] },
  {
    plot: 'paid, then told again with the video that sold it, then settled',
    generation: 'ecpay',
    weight: 5,
    scenes: [PAID, { kind: 'payment', full: true, afterMs: SOON }, SETTLED],
  },
  {
    plot: 'paid, then refunded',
    generation: 'ecpay',
    weight: 8,
    scenes: [PAID, refund('A', 'SUCCESS')],
    shares: { A: 1 },
  },
  {
    plot: 'paid, then refunded in three parts that add up',
    generation: 'ecpay',
    weight: 8,
    scenes: [PAID, refund('A', 'SUCCESS'), refund('B', 'SUCCESS'), refund('C', 'SUCCESS')],
    shares: { A: 0.2, B: 0.3, C: 0.5 },
    addsUp: true,
  },
  {
    plot: 'paid, refunded in part, then settled',
    generation: 'ecpay',
    weight: 8,
    scenes: [PAID, refund('A', 'SUCCESS'), SETTLED],
    shares: { A: 0.3 },
  },
  {
    plot: 'paid, settled, a refund that fails for want of money, then done under a new number',
    generation: 'ecpay',
    weight: 6,
    scenes: [PAID, SETTLED, refund('A', 'FAIL'), refund('B', 'SUCCESS')],
    shares: { A: 1, B: 1 },
  },
  {
    plot: 'paid, a refund under way, then done',
    generation: 'ecpay',
    weight: 3,
    scenes: [PAID, refund('A', 'PROCESSING'), refund('A', 'SUCCESS')],
    shares: { A: 1 },
  },
  {
    plot: 'paid, a settlement that fails, then done under a new number',
    generation: 'ecpay',
    weight: 4,
    scenes: [PAID, { ...SETTLED, status: 'FAIL' }, { ...SETTLED, number: 2 }],
  },
  { plot: 'paid, then settled', generation: 'trade', weight: 12, scenes: [PAID, SETTLED] },
  {
    plot: 'cancelled by the user',
    generation: 'trade',
    weight: 5,
    scenes: [{ kind: 'cancel', reason: 'USER_CANCEL', afterMs: AT_ONCE }],
  },
  {
    plot: 'not paid in time',
    generation: 'trade',
    weight: 5,
    scenes: [{ kind: 'cancel', reason: 'TIME_OUT', afterMs: AT_ONCE }],
  },
  {
    plot: 'paid, the user asks for the money and gets it',
    generation: 'trade',
    weight: 6,
    scenes: [PAID, { kind: 'request', refund: 'A', afterMs: SOON }, refund('A', 'SUCCESS')],
    shares: { A: 1 },
  },
  {
    plot: 'paid, the user asks for part of the money and is refused, then settled',
    generation: 'trade',
    weight: 4,
    scenes: [PAID, { kind: 'request', refund: 'A', afterMs: SOON }, refund('A', 'FAIL'), SETTLED],
    shares: { A: 0.5 },
  },
  {
    plot: 'paid with a discount, then refunded in two parts that add up',
    generation: 'trade',
    weight: 4,
    scenes: [PAID, refund('A', 'SUCCESS'), refund('B', 'SUCCESS')],
    shares: { A: 0.4, B: 0.6 },
    addsUp: true,
    discount: true,
  },
];
