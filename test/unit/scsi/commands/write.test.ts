// Proves WRITE: what of the data reaches the medium, also when the initiator sends less or more
// than the CDB asks for, and when FUA or a cache that is off makes it durable.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';
import { setModes } from '../../../support/set-modes.ts';

function content(bench: ScsiBench, blocks: number): Uint8Array {
  const cdb = [0x28, 0, 0, 0, 0, 0, 0, 0, blocks, 0];
  return bench.send(cdb, { dataInExpected: blocks * 512 }).dataIn;
}

test('WRITE (6), (10), (12) and (16) write the block they name', async () => {
  const cdbs = [
    [0x0a, 0, 0, 1, 1, 0],
    [0x2a, 0, 0, 0, 0, 1, 0, 0, 1, 0],
    [0xaa, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0],
    [0x8a, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0],
  ];
  for (const cdb of cdbs) {
    const bench = await ScsiBench.open();
    const task = bench.send(cdb, { data: new Uint8Array(512).fill(3) });
    assert.equal(task.status, Status.good);
    const expected = new Uint8Array(1536);
    expected.fill(3, 512, 1024);
    assert.deepEqual(content(bench, 3), expected);
  }
});

test('the smaller of what is sent and what is asked for is written, to the byte', async () => {
  const cases: [number, number][] = [
    [1, 0],
    [1, 200],
    [2, 512],
    [2, 700],
    [1, 1024],
    [1, 10000],
  ];
  for (const [blocks, sent] of cases) {
    const bench = await ScsiBench.open();
    bench.send([0x2a, 0, 0, 0, 0, 0, 0, 0, 20, 0], { data: new Uint8Array(20 * 512).fill(97) });
    const cdb = [0x2a, 0, 0, 0, 0, 0, 0, 0, blocks, 0];
    const task = await bench.perform(cdb, { data: new Uint8Array(sent).fill(98) });
    assert.equal(task.status, Status.good);
    assert.equal(task.transferLength, blocks * 512);
    const expected = new Uint8Array(20 * 512).fill(97);
    expected.fill(98, 0, Math.min(sent, blocks * 512));
    assert.deepEqual(content(bench, 20), expected, `${blocks} blocks, ${sent} bytes`);
  }
});

test('FUA, and WCE 0, ask the medium for durability', async () => {
  const bench = await ScsiBench.open();
  const data = new Uint8Array(512);
  const write = (flags: number) => {
    bench.send([0x2a, flags, 0, 0, 0, 0, 0, 0, 1, 0], { data });
    return bench.volume.log.at(-1);
  };
  assert.equal(write(0), 'write 0');
  assert.equal(write(0x08), 'write fua 0');
  setModes(bench.logicalUnit, { wce: false });
  assert.equal(write(0), 'write fua 0');
});

test('WRPROTECT is refused, and an address behind the end, before data is asked for', async () => {
  const bench = await ScsiBench.open();
  const data = new Uint8Array(512);
  const protect = bench.send([0x2a, 0x20, 0, 0, 0, 0, 0, 0, 1, 0], { data });
  assert.deepEqual([protect.condition, protect.requested], ['5/2400', undefined]);
  const behind = bench.send([0x2a, 0, 0, 0, 8, 0, 0, 0, 1, 0], { data });
  assert.deepEqual([behind.condition, behind.requested], ['5/2100', undefined]);
});
