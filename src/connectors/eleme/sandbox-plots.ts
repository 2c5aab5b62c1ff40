/** One message of a plot. */
export interface Scene {
  readonly type: number;
  /** Waiting time before it, at least and at most. */
  readonly afterMs: readonly [number, number];
  readonly refundType?: 'normal' | 'part';
  /** Leaves out what others of its kind say, so that the hub must ask: a request's time, a partial refund's amount. */
  readonly vague?: true;
}

/** The life of an order at the platform, as the messages that it sends. */
export interface Plot {
  readonly plot: string;
  /** How often it is told, against the others. */
  readonly weight: number;
  readonly scenes: readonly Scene[];
  /** Paid at the door, so that nothing was paid online. */
  readonly cash?: true;
  /** Type 10 comes without its sums, as under load; `long`: so does the answer to the first question about them. */
  readonly downgraded?: 'short' | 'long';
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Within the second of the message before, as often as not: most times of this platform are whole seconds. */
const AT_ONCE: Scene['afterMs'] = [20, 300];
const SOON: Scene['afterMs'] = [30 * SECOND_MS, 4 * MINUTE_MS];
const WHILE: Scene['afterMs'] = [5 * MINUTE_MS, 20 * MINUTE_MS];
const LATER: Scene['afterMs'] = [HOUR_MS, 20 * HOUR_MS];

const scene = (type: number, afterMs: Scene['afterMs'] = SOON): Scene => ({ type, afterMs });
const refund = (type: number, refundType: 'normal' | 'part', afterMs: Scene['afterMs'] = WHILE): Scene => ({
  type,
  afterMs,
  refundType,
});

const NEW = scene(10, AT_ONCE);
const TAKEN = [NEW, scene(12)];
const RIDER_CALLED = [scene(51, AT_ONCE), scene(52, AT_ONCE)];
const RIDER_COMES = [...RIDER_CALLED, scene(53), scene(54)];
const DELIVERED = [scene(55), scene(56, WHILE)];
const DONE = scene(18, AT_ONCE);
const WHOLE_LIFE = [...TAKEN, ...RIDER_COMES, ...DELIVERED, DONE];

const troubled = (plot: string, trouble: number): Plot => ({
  plot,
  weight: 1,
  scenes: [...TAKEN, ...RIDER_COMES, scene(55), scene(trouble), scene(55), scene(56, WHILE), DONE],
});
const refusedByCarrier = (plot: string, type: number): Plot => ({
  plot,
  weight: 1,
  scenes: [...TAKEN, scene(51, AT_ONCE), scene(type, AT_ONCE), scene(71), scene(18, WHILE)],
});
const unfinished = (plot: string, type: number): Plot => ({
  plot,
  weight: 1,
  scenes: [...TAKEN, ...RIDER_COMES, scene(type)],
});

/** An order's number holds the place of its plot here, so new ones go to the end. */
export const PLOTS: readonly Plot[] = [
  { plot: 'taken, delivered by a rider, completed', weight: 40, scenes: WHOLE_LIFE },
  {
    plot: 'taken, delivered by the shop itself, completed',
    weight: 8,
    scenes: [...TAKEN, scene(71), scene(18, WHILE)],
  },
  { plot: 'new and not yet taken', weight: 5, scenes: [NEW] },
  { plot: 'on its way', weight: 4, scenes: [...TAKEN, ...RIDER_COMES, scene(55)] },
  { plot: 'cancelled before the shop took it', weight: 4, scenes: [NEW, scene(14)] },
  { plot: 'taken, then made invalid', weight: 3, scenes: [...TAKEN, scene(15, WHILE)] },
  { plot: 'taken, then cancelled by the user at once', weight: 3, scenes: [...TAKEN, scene(17, AT_ONCE)] },
  {
    plot: 'cancel asked and withdrawn, then delivered',
    weight: 2,
    scenes: [...TAKEN, scene(20), scene(21), ...RIDER_COMES, ...DELIVERED, DONE],
  },
  {
    plot: 'cancel asked and refused within a second',
    weight: 2,
    scenes: [...TAKEN, scene(20), scene(22, AT_ONCE), ...RIDER_COMES, ...DELIVERED, DONE],
  },
  { plot: 'cancel asked and agreed', weight: 4, scenes: [...TAKEN, scene(20), scene(23), scene(15, AT_ONCE)] },
  {
    plot: 'cancel asked, not answered for 15 minutes',
    weight: 2,
    scenes: [...TAKEN, scene(20), scene(15, [15 * MINUTE_MS, 15 * MINUTE_MS + 1])],
  },
  {
    plot: 'cancel refused, granted by arbitration',
    weight: 2,
    scenes: [...TAKEN, scene(20), scene(22), scene(24), scene(25, WHILE), scene(15, AT_ONCE)],
  },
  {
    plot: 'cancel refused, refused by arbitration too',
    weight: 2,
    scenes: [...TAKEN, scene(20), scene(22), scene(24), scene(26, WHILE), scene(71), scene(18, WHILE)],
  },
  { plot: 'cancel asked and still open', weight: 1, scenes: [...TAKEN, scene(20)] },
  {
    plot: 'completed, then refunded',
    weight: 4,
    scenes: [...WHOLE_LIFE, refund(30, 'normal', LATER), refund(33, 'normal')],
  },
  {
    plot: 'completed, then refunded in part',
    weight: 4,
    scenes: [...WHOLE_LIFE, refund(30, 'part', LATER), refund(33, 'part', AT_ONCE)],
  },
  {
    plot: 'completed, refunded in part twice',
    weight: 2,
    scenes: [...WHOLE_LIFE, refund(30, 'part', LATER), refund(33, 'part'), refund(30, 'part'), refund(33, 'part')],
  },
  {
    plot: 'completed, a refund asked and withdrawn',
    weight: 2,
    scenes: [...WHOLE_LIFE, refund(30, 'normal', LATER), refund(31, 'normal')],
  },
  {
    plot: 'completed, a refund asked and refused',
    weight: 2,
    scenes: [...WHOLE_LIFE, refund(30, 'part', LATER), refund(32, 'part')],
  },
  {
    plot: 'refund refused, granted by arbitration',
    weight: 2,
    scenes: [
      ...WHOLE_LIFE,
      refund(30, 'normal', LATER),
      refund(32, 'normal'),
      refund(34, 'normal'),
      refund(35, 'normal', LATER),
    ],
  },
  {
    plot: 'refund refused, granted in part by arbitration',
    weight: 1,
    scenes: [
      ...WHOLE_LIFE,
      refund(30, 'part', LATER),
      refund(32, 'part'),
      refund(34, 'part'),
      refund(35, 'part', LATER),
    ],
  },
  {
    plot: 'refund refused, refused by arbitration too',
    weight: 1,
    scenes: [
      ...WHOLE_LIFE,
      refund(30, 'part', LATER),
      refund(32, 'part'),
      refund(34, 'part'),
      refund(36, 'part', LATER),
    ],
  },
  {
    plot: 'a refund in arbitration',
    weight: 1,
    scenes: [...WHOLE_LIFE, refund(30, 'part', LATER), refund(32, 'part'), refund(34, 'part')],
  },
  { plot: 'urged, then delivered', weight: 3, scenes: [...TAKEN, ...RIDER_COMES, scene(45), ...DELIVERED, DONE] },
  { plot: 'urged and still waiting', weight: 1, scenes: [...TAKEN, scene(45, WHILE)] },
  { plot: 'downgraded under load, then delivered', weight: 4, downgraded: 'short', scenes: WHOLE_LIFE },
  {
    plot: 'downgraded, its sums told by a newer message',
    weight: 2,
    downgraded: 'long',
    scenes: [...TAKEN, scene(217), scene(71), scene(18, WHILE)],
  },
  {
    plot: 'told by the newer messages too',
    weight: 2,
    scenes: [NEW, scene(217, AT_ONCE), scene(12), scene(218), scene(71), scene(18, WHILE)],
  },
  { plot: 'paid at the door', weight: 3, cash: true, scenes: WHOLE_LIFE },
  { plot: 'paid at the door, cancelled on request', weight: 1, cash: true, scenes: [...TAKEN, scene(20), scene(23)] },
  {
    plot: 'the carrier gives up and calls another rider',
    weight: 2,
    scenes: [...TAKEN, ...RIDER_COMES, scene(59), scene(51), scene(53), scene(54), ...DELIVERED, DONE],
  },
  {
    plot: 'delivery cancelled by the shop, which goes itself',
    weight: 1,
    scenes: [...TAKEN, ...RIDER_COMES, scene(57), scene(71), scene(18, WHILE)],
  },
  {
    plot: 'cancelled; the carrier hears of it afterwards',
    weight: 2,
    scenes: [...TAKEN, ...RIDER_COMES, scene(15), scene(58)],
  },
  { plot: 'no delivery any more', weight: 1, scenes: [...TAKEN, ...RIDER_CALLED, scene(72)] },
  ...[60, 61, 62, 63, 64, 65, 66].map((type) => troubled(`rider trouble ${type}, then delivered`, type)),
  ...[67, 68, 69, 70].map((type) => unfinished(`rider trouble ${type}, not solved`, type)),
  ...[73, 74, 75, 76].map((type) => refusedByCarrier(`carrier refuses (${type}), the shop delivers`, type)),
  {
    plot: 'refunded in part without saying how much',
    weight: 2,
    scenes: [...WHOLE_LIFE, refund(30, 'part', LATER), { ...refund(33, 'part'), vague: true }],
  },
  { plot: 'cancel asked without saying when', weight: 1, scenes: [...TAKEN, { ...scene(20), vague: true }] },
];
