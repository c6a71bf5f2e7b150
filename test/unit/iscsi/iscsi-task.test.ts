// Proves what a command answers and what it leaves: Data-In within segment and burst, residual
// counts of each direction, nothing after the end of its session, memory and place given back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IscsiTask } from '../../../src/iscsi/iscsi-task.ts';
import { Status } from '../../../src/scsi/status.ts';
import { dataOutPdu } from '../../support/iscsi-world.ts';
import { received, SessionParts } from '../../support/session-parts.ts';
import { settle } from '../../support/virtual-clock.ts';

const FINAL = 0x80;
const OVERFLOW = 0x04;
const UNDERFLOW = 0x02;
const STATUS = 0x01;

function read(task: IscsiTask, wanted: number, got: number, status: number = Status.good): void {
  task.transferLength = wanted;
  task.returnsData = true;
  task.allocateDataIn(wanted);
  task.end(status, got, status === Status.good ? undefined : new Uint8Array(18));
}

async function sent({ stream }: SessionParts): Promise<Buffer[]> {
  await settle();
  return stream.take();
}

test('data-in goes in PDUs of at most a segment, F at each end of a burst, status with the last', async () => {
  const parameters = { initiatorMaxRecvDataSegmentLength: 4096, maxBurstLength: 6000 };
  const parts = new SessionParts({ parameters });
  read(parts.begin(9, { dataInExpected: 10_000 }), 10_000, 10_000);
  const pdus = await sent(parts);
  assert.deepEqual(
    pdus.map((pdu) => [pdu[0], pdu[1], pdu.readUIntBE(5, 3), pdu.readUInt32BE(40)]),
    [
      [0x25, 0, 4096, 0],
      [0x25, FINAL, 1904, 4096],
      [0x25, FINAL | STATUS, 4000, 6000],
    ],
  );
  assert.deepEqual(
    pdus.map((pdu) => pdu.readUInt32BE(36)),
    [0, 1, 2],
    'DataSN',
  );
});

const residuals = [
  { name: 'a read of less', expected: 4096, wanted: 512, got: 512, flags: UNDERFLOW, count: 3584 },
  { name: 'a read of more', expected: 512, wanted: 4096, got: 512, flags: OVERFLOW, count: 3584 },
  { name: 'a read as asked', expected: 512, wanted: 512, got: 512, flags: 0, count: 0 },
];
for (const { name, expected, wanted, got, flags, count } of residuals) {
  test(`the residual of ${name}`, async () => {
    const parts = new SessionParts();
    read(parts.begin(9, { dataInExpected: expected }), wanted, got);
    const [pdu] = await sent(parts);
    assert.deepEqual(
      [pdu![0], pdu![1], pdu!.readUInt32BE(44)],
      [0x25, FINAL | STATUS | flags, count],
    );
  });
}

test('a read that fails sends no data, and its response has the whole length as residual', async () => {
  const parts = new SessionParts();
  read(parts.begin(9, { dataInExpected: 512 }), 512, 0, Status.checkCondition);
  const [pdu, ...others] = await sent(parts);
  parts.queue.close();
  assert.equal(parts.pool.held, 0, 'the room for its data is given back');
  assert.deepEqual([pdu![0], pdu![1], pdu![3]], [0x21, FINAL | UNDERFLOW, Status.checkCondition]);
  assert.deepEqual([pdu!.readUInt32BE(44), pdu!.readUInt16BE(48), others.length], [512, 18, 0]);
});

test('a bidirectional command has a residual for each direction, and its status apart', async () => {
  const parts = new SessionParts();
  const task = parts.begin(9, { dataOutExpected: 1024, dataInExpected: 256, bidirectional: true });
  task.transferLength = 512;
  task.returnsData = false;
  task.end(Status.good, 0, undefined);
  const [pdu] = await sent(parts);
  assert.equal(pdu![1], FINAL | UNDERFLOW | (UNDERFLOW << 2));
  assert.deepEqual([pdu!.readUInt32BE(44), pdu!.readUInt32BE(40)], [512, 256]);
});

test('its answer already offers its place in the window', async () => {
  const parts = new SessionParts({ queueDepth: 8 });
  const before = parts.session.window.maxCmdSn;
  parts.begin(9).end(Status.good, 0, undefined);
  const [pdu] = await sent(parts);
  assert.equal(pdu!.readUInt32BE(32), (before + 1) >>> 0);
  assert.ok(parts.session.window.isIdle);
});

test('a command of a session that ends sends nothing, and leaves nothing', async () => {
  const parts = new SessionParts();
  const task = parts.begin(9, { dataInExpected: 65_536 });
  task.requestDataIn(65_536);
  task.allocateDataIn(65_536);
  await parts.session.close();
  task.end(Status.good, 65_536, undefined);
  assert.deepEqual(await sent(parts), []);
  parts.queue.close();
  assert.deepEqual([parts.session.account.heldBytes, parts.pool.held], [0, 0]);
});

test('what it held while it waited and while it gathered is given back, whichever way it ends', async () => {
  for (const end of ['end', 'discard'] as const) {
    const parts = new SessionParts({ parameters: { initialR2t: true, immediateData: false } });
    const { account, dataOut } = parts.session;
    const task = parts.begin(9, { dataOutExpected: 16_384 });
    task.transferLength = 16_384;
    task.requestDataOut(16_384);
    const [r2t] = await sent(parts);
    const room = account.heldBytes - parts.pool.held * parts.pool.slabBytes;
    assert.equal(room, 16_384, 'room for all of it');
    const pdu = dataOutPdu(9, r2t!.readUInt32BE(20), 0, 0, Buffer.alloc(100), false);
    dataOut.onPdu(received(pdu), true);
    if (end === 'end') task.end(Status.checkCondition, 0, new Uint8Array(18));
    else task.discard();
    assert.ok(dataOut.owed.isDraining, 'the rest of its data is dropped when it comes');
    await sent(parts);
    parts.queue.close();
    assert.deepEqual([account.heldBytes, parts.pool.held, account.isIdle], [0, 0, true], end);
    assert.equal(parts.tasks.take(), task, 'it can be used again');
    assert.deepEqual([task.dataOut.length, task.received.invitedLength], [0, 0]);
    assert.deepEqual([task.transferLength, task.burst], [0, undefined]);
  }
});

test('a bidirectional command that returns data sends its status in a PDU of its own', async () => {
  const parts = new SessionParts();
  const task = parts.begin(9, { dataOutExpected: 0, dataInExpected: 512, bidirectional: true });
  read(task, 512, 512);
  const pdus = await sent(parts);
  assert.deepEqual(
    pdus.map((pdu) => [pdu[0], pdu[1]! & STATUS]),
    [
      [0x25, 0],
      [0x21, 0],
    ],
  );
});

test('it was received when its session read it', () => {
  const parts = new SessionParts();
  parts.session.receivedMs = 42;
  assert.equal(parts.begin(9).receivedMs, 42);
});

test('it asks for no more data-out, and has room for no more data-in, than its initiator expects', async () => {
  const parts = new SessionParts({ parameters: { initialR2t: true, immediateData: false } });
  parts.begin(9, { dataOutExpected: 512 }).requestDataOut(4096);
  const [r2t] = await sent(parts);
  assert.equal(r2t!.readUInt32BE(44), 512);
  const views = parts.begin(10, { dataInExpected: 512 }).allocateDataIn(4096);
  assert.equal(
    views.reduce((sum, { length }) => sum + length, 0),
    512,
  );
});

test('room that was claimed for data-in is not counted beside the slabs that take it', () => {
  const parts = new SessionParts();
  const { account } = parts.session;
  const task = parts.begin(9, { dataInExpected: 65_536 });
  assert.ok(task.requestDataIn(65_536));
  assert.equal(account.heldBytes, 65_536);
  task.allocateDataIn(65_536);
  assert.equal(account.heldBytes, parts.pool.held * parts.pool.slabBytes);
});

test('data of a command that must wait is copied out of its receive buffer', () => {
  const parts = new SessionParts();
  const task = parts.begin(9, { dataOutExpected: 512 });
  const slab = parts.session.account.take();
  task.received.add([slab.view(0, 512)], [slab]);
  slab.release();
  assert.equal(parts.pool.held, 1);
  task.retainDataOut();
  assert.equal(parts.pool.held, 0);
});

test('an immediate command returns its place among the immediate ones', async () => {
  const parts = new SessionParts();
  const { window } = parts.session;
  const before = window.maxCmdSn;
  assert.ok(window.takeImmediate());
  const task = parts.tasks.take();
  task.begin(parts.session, true);
  task.end(Status.good, 0, undefined);
  assert.deepEqual([window.isIdle, window.maxCmdSn], [true, before]);
});

test('what a long CDB left is not seen by the next command', () => {
  const parts = new SessionParts();
  const task = parts.begin(9);
  task.cdb.fill(7);
  task.cdbLength = task.cdb.length;
  task.end(Status.good, 0, undefined);
  assert.ok(parts.tasks.take().cdb.every((byte) => byte === 0));
});

test('a command that ends before its unsolicited data leaves none to the next one', () => {
  const parts = new SessionParts();
  const task = parts.begin(9, { dataOutExpected: 4096 });
  parts.session.dataOut.expectUnsolicited(task, 4096);
  task.discard();
  assert.equal(parts.tasks.take(), task);
  assert.equal(task.burst, undefined);
});
