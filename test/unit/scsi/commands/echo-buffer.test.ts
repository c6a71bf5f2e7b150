// Proves the echo buffer: each nexus reads what it wrote itself, in the length in which it wrote
// it; nothing written yet, other modes, and more than the buffer holds are refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ECHO_BUFFER_BYTES } from '../../../../src/scsi/echo-buffer.ts';
import type { Nexus } from '../../../../src/scsi/nexus.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';

const ECHO = 0x0a;
const DESCRIPTOR = 0x0b;

const buffer = (code: number, mode: number, length: number) => [
  code,
  mode,
  0,
  0,
  0,
  0,
  length >> 16,
  (length >> 8) & 0xff,
  length & 0xff,
  0,
];

function write(bench: ScsiBench, data: Uint8Array, nexus: Nexus = bench.nexus) {
  return bench.send(buffer(0x3b, ECHO, data.length), { data }, nexus);
}

function read(bench: ScsiBench, length: number, nexus: Nexus = bench.nexus) {
  return bench.send(buffer(0x3c, ECHO, length), { dataInExpected: length }, nexus);
}

test('a nexus reads what it wrote last, and nothing of others', async () => {
  const bench = await ScsiBench.open();
  const other = bench.openNexus();
  assert.equal(read(bench, 8).condition, '5/2c00');
  const data = new Uint8Array(300).fill(5);
  assert.equal(write(bench, data).status, Status.good);
  data.fill(6);
  assert.equal(read(bench, 300, other).condition, '5/2c00');
  write(bench, new Uint8Array(4), other);
  assert.deepEqual(read(bench, 1000).dataIn, new Uint8Array(300).fill(5));
  assert.deepEqual(read(bench, 10).dataIn, new Uint8Array(10).fill(5));
  assert.deepEqual(read(bench, 10, other).dataIn, new Uint8Array(4));
});

test('the descriptor tells the capacity, and that each nexus has a buffer of its own', async () => {
  const bench = await ScsiBench.open();
  const { dataIn } = bench.send(buffer(0x3c, DESCRIPTOR, 4), { dataInExpected: 4 });
  assert.deepEqual([...dataIn], [1, 0, ECHO_BUFFER_BYTES >> 8, ECHO_BUFFER_BYTES & 0xff]);
  const whole = new Uint8Array(ECHO_BUFFER_BYTES).fill(9);
  assert.equal(write(bench, whole).status, Status.good);
  assert.deepEqual(read(bench, ECHO_BUFFER_BYTES).dataIn, whole);
  assert.equal(write(bench, new Uint8Array(ECHO_BUFFER_BYTES + 1)).condition, '5/2400');
  assert.deepEqual(read(bench, ECHO_BUFFER_BYTES).dataIn, whole);
});

test('other modes are refused: no microcode, no data buffer, no error history', async () => {
  const bench = await ScsiBench.open();
  for (let mode = 0; mode < 32; mode++) {
    const written = bench.send(buffer(0x3b, mode, 4), { data: new Uint8Array(4) });
    assert.equal(written.condition ?? '', mode === ECHO ? '' : '5/2400', `WRITE BUFFER ${mode}`);
    const sent = bench.send(buffer(0x3c, mode, 4), { dataInExpected: 4 });
    const isRead = mode === ECHO || mode === DESCRIPTOR || sent.status === Status.good;
    assert.equal(isRead, mode === ECHO || mode === DESCRIPTOR, `READ BUFFER ${mode}`);
  }
});
