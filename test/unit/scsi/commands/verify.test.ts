// Proves VERIFY and WRITE AND VERIFY: what BYTCHK compares, and where a difference is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { map } from '../../../../src/base/pending.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';

const verify = (byteCheck: number, blocks = 2) => [
  0x2f,
  byteCheck << 1,
  0,
  0,
  0,
  0,
  0,
  0,
  blocks,
  0,
];

test('BYTCHK 00b reads, 01b compares all, 11b compares one block again and again', async () => {
  const bench = await ScsiBench.open();
  const data = new Uint8Array(1024).fill(6);
  bench.send([0x2a, 0, 0, 0, 0, 0, 0, 0, 2, 0], { data });
  assert.equal((await bench.perform(verify(0))).status, Status.good);
  assert.equal((await bench.perform(verify(1), { data })).status, Status.good);
  const block = { data: data.subarray(0, 512) };
  assert.equal((await bench.perform(verify(3), block)).status, Status.good);
  assert.equal((await bench.perform(verify(2), block)).condition, '5/2400');
  assert.equal((await bench.perform(verify(1, 0))).status, Status.good);
});

test('a difference is a MISCOMPARE with its offset', async () => {
  const bench = await ScsiBench.open();
  const data = new Uint8Array(1024);
  data[1000] = 1;
  const all = await bench.perform(verify(1), { data });
  assert.equal(all.condition, 'e/1d00');
  assert.deepEqual([...all.sense!.subarray(3, 7)], [0, 0, 3, 0xe8]);
  const second = [0x2a, 0, 0, 0, 0, 1, 0, 0, 1, 0];
  bench.send(second, { data: new Uint8Array(512).fill(1) });
  const one = await bench.perform(verify(3), { data: new Uint8Array(512) });
  assert.deepEqual([...one.sense!.subarray(3, 7)], [0, 0, 2, 0]);
});

test('a failing medium is a read error', async () => {
  const bench = await ScsiBench.open();
  bench.volume.fault = { status: 'readError' };
  assert.equal((await bench.perform(verify(0))).condition, '3/1100');
});

test('WRITE AND VERIFY writes durably, then reads and compares', async () => {
  const bench = await ScsiBench.open();
  const data = new Uint8Array(512).fill(4);
  for (const byteCheck of [0, 1]) {
    const cdb = [0x2e, byteCheck << 1, 0, 0, 0, 3, 0, 0, 1, 0];
    assert.equal((await bench.perform(cdb, { data })).status, Status.good);
    assert.deepEqual(bench.volume.log.slice(-2), ['write fua 1536', 'read 1536']);
  }
});

test('WRITE AND VERIFY of less data than the CDB asks for compares every byte of it', async () => {
  for (const sent of [200, 512, 700]) {
    const bench = await ScsiBench.open();
    const cdb = [0x2e, 2, 0, 0, 0, 3, 0, 0, 2, 0];
    const data = new Uint8Array(sent).fill(4);
    assert.equal((await bench.perform(cdb, { data })).status, Status.good);
    const { volume } = bench;
    const read = volume.read.bind(volume);
    volume.read = (offset, into) => {
      const isWritten = volume.log.at(-1)!.startsWith(sent === 512 ? 'write' : 'compareAndWrite');
      return map(read(offset, into), (result) => {
        // The medium has lost the last byte of what was written.
        if (isWritten) into[0]![sent - 1] = 0;
        return result;
      });
    };
    const lost = await bench.perform(cdb, { data });
    assert.equal(lost.condition, 'e/1d00', `${sent} bytes`);
  }
});
