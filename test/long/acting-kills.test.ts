import { test } from 'node:test';
import { actingKillRounds } from '../kit/acting-kill-rounds.ts';

test('forty kills between a call and its answer move no money and no goods twice', (t) =>
  actingKillRounds(t, 40, 'kills 2'));
