import type { Json } from '../core/json.ts';
import type { CallAnswer, IncomingCall, Random, SandboxFault } from '../core/sandbox.ts';
import { SandboxError } from './sandbox-error.ts';

/** Troubles that any platform can have. `lost_answer` is the time-out of a call that was done all the same. */
export const COMMON_FAULTS = ['lost_request', 'lost_answer', 'server_error', 'server_error_done'] as const;
type CommonFault = (typeof COMMON_FAULTS)[number];

/** What becomes of a call. `done`: the platform does it first. */
export interface CallFate {
  readonly name: string;
  readonly done: boolean;
  /** The answer instead of the platform's; `lost`: none. Left out: the platform's own. */
  readonly answer?: 'lost' | 'server_error' | SandboxFault;
}

const COMMON: Readonly<Record<CommonFault, CallFate>> = {
  lost_request: { name: 'lost_request', done: false, answer: 'lost' },
  lost_answer: { name: 'lost_answer', done: true, answer: 'lost' },
  server_error: { name: 'server_error', done: false, answer: 'server_error' },
  server_error_done: { name: 'server_error_done', done: true, answer: 'server_error' },
};

const NO_FAULT: CallFate = { name: 'none', done: true };

/** A gateway in front of the platform that is out of order: no platform's own words. */
export const SERVER_ERROR: CallAnswer = {
  status: 502,
  contentType: 'text/html; charset=utf-8',
  body: '<html><body><h1>502 Bad Gateway</h1></body></html>\n',
};

/** The number of an order in an address. */
const NUMBER = /[A-Z]{0,4}\d{4,}/gu;

/** Hears each decision that was drawn, by the name that it was drawn by: the same in every run of a seed. */
export type Decided = (name: string, decision: Json) => void;

/** Troubles with the hub's calls: some that were asked for by name, the others by chance. */
export class CallFaults {
  readonly #asked = new Map<string, { name: string; times: number }[]>();
  readonly #counts = new Map<string, number>();

  /** The next so many calls to the platform that it can happen to meet this trouble. */
  ask(platform: string, known: readonly SandboxFault[], name: string, times: number): void {
    const names = [...COMMON_FAULTS, ...known.map((fault) => fault.name)];
    if (!names.includes(name))
      throw new SandboxError(`${platform} knows the faults ${names.join(', ')}, not '${name}'`);
    if (!(Number.isSafeInteger(times) && times >= 1 && times <= 100_000))
      throw new SandboxError('times is a whole number from 1 to 100000');
    const waiting = this.#asked.get(platform) ?? [];
    this.#asked.set(platform, [...waiting, { name, times }]);
  }

  /** How often this was drawn for, this time included. */
  count(name: string): number {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count;
  }

  /**
   * What becomes of this call. `random` draws by the call's name: where it is about an order (`about`, the same in every
   * run) that and what is asked, so that a seeded run repeats whatever else is asked meanwhile; else the path. `decided`
   * hears what was drawn.
   */
  fateOf(
    platform: string,
    known: readonly SandboxFault[],
    call: IncomingCall,
    chance: number,
    random: (name: string) => Random,
    about?: string,
    decided?: Decided,
  ): CallFate {
    const possible = known.filter((fault) => fault.applies(call));
    const byName = (name: string): CallFate | undefined => {
      if (isCommon(name)) return COMMON[name];
      const fault = possible.find((one) => one.name === name);
      return fault === undefined ? undefined : { name, done: false, answer: fault };
    };
    for (const wish of this.#asked.get(platform) ?? []) {
      const fate = wish.times > 0 ? byName(wish.name) : undefined;
      if (fate === undefined) continue;
      wish.times -= 1;
      return fate;
    }
    // A platform's own numbers follow the order in which it was asked.
    const what = about === undefined ? call.path : `${call.path.replaceAll(NUMBER, '#')}/${about}`;
    const name = `${platform}${what}`;
    const nth = `${name}/${this.count(name)}`;
    const draw = random(nth);
    const isHit = draw() < chance;
    // Of all that the platform knows: what this call can meet hangs on its content, and one path may take every call.
    const names = [...COMMON_FAULTS, ...known.map((fault) => fault.name)];
    const picked = names[Math.floor(draw() * names.length)] ?? '';
    const instead = COMMON_FAULTS[Math.floor(draw() * COMMON_FAULTS.length)] ?? 'server_error';
    decided?.(`fault/${nth}`, isHit ? [picked, instead] : NO_FAULT.name);
    return isHit ? (byName(picked) ?? COMMON[instead]) : NO_FAULT;
  }
}

const isCommon = (name: string): name is CommonFault => COMMON_FAULTS.some((common) => common === name);
