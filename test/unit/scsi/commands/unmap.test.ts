// Proves UNMAP: ranges read as zeros, all are checked first, and its bounds hold.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ByteWriter } from '../../../../src/base/bytes/byte-writer.ts';
import { UNMAP_DESCRIPTOR_COUNT_MAX, UNMAP_STEPS_AT_ONCE } from '../../../../src/scsi/limits.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';

function list(runs: readonly (readonly [lba: number, blocks: number])[]): Uint8Array {
  const writer = new ByteWriter()
    .u16(6 + 16 * runs.length)
    .u16(16 * runs.length)
    .zeros(4);
  for (const [lba, blocks] of runs) writer.u64(lba).u32(blocks).zeros(4);
  return writer.finish();
}

const cdb = (length: number) => [0x42, 0, 0, 0, 0, 0, 0, length >> 8, length & 255, 0];

test('unmapped blocks read as zeros, the rest stays', async () => {
  const bench = await ScsiBench.open();
  bench.send([0x2a, 0, 0, 0, 0, 0, 0, 0, 4, 0], { data: new Uint8Array(2048).fill(1) });
  const data = list([
    [0, 1],
    [2, 1],
    [2048, 0],
  ]);
  assert.equal((await bench.perform(cdb(data.length), { data })).status, Status.good);
  const read = bench.send([0x28, 0, 0, 0, 0, 0, 0, 0, 4, 0], { dataInExpected: 2048 });
  const expected = new Uint8Array(2048).fill(1);
  expected.fill(0, 0, 512);
  expected.fill(0, 1024, 1536);
  assert.deepEqual(read.dataIn, expected);
});

test('one range behind the end: none is unmapped', async () => {
  const bench = await ScsiBench.open();
  const data = list([
    [0, 1],
    [2047, 2],
  ]);
  assert.equal((await bench.perform(cdb(data.length), { data })).condition, '5/2100');
  assert.ok(!bench.volume.log.some((line) => line.startsWith('unmap')));
});

test('no list is good, half a head is no list, and there is a bound on descriptors', async () => {
  const bench = await ScsiBench.open();
  assert.equal((await bench.perform(cdb(0))).status, Status.good);
  assert.equal((await bench.perform(cdb(8), { data: list([]) })).status, Status.good);
  const half = await bench.perform(cdb(4), { data: new Uint8Array(4) });
  assert.equal(half.condition, '5/1a00');
  const many = list(new Array(UNMAP_DESCRIPTOR_COUNT_MAX + 1).fill([0, 1]));
  assert.equal((await bench.perform(cdb(many.length), { data: many })).condition, '5/2600');
  const anchor = await bench.perform([0x42, 1, 0, 0, 0, 0, 0, 0, 8, 0], { data: list([]) });
  assert.equal(anchor.condition, '5/2400');
});

test('ranges that touch or overlap are unmapped as one', async () => {
  const bench = await ScsiBench.open();
  const data = list([
    [9, 1],
    [4, 1],
    [5, 3],
    [4, 2],
    [0, 1],
    [8, 1],
  ]);
  bench.send([0x2a, 0, 0, 0, 0, 0, 0, 0, 16, 0], { data: new Uint8Array(8192).fill(1) });
  assert.equal((await bench.perform(cdb(data.length), { data })).status, Status.good);
  const unmaps = bench.volume.log.filter((line) => line.startsWith('unmap'));
  assert.deepEqual(unmaps, ['unmap 0 512', `unmap ${4 * 512} ${6 * 512}`]);
  const read = bench.send([0x28, 0, 0, 0, 0, 0, 0, 0, 16, 0], { dataInExpected: 8192 });
  const expected = new Uint8Array(8192).fill(1);
  expected.fill(0, 0, 512).fill(0, 4 * 512, 10 * 512);
  assert.deepEqual(read.dataIn, expected);
});

const apart = Array.from({ length: 3 * UNMAP_STEPS_AT_ONCE }, (_, i) => [2 * i, 1] as const);

test('a bounded number of ranges is under way at a time, and all are done', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const data = list(apart);
  const task = bench.send(cdb(data.length), { data });
  assert.equal(bench.volume.held, UNMAP_STEPS_AT_ONCE);
  bench.volume.release();
  await turns();
  assert.equal(bench.volume.held, UNMAP_STEPS_AT_ONCE);
  assert.equal(task.status, undefined);
  bench.volume.releaseAll();
  await turns();
  assert.equal(task.status, Status.good);
  const unmaps = bench.volume.log.filter((line) => line.startsWith('unmap'));
  assert.equal(unmaps.length, apart.length);
});

test('when one range fails no other is begun, and the command ends when none is under way', async () => {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  const data = list(apart);
  bench.volume.fault = { status: 'writeError' };
  const task = bench.send(cdb(data.length), { data });
  bench.volume.release();
  await turns();
  assert.equal(bench.volume.held, UNMAP_STEPS_AT_ONCE - 1);
  assert.equal(task.status, undefined);
  bench.volume.releaseAll();
  await turns();
  assert.equal(task.condition, '3/0c00');
  const unmaps = bench.volume.log.filter((line) => line.startsWith('unmap'));
  assert.equal(unmaps.length, UNMAP_STEPS_AT_ONCE);
});

/** Lets all that can go on go on. */
function turns(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
