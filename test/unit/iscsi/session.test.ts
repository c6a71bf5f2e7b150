// Proves what a session is from its login to its end: what it keeps of the negotiation, when it is
// idle, and that its end happens once and waits for its nexus.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  LOGIN_BUFFER_BYTES,
  LOGIN_DATA_SEGMENT_BYTES_MAX,
  SLAB_BYTES,
} from '../../../src/iscsi/limits.ts';
import { Status } from '../../../src/scsi/status.ts';
import { pdu } from '../../support/iscsi-peer.ts';
import { FIRST_CMD_SN } from '../../support/iscsi-world.ts';
import { received, SessionParts } from '../../support/session-parts.ts';
import { settle } from '../../support/virtual-clock.ts';

test('data segments are as long as the initiator takes, and no longer than is sent', () => {
  const large = { initiatorMaxRecvDataSegmentLength: 2 ** 24 - 1 };
  const { writer } = new SessionParts({ parameters: large }).session;
  assert.ok(writer.dataSegmentMax <= SLAB_BYTES);
  writer.declareSegmentLength(512);
  assert.equal(writer.dataSegmentMax, 512);
  writer.declareSegmentLength(2 ** 24 - 1);
  assert.ok(writer.dataSegmentMax > 512 && writer.dataSegmentMax <= SLAB_BYTES);
  const discovery = new SessionParts({ parameters: large, isDiscovery: true }).session;
  assert.equal(discovery.writer.dataSegmentMax, LOGIN_DATA_SEGMENT_BYTES_MAX);
  const small = { initiatorMaxRecvDataSegmentLength: 512 };
  assert.equal(new SessionParts({ parameters: small }).session.writer.dataSegmentMax, 512);
});

test('it is idle when no command is under way and every answer has left', async () => {
  const parts = new SessionParts();
  const { session, stream } = parts;
  assert.ok(session.idle);
  const task = parts.begin(1);
  assert.equal(session.idle, false, 'a command is in flight');
  stream.draining = false;
  task.end(Status.good, 0, undefined);
  await settle();
  assert.equal(session.idle, false, 'its answer has not left');
  stream.release();
  assert.ok(session.idle);
  session.held.skip(FIRST_CMD_SN + 3);
  assert.equal(session.idle, false, 'a request waits for those before it');
});

test('a discovery session holds no more ahead of its turn than its small buffers', () => {
  const request = received(pdu({ opcode: 0x04, data: Buffer.alloc(LOGIN_BUFFER_BYTES) }));
  const hold = (isDiscovery: boolean) =>
    new SessionParts({ isDiscovery }).session.held.hold(FIRST_CMD_SN + 1, request, true);
  assert.deepEqual([hold(true), hold(false)], [false, true]);
});

test('answers have the digests that were negotiated', async () => {
  for (const headerDigest of [false, true]) {
    const parts = new SessionParts({ parameters: { headerDigest } });
    let lengthBytes = 0;
    parts.stream.write = (chunks) => {
      lengthBytes += chunks.reduce((sum, { length }) => sum + length, 0);
    };
    parts.begin(1).end(Status.good, 0, undefined);
    await settle();
    assert.equal(lengthBytes, headerDigest ? 52 : 48);
  }
});

test('its account learns when much waits for its initiator', async () => {
  const { session, stream, queue } = new SessionParts();
  const { writer, account } = session;
  stream.draining = false;
  while (queue.unsentBytes < SLAB_BYTES) {
    assert.ok(account.isIdle);
    const region = writer.reserve(8192);
    writer.header(region, 0x25, 0, 8192, 1);
    writer.send(region, 8192);
  }
  assert.equal(account.isIdle, false);
  await settle();
  stream.release();
  assert.ok(account.isIdle);
});

test('an immediate command counts as one in flight, and takes no CmdSN', () => {
  const { session } = new SessionParts();
  const { expCmdSn } = session.window;
  assert.ok(session.window.takeImmediate());
  assert.deepEqual([session.idle, session.window.expCmdSn], [false, expCmdSn]);
  session.window.finishedImmediate();
  assert.ok(session.idle);
});

test('its end closes the nexus once, waits for it, and answers no command', async () => {
  const parts = new SessionParts();
  const { session, nexus, stream } = parts;
  let finish = () => {};
  nexus.onClose = () =>
    new Promise((resolve) => {
      finish = resolve;
    });
  const task = parts.begin(1, { dataOutExpected: 512 });
  task.requestDataOut(512);
  await settle();
  assert.deepEqual([session.dataOut.owed.size, stream.take().length], [1, 1]);
  let ended = 0;
  for (const each of [session.close(), session.close()]) void each.then(() => ended++);
  await settle();
  assert.deepEqual([session.closed, nexus.closes, ended], [true, 1, 0]);
  assert.equal(session.dataOut.owed.size, 0, 'no data is expected');
  task.end(Status.good, 0, undefined);
  finish();
  await settle();
  assert.deepEqual([ended, stream.take().length, parts.budget.sessions], [2, 0, 0]);
});
