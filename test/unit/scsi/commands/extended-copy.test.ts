// Proves EXTENDED COPY and RECEIVE COPY RESULTS as an initiator uses them together.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COPIES_AT_ONCE_MAX } from '../../../../src/scsi/copy/copy-limits.ts';
import { ListIdUsage } from '../../../../src/scsi/standard/third-party-copy.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { copyList, extendedCopy } from '../../../support/copy-lists.ts';
import { ScsiBench, type TestTask } from '../../../support/scsi-bench.ts';

const status = (listId: number) => [0x84, 0, listId, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0];
const PARAMETERS = [0x84, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 0];
const TAKE = { dataInExpected: 64 };

function send(bench: ScsiBench, listId: number, usage: number = ListIdUsage.hold): TestTask {
  const units = [bench.logicalUnit.identity.naa];
  const segments = [{ blocks: 0 }, { blocks: 4, destinationLba: 8 }];
  const data = copyList({ listId, usage, units, segments });
  return bench.send(extendedCopy(data.length), { data });
}

test('the status of a copy tells its segments and bytes', async () => {
  const bench = await ScsiBench.open();
  await bench.volume.write(0, [new Uint8Array(512).fill(1)]);
  bench.volume.shut = true;
  const copy = send(bench, 9);
  assert.equal((await bench.perform(status(8), TAKE)).condition, '5/2400');
  const during = await bench.perform(status(9), TAKE);
  assert.deepEqual([...during.dataIn.subarray(0, 7)], [0, 0, 0, 8, 0, 0, 1]);
  bench.volume.releaseAll();
  while (copy.ends.length === 0) await bench.clock.advance(1);
  const after = await bench.perform(status(9), TAKE);
  assert.deepEqual([...after.dataIn], [0, 0, 0, 8, 1, 0, 2, 0, 0, 0, 8, 0]);
  assert.equal((await bench.perform(status(9), TAKE)).condition, '5/2400');
});

test('an identifier in use, and too many copies at a time, are refused', async () => {
  const bench = await ScsiBench.open();
  await bench.volume.write(0, [new Uint8Array(512).fill(1)]);
  bench.volume.shut = true;
  const copies = [send(bench, 1)];
  assert.equal(send(bench, 1).condition, 'b/0016');
  while (copies.length < COPIES_AT_ONCE_MAX) copies.push(send(bench, 0, ListIdUsage.none));
  assert.equal(send(bench, 2).status, Status.taskSetFull);
  bench.volume.releaseAll();
  for (const copy of copies) {
    while (copy.ends.length === 0) await bench.clock.advance(1);
    assert.equal(copy.status, Status.good);
  }
});

test('a list of no bytes copies nothing; one that is too long is refused', async () => {
  const bench = await ScsiBench.open();
  assert.equal((await bench.perform(extendedCopy(0))).status, Status.good);
  assert.equal((await bench.perform(extendedCopy(0xffff))).condition, '5/1a00');
});

test('the operating parameters name the descriptors that copies may have', async () => {
  const bench = await ScsiBench.open();
  const { dataIn } = await bench.perform(PARAMETERS, TAKE);
  assert.deepEqual([...dataIn.subarray(0, 5)], [0, 0, 0, 43, 1]);
  assert.deepEqual([...dataIn.subarray(43)], [3, 0x02, 0x0a, 0xe4]);
});
