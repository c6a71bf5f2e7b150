// Proves READ in all its lengths: addresses, bounds, residuals and flags.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TRANSFER_LENGTH_MAX_BYTES } from '../../../../src/scsi/limits.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';

/** READ (16) of `blocks` from a 64-bit address given as eight bytes. */
function read16(address: readonly number[], blocks: number): number[] {
  return [
    0x88,
    0,
    ...address,
    blocks >>> 24,
    (blocks >> 16) & 255,
    (blocks >> 8) & 255,
    blocks & 255,
  ].concat([0, 0]);
}

test('READ (6), (10), (12) and (16) read the same block', async () => {
  const bench = await ScsiBench.open();
  const data = new Uint8Array(512).fill(0x5a);
  bench.send([0x2a, 0, 0, 0, 1, 2, 0, 0, 1, 0], { data });
  const cdbs = [
    [0x08, 0, 1, 2, 1, 0],
    [0x28, 0, 0, 0, 1, 2, 0, 0, 1, 0],
    [0xa8, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0, 0],
    read16([0, 0, 0, 0, 0, 0, 1, 2], 1),
  ];
  for (const cdb of cdbs) {
    const task = bench.send(cdb, { dataInExpected: 512 });
    assert.deepEqual([task.status, task.dataIn], [Status.good, data]);
  }
});

test('READ (6) of length 0 reads 256 blocks; of the others no block', async () => {
  const bench = await ScsiBench.open();
  const six = bench.send([0x08, 0, 0, 0, 0, 0], { dataInExpected: 256 * 512 });
  assert.equal(six.dataIn.length, 256 * 512);
  const ten = bench.send([0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual([ten.status, ten.dataIn.length], [Status.good, 0]);
});

test('addresses behind the end are refused, up to 2^64 - 1 and with no blocks', async () => {
  const bench = await ScsiBench.open({ blocks: 2048 });
  const all = new Array<number>(8).fill(0xff);
  const outside: [number[], number][] = [
    [[0, 0, 0, 0, 0, 0, 8, 0], 1],
    [[0, 0, 0, 0, 0, 0, 8, 1], 0],
    [[0, 0, 0, 0, 0, 0, 7, 0xff], 2],
    [[0, 0x20, 0, 0, 0, 0, 0, 0], 1],
    [[0x80, 0, 0, 0, 0, 0, 0, 0], 1],
    [all, 0],
    [all, 1],
    [all, 0xffffffff],
  ];
  for (const [address, blocks] of outside) {
    const task = bench.send(read16(address, blocks), { dataInExpected: 512 });
    assert.equal(task.condition, '5/2100', `${address} ${blocks}`);
  }
  const end = bench.send(read16([0, 0, 0, 0, 0, 0, 8, 0], 0));
  assert.equal(end.status, Status.good);
});

test('more than MAXIMUM TRANSFER LENGTH is refused at the length field', async () => {
  const blocks = TRANSFER_LENGTH_MAX_BYTES / 512 + 1;
  const bench = await ScsiBench.open({ blocks: 2 * blocks });
  const task = bench.send(read16([0, 0, 0, 0, 0, 0, 0, 0], blocks), { dataInExpected: 512 });
  assert.equal(task.condition, '5/2400');
  assert.deepEqual([...task.sense!.subarray(15, 18)], [0xcf, 0, 10]);
});

test('an initiator that takes less gets less, and the residual can be told', async () => {
  const bench = await ScsiBench.open();
  bench.send([0x2a, 0, 0, 0, 0, 0, 0, 0, 2, 0], { data: new Uint8Array(1024).fill(9) });
  const two = [0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0];
  const cases = [
    [0, 0],
    [200, 200],
    [512, 512],
    [712, 712],
    [1024, 1024],
    [10000, 1024],
  ] as const;
  for (const [dataInExpected, length] of cases) {
    const task = bench.send(two, { dataInExpected });
    assert.equal(task.status, Status.good);
    assert.deepEqual(task.dataIn, new Uint8Array(length).fill(9));
    assert.equal(task.transferLength, 1024);
  }
});

test('RDPROTECT is refused; DPO and FUA are taken, and FUA flushes a volatile cache', async () => {
  const bench = await ScsiBench.open();
  const protect = bench.send([0x28, 0x20, 0, 0, 0, 0, 0, 0, 1, 0], { dataInExpected: 512 });
  assert.deepEqual([...protect.sense!.subarray(15, 18)], [0xcf, 0, 1]);
  const flags = bench.send([0x28, 0x18, 0, 0, 0, 0, 0, 0, 1, 0], { dataInExpected: 512 });
  assert.equal(flags.status, Status.good);
  assert.deepEqual(bench.volume.log.slice(-2), ['flush', 'read 0']);
});
