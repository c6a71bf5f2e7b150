// Proves that a change of port group states reaches every nexus of every logical unit, each once,
// in turns of bounded length, and that a change that comes meanwhile is not lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../../src/base/clock.ts';
import {
  AccessStateNotifier,
  NEXUSES_PER_TURN,
} from '../../../src/gateway/access-state-notifier.ts';
import type { CommandResult } from '../../../src/scsi/command-result.ts';
import type { LogicalUnit, LogicalUnitListener } from '../../../src/scsi/logical-unit.ts';
import { conditions } from '../../../src/scsi/sense-table.ts';
import { logicalUnit } from '../../support/scsi-call.ts';

/** Turns of an event loop, one at a time. */
class Turns {
  readonly #actions: (() => void)[] = [];
  readonly clock = { endOfTurn: (action: () => void) => this.#actions.push(action) };

  /** False: there is nothing left to do. */
  next(): boolean {
    const actions = this.#actions.splice(0);
    for (const action of actions) action();
    return actions.length > 0;
  }
}

class Told implements Pick<LogicalUnitListener, 'establish'> {
  readonly told = new Map<LogicalUnit, CommandResult[]>();

  establish(unit: LogicalUnit, condition: CommandResult): void {
    this.told.set(unit, [...(this.told.get(unit) ?? []), condition]);
  }
}

function join(unit: LogicalUnit, nexus: Told): void {
  unit.join(nexus as unknown as LogicalUnitListener);
}

function world(unitCount: number, nexusCount: number) {
  const turns = new Turns();
  const news = new AccessStateNotifier(turns.clock as unknown as Clock);
  const units = Array.from({ length: unitCount }, () => logicalUnit());
  const nexuses = Array.from({ length: nexusCount }, () => new Told());
  for (const unit of units) for (const nexus of nexuses) join(unit, nexus);
  news.serve(units);
  /** How often each nexus of each unit was told. */
  const counts = (unit: LogicalUnit) => nexuses.map(({ told }) => told.get(unit)?.length ?? 0);
  const total = () => units.flatMap(counts).reduce((a, b) => a + b, 0);
  return { turns, news, units, nexuses, counts, total };
}

test('every nexus of a thousand units is told once, a bounded number in a turn', () => {
  const { turns, news, units, nexuses, counts, total } = world(1_000, 3);
  news.notify();
  assert.equal(total(), 0, 'nothing within the turn that found the change');
  let before = 0;
  while (turns.next()) {
    assert.ok(total() - before <= NEXUSES_PER_TURN, `${total() - before} in one turn`);
    before = total();
  }
  for (const unit of units) assert.deepEqual(counts(unit), [1, 1, 1]);
  const { asymmetricAccessStateChanged } = conditions;
  assert.deepEqual(nexuses[0]!.told.get(units[0]!), [asymmetricAccessStateChanged]);
});

test('a unit of more nexuses than a turn has takes one turn, and does not stand in the way', () => {
  const { turns, news, units, counts } = world(2, NEXUSES_PER_TURN + 1);
  news.notify();
  turns.next();
  assert.deepEqual(
    units.map((unit) => counts(unit)[0]),
    [1, 0],
  );
  while (turns.next());
  assert.deepEqual(
    units.map((unit) => counts(unit)[0]),
    [1, 1],
  );
});

test('changes that come together are one; one that comes half way is told to those that heard', () => {
  const { turns, news, units, counts } = world(NEXUSES_PER_TURN + 1, 1);
  news.notify();
  news.notify();
  turns.next();
  assert.deepEqual([counts(units[0]!), counts(units.at(-1)!)], [[1], [0]]);
  news.notify();
  while (turns.next());
  assert.deepEqual([counts(units[0]!), counts(units.at(-1)!)], [[2], [1]]);
});

test('units that are not served any more are told nothing, those that came are', () => {
  const { turns, news, units, nexuses, total } = world(2, 1);
  news.notify();
  const added = logicalUnit();
  join(added, nexuses[0]!);
  news.serve([added]);
  while (turns.next());
  assert.equal(total(), 0);
  news.notify();
  while (turns.next());
  assert.equal(nexuses[0]!.told.get(added)?.length, 1);
  assert.equal(nexuses[0]!.told.has(units[0]!), false);
});
