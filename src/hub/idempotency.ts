import { HuidanError } from '../core/errors.ts';
import { readAnswer, tryLockKey, writeAnswer } from '../store/idempotency.ts';
import type { Pool } from '../store/pool.ts';
import { transaction } from '../store/transaction.ts';
import type { Tx } from '../store/transaction.ts';
import type { HubContext } from './context.ts';

/**
 * Of so many connections one may be held by a write. Work takes further connections while it runs (an account that is not
 * in the cache any more, work that commits by itself), so holders that filled the pool would wait for each other until
 * every one of them, and every callback, timed out: 16 calls at once stopped a hub of 16 connections for 5 s. What holds
 * one for as long as platforms take (`apart`) shall leave room for what is quick.
 */
const CONNECTIONS_PER_HOLDER = { write: 2, apart: 4 } as const;
/** Work that may wait for its turn; more is a flood, and is told to come back. */
const MAX_WAITING = { write: 1000, apart: 200 } as const;
type TurnKind = keyof typeof CONNECTIONS_PER_HOLDER;
/**
 * How long one waits for its turn: where platforms take 20 s for each, 40 requests would let the last one hang for minutes,
 * long after its caller has gone.
 */
const LONGEST_TURN_WAIT_MS = 10_000;

interface Turns {
  free: number;
  readonly waiting: (() => void)[];
}

const turnsOf = { write: new WeakMap<Pool, Turns>(), apart: new WeakMap<Pool, Turns>() } as const;

/** What a write answers. `body` undefined: none. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** The answer as bytes, so that a repeat gets the very same ones. */
export interface RenderedAnswer {
  readonly status: number;
  readonly text: string;
  /** Given before, and read from the table now. */
  readonly repeated: boolean;
}

/** A write that may be sent more than once. */
export interface KeyedRequest {
  readonly apiKeyId: string;
  readonly key: string;
  /** Everything that makes the request what it is: method, address, body. */
  readonly content: string;
}

/** Runs in the write's transaction. What must only happen once it is committed goes to `afterCommit`. */
export type Work = (tx: Tx, afterCommit: (effect: () => void) => void) => Promise<Answer>;

/**
 * Does a write in one transaction and, where the request carries a key, keeps its answer in that same transaction: there
 * is no moment at which the work is done and the answer is not known. A refusal (status below 500) is kept too.
 *
 * Errors: `idempotency_conflict` (the key was used for another request), `idempotency_in_progress`, `overloaded`, and
 * whatever `work` throws.
 */
export const answerOnce = (
  ctx: Pick<HubContext, 'pool' | 'clock' | 'sealer'>,
  request: KeyedRequest | undefined,
  renderRefusal: (error: HuidanError) => Answer | undefined,
  work: Work,
): Promise<RenderedAnswer> =>
  takingTurns(ctx.pool, 'write', LONGEST_TURN_WAIT_MS, () => answerInOne(ctx, request, renderRefusal, work));

async function answerInOne(
  ctx: Pick<HubContext, 'pool' | 'clock' | 'sealer'>,
  request: KeyedRequest | undefined,
  renderRefusal: (error: HuidanError) => Answer | undefined,
  work: Work,
): Promise<RenderedAnswer> {
  let effects: (() => void)[] = [];
  const answer = await transaction(ctx.pool, async (tx) => {
    effects = [];
    const run = (): Promise<Answer> => work(tx, (effect) => effects.push(effect));
    if (request === undefined) return rendered(await run());
    const requestHash = ctx.sealer.hash(`idempotency ${request.content}`);
    if (!(await tryLockKey(tx, request.apiKeyId, request.key))) throw new HuidanError('idempotency_in_progress');
    const held = await readAnswer(tx, request.apiKeyId, request.key);
    if (held !== undefined) {
      if (!held.requestHash.equals(requestHash)) throw new HuidanError('idempotency_conflict');
      return { status: held.status, text: ctx.sealer.open(held.sealedBody).toString('utf8'), repeated: true };
    }
    const first = await runOrRefuse(tx, run, renderRefusal, () => (effects = []));
    const sealedBody = ctx.sealer.seal(first.text);
    await writeAnswer(tx, request.apiKeyId, request.key, {
      requestHash,
      status: first.status,
      sealedBody,
      createdAt: new Date(ctx.clock()),
    });
    return first;
  });
  for (const effect of effects) effect();
  return answer;
}

/**
 * The same for work that commits by itself, step by step, and that may be done again without harm when the process dies
 * in between. The transaction only holds the key meanwhile: no row, so it may wait as long as the work takes. Errors: as
 * above.
 */
export async function answerOnceApart(
  ctx: Pick<HubContext, 'pool' | 'clock' | 'sealer'>,
  request: KeyedRequest | undefined,
  renderRefusal: (error: HuidanError) => Answer | undefined,
  work: () => Promise<Answer>,
  waitMs = LONGEST_TURN_WAIT_MS,
): Promise<RenderedAnswer> {
  if (request === undefined) return rendered(await work());
  return takingTurns(ctx.pool, 'apart', waitMs, () =>
    answerInOne(ctx, request, renderRefusal, async (tx) => {
      await tx.query('set local idle_in_transaction_session_timeout = 0');
      return work();
    }),
  );
}

/** Lets only a part of the pool's connections be held. Error: `overloaded`. */
async function takingTurns<T>(pool: Pool, kind: TurnKind, waitMs: number, work: () => Promise<T>): Promise<T> {
  let turns = turnsOf[kind].get(pool);
  if (turns === undefined) {
    turns = { free: Math.max(1, Math.floor(pool.options.max / CONNECTIONS_PER_HOLDER[kind])), waiting: [] };
    turnsOf[kind].set(pool, turns);
  }
  const { waiting } = turns;
  if (turns.free > 0) turns.free -= 1;
  else if (waiting.length >= MAX_WAITING[kind]) throw new HuidanError('overloaded');
  // Whoever ends hands its turn on, so that nobody slips in between.
  else await waitForTurn(waiting, waitMs);
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) turns.free += 1;
    else next();
  }
}

function waitForTurn(waiting: Turns['waiting'], waitMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const go = (): void => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => {
      waiting.splice(waiting.indexOf(go), 1);
      reject(new HuidanError('overloaded'));
    }, waitMs);
    waiting.push(go);
  });
}

async function runOrRefuse(
  tx: Tx,
  run: () => Promise<Answer>,
  renderRefusal: (error: HuidanError) => Answer | undefined,
  forgetEffects: () => void,
): Promise<RenderedAnswer> {
  await tx.query('savepoint work');
  try {
    return rendered(await run());
  } catch (error) {
    const refusal = error instanceof HuidanError ? renderRefusal(error) : undefined;
    if (refusal === undefined) throw error;
    await tx.query('rollback to savepoint work');
    forgetEffects();
    return rendered(refusal);
  }
}

const rendered = ({ status, body }: Answer): RenderedAnswer => ({
  status,
  text: body === undefined ? '' : JSON.stringify(body),
  repeated: false,
});
