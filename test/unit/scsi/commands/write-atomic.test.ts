// Proves WRITE ATOMIC (16): one aligned page as one write of the medium, to its end also when it
// is aborted; every range that VPD B0h rules out is refused, each with its field.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atomicWriteBlocks } from '../../../../src/scsi/limits-in-blocks.ts';
import { BlockLimits } from '../../../../src/scsi/standard/vpd.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';
import { logicalUnit, run } from '../../../support/scsi-call.ts';

interface Fields {
  readonly lba?: number;
  readonly blocks?: number;
  readonly flags?: number;
  readonly boundary?: number;
}

function writeAtomic({ lba = 0, blocks = 8, flags = 0, boundary = 0 }: Fields = {}): number[] {
  const cdb = [0x9c, flags, ...new Array<number>(14).fill(0)];
  [cdb[8], cdb[9], cdb[11], cdb[12], cdb[13]] = [lba >> 8, lba, boundary, blocks >> 8, blocks];
  return cdb.map((byte) => byte & 0xff);
}

test('a page is written by one operation, with FUA if it asks for that', async () => {
  const bench = await ScsiBench.open();
  const { volume } = bench;
  const write = volume.write.bind(volume);
  const seen: unknown[] = [];
  volume.write = (offset, from, options) => {
    seen.push([offset, from.reduce((sum, { length }) => sum + length, 0), options?.fua === true]);
    return write(offset, from, options);
  };
  const data = new Uint8Array(4096).fill(7);
  assert.equal((await bench.perform(writeAtomic({ lba: 16 }), { data })).status, Status.good);
  await bench.perform(writeAtomic({ lba: 2040, flags: 0x08 }), { data });
  assert.deepEqual(seen, [
    [16 * 512, 4096, false],
    [2040 * 512, 4096, true],
  ]);
  const stored = new Uint8Array(4096);
  await volume.read(16 * 512, [stored]);
  assert.deepEqual(stored, data);
});

test('no blocks: good at an aligned address', async () => {
  const bench = await ScsiBench.open();
  assert.equal(bench.send(writeAtomic({ blocks: 0 })).status, Status.good);
  assert.equal(bench.send(writeAtomic({ blocks: 0, lba: 3 })).condition, '5/2400');
});

test('what VPD B0h rules out is refused, with the field', async () => {
  const bench = await ScsiBench.open();
  const sent = (fields: Fields) => {
    const data = new Uint8Array((fields.blocks ?? 8) * 512);
    const task = bench.send(writeAtomic(fields), { data });
    return [task.condition, task.sense?.[17]];
  };
  assert.deepEqual(sent({ lba: 1 }), ['5/2400', 2]);
  assert.deepEqual(sent({ blocks: 4 }), ['5/2400', 12]);
  assert.deepEqual(sent({ blocks: 16 }), ['5/2400', 12]);
  assert.deepEqual(sent({ boundary: 8 }), ['5/2400', 10]);
  assert.deepEqual(sent({ flags: 0x20 }), ['5/2400', 1]);
  assert.equal(sent({ lba: 2048 })[0], '5/2100');
  const short = bench.send(writeAtomic(), { data: new Uint8Array(2048) });
  assert.equal(short.condition, '5/0e03');
});

test('one logical block of 4096 bytes has no more restrictions', async () => {
  const bench = await ScsiBench.open({ blockLengthBytes: 4096 });
  const data = new Uint8Array(4096);
  for (const lba of [0, 1, 2047]) {
    assert.equal((await bench.perform(writeAtomic({ lba, blocks: 1 }), { data })).status, 0);
  }
});

test('a medium that divides a page has no atomic writes, and says so', async () => {
  const unit = logicalUnit({ limits: { atomicBoundaryBytes: 512, compareAndWriteMaxBytes: 512 } });
  assert.equal(atomicWriteBlocks(unit), 0);
  const { result } = await run(writeAtomic(), { unit, dataOut: new Uint8Array(4096) });
  assert.equal(result.sense?.code, 0x2000);
  const page = (await run([0x12, 1, 0xb0, 0, 64, 0], { unit })).dataIn;
  assert.equal(BlockLimits.maximumAtomicTransferLength.get(page), 0);
});
