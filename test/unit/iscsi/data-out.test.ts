// Proves what a command's data phase asks for and takes, on `DataOut` alone: R2Ts within what was
// negotiated, the bound on R2Ts of a session, memory before R2Ts, and nothing left of ended ones.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DATA_OUT_MAX_MS,
  DATA_OUT_TIMEOUT_MS,
  SOLICITED_BURSTS_MAX,
} from '../../../src/iscsi/limits.ts';
import { dataOutPdu } from '../../support/iscsi-world.ts';
import { received, SessionParts, type SessionPartsOptions } from '../../support/session-parts.ts';
import { settle } from '../../support/virtual-clock.ts';

const NONE = 0xffff_ffff;
const UNASKED = { initialR2t: true, immediateData: false };

function begin(parameters: SessionPartsOptions['parameters'], queueDepth = 8) {
  const parts = new SessionParts({ parameters: { ...UNASKED, ...parameters }, queueDepth });
  return { parts, dataOut: parts.session.dataOut };
}

/** Tag, offset and length of the R2Ts that were sent since. */
async function r2ts({ stream }: SessionParts) {
  await settle();
  return stream.take().map((pdu) => ({
    opcode: pdu[0]!,
    ttt: pdu.readUInt32BE(20),
    r2tSn: pdu.readUInt32BE(36),
    offset: pdu.readUInt32BE(40),
    length: pdu.readUInt32BE(44),
  }));
}

test('R2Ts ask burst by burst, as many at a time as was negotiated, and then the command runs', async () => {
  const { parts, dataOut } = begin({ maxBurstLength: 1000, maxOutstandingR2t: 2 });
  const task = parts.begin(3, { dataOutExpected: 2500 });
  assert.equal(task.requestDataOut(2500), false);
  assert.equal(task.received.invitedLength, 2500);
  const asked = await r2ts(parts);
  assert.deepEqual(
    asked.map(({ opcode, r2tSn, offset, length }) => [opcode, r2tSn, offset, length]),
    [
      [0x31, 0, 0, 1000],
      [0x31, 1, 1000, 1000],
    ],
  );
  const data = Buffer.alloc(2500, 7);
  const feed = (ttt: number, from: number, to: number) =>
    dataOut.onPdu(received(dataOutPdu(3, ttt, 0, from, data.subarray(from, to), true)), true);
  assert.equal(feed(asked[0]!.ttt, 0, 1000), 'taken');
  const [third] = await r2ts(parts);
  assert.deepEqual([third!.r2tSn, third!.offset, third!.length], [2, 2000, 500]);
  assert.equal(feed(asked[1]!.ttt, 1000, 2000), 'taken');
  assert.equal(parts.nexus.arrived.length, 0);
  assert.equal(feed(third!.ttt, 2000, 2500), 'taken');
  assert.deepEqual(parts.nexus.arrived, [task]);
  assert.ok(Buffer.concat(task.dataOut).equals(data));
  assert.equal(dataOut.owed.size, 0);
});

test('data for a tag that was not given breaks the protocol, unsolicited data of nobody does not', () => {
  const { dataOut } = begin({});
  const wrong = received(dataOutPdu(3, 99, 0, 0, Buffer.alloc(8), true));
  assert.equal(dataOut.onPdu(wrong, true), 'protocolError');
  const late = received(dataOutPdu(3, NONE, 0, 0, Buffer.alloc(8), true));
  assert.equal(dataOut.onPdu(late, true), 'taken');
});

test('a burst of another command is not taken under its transfer tag', async () => {
  const { parts, dataOut } = begin({});
  const task = parts.begin(3, { dataOutExpected: 512 });
  task.requestDataOut(512);
  const [asked] = await r2ts(parts);
  const stolen = received(dataOutPdu(4, asked!.ttt, 0, 0, Buffer.alloc(512), true));
  assert.equal(dataOut.onPdu(stolen, true), 'protocolError');
  assert.equal(task.received.length, 0);
});

test('a wrong PDU fails its command once, and the rest of the burst is dropped', async () => {
  const { parts, dataOut } = begin({});
  const task = parts.begin(3, { dataOutExpected: 1024 });
  task.requestDataOut(1024);
  const [asked] = await r2ts(parts);
  const feed = (dataSn: number, at: number, intact: boolean) => {
    const bytes = dataOutPdu(3, asked!.ttt, dataSn, at, Buffer.alloc(512), at > 0);
    return dataOut.onPdu(received(bytes), intact);
  };
  assert.equal(feed(0, 0, false), 'taken');
  assert.equal(feed(1, 512, true), 'taken');
  const reasons = parts.nexus.failed.map(({ reason }) => reason);
  assert.deepEqual(reasons, ['protocolServiceCrcError']);
  assert.equal(dataOut.owed.size, 0, 'F ends what is owed to a command that is over');
});

test('of the R2Ts of a session only so many are outstanding; the others follow as bursts end', async () => {
  const { parts, dataOut } = begin({
    maxOutstandingR2t: SOLICITED_BURSTS_MAX,
    maxBurstLength: 512,
  });
  const greedy = parts.begin(1, { dataOutExpected: 512 * SOLICITED_BURSTS_MAX });
  greedy.requestDataOut(512 * SOLICITED_BURSTS_MAX);
  const asked = await r2ts(parts);
  assert.equal(asked.length, SOLICITED_BURSTS_MAX);
  const next = parts.begin(2, { dataOutExpected: 512 });
  next.requestDataOut(512);
  assert.deepEqual(await r2ts(parts), [], 'the bound is reached');
  dataOut.onPdu(received(dataOutPdu(1, asked[0]!.ttt, 0, 0, Buffer.alloc(512), true)), true);
  const [one] = await r2ts(parts);
  assert.deepEqual([one!.r2tSn, one!.length], [0, 512], 'the first of the other command');
});

test('a command that ends leaves its bursts to be dropped, and those that wait go on', async () => {
  const { parts, dataOut } = begin({});
  const task = parts.begin(3, { dataOutExpected: 1024 });
  task.requestDataOut(1024);
  const [asked] = await r2ts(parts);
  task.discard();
  assert.ok(dataOut.owed.isDraining);
  let isDrained = false;
  dataOut.whenDrained(() => {
    isDrained = true;
  });
  const pdu = dataOutPdu(3, asked!.ttt, 0, 0, Buffer.alloc(1024), true);
  assert.equal(dataOut.onPdu(received(pdu), true), 'taken');
  assert.deepEqual([isDrained, dataOut.owed.size], [true, 0]);
});

test('an unsolicited burst goes before R2Ts: they begin where it ended', async () => {
  const { parts, dataOut } = begin({ initialR2t: false, firstBurstLength: 1024 });
  const task = parts.begin(3, { dataOutExpected: 4096 });
  dataOut.expectUnsolicited(task, 1024);
  assert.equal(task.received.invitedLength, 1024);
  assert.equal(task.requestDataOut(4096), false);
  assert.deepEqual(await r2ts(parts), [], 'more may come unsolicited');
  dataOut.onPdu(received(dataOutPdu(3, NONE, 0, 0, Buffer.alloc(600), true)), true);
  const [asked] = await r2ts(parts);
  assert.deepEqual([asked!.offset, asked!.length], [600, 3496]);
  assert.equal(task.burst, undefined, 'it is over');
});

test('data that is all there is not asked for, unless the PDU with F is still to come', () => {
  const { parts, dataOut } = begin({ initialR2t: false, immediateData: true });
  const whole = parts.begin(1, { dataOutExpected: 512 });
  whole.received.add([new Uint8Array(512)], [undefined]);
  assert.equal(whole.requestDataOut(512), true);
  const open = parts.begin(2, { dataOutExpected: 512 });
  open.received.add([new Uint8Array(512)], [undefined]);
  dataOut.expectUnsolicited(open, 512);
  assert.equal(open.requestDataOut(512), false);
  dataOut.onPdu(received(dataOutPdu(2, NONE, 0, 512, Buffer.alloc(0), true)), true);
  assert.deepEqual(parts.nexus.arrived, [open]);
});

test('the PDUs of a burst are numbered one after the other', async () => {
  const { parts, dataOut } = begin({});
  const task = parts.begin(3, { dataOutExpected: 1024 });
  task.requestDataOut(1024);
  const [asked] = await r2ts(parts);
  const feed = (dataSn: number, at: number) =>
    dataOut.onPdu(
      received(dataOutPdu(3, asked!.ttt, dataSn, at, Buffer.alloc(256), at === 768)),
      true,
    );
  feed(0, 0);
  feed(1, 256);
  assert.deepEqual(parts.nexus.failed, []);
  feed(1, 512);
  assert.equal(parts.nexus.failed.length, 1);
});

test('PDUs without data do not put a deadline off', async () => {
  const { parts, dataOut } = begin({});
  parts.begin(3, { dataOutExpected: 512 }).requestDataOut(512);
  const [asked] = await r2ts(parts);
  await parts.clock.advance(DATA_OUT_TIMEOUT_MS);
  dataOut.onPdu(received(dataOutPdu(3, asked!.ttt, 0, 0, Buffer.alloc(0), false)), true);
  await parts.clock.advance(1);
  assert.equal(dataOut.overdue(parts.clock.now()), true);
});

/** A command that waits for its first R2T behind those of another. */
async function waiting() {
  const length = 512 * SOLICITED_BURSTS_MAX;
  const made = begin({ maxOutstandingR2t: SOLICITED_BURSTS_MAX, maxBurstLength: 512 });
  const greedy = made.parts.begin(1, { dataOutExpected: length });
  greedy.requestDataOut(length);
  const asked = await r2ts(made.parts);
  const next = made.parts.begin(2, { dataOutExpected: 512 });
  next.requestDataOut(512);
  return { ...made, greedy, asked, next };
}

test('a command that ends while it waits for an R2T gets none', async () => {
  const { parts, dataOut, asked, next } = await waiting();
  next.discard();
  dataOut.onPdu(received(dataOutPdu(1, asked[0]!.ttt, 0, 0, Buffer.alloc(512), true)), true);
  assert.deepEqual(await r2ts(parts), []);
});

test('bursts of a command that is over make room when they are given up', async () => {
  const { parts, dataOut, greedy } = await waiting();
  greedy.discard();
  assert.deepEqual(await r2ts(parts), [], 'they may still be answered');
  await parts.clock.advance(DATA_OUT_TIMEOUT_MS + 1);
  assert.equal(dataOut.overdue(parts.clock.now()), false);
  assert.equal((await r2ts(parts)).length, 1);
});

test('a gap of the gateway puts the limit of later bursts off too', async () => {
  const { parts, dataOut } = begin({ maxBurstLength: 512, maxOutstandingR2t: 1 });
  parts.begin(3, { dataOutExpected: 1024 }).requestDataOut(1024);
  const [first] = await r2ts(parts);
  dataOut.skipGap(5000);
  dataOut.onPdu(received(dataOutPdu(3, first!.ttt, 0, 0, Buffer.alloc(512), true)), true);
  assert.equal((await r2ts(parts)).length, 1);
  assert.equal(dataOut.owed.isPastLimit(DATA_OUT_MAX_MS + 5000), false);
  assert.equal(dataOut.owed.isPastLimit(DATA_OUT_MAX_MS + 5001), true);
});

test('who waits for the data of aborted commands goes on after the last of it, or at the end', async () => {
  const { parts, dataOut } = begin({ maxBurstLength: 512, maxOutstandingR2t: 2 });
  const events: string[] = [];
  dataOut.whenDrained(() => events.push('nothing is owed'));
  const task = parts.begin(3, { dataOutExpected: 1024 });
  task.requestDataOut(1024);
  const [first] = await r2ts(parts);
  task.discard();
  dataOut.whenDrained(() => events.push('drained'));
  dataOut.onPdu(received(dataOutPdu(3, first!.ttt, 0, 0, Buffer.alloc(512), true)), true);
  assert.deepEqual(events, ['nothing is owed'], 'one of two bursts is over');
  dataOut.close();
  assert.deepEqual(events, ['nothing is owed', 'drained']);
});

test('a task that is used again asks anew, whatever its last command left', async () => {
  const { parts } = begin({});
  const task = parts.begin(3, { dataOutExpected: 512 });
  task.requestDataOut(512);
  task.discard();
  const again = parts.begin(4, { dataOutExpected: 1024 });
  assert.equal(again, task);
  again.requestDataOut(1024);
  const lengths = (await r2ts(parts)).map(({ length }) => length);
  assert.deepEqual(lengths, [512, 1024]);
});
