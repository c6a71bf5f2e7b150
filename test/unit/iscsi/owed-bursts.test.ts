// Proves when data that an initiator owes is late: a burst by its own deadline, which its data puts
// off, never past the limit of its command; and that a gateway's own pauses count for neither.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataHold } from '../../../src/iscsi/data-hold.ts';
import { DataOutBuffers } from '../../../src/iscsi/data-out-buffers.ts';
import type { DataOutCommand } from '../../../src/iscsi/data-out-burst.ts';
import { DATA_OUT_MAX_MS, DATA_OUT_TIMEOUT_MS } from '../../../src/iscsi/limits.ts';
import { OwedBursts } from '../../../src/iscsi/owed-bursts.ts';

const NONE = 0xffff_ffff;

function command(tag: number): DataOutCommand {
  const hold = new DataHold({ granted: () => {} });
  const received = new DataOutBuffers(hold);
  return { tag, lun: new Uint8Array(8), owner: undefined, received, hold, burst: undefined };
}

test('a burst is late by its own deadline and when no other brings data', () => {
  const owed = new OwedBursts();
  owed.addSolicited(command(1), 0, 100, 0, DATA_OUT_MAX_MS);
  assert.equal(owed.overdue(DATA_OUT_TIMEOUT_MS), false);
  assert.equal(owed.overdue(DATA_OUT_TIMEOUT_MS + 1), true);
  const other = owed.addSolicited(command(2), 0, 100, 0, DATA_OUT_MAX_MS);
  owed.progressed(other, 5000);
  assert.equal(owed.overdue(DATA_OUT_TIMEOUT_MS + 1), false, 'on a slow link later ones wait');
  assert.equal(owed.overdue(5000 + DATA_OUT_TIMEOUT_MS + 1), true);
});

test('what is owed to a command that is over is given up in time, and is late for nobody', () => {
  const owed = new OwedBursts();
  const over = command(1);
  owed.addSolicited(over, 0, 100, 0, DATA_OUT_MAX_MS);
  owed.release(over);
  assert.equal(owed.isDraining, true);
  assert.equal(owed.isPastLimit(DATA_OUT_MAX_MS + 1), false);
  assert.equal(owed.overdue(DATA_OUT_TIMEOUT_MS + 1), false);
  assert.deepEqual([owed.size, owed.isDraining], [0, false]);
});

test('unsolicited data is not expected for a command that is over', () => {
  const owed = new OwedBursts();
  const over = command(1);
  over.burst = owed.addUnsolicited(over, 0, 100, 0, DATA_OUT_MAX_MS);
  assert.equal(owed.find(1, NONE), over.burst);
  owed.release(over);
  assert.deepEqual([owed.find(1, NONE), owed.size], [undefined, 0]);
});

test('the burst of a later command under the same tag outlasts the end of the earlier', () => {
  const owed = new OwedBursts();
  const [first, second] = [command(1), command(1)];
  first.burst = owed.addUnsolicited(first, 0, 100, 0, DATA_OUT_MAX_MS);
  second.burst = owed.addUnsolicited(second, 0, 100, 0, DATA_OUT_MAX_MS);
  owed.release(first);
  assert.equal(owed.find(1, NONE), second.burst);
});

test('the end of one command leaves the bursts of the others as they are', () => {
  const owed = new OwedBursts();
  const [over, other] = [command(1), command(2)];
  for (const each of [over, other]) owed.addSolicited(each, 0, 100, 0, DATA_OUT_MAX_MS);
  owed.release(over);
  assert.equal(owed.overdue(DATA_OUT_TIMEOUT_MS + 1), true);
  assert.equal(owed.isPastLimit(DATA_OUT_MAX_MS + 1), true);
});

test('data that comes puts off when what is owed to a command that is over is given up', () => {
  const owed = new OwedBursts();
  const over = command(1);
  owed.progressed(owed.addSolicited(over, 0, 100, 0, DATA_OUT_MAX_MS), 5000);
  owed.release(over);
  owed.overdue(5000 + DATA_OUT_TIMEOUT_MS);
  assert.equal(owed.size, 1);
  owed.overdue(5000 + DATA_OUT_TIMEOUT_MS + 1);
  assert.equal(owed.size, 0);
});

test('unsolicited data is late like solicited data', () => {
  const owed = new OwedBursts();
  owed.addUnsolicited(command(1), 0, 100, 0, DATA_OUT_MAX_MS);
  assert.equal(owed.overdue(DATA_OUT_TIMEOUT_MS), false);
  assert.equal(owed.overdue(DATA_OUT_TIMEOUT_MS + 1), true);
  assert.equal(owed.isPastLimit(DATA_OUT_MAX_MS), false);
  assert.equal(owed.isPastLimit(DATA_OUT_MAX_MS + 1), true);
  owed.extend(1000);
  assert.equal(owed.overdue(DATA_OUT_TIMEOUT_MS + 1000), false);
  owed.skipGap(1000);
  assert.equal(owed.overdue(DATA_OUT_TIMEOUT_MS + 2000), false);
  assert.equal(owed.isPastLimit(DATA_OUT_MAX_MS + 1000), false);
});

test('a stop of reading puts off what later data of others allowed, too', () => {
  const owed = new OwedBursts();
  owed.addSolicited(command(1), 0, 100, 0, DATA_OUT_MAX_MS);
  owed.progressed(owed.addSolicited(command(2), 0, 100, 0, DATA_OUT_MAX_MS), 5000);
  owed.extend(1000);
  assert.equal(owed.overdue(6000 + DATA_OUT_TIMEOUT_MS), false);
  assert.equal(owed.overdue(6000 + DATA_OUT_TIMEOUT_MS + 1), true);
});

test('at the end of a session nothing is owed', () => {
  const owed = new OwedBursts();
  owed.addUnsolicited(command(1), 0, 100, 0, DATA_OUT_MAX_MS);
  owed.addSolicited(command(2), 0, 100, 0, DATA_OUT_MAX_MS);
  owed.clear();
  assert.deepEqual([owed.size, owed.find(1, NONE)], [0, undefined]);
});

test('a stop of reading moves deadlines but no limit; a gap of the gateway moves both', () => {
  const owed = new OwedBursts();
  owed.addSolicited(command(1), 0, 100, 0, DATA_OUT_MAX_MS);
  owed.extend(60_000);
  assert.equal(owed.overdue(60_000 + DATA_OUT_TIMEOUT_MS), false);
  assert.equal(owed.isPastLimit(DATA_OUT_MAX_MS + 1), true);
  owed.skipGap(1000);
  assert.equal(owed.isPastLimit(DATA_OUT_MAX_MS + 1000), false);
  assert.equal(owed.isPastLimit(DATA_OUT_MAX_MS + 1001), true);
});

test('transfer tags of outstanding bursts differ', () => {
  const owed = new OwedBursts();
  const tags = Array.from({ length: 1000 }, (_, i) => {
    const burst = owed.addSolicited(command(i), 0, 100, 0, DATA_OUT_MAX_MS);
    return burst.targetTransferTag;
  });
  assert.equal(new Set(tags).size, 1000);
  assert.ok(!tags.includes(NONE));
  assert.equal(owed.solicited, 1000);
});
