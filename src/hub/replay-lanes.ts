import { matchesEventPattern } from '../core/event.ts';
import { deadAmong, readReplay } from '../store/replays.ts';
import type { HubContext } from './context.ts';
import type { LaneScreen } from './deliver-head.ts';

/** What a replay was asked to send again, as it is stored. Times in ms. */
export interface ReplayScope {
  /** Only these events. */
  readonly events: readonly string[] | null;
  readonly fromMs: number;
  readonly toMs: number;
  /** Patterns beside those of the endpoint. */
  readonly types: readonly string[] | null;
  readonly account: string | null;
  readonly subject: string | null;
  /** Only what was given up and never delivered. */
  readonly deadOnly: boolean;
}

/** True when the event itself is one that the replay asks for; whether it was given up has to be looked up. */
export function isInScope(
  scope: ReplayScope,
  event: { readonly id: string; readonly type: string; readonly subject: string },
): boolean {
  if (scope.events !== null) return scope.events.includes(event.id);
  return (
    (scope.types === null || matchesEventPattern(scope.types, event.type)) &&
    (scope.subject === null || scope.subject === event.subject)
  );
}

const NOTHING: ReadonlySet<string> = new Set();
const CACHED_SCOPES = 100;

/** Picks the events of a lane: a lane only knows a first and a last sequence, and a replay may leave out some between. */
export function createLaneScreen(ctx: Pick<HubContext, 'pool'>): LaneScreen {
  const scopes = new Map<string, ReplayScope>();

  const scopeOf = async (lane: string): Promise<ReplayScope | undefined> => {
    const known = scopes.get(lane);
    if (known !== undefined) return known;
    const replay = await readReplay(ctx.pool, lane);
    if (replay === undefined) return undefined;
    const scope = replay.request as unknown as ReplayScope;
    if (scopes.size >= CACHED_SCOPES) scopes.clear();
    scopes.set(lane, scope);
    return scope;
  };

  return async (head, events) => {
    const scope = await scopeOf(head.lane);
    if (scope === undefined || events.length === 0) return NOTHING;
    const asked = events.filter(
      (event) =>
        isInScope(scope, event) &&
        (scope.events !== null ||
          (event.createdAt.getTime() >= scope.fromMs && event.createdAt.getTime() < scope.toMs)),
    );
    if (!scope.deadOnly || asked.length === 0) return new Set(asked.map((event) => event.id));
    return deadAmong(ctx.pool, head.account, head.endpointId, asked);
  };
}
