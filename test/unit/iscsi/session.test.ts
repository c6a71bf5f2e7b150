// Proves what a session is from its login to its end: what it keeps of the negotiation, when it is
// idle, and that its end happens once and waits for its nexus.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOGIN_DATA_SEGMENT_BYTES_MAX, SLAB_BYTES } from '../../../src/iscsi/limits.ts';
import { Status } from '../../../src/scsi/status.ts';
import { SessionParts } from '../../support/session-parts.ts';
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
  const task = parts.begin(1);
  let ended = 0;
  for (const each of [session.close(), session.close()]) void each.then(() => ended++);
  await settle();
  assert.deepEqual([session.closed, nexus.closes, ended], [true, 1, 0]);
  task.end(Status.good, 0, undefined);
  finish();
  await settle();
  assert.deepEqual([ended, stream.take().length, parts.budget.sessions], [2, 0, 0]);
});
