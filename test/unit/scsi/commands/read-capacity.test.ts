// READ CAPACITY: the last LBA, the block lengths and thin provisioning, in both lengths.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';
import { hex, logicalUnit, run } from '../../../support/scsi-call.ts';

const TEN = [0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const SIXTEEN = [0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0];

test('(10): 1 GiB in 512-byte blocks', async () => {
  assert.equal(hex((await run(TEN)).dataIn), '00 1f ff ff 00 00 02 00');
});

test('(10): all ones beyond 2^32 blocks, and the last LBA just below', async () => {
  const beyond = logicalUnit({ blocks: 2 ** 32 + 1 });
  assert.equal(hex((await run(TEN, { unit: beyond })).dataIn), 'ff ff ff ff 00 00 02 00');
  const below = logicalUnit({ blocks: 2 ** 32 - 1 });
  assert.equal(hex((await run(TEN, { unit: below })).dataIn), 'ff ff ff fe 00 00 02 00');
});

test('(16): 512-byte blocks, one to a physical block, LBPME and LBPRZ', async () => {
  const unit = logicalUnit({ blocks: 2 ** 33 });
  assert.equal(
    hex((await run(SIXTEEN, { unit })).dataIn),
    `00 00 00 01 ff ff ff ff 00 00 02 00 00 00 c0 00
00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00`,
  );
});

test('(16): a 4096-byte block is a physical block', async () => {
  const unit = logicalUnit({ blockLengthBytes: 4096 });
  assert.equal(
    hex((await run(SIXTEEN, { unit })).dataIn.subarray(0, 16)),
    '00 00 00 00 00 03 ff ff 00 00 10 00 00 00 c0 00',
  );
});

test('obsolete fields that initiators still set change nothing; reserved bits are refused', async () => {
  const bench = await ScsiBench.open();
  const room = { dataInExpected: 32 };
  const ten = bench.send([0x25, 1, 0, 0, 1, 2, 0, 0, 1, 0], room);
  assert.deepEqual([...ten.ends], [Status.good]);
  const sixteen = [0x9e, 0x10, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 32, 1, 0];
  assert.deepEqual([...bench.send(sixteen, room).ends], [Status.good]);
  assert.equal(bench.send([0x25, 2, 0, 0, 0, 0, 0, 0, 0, 0], room).condition, '5/2400');
});
