import { test } from 'node:test';
import { actingKillRounds } from '../kit/acting-kill-rounds.ts';

test('a kill between a call and its answer moves no money and no goods twice', (t) =>
  actingKillRounds(t, 4, 'kills 1'));
