import { it } from 'node:test';
import { killRounds } from '../kit/kill-rounds.ts';

it('loses nothing, doubles nothing and leaves no gap over 400 deaths by SIGKILL under load', (test) =>
  killRounds(test, 400));
