// READ DEFECT DATA: the lists that are asked for are valid and empty.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScsiBench } from '../../../support/scsi-bench.ts';

test('(10) answers with the lists and the format that are asked for', async () => {
  const bench = await ScsiBench.open();
  const both = await bench.perform([0x37, 0, 0x1d, 0, 0, 0, 0, 0, 32, 0], { dataInExpected: 32 });
  assert.deepEqual([...both.dataIn], [0, 0x1d, 0, 0]);
  const cut = await bench.perform([0x37, 0, 0x08, 0, 0, 0, 0, 0, 2, 0], { dataInExpected: 2 });
  assert.deepEqual([...cut.dataIn], [0, 0x08]);
});

test('(12) has its flags in byte 1, and a longer head', async () => {
  const bench = await ScsiBench.open();
  const primary = await bench.perform([0xb7, 0x13, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0], {
    dataInExpected: 32,
  });
  assert.deepEqual([...primary.dataIn], [0, 0x13, 0, 0, 0, 0, 0, 0]);
});
