// The end of a turn: everything that was asked for in it happens, in an order of the seed, and what
// is asked for meanwhile belongs to the next.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnEnd } from '../../sim/time/turn-end.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

function orderOf(seed: number): string {
  const turnEnd = new TurnEnd(new SeededRandom(seed));
  const log: string[] = [];
  for (const name of 'abcd') turnEnd.add(() => log.push(name));
  for (const action of turnEnd.take()) action();
  assert.ok(turnEnd.isEmpty);
  assert.deepEqual([...log].sort(), [...'abcd']);
  return log.join('');
}

test('a seed has one order, and seeds have every order', () => {
  assert.equal(orderOf(5), orderOf(5));
  const orders = new Set(Array.from({ length: 500 }, (_, seed) => orderOf(seed)));
  assert.equal(orders.size, 24);
});

test('a virtual clock ends one turn after another, and time passes when none is left', async () => {
  const clock = new VirtualClock();
  const log: string[] = [];
  clock.endOfTurn(() => {
    log.push('first');
    clock.endOfTurn(() => log.push('second'));
  });
  clock.after(1, () => log.push('timer'));
  await clock.advance(1);
  assert.deepEqual(log, ['first', 'second', 'timer']);
});
