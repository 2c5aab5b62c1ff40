import { it } from 'node:test';
import { killRounds } from '../kit/kill-rounds.ts';
import { roundsFrom } from '../kit/long-rounds.ts';

const ROUNDS = roundsFrom('TEST_KILL_ROUNDS', 200);

it(`loses nothing, doubles nothing and leaves no gap over ${ROUNDS} deaths by SIGKILL under load`, (test) =>
  killRounds(test, ROUNDS));
