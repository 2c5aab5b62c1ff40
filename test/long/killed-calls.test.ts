import { test } from 'node:test';
import { killEachCall } from '../kit/killed-calls-run.ts';
import { roundsFrom } from '../kit/long-rounds.ts';

const ROUNDS = roundsFrom('TEST_KILLED_CALLS', 10);

test(`${ROUNDS} kills between sending and answer of every call leave one effect each`, (t) =>
  killEachCall(t, ['done', 'lost'], ROUNDS));
