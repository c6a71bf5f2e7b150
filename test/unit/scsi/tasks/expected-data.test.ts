// Proves that a command is refused when its initiator offers or takes data of another direction
// than the CDB asks for, or too little of it to be of use.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';

const INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT = '5/0e03';

/** Commands that take data-out, with as much as their CDB asks for. */
const takesData: readonly { name: string; cdb: readonly number[]; length: number }[] = [
  { name: 'WRITE (6)', cdb: [0x0a, 0, 0, 0, 2, 0], length: 1024 },
  { name: 'WRITE (10)', cdb: [0x2a, 0, 0, 0, 0, 0, 0, 0, 2, 0], length: 1024 },
  { name: 'WRITE (16)', cdb: [0x8a, ...zeros(12), 2, 0, 0], length: 1024 },
  { name: 'WRITE AND VERIFY', cdb: [0x2e, 0, 0, 0, 0, 0, 0, 0, 2, 0], length: 1024 },
  { name: 'WRITE AND VERIFY, BYTCHK', cdb: [0x2e, 2, 0, 0, 0, 0, 0, 0, 2, 0], length: 1024 },
  { name: 'VERIFY, BYTCHK 01b', cdb: [0x2f, 2, 0, 0, 0, 0, 0, 0, 2, 0], length: 1024 },
  { name: 'VERIFY, BYTCHK 11b', cdb: [0x2f, 6, 0, 0, 0, 0, 0, 0, 2, 0], length: 512 },
  { name: 'WRITE SAME (10)', cdb: [0x41, 0, 0, 0, 0, 0, 0, 0, 2, 0], length: 512 },
  { name: 'COMPARE AND WRITE', cdb: [0x89, ...zeros(12), 1, 0, 0], length: 1024 },
  { name: 'UNMAP', cdb: [0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0], length: 24 },
  { name: 'MODE SELECT (6)', cdb: [0x15, 0x10, 0, 0, 4, 0], length: 4 },
];

/** Commands that return data-in, with as much as their CDB asks for. */
const returnsData: readonly { name: string; cdb: readonly number[]; length: number }[] = [
  { name: 'READ (6)', cdb: [0x08, 0, 0, 0, 2, 0], length: 1024 },
  { name: 'READ (10)', cdb: [0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0], length: 1024 },
  { name: 'READ CAPACITY (10)', cdb: [0x25, ...zeros(9)], length: 8 },
  { name: 'INQUIRY', cdb: [0x12, 0, 0, 0, 96, 0], length: 96 },
  { name: 'MODE SENSE (6)', cdb: [0x1a, 0, 0x3f, 0, 255, 0], length: 255 },
  { name: 'REPORT LUNS', cdb: [0xa0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0], length: 16 },
  { name: 'GET LBA STATUS', cdb: [0x9e, 0x12, ...zeros(11), 24, 0, 0], length: 24 },
];

function zeros(count: number): number[] {
  return new Array<number>(count).fill(0);
}

/** They write what they get, and the residual says what is missing. */
const takesLess = (name: string) => name.startsWith('WRITE (') || name.startsWith('WRITE AND');

test('a command that takes data is refused when none, or the wrong direction, is offered', async () => {
  for (const { name, cdb, length } of takesData) {
    const bench = await ScsiBench.open();
    const { log } = bench.volume;
    const before = log.length;
    const wrong = await bench.perform(cdb, { dataInExpected: length });
    assert.equal(wrong.condition, INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT, name);
    if (!takesLess(name)) {
      const none = await bench.perform(cdb);
      assert.equal(none.condition, INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT, `${name}, no data`);
    }
    assert.deepEqual(log.slice(before), [], name);
    assert.equal(bench.nexus.outstanding, 0);
    const right = await bench.perform(cdb, { data: new Uint8Array(length) });
    assert.notEqual(right.condition, INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT, name);
  }
});

test('a command that returns data is refused when its initiator only sends data', async () => {
  for (const { name, cdb, length } of returnsData) {
    const bench = await ScsiBench.open();
    const before = bench.volume.log.length;
    const wrong = await bench.perform(cdb, { data: new Uint8Array(length) });
    assert.equal(wrong.condition, INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT, name);
    assert.deepEqual(bench.volume.log.slice(before), [], name);
    // Too little room is no error: the residual says what is missing.
    for (const dataInExpected of [0, 1, length]) {
      assert.equal((await bench.perform(cdb, { dataInExpected })).status, Status.good, name);
    }
  }
});

test('less data than the CDB asks for is refused where it would be half a command', async () => {
  for (const { name, cdb, length } of takesData) {
    const bench = await ScsiBench.open();
    const task = await bench.perform(cdb, { data: new Uint8Array(length - 1).fill(1) });
    if (takesLess(name)) {
      assert.equal(task.status, Status.good, name);
      continue;
    }
    assert.equal(task.condition, INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT, name);
    assert.equal(task.transferLength, length, 'the residual overflow counts from it');
    const medium = bench.send([0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0], { dataInExpected: 1024 });
    assert.ok(medium.dataIn.every((byte) => byte === 0));
  }
});

test('more data than the CDB asks for is an underflow, where half a command is none an error', async () => {
  for (const { name, cdb, length } of takesData) {
    const bench = await ScsiBench.open();
    const task = await bench.perform(cdb, { data: new Uint8Array(length + 512) });
    if (name === 'WRITE SAME (10)' || name === 'COMPARE AND WRITE') {
      assert.equal(task.condition, INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT, name);
    } else {
      assert.notEqual(task.condition, INVALID_FIELD_IN_COMMAND_INFORMATION_UNIT, name);
      assert.equal(task.transferLength, length, name);
    }
  }
});

test('a command without data takes what is offered as an underflow', async () => {
  const bench = await ScsiBench.open();
  for (const options of [{ data: new Uint8Array(512) }, { dataInExpected: 512 }]) {
    const task = await bench.perform(zeros(6), options);
    assert.deepEqual([task.status, task.transferLength], [Status.good, 0]);
  }
});
