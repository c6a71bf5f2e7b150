// Proves how commands, sessions and logins end against a scripted nexus: aborts with data owed,
// logout with commands in flight, reinstatement by several logins at once, a target's cold reset.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  ABORTED_TRANSFER_TIMEOUT_MS,
  DATA_OUT_TIMEOUT_MS,
  LOGIN_TIMEOUT_MS,
  SESSION_DATA_BYTES_MAX,
} from '../../../src/iscsi/limits.ts';
import type { Task } from '../../../src/scsi/task.ts';
import { loginRequest, type MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import {
  dataOutPdu,
  FINAL,
  FIRST_CMD_SN,
  IscsiWorld,
  NAMES,
  READ,
  scsiCommand,
  signOfLife,
  TARGET,
  taskManagement,
  WRITE,
} from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const SOLICITED = ['InitialR2T=Yes', 'ImmediateData=No'];
const ABORT_TASK = 1;
const TARGET_COLD_RESET = 7;

function asksFor(task: Task): void {
  task.transferLength = task.dataOutExpected;
  task.requestDataOut(task.dataOutExpected);
}

function readsAll(task: Task): void {
  const length = task.dataInExpected;
  task.transferLength = length;
  task.allocateDataIn(length);
  task.end(0, length, undefined);
}

/** An abort as the device server does it: the task is discarded, then the function completes. */
function discardsOnAbort(world: IscsiWorld): void {
  const { nexus } = world;
  nexus.manage = () => {
    for (const task of nexus.submitted.splice(0)) task.discard();
    return { response: 'functionComplete' };
  };
}

/** Lets time go by while the initiator shows that it lives. */
async function pass(world: IscsiWorld, stream: MemoryStream, ms: number): Promise<void> {
  for (let waited = 0; waited < ms; waited += 1000) {
    await world.clock.advance(1000);
    stream.feed(signOfLife(FIRST_CMD_SN));
  }
}

test('an initiator that aborts a write and drops its data keeps its session', async () => {
  for (const unsolicited of [false, true]) {
    const world = new IscsiWorld();
    const stream = await world.logIn(unsolicited ? ['InitialR2T=No'] : SOLICITED);
    world.nexus.onSubmit = asksFor;
    discardsOnAbort(world);
    stream.feed(scsiCommand(FIRST_CMD_SN, 7, WRITE | (unsolicited ? 0 : FINAL), 4096));
    stream.feed(taskManagement(ABORT_TASK, FIRST_CMD_SN + 1, 8, 7, FIRST_CMD_SN));
    await world.clock.advance(ABORTED_TRANSFER_TIMEOUT_MS + 1000);
    const answer = stream.take().find((each) => each[0] === 0x22);
    assert.equal(answer?.[2], 0, 'the abort is answered');
    await pass(world, stream, DATA_OUT_TIMEOUT_MS + 3000);
    assert.equal(stream.destroyed, false);
  }
});

test('aborted writes give their share of the solicited data back', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn([...SOLICITED, 'MaxBurstLength=1048576']);
  world.nexus.onSubmit = asksFor;
  discardsOnAbort(world);
  const commands = SESSION_DATA_BYTES_MAX / 2 ** 20;
  for (let i = 0; i < commands; i++) {
    stream.feed(scsiCommand(FIRST_CMD_SN + i, i + 1, WRITE | FINAL, 2 ** 20));
  }
  stream.feed(taskManagement(ABORT_TASK, FIRST_CMD_SN + commands, 99, 1));
  await settle();
  stream.take();
  stream.feed(scsiCommand(FIRST_CMD_SN + commands, 100, WRITE | FINAL, 4096));
  await settle();
  assert.equal(stream.take()[0]?.[0], 0x31, 'R2T');
});

test('time in which the target does not read is not held against Data-Outs', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn([...SOLICITED, 'MaxRecvDataSegmentLength=262144']);
  world.nexus.onSubmit = (task) => {
    if (task.dataOutExpected > 0) asksFor(task);
    else readsAll(task);
  };
  stream.feed(scsiCommand(FIRST_CMD_SN, 1, WRITE | FINAL, 1024));
  stream.draining = false;
  for (let i = 1; !stream.paused; i++) {
    stream.feed(scsiCommand(FIRST_CMD_SN + i, i + 1, READ | FINAL, 2 ** 20));
  }
  await world.clock.advance(DATA_OUT_TIMEOUT_MS + 2000);
  assert.equal(stream.destroyed, false, 'while the initiator takes no answers');
  stream.release();
  await settle();
  assert.equal(stream.paused, false);
  await pass(world, stream, DATA_OUT_TIMEOUT_MS - 1000);
  assert.equal(stream.destroyed, false, 'nor afterwards');
  await pass(world, stream, DATA_OUT_TIMEOUT_MS + 2000);
  assert.ok(stream.destroyed, 'but the bound holds');
});

test('a slow medium is not taken for an initiator that reads nothing', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['MaxRecvDataSegmentLength=262144']);
  world.nexus.onSubmit = (task) => {
    task.transferLength = 2 ** 20;
    task.allocateDataIn(2 ** 20);
  };
  for (let i = 0; i < 5; i++) stream.feed(scsiCommand(FIRST_CMD_SN + i, i, FINAL | READ, 2 ** 20));
  await pass(world, stream, 40_000);
  assert.equal(stream.destroyed, false);
  assert.equal(stream.paused, false, 'it is read, and may have other disks');
});

test('nothing follows a Logout Response, whatever was in flight or held', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn();
  const { nexus } = world;
  stream.feed(scsiCommand(FIRST_CMD_SN, 1, FINAL, 0));
  stream.feed(scsiCommand(FIRST_CMD_SN + 2, 2, FINAL, 0));
  stream.draining = false;
  stream.feed(pdu({ opcode: 0x06, tag: 3, words: { 24: FIRST_CMD_SN + 1 } }));
  await settle();
  assert.equal(nexus.closes, 1, 'the nexus is closed at once');
  assert.equal(nexus.submitted.length, 1, 'the held command is not executed');
  nexus.submitted[0]!.end(0, 0, undefined);
  await settle();
  stream.release();
  await settle();
  assert.deepEqual(
    stream.take().map((each) => each[0]),
    [0x26],
  );
});

test('of several logins that reinstate one session at once the last stays alone', async () => {
  const world = new IscsiWorld();
  const first = await world.logIn();
  const drained = Promise.withResolvers<void>();
  world.nexus.onClose = () => drained.promise;
  const others = [world.connect(), world.connect(), world.connect()];
  for (const each of others) each.feed(loginRequest(NAMES));
  await settle();
  assert.ok(first.destroyed);
  drained.resolve();
  await settle();
  await settle();
  assert.deepEqual(
    others.map((each) => each.destroyed),
    [true, true, false],
  );
  assert.equal(world.server.sessions.length, 1);
  assert.equal(others[2]!.take()[0]?.readUInt16BE(36), 0);
});

test('a login that waited for reinstatement is authorized by the document of afterwards', async () => {
  for (const change of ['revoked', 'draining'] as const) {
    const world = new IscsiWorld();
    await world.logIn();
    const drained = Promise.withResolvers<void>();
    world.nexus.onClose = () => drained.promise;
    const again = world.connect();
    again.feed(loginRequest(NAMES));
    await settle();
    if (change === 'revoked') world.access.admitted = false;
    else world.access.draining = true;
    drained.resolve();
    await settle();
    const status = again.take()[0]?.readUInt16BE(36);
    assert.equal(status, change === 'revoked' ? 0x0202 : 0x0301);
    assert.equal(world.nexuses.length, 1, 'no nexus was opened');
    await world.clock.advance(LOGIN_TIMEOUT_MS);
    assert.equal(world.server.sessions.length, 0);
  }
});

test('TARGET COLD RESET ends the other sessions first, and its own after the answer', async () => {
  const world = new IscsiWorld();
  const other = await world.logIn();
  const stream = await world.logIn([], {
    words: { 24: FIRST_CMD_SN },
    bytes: { 8: 0x40, 13: 2 },
  });
  const discovery = world.connect();
  discovery.feed(loginRequest([NAMES[0]!, 'SessionType=Discovery']));
  await settle();
  world.server.endTarget('iqn.2026-11.com.example:other', 'TARGET COLD RESET');
  await settle();
  assert.equal(other.destroyed, false);
  world.nexus.onManage = () => world.server.endTarget(TARGET, 'TARGET COLD RESET');
  stream.feed(taskManagement(TARGET_COLD_RESET, FIRST_CMD_SN, 5, 0));
  await settle();
  assert.equal(stream.take().at(-1)?.[0], 0x22);
  assert.ok(stream.destroyed);
  assert.ok(other.destroyed);
  const later = await world.logIn();
  await settle();
  assert.equal(later.destroyed, false);
  assert.equal(discovery.destroyed, false);
});

test('ABORT TASK of a command that is held, or has not come, leaves it out', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn();
  const { nexus } = world;
  const tags: number[] = [];
  nexus.onSubmit = (task) => {
    tags.push(task.tag);
    task.end(0, 0, undefined);
  };
  nexus.response = { response: 'taskDoesNotExist' };
  stream.feed(scsiCommand(FIRST_CMD_SN + 1, 11, FINAL, 0));
  stream.feed(taskManagement(ABORT_TASK, FIRST_CMD_SN + 3, 20, 11, FIRST_CMD_SN + 1));
  stream.feed(taskManagement(ABORT_TASK, FIRST_CMD_SN + 3, 21, 12, FIRST_CMD_SN + 2));
  stream.feed(taskManagement(ABORT_TASK, FIRST_CMD_SN + 3, 22, 9, FIRST_CMD_SN - 1));
  await settle();
  assert.deepEqual(
    stream.take().map((each) => each[2]),
    [0, 0, 1],
    'complete, complete, task does not exist',
  );
  stream.feed(scsiCommand(FIRST_CMD_SN, 10, FINAL, 0));
  stream.feed(scsiCommand(FIRST_CMD_SN + 2, 12, FINAL, 0));
  stream.feed(scsiCommand(FIRST_CMD_SN + 3, 13, FINAL, 0));
  await settle();
  assert.deepEqual(tags, [10, 13]);
});

test('the sequence numbers of the login go on in full feature phase', async () => {
  const world = new IscsiWorld();
  const stream = world.connect();
  const step = { flags: 0x04, bytes: { 8: 0x40, 13: 1 } };
  stream.feed(loginRequest(NAMES, { ...step, words: { 24: 7, 28: 0xffff_fffe } }));
  stream.feed(loginRequest([], { words: { 24: 9, 28: 0xffff_ffff } }));
  await settle();
  stream.feed(scsiCommand(7, 1, FINAL, 0));
  world.nexus.submitted[0]?.end(0, 0, undefined);
  await settle();
  const answers = stream.take();
  assert.deepEqual(
    answers.map((each) => each.readUInt32BE(24)),
    [0xffff_fffe, 0xffff_ffff, 0],
    'StatSN',
  );
  assert.equal(answers[2]?.readUInt32BE(28), 8, 'ExpCmdSN');
});

test('data for an aborted write that comes late in its bound is dropped', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(SOLICITED);
  world.nexus.onSubmit = asksFor;
  discardsOnAbort(world);
  stream.feed(scsiCommand(FIRST_CMD_SN, 7, WRITE | FINAL, 4096));
  await settle();
  const transferTag = stream.take()[0]!.readUInt32BE(20);
  stream.feed(taskManagement(ABORT_TASK, FIRST_CMD_SN + 1, 8, 7, FIRST_CMD_SN));
  await world.clock.advance(500);
  assert.equal(stream.take().length, 0, 'the answer waits for the data');
  stream.feed(dataOutPdu(7, transferTag, 0, 0, Buffer.alloc(4096), true));
  await settle();
  assert.equal(stream.take()[0]?.[0], 0x22);
  assert.equal(stream.destroyed, false);
});

test('a logout for an unknown reason is rejected', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn();
  stream.feed(pdu({ opcode: 0x46, flags: 0x85, tag: 3, words: { 24: FIRST_CMD_SN } }));
  await settle();
  assert.equal(stream.take()[0]?.[0], 0x3f);
  assert.equal(stream.destroyed, false);
});
