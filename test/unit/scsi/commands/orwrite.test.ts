// Proves ORWRITE (16): bits are set and none is cleared, piece by piece, also while others write.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';

const orwrite = (lba: number, blocks: number, flags = 0) => [
  0x8b,
  flags,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  lba,
  0,
  0,
  0,
  blocks,
  0,
  0,
];

async function stored(bench: ScsiBench, lba: number, blocks: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(blocks * 512);
  await bench.volume.read(lba * 512, [bytes]);
  return bytes;
}

test('it sets the bits that are one, and leaves the others', async () => {
  const bench = await ScsiBench.open();
  const patterns = [0xa5, 0x50, 0];
  for (const pattern of patterns) {
    const data = new Uint8Array(20 * 512).fill(pattern);
    assert.equal((await bench.perform(orwrite(3, 20), { data })).status, Status.good);
  }
  assert.deepEqual(await stored(bench, 3, 20), new Uint8Array(20 * 512).fill(0xf5));
  assert.deepEqual(await stored(bench, 2, 1), new Uint8Array(512));
  assert.deepEqual(await stored(bench, 23, 1), new Uint8Array(512));
});

test('each piece lies within what the medium writes in one step', async () => {
  const bench = await ScsiBench.open();
  const limits = {
    ...bench.volume.limits,
    compareAndWriteMaxBytes: 2048,
    atomicBoundaryBytes: 4096,
  };
  Object.defineProperty(bench.volume, 'limits', { value: limits });
  await bench.perform(orwrite(1, 15), { data: new Uint8Array(15 * 512).fill(1) });
  const writes = bench.volume.log.filter((line) => line.startsWith('compareAndWrite'));
  const offsets = [512, 2560, 4096, 6144];
  assert.deepEqual(
    writes,
    offsets.map((offset) => `compareAndWrite ${offset}`),
  );
  assert.deepEqual(await stored(bench, 1, 15), new Uint8Array(15 * 512).fill(1));
});

test('a write that comes between read and write is not lost', async () => {
  const bench = await ScsiBench.open();
  const read = bench.volume.read.bind(bench.volume);
  let reads = 0;
  bench.volume.read = (offset, into) => {
    const result = read(offset, into);
    if (reads++ === 0) void bench.volume.write(512, [new Uint8Array(512).fill(0x10)]);
    return result;
  };
  const data = new Uint8Array(512).fill(0x01);
  assert.equal((await bench.perform(orwrite(1, 1), { data })).status, Status.good);
  assert.equal(reads, 2);
  bench.volume.read = read;
  assert.deepEqual(await stored(bench, 1, 1), new Uint8Array(512).fill(0x11));
});

test('FUA is passed on; protection, and a range that leaves the medium, are refused', async () => {
  const bench = await ScsiBench.open();
  const data = new Uint8Array(512);
  const { volume } = bench;
  const compareAndWrite = volume.compareAndWrite.bind(volume);
  let isDurable: boolean | undefined;
  volume.compareAndWrite = (offset, compare, write, options) => {
    isDurable = options?.fua;
    return compareAndWrite(offset, compare, write, options);
  };
  await bench.perform(orwrite(0, 1, 0x08), { data });
  assert.equal(isDurable, true);
  assert.equal((await bench.perform(orwrite(0, 1, 0x20), { data })).condition, '5/2400');
  const cdb = orwrite(0, 1);
  cdb[2] = 0x80;
  assert.equal((await bench.perform(cdb, { data })).condition, '5/2100');
  assert.equal((await bench.perform(orwrite(0, 0))).status, Status.good);
});
