// Proves GET LBA STATUS: descriptors begin at the block that was asked for, tell what is mapped,
// and fit into what the initiator takes.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ScsiBench } from '../../../support/scsi-bench.ts';

/** The descriptors as [lba, blocks, status]. */
async function status(bench: ScsiBench, lba: number, length: number): Promise<number[][]> {
  const cdb = [0x9e, 0x12, 0, 0, 0, 0, 0, 0, lba >> 8, lba & 255, 0, 0, 0, length, 0, 0];
  const { dataIn } = await bench.perform(cdb, { dataInExpected: length });
  const view = new DataView(dataIn.buffer, dataIn.byteOffset, dataIn.length);
  assert.equal(view.getUint32(0), dataIn.length - 4);
  const descriptors: number[][] = [];
  for (let at = 8; at < dataIn.length; at += 16) {
    descriptors.push([view.getUint32(at + 4), view.getUint32(at + 8), dataIn[at + 12]!]);
  }
  return descriptors;
}

test('mapped and deallocated runs, from where was asked', async () => {
  const bench = await ScsiBench.open();
  const granule = bench.volume.limits.unmapGranularityBytes / 512;
  const write = [0x2a, 0, 0, 0, 0, granule, 0, 0, granule, 0];
  bench.send(write, { data: new Uint8Array(granule * 512).fill(1) });
  const [first, second, third] = await status(bench, 1, 200);
  assert.deepEqual(first, [1, granule - 1, 1]);
  assert.deepEqual(second, [granule, granule, 0]);
  assert.equal(third?.[0], 2 * granule);
  assert.deepEqual(await status(bench, granule + 1, 24), [[granule + 1, granule - 1, 0]]);
});

test('a block behind the end is refused', async () => {
  const bench = await ScsiBench.open();
  const cdb = [0x9e, 0x12, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 24, 0, 0];
  assert.equal((await bench.perform(cdb, { dataInExpected: 24 })).condition, '5/2100');
});
