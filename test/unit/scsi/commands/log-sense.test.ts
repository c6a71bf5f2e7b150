// Proves LOG SENSE: the pages that there are, byte by byte as SBC lays them out, what it refuses,
// and the unit attention that every nexus gets when the store reaches its soft threshold.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScsiBench } from '../../../support/scsi-bench.ts';

const MIB = 2 ** 20;

function logSense(page: number, pointer = 0, subpage = 0, sp = 0): readonly number[] {
  return [0x4d, sp, 0x40 | page, subpage, 0, pointer >> 8, pointer & 0xff, 1, 0, 0];
}

async function sense(bench: ScsiBench, cdb: readonly number[]) {
  return await bench.perform(cdb, { dataInExpected: 256 });
}

test('without figures only the list of pages exists', async () => {
  const bench = await ScsiBench.open();
  assert.deepEqual([...(await sense(bench, logSense(0))).dataIn], [0, 0, 0, 1, 0]);
  assert.equal((await sense(bench, logSense(0x0c))).condition, '5/2400');
});

test('the figures of the store are reported in threshold sets, as shared', async () => {
  const bench = await ScsiBench.open();
  bench.logicalUnit.setSpace({ usedBytes: 3 * MIB + 5, availableBytes: 300 * MIB }, 90);
  assert.deepEqual([...(await sense(bench, logSense(0))).dataIn], [0, 0, 0, 2, 0, 0x0c]);
  const available = [0, 1, 3, 8, 0, 0, 1, 44, 2, 0, 0, 0];
  const used = [0, 2, 3, 8, 0, 0, 0, 3, 2, 0, 0, 0];
  const whole = [0x8c, 0, 0, 24, ...available, ...used];
  assert.deepEqual([...(await sense(bench, logSense(0x0c))).dataIn], whole);
  const second = [0x8c, 0, 0, 12, ...used];
  assert.deepEqual([...(await sense(bench, logSense(0x0c, 2))).dataIn], second);
  const vpd = await bench.perform([0x12, 1, 0xb2, 0, 64, 0], { dataInExpected: 64 });
  assert.equal(2 ** vpd.dataIn[4]! * 512, MIB);
});

test('a store too large for the field is reported as its largest number', async () => {
  const bench = await ScsiBench.open();
  bench.logicalUnit.setSpace({ usedBytes: 0, availableBytes: 2 ** 53 }, 90);
  const { dataIn } = await sense(bench, logSense(0x0c));
  assert.deepEqual([...dataIn.subarray(8, 12)], [255, 255, 255, 255]);
});

test('unsupported pages, subpages, pointers and saving are refused', async () => {
  const bench = await ScsiBench.open();
  bench.logicalUnit.setSpace({ usedBytes: MIB, availableBytes: MIB }, 90);
  for (const cdb of [
    logSense(0x0d),
    logSense(0x0c, 0, 1),
    logSense(0, 0, 0xff),
    logSense(0x0c, 3),
    logSense(0, 1),
    logSense(0x0c, 0, 0, 1),
  ]) {
    assert.equal((await sense(bench, cdb)).condition, '5/2400', String(cdb));
  }
});

test('the soft threshold is reported once, and again only after use has fallen', async () => {
  const bench = await ScsiBench.open();
  const fill = (usedBytes: number) =>
    bench.logicalUnit.setSpace({ usedBytes, availableBytes: 1000 - usedBytes }, 80);
  const ready = async () => (await bench.perform([0, 0, 0, 0, 0, 0])).condition;
  fill(799);
  assert.equal(await ready(), undefined);
  fill(800);
  assert.equal(await ready(), '6/3807');
  for (const used of [900, 795, 850]) fill(used);
  assert.equal(await ready(), undefined);
  fill(789);
  fill(801);
  assert.equal(await ready(), '6/3807');
  assert.equal(await ready(), undefined);
});
