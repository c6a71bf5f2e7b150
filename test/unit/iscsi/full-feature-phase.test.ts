// Proves where each PDU after the login goes: requests in the order of their CmdSN, immediate ones
// at once, data to its command, and what breaks the protocol to a Reject and perhaps the end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FullFeaturePhase } from '../../../src/iscsi/full-feature-phase.ts';
import type { IscsiTask } from '../../../src/iscsi/iscsi-task.ts';
import {
  HELD_BYTES_MAX,
  IMMEDIATE_COMMANDS_MAX,
  LOGOUT_RELEASE_MAX_MS,
  SLAB_BYTES,
} from '../../../src/iscsi/limits.ts';
import { RejectReason } from '../../../src/iscsi/standard/reject-reason.ts';
import { silentLog } from '../../../src/log/log.ts';
import { pdu } from '../../support/iscsi-peer.ts';
import {
  dataOutPdu,
  FINAL,
  FIRST_CMD_SN,
  scsiCommand,
  taskManagement,
  WRITE,
} from '../../support/iscsi-world.ts';
import { received, SessionParts, type SessionPartsOptions } from '../../support/session-parts.ts';
import { settle } from '../../support/virtual-clock.ts';

const IMMEDIATE = 0x40;
const REJECT = 0x3f;
const ABORT_TASK = 1;
const TARGET_COLD_RESET = 7;
const NO_TAG = 0xffff_ffff;

function begin(options: SessionPartsOptions = {}) {
  const parts = new SessionParts(options);
  const ends: string[] = [];
  const phase = new FullFeaturePhase({
    session: parts.session,
    tasks: parts.tasks,
    clock: parts.clock,
    log: silentLog,
    end: (reason, when) => ends.push(`${when}: ${reason}`),
  });
  const feed = (bytes: Buffer, intact = true) => phase.onPdu(received(bytes), intact);
  const sent = async () => {
    await settle();
    return parts.stream.take();
  };
  return { ...parts, session: parts.session, phase, ends, feed, sent };
}

function immediately(bytes: Buffer): Buffer {
  bytes[0]! |= IMMEDIATE;
  return bytes;
}

test('requests are executed in the order of their CmdSN, each once', () => {
  const { feed, nexus, session } = begin();
  const command = (at: number) => scsiCommand(FIRST_CMD_SN + at, at, FINAL, 0);
  for (const at of [2, 1, 1, 0, 0, 3]) feed(command(at));
  assert.deepEqual(
    nexus.submitted.map(({ tag }) => tag),
    [0, 1, 2, 3],
  );
  assert.equal(session.window.expCmdSn, FIRST_CMD_SN + 4);
});

test('a command outside the window is ignored', () => {
  const { feed, nexus } = begin({ queueDepth: 4 });
  feed(scsiCommand(FIRST_CMD_SN + 4, 1, FINAL, 0));
  feed(scsiCommand(FIRST_CMD_SN - 1, 2, FINAL, 0));
  assert.equal(nexus.submitted.length, 0);
});

test('immediate commands wait for no other, and there are only so many of them', async () => {
  const { feed, nexus, sent, session } = begin();
  for (let i = 0; i <= IMMEDIATE_COMMANDS_MAX; i++) {
    feed(immediately(scsiCommand(FIRST_CMD_SN + 3, i, FINAL, 0)));
  }
  assert.equal(nexus.submitted.length, IMMEDIATE_COMMANDS_MAX);
  const [rejected] = await sent();
  assert.deepEqual([rejected![0], rejected![2]], [REJECT, RejectReason.immediateCommandReject]);
  for (const task of nexus.submitted) task.end(0, 0, undefined);
  assert.ok(session.window.isIdle);
});

test('a PDU whose data was damaged is rejected; of a command that ends the connection', async () => {
  const { feed, ends, sent, nexus } = begin();
  feed(scsiCommand(FIRST_CMD_SN, 1, WRITE | FINAL, 512, Buffer.alloc(512)), false);
  const [rejected] = await sent();
  assert.deepEqual([rejected![0], rejected![2]], [REJECT, RejectReason.dataDigestError]);
  assert.deepEqual(
    [ends, nexus.submitted.length],
    [['afterSending: data digest error in a command'], 0],
  );
});

const refusals = [
  { name: 'SNACK', opcode: 0x10, reason: RejectReason.snackReject, ends: 0 },
  { name: 'a Login Request', opcode: 0x03, reason: RejectReason.protocolError, ends: 1 },
  { name: 'an unknown opcode', opcode: 0x1c, reason: RejectReason.commandNotSupported, ends: 0 },
];
for (const { name, opcode, reason, ends } of refusals) {
  test(`${name} is rejected`, async () => {
    const phase = begin();
    phase.feed(pdu({ opcode, words: { 24: FIRST_CMD_SN } }));
    const [rejected] = await phase.sent();
    assert.deepEqual([rejected![0], rejected![2], phase.ends.length], [REJECT, reason, ends]);
  });
}

test('data that was damaged is rejected, and its command fails', async () => {
  const { feed, nexus, sent } = begin({ parameters: { initialR2t: true, immediateData: false } });
  nexus.onSubmit = (task) => task.requestDataOut(512);
  feed(scsiCommand(FIRST_CMD_SN, 1, WRITE | FINAL, 512));
  const [r2t] = await sent();
  feed(dataOutPdu(1, r2t!.readUInt32BE(20), 0, 0, Buffer.alloc(512), true), false);
  const [rejected] = await sent();
  assert.deepEqual([rejected![0], rejected![2]], [REJECT, RejectReason.dataDigestError]);
  const reasons = nexus.failed.map(({ reason }) => reason);
  assert.deepEqual(reasons, ['protocolServiceCrcError']);
});

test('a command without a tag is rejected, and leaves no place taken', async () => {
  const { feed, nexus, sent, session } = begin();
  feed(scsiCommand(FIRST_CMD_SN, NO_TAG, FINAL, 0));
  const [rejected] = await sent();
  assert.deepEqual([rejected![0], rejected![2]], [REJECT, RejectReason.protocolError]);
  assert.deepEqual([nexus.submitted.length, session.window.isIdle], [0, true]);
});

test('a command whose header segments are malformed is rejected alone', async () => {
  const { phase, nexus, sent, ends } = begin();
  const command = received(scsiCommand(FIRST_CMD_SN, 1, FINAL, 0));
  command.bytes = Buffer.concat([command.bytes.subarray(0, 48), Buffer.of(0, 9, 1, 0)]);
  command.bytes[4] = 1;
  command.ahsLength = 4;
  phase.onPdu(command, true);
  const [rejected] = await sent();
  assert.deepEqual([rejected![0], rejected![2]], [REJECT, RejectReason.invalidPduField]);
  assert.deepEqual([ends, nexus.submitted.length], [[], 0]);
});

test('requests that take a number leave no place in the window taken', () => {
  const { feed, session } = begin();
  feed(pdu({ opcode: 0x00, words: { 20: NO_TAG, 24: FIRST_CMD_SN } }));
  assert.ok(session.window.isIdle);
});

test('requests ahead of their turn end the connection once there is no room to hold them', () => {
  const { feed, ends } = begin();
  const data = Buffer.alloc(HELD_BYTES_MAX / 2);
  const early = (at: number) => pdu({ opcode: 0x00, data, words: { 24: FIRST_CMD_SN + at } });
  feed(early(1));
  assert.deepEqual(ends, []);
  feed(early(2));
  assert.deepEqual(ends, ['now: too many commands out of order']);
});

test('an aborted command that has not come is left out, and those behind it go on', async () => {
  const { feed, nexus, sent, session } = begin();
  const command = (at: number) => scsiCommand(FIRST_CMD_SN + at, at, FINAL, 0);
  nexus.response = { response: 'taskDoesNotExist' };
  feed(command(2));
  const abort = (tag: number, at: number) =>
    taskManagement(ABORT_TASK, FIRST_CMD_SN, tag, at, FIRST_CMD_SN + at);
  feed(abort(11, 1));
  feed(abort(10, 0));
  assert.deepEqual(
    nexus.submitted.map(({ tag }) => tag),
    [2],
  );
  for (const at of [0, 1]) feed(command(at));
  assert.equal(nexus.submitted.length, 1, 'they come too late');
  nexus.submitted[0]!.end(0, 0, undefined);
  assert.ok(session.window.isIdle);
  assert.equal((await sent()).length, 3);
});

test('once the session ends no held request is executed', () => {
  const { feed, nexus, session } = begin();
  nexus.onSubmit = () => void session.close();
  for (const at of [2, 1, 0]) feed(scsiCommand(FIRST_CMD_SN + at, at, FINAL, 0));
  assert.equal(nexus.submitted.length, 1);
});

test('the commands of a batch were received when it was read, and its window may grow', () => {
  const { feed, nexus, session, phase } = begin({ queueDepth: 256 });
  phase.beginBatch(77);
  feed(scsiCommand(FIRST_CMD_SN, 1, FINAL, 0));
  assert.equal((nexus.submitted[0] as IscsiTask).receivedMs, 77);
  const { size } = session.window;
  for (let at = 1; at < size; at++) feed(scsiCommand(FIRST_CMD_SN + at, at, FINAL, 0));
  assert.equal(session.window.size, size);
  phase.beginBatch(78);
  assert.ok(session.window.size > size);
});

test('data that nobody asked for ends the connection, after a Reject', async () => {
  const { feed, ends, sent } = begin();
  feed(dataOutPdu(1, 5, 0, 0, Buffer.alloc(8), true));
  const [rejected] = await sent();
  assert.equal(rejected![2], RejectReason.protocolError);
  assert.deepEqual(ends, ['afterSending: Data-Out that nobody asked for']);
});

test('unsolicited data against the negotiation ends the connection, and no command is left', async () => {
  const { feed, ends, session, nexus } = begin({ parameters: { initialR2t: true } });
  feed(scsiCommand(FIRST_CMD_SN, 1, WRITE, 4096));
  assert.deepEqual(ends, ['afterSending: unsolicited data against the negotiation']);
  assert.deepEqual([nexus.submitted.length, session.window.isIdle], [0, true]);
});

test('a discovery session takes neither commands nor task management', async () => {
  const { feed, sent, session } = begin({ isDiscovery: true });
  feed(scsiCommand(FIRST_CMD_SN, 1, FINAL, 0));
  feed(taskManagement(1, FIRST_CMD_SN + 1, 2, 1));
  const reasons = (await sent()).map((each) => [each[0], each[2]]);
  const protocolError = [REJECT, RejectReason.protocolError];
  assert.deepEqual(reasons, [protocolError, protocolError]);
  assert.ok(session.window.isIdle);
});

test('a logout is answered when what its session holds by RESERVE is released', async () => {
  const { feed, sent, nexus, ends, clock } = begin();
  const logout = () =>
    immediately(pdu({ opcode: 0x06, flags: FINAL | 1, words: { 20: 7 << 16, 24: FIRST_CMD_SN } }));
  const released = Promise.withResolvers<void>();
  nexus.onRelease = () => released.promise;
  feed(logout());
  assert.deepEqual([await sent(), ends], [[], []]);
  released.resolve();
  await settle();
  assert.deepEqual(
    (await sent()).map((each) => each[0]),
    [0x26],
  );
  assert.equal(ends.length, 1);
  nexus.onRelease = () => new Promise(() => {});
  feed(logout());
  await clock.advance(LOGOUT_RELEASE_MAX_MS);
  assert.equal(ends.length, 2, 'gateways that do not agree hold no initiator');
});

test('a logout ends the connection after its answer; one that is invalid does not', async () => {
  const { feed, ends, sent } = begin();
  const logout = (reason: number, cid: number) =>
    pdu({ opcode: 0x06, flags: FINAL | reason, words: { 20: cid << 16, 24: FIRST_CMD_SN } });
  feed(immediately(logout(5, 7)));
  feed(immediately(logout(1, 8)));
  assert.deepEqual(ends, []);
  feed(immediately(logout(1, 7)));
  const answers = await sent();
  assert.deepEqual(
    answers.map((each) => [each[0], each[2]]),
    [
      [REJECT, RejectReason.invalidPduField],
      [0x26, 1],
      [0x26, 0],
    ],
  );
  assert.equal(ends.length, 1);
});

test('a function that is not over in time ends its session without an answer', async () => {
  const { feed, ends, nexus, sent } = begin();
  nexus.response = { response: 'serviceDeliveryOrTargetFailure' };
  feed(taskManagement(ABORT_TASK, FIRST_CMD_SN, 1, 0));
  assert.deepEqual(ends, ['now: a task management function is not over in time']);
  assert.deepEqual(await sent(), []);
});

test('TARGET COLD RESET ends this session after its answer', async () => {
  const { feed, ends, sent, session } = begin();
  assert.equal(session.isEndingItself, false);
  feed(taskManagement(TARGET_COLD_RESET, FIRST_CMD_SN, 1, 0));
  assert.deepEqual(ends, ['afterSending: TARGET COLD RESET']);
  assert.equal(session.isEndingItself, true);
  assert.equal((await sent()).length, 1);
});

test('nothing more is read while a slab of answers waits and there is no room for another', async () => {
  const { session, stream, queue, phase } = begin();
  stream.draining = false;
  const { writer, account } = session;
  for (let sent = 0; sent <= SLAB_BYTES; sent += 8240) {
    const region = writer.reserve(8192);
    writer.header(region, 0x25, 0, 8192, 1);
    writer.send(region, 8192);
  }
  await settle();
  assert.ok(queue.unsentBytes >= SLAB_BYTES);
  assert.ok(phase.ready, 'there is room for more');
  const room = Math.ceil(account.roomBytes) + 1;
  account.hold(room);
  assert.ok(account.roomBytes <= 0);
  assert.equal(phase.ready, false);
  stream.release();
  assert.ok(phase.ready, 'the answers have left');
  account.release(room);
  stream.draining = false;
  while (queue.hasRoom) {
    const region = writer.reserve(8192);
    writer.header(region, 0x25, 0, 8192, 1);
    writer.send(region, 8192);
  }
  assert.ok(account.roomBytes > 0);
  assert.equal(phase.ready, false, 'the send queue is full');
});

test('nothing is taken once the session ends', async () => {
  const { feed, session, nexus, sent } = begin();
  void session.close();
  feed(scsiCommand(FIRST_CMD_SN, 1, FINAL, 0));
  feed(pdu({ opcode: 0x40, tag: 1 }));
  assert.deepEqual([nexus.submitted.length, (await sent()).length], [0, 0]);
});
