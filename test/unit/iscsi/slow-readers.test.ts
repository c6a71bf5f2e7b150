// Proves that an initiator on a slow link keeps its session as long as it takes its answers,
// however little at a time, and that one that takes none loses its session.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  ABSENT_TIMEOUT_MS,
  DATA_OUT_TIMEOUT_MS,
  NOP_INTERVAL_MS,
  NOP_TIMEOUT_MS,
} from '../../../src/iscsi/limits.ts';
import type { Task } from '../../../src/scsi/task.ts';
import type { MemoryStream } from '../../support/iscsi-peer.ts';
import {
  dataOutPdu,
  FINAL,
  FIRST_CMD_SN,
  IscsiWorld,
  READ,
  scsiCommand,
  WRITE,
} from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const MIB = 2 ** 20;
const ANSWER_BYTES = 16 * MIB;
/** 32 KiB/s: 8.5 minutes for the answer. */
const STEP_MS = 1000;
const STEP_BYTES = 32 * 1024;

function answers(task: Task): void {
  const length = task.dataInExpected;
  task.transferLength = Math.max(length, task.dataOutExpected);
  if (task.dataOutExpected > 0) {
    task.requestDataOut(task.dataOutExpected);
    return;
  }
  task.allocateDataIn(length);
  task.end(0, length, undefined);
}

/** A session whose initiator has taken nothing yet of the answer to a READ of so many bytes. */
async function reading(bytes: number): Promise<{ world: IscsiWorld; stream: MemoryStream }> {
  const world = new IscsiWorld();
  const stream = await world.logIn([
    'MaxRecvDataSegmentLength=262144',
    'InitialR2T=Yes',
    'ImmediateData=No',
  ]);
  world.nexus.onSubmit = answers;
  stream.draining = false;
  stream.feed(scsiCommand(FIRST_CMD_SN, 1, READ | FINAL, bytes));
  await settle();
  stream.unacknowledgedBytes = bytes;
  return { world, stream };
}

async function takeSlowly(world: IscsiWorld, stream: MemoryStream, ms: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < ms && !stream.destroyed; waitedMs += STEP_MS) {
    stream.unacknowledgedBytes -= STEP_BYTES;
    await world.clock.advance(STEP_MS);
  }
}

test('an initiator that takes a long answer slowly is not absent', async () => {
  const { world, stream } = await reading(ANSWER_BYTES);
  await takeSlowly(world, stream, (ANSWER_BYTES / STEP_BYTES) * STEP_MS);
  assert.equal(stream.destroyed, false);
  stream.release();
  await settle();
  assert.equal(stream.paused, false);
});

test('an initiator that takes some of an answer, and then nothing, is absent', async () => {
  const { world, stream } = await reading(ANSWER_BYTES);
  await takeSlowly(world, stream, 2 * ABSENT_TIMEOUT_MS);
  await world.clock.advance(ABSENT_TIMEOUT_MS - STEP_MS);
  assert.equal(stream.destroyed, false);
  await world.clock.advance(2 * STEP_MS);
  assert.ok(stream.destroyed);
});

test('a NOP-In that waits behind an answer on a slow link is not held against it', async () => {
  const { world, stream } = await reading(MIB);
  // Nothing moves, so that a NOP-In is queued.
  await world.clock.advance(NOP_INTERVAL_MS + STEP_MS);
  await takeSlowly(world, stream, 3 * (NOP_INTERVAL_MS + NOP_TIMEOUT_MS));
  assert.equal(stream.destroyed, false);
  await world.clock.advance(NOP_INTERVAL_MS + NOP_TIMEOUT_MS + STEP_MS);
  assert.ok(stream.destroyed, 'but silence is, when nothing is taken');
});

test('an R2T that waits behind an answer on a slow link is answered in time', async () => {
  const { world, stream } = await reading(MIB);
  stream.feed(scsiCommand(FIRST_CMD_SN + 1, 2, WRITE | FINAL, 4096));
  await takeSlowly(world, stream, 2 * DATA_OUT_TIMEOUT_MS);
  assert.equal(stream.destroyed, false);
  stream.take();
  stream.release();
  await settle();
  const [r2t] = stream.take().filter((each) => each[0] === 0x31);
  stream.feed(dataOutPdu(2, r2t!.readUInt32BE(20), 0, 0, Buffer.alloc(4096), true));
  await settle();
  assert.equal(world.nexus.arrived.length, 1);
  await world.clock.advance(STEP_MS);
  assert.equal(stream.destroyed, false);
});
