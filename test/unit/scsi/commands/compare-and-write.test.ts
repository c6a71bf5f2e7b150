// Proves COMPARE AND WRITE: written when equal, MISCOMPARE with the offset when not, and refusal
// of lengths that would make half a comparison.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';

const cdb = (blocks: number) => [0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, blocks, 0, 0];

test('equal: written', async () => {
  const bench = await ScsiBench.open();
  const data = new Uint8Array(1024).fill(7, 512);
  assert.equal(bench.send(cdb(1), { data }).status, Status.good);
  const read = bench.send([0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0], { dataInExpected: 512 });
  assert.deepEqual(read.dataIn, new Uint8Array(512).fill(7));
});

test('different: MISCOMPARE, the offset in INFORMATION, nothing written', async () => {
  const bench = await ScsiBench.open();
  const data = new Uint8Array(1024);
  data[300] = 1;
  const task = bench.send(cdb(1), { data });
  assert.equal(task.condition, 'e/1d00');
  assert.deepEqual([...task.sense!.subarray(0, 7)], [0xf0, 0, 0x0e, 0, 0, 1, 44]);
});

test('no blocks: good; other data lengths than the CDB asks for, or too many blocks: refused', async () => {
  const bench = await ScsiBench.open();
  assert.equal(bench.send(cdb(0)).status, Status.good);
  assert.equal(bench.send(cdb(0), { data: new Uint8Array(512) }).condition, '5/2400');
  assert.equal(bench.send(cdb(1), { data: new Uint8Array(2048) }).condition, '5/0e03');
  assert.equal(bench.send(cdb(1), { data: new Uint8Array(512) }).condition, '5/0e03');
  const large = await ScsiBench.open({ blockLengthBytes: 4096 });
  assert.equal(large.send(cdb(33), { data: new Uint8Array(66 * 4096) }).condition, '5/2400');
});
