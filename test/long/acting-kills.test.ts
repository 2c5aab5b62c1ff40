import { test } from 'node:test';
import { actingKillRounds } from '../kit/acting-kill-rounds.ts';
import { roundsFrom } from '../kit/long-rounds.ts';

const ROUNDS = roundsFrom('TEST_ACTING_KILLS', 40);

test(`${ROUNDS} kills between a call and its answer move no money and no goods twice`, (t) =>
  actingKillRounds(t, ROUNDS, 'kills 2'));
