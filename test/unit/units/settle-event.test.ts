// An event is written as settled only when every gateway enforces it, also if it came while the one
// before was completed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resized } from '../../../src/scsi/unit-changes.ts';
import { settleEvent } from '../../../src/units/settle-event.ts';
import { UnitEvents } from '../../../src/units/unit-events.ts';
import {
  firstRecord,
  settledRecord,
  type UnitRecord,
  withEvent,
} from '../../../src/units/unit-record.ts';
import type { UnitRecords } from '../../../src/units/unit-records.ts';
import { stateOf } from '../../support/units-world.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const author = { name: 'a', incarnation: 'one' };

/** The record with one more event; of another size each time. */
function grown(record: UnitRecord): UnitRecord {
  const transition = resized(record.state.blocks + 1)(record.state);
  assert.ok('next' in transition);
  return withEvent(record, transition, { author, serial: record.number + 1 });
}

test('completing an event does not settle the next one', async () => {
  const first = grown(firstRecord(stateOf()));
  const events = new UnitEvents({
    loaded: { version: 1, record: first },
    clock: new VirtualClock(),
  });
  const written: UnitRecord[] = [];
  const unitRecords = {
    replace: async (_uuid: string, version: number, record: UnitRecord) => {
      written.push(record);
      return { status: 'done', version: version + 1 };
    },
  } as unknown as UnitRecords;
  assert.equal(await settleEvent(unitRecords, events), false);
  const second = grown(settledRecord(first));
  events.take({ version: 2, record: second });
  events.complete(1);
  assert.equal(await settleEvent(unitRecords, events), false);
  assert.deepEqual(written, []);
  events.complete(2);
  assert.equal(await settleEvent(unitRecords, events), true);
  assert.deepEqual(written, [settledRecord(second)]);
});
