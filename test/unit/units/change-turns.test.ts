// Proves that nexuses take turns with their changes, and that one cannot have too many waiting.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChangeTurns } from '../../../src/units/change-turns.ts';
import { NEXUS_CHANGES_MAX } from '../../../src/units/limits.ts';

interface Named {
  readonly name: string;
  readonly origin: { readonly nexus: object; readonly isAborted: boolean } | undefined;
}

const [x, y] = [{}, {}];

function change(name: string, nexus?: object): Named {
  return { name, origin: nexus === undefined ? undefined : { nexus, isAborted: false } };
}

/** The order in which all of them have their turns. */
function order(turns: ChangeTurns<Named>): string {
  const names: string[] = [];
  for (let next = turns.next; next !== undefined; next = turns.next) {
    names.push(next.name);
    turns.remove(next);
  }
  return names.join(' ');
}

test('each nexus, and what no nexus asked for, has its turn before a second change of another', () => {
  const turns = new ChangeTurns<Named>();
  assert.ok(turns.isEmpty);
  for (const name of ['x1', 'x2', 'x3']) turns.add(change(name, x));
  for (const name of ['y1', 'y2']) turns.add(change(name, y));
  turns.add(change('document'));
  assert.equal(turns.all.length, 6);
  assert.equal(order(turns), 'x1 y1 document x2 y2 x3');
  assert.ok(turns.isEmpty);
});

test('a change that is given up takes no turn', () => {
  const turns = new ChangeTurns<Named>();
  const [first, second, other] = [change('x1', x), change('x2', x), change('y1', y)];
  for (const each of [first, second, other]) turns.add(each);
  turns.remove(second);
  assert.equal(turns.next?.name, 'y1');
  turns.remove(other);
  assert.equal(order(turns), 'x1');
});

test('the waiting changes of each nexus are bounded; the document is never refused', () => {
  const turns = new ChangeTurns<Named>();
  for (let i = 0; i < NEXUS_CHANGES_MAX; i++) {
    assert.ok(turns.add(change('x', x)));
    assert.ok(turns.add(change('document')));
  }
  assert.ok(!turns.add(change('x', x)));
  assert.ok(turns.add(change('y', y)));
  assert.ok(turns.add(change('document')));
});
