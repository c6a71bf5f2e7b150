// Proves WRITE SAME: pattern, zeros, UNMAP and NDOB become the right operation of the medium, and
// what is not supported is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';

const cdb10 = (flags: number, blocks = 4) => [0x41, flags, 0, 0, 0, 8, 0, 0, blocks, 0];
const cdb16 = (flags: number, blocks = 4) => [
  0x93,
  flags,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  8,
  0,
  0,
  0,
  blocks,
  0,
  0,
];
const zeros = new Uint8Array(512);
const sevens = new Uint8Array(512).fill(7);

test('each kind becomes one operation', async () => {
  const bench = await ScsiBench.open();
  const cases: [number[], Uint8Array | undefined, string][] = [
    [cdb10(0), sevens, 'writeSame 4096 2048'],
    [cdb16(0), sevens, 'writeSame 4096 2048'],
    [cdb10(0), zeros, 'writeZeroes 4096 2048'],
    [cdb16(0x08), zeros, 'unmap 4096 2048'],
    [cdb10(0x08), sevens, 'writeSame 4096 2048'],
    [cdb16(0x01), undefined, 'writeZeroes 4096 2048'],
    [cdb16(0x09), undefined, 'unmap 4096 2048'],
  ];
  for (const [cdb, data, operation] of cases) {
    const task = await bench.perform(cdb, data === undefined ? {} : { data });
    assert.equal(task.status, Status.good);
    assert.equal(bench.volume.log.at(-1), operation);
  }
});

test('a long range is done in steps and whole', async () => {
  const bench = await ScsiBench.open({ blocks: 65536 });
  const cdb = [0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0];
  assert.equal((await bench.perform(cdb, { data: sevens })).status, Status.good);
  assert.ok(bench.volume.log.filter((line) => line.startsWith('writeSame')).length > 1);
  const last = [0x28, 0, 0, 0, 0x7f, 0xff, 0, 0, 2, 0];
  const read = bench.send(last, { dataInExpected: 1024 });
  assert.deepEqual([read.dataIn[0], read.dataIn[511], read.dataIn[512]], [7, 7, 0]);
});

test('ANCHOR, WRPROTECT, no blocks (WSNZ) and other lengths of data are refused', async () => {
  const bench = await ScsiBench.open();
  const refused: [number[], Uint8Array, string][] = [
    [cdb16(0x18), zeros, '5/2400'],
    [cdb16(0x20), zeros, '5/2400'],
    [cdb10(0x01), zeros, '5/2400'],
    [cdb16(0, 0), zeros, '5/2400'],
    [cdb16(0), new Uint8Array(256), '5/0e03'],
    [cdb16(0), new Uint8Array(1024), '5/0e03'],
  ];
  for (const [cdb, data, condition] of refused) {
    assert.equal((await bench.perform(cdb, { data })).condition, condition);
  }
});
