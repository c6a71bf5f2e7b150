// Proves that a sequence of Data-Out PDUs is over when F is set, and not before: also by a PDU
// without data, in each kind of sequence; and what becomes of sequences that break the rules.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DATA_OUT_TIMEOUT_MS, SLAB_BYTES } from '../../../src/iscsi/limits.ts';
import type { Task } from '../../../src/scsi/task.ts';
import type { MemoryStream } from '../../support/iscsi-peer.ts';
import {
  dataOutPdu,
  FINAL,
  FIRST_CMD_SN,
  IscsiWorld,
  scsiCommand,
  signOfLife,
  WRITE,
} from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const SOLICITED = ['InitialR2T=Yes', 'ImmediateData=No'];
const UNSOLICITED = ['InitialR2T=No', 'ImmediateData=Yes', 'FirstBurstLength=1024'];
const NOTHING = new Uint8Array(0);
/** Target Transfer Tag of unsolicited data. */
const NONE = 0xffff_ffff;
const TAG = 7;

/** A session whose commands ask for all the data that their initiator offers. */
async function begin(keys: readonly string[]): Promise<[IscsiWorld, MemoryStream, Task[]]> {
  const world = new IscsiWorld();
  const stream = await world.logIn(keys);
  const whole: Task[] = [];
  world.nexus.onSubmit = (task) => {
    task.transferLength = task.dataOutExpected;
    if (task.requestDataOut(task.dataOutExpected)) whole.push(task);
  };
  return [world, stream, whole];
}

/** Target Transfer Tags of the R2Ts that came since. */
async function tagsOf(stream: MemoryStream): Promise<number[]> {
  await settle();
  return stream.take().flatMap((each) => (each[0] === 0x31 ? [each.readUInt32BE(20)] : []));
}

const bytes = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 13) & 0xff));
const received = (task: Task) => Buffer.concat(task.dataOut);

test('a PDU without data ends a solicited sequence, and the next is asked for', async () => {
  const [{ nexus }, stream] = await begin([...SOLICITED, 'MaxBurstLength=1024']);
  const data = bytes(2048);
  stream.feed(scsiCommand(FIRST_CMD_SN, TAG, WRITE | FINAL, data.length));
  for (const from of [0, 1024]) {
    const tags = await tagsOf(stream);
    assert.equal(tags.length, 1, `one R2T for ${from}`);
    const tag = tags[0]!;
    stream.feed(dataOutPdu(TAG, tag, 0, from, data.subarray(from, from + 1024), false));
    await settle();
    assert.deepEqual([nexus.arrived.length, stream.take().length], [0, 0], 'F is not there');
    stream.feed(dataOutPdu(TAG, tag, 1, from + 1024, NOTHING, true));
  }
  assert.equal(nexus.arrived.length, 1);
  assert.ok(received(nexus.arrived[0]!).equals(data));
  assert.deepEqual(nexus.failed, []);
});

test('PDUs without data may come anywhere in a sequence, whatever their offset', async () => {
  const [{ nexus }, stream] = await begin(SOLICITED);
  const data = bytes(1024);
  stream.feed(scsiCommand(FIRST_CMD_SN, TAG, WRITE | FINAL, data.length));
  const [tag] = await tagsOf(stream);
  stream.feed(dataOutPdu(TAG, tag!, 0, 0, NOTHING, false));
  stream.feed(dataOutPdu(TAG, tag!, 1, 0, data.subarray(0, 512), false));
  stream.feed(dataOutPdu(TAG, tag!, 2, 512, NOTHING, false));
  stream.feed(dataOutPdu(TAG, tag!, 3, 512, data.subarray(512), false));
  stream.feed(dataOutPdu(TAG, tag!, 4, 0, NOTHING, true));
  assert.ok(received(nexus.arrived[0]!).equals(data));
});

test('two sequences at a time each end by a PDU without data', async () => {
  const keys = [...SOLICITED, 'MaxBurstLength=1024', 'MaxOutstandingR2T=2'];
  const [{ nexus }, stream] = await begin(keys);
  const data = bytes(2048);
  stream.feed(scsiCommand(FIRST_CMD_SN, TAG, WRITE | FINAL, data.length));
  const tags = await tagsOf(stream);
  for (const [i, tag] of tags.entries()) {
    assert.equal(nexus.arrived.length, 0);
    const from = i * 1024;
    stream.feed(dataOutPdu(TAG, tag, 0, from, data.subarray(from, from + 1024), false));
    stream.feed(dataOutPdu(TAG, tag, 1, from + 1024, NOTHING, true));
  }
  assert.equal(tags.length, 2);
  assert.ok(received(nexus.arrived[0]!).equals(data));
});

test('a command whose sequences overlap ends, and never runs with one of them open', async () => {
  const keys = [...SOLICITED, 'MaxBurstLength=1024', 'MaxOutstandingR2T=2'];
  const [{ nexus }, stream] = await begin(keys);
  stream.feed(scsiCommand(FIRST_CMD_SN, TAG, WRITE | FINAL, 2048));
  const [first, second] = await tagsOf(stream);
  stream.feed(dataOutPdu(TAG, first!, 0, 0, bytes(1024), false));
  stream.feed(dataOutPdu(TAG, second!, 0, 1024, bytes(1024), true));
  assert.equal(nexus.arrived.length, 0);
  stream.feed(dataOutPdu(TAG, first!, 1, 1024, NOTHING, true));
  await settle();
  assert.equal(nexus.arrived.length, 0);
  assert.deepEqual(
    nexus.failed.map(({ reason }) => reason),
    ['dataPhaseError'],
  );
  assert.equal(stream.destroyed, false);
});

test('immediate data that are all there wait for the F of a PDU without data', async () => {
  const [{ nexus }, stream, whole] = await begin(UNSOLICITED);
  for (const [i, length] of [512, 1024].entries()) {
    const data = bytes(length);
    stream.feed(scsiCommand(FIRST_CMD_SN + i, TAG, WRITE, length, data));
    await settle();
    assert.deepEqual([nexus.arrived.length, whole.length], [i, 0]);
    const pinned = nexus.submitted.at(-1)!.dataOut[0]!.buffer.byteLength;
    assert.ok(pinned < SLAB_BYTES, 'data of a command that waits pins no receive buffer');
    stream.feed(dataOutPdu(TAG, NONE, 0, length, NOTHING, true));
    await settle();
    assert.equal(nexus.arrived.length, i + 1);
    assert.ok(received(nexus.arrived[i]!).equals(data));
    nexus.arrived[i]!.end(0, 0, undefined);
  }
  assert.deepEqual([nexus.failed.length, stream.destroyed], [0, false]);
});

test('a PDU without data ends unsolicited data, and the rest is asked for', async () => {
  for (const sent of [0, 512, 1024]) {
    const [{ nexus }, stream] = await begin(UNSOLICITED);
    const data = bytes(2048);
    stream.feed(scsiCommand(FIRST_CMD_SN, TAG, WRITE, data.length));
    if (sent > 0) stream.feed(dataOutPdu(TAG, NONE, 0, 0, data.subarray(0, sent), false));
    assert.deepEqual(await tagsOf(stream), [], 'F is not there');
    stream.feed(dataOutPdu(TAG, NONE, sent === 0 ? 0 : 1, sent, NOTHING, true));
    const [tag] = await tagsOf(stream);
    stream.feed(dataOutPdu(TAG, tag!, 0, sent, data.subarray(sent), true));
    await settle();
    assert.ok(received(nexus.arrived[0]!).equals(data), `${sent} bytes unsolicited`);
  }
});

test('a command that brings no data may announce a PDU without data', async () => {
  const [world, stream] = await begin(UNSOLICITED);
  world.nexus.onSubmit = (task) => task.end(0, 0, undefined);
  stream.feed(scsiCommand(FIRST_CMD_SN, TAG, WRITE, 0));
  stream.feed(dataOutPdu(TAG, NONE, 0, 0, NOTHING, true));
  await settle();
  const answers = stream.take();
  assert.deepEqual([answers.length, answers[0]![0], stream.destroyed], [1, 0x21, false]);
});

test('F clear without W, or where nothing may come unsolicited, ends the session', async () => {
  for (const [keys, flags, length] of [
    [UNSOLICITED, 0, 0],
    [UNSOLICITED, 0x40, 512],
    [SOLICITED, WRITE, 512],
  ] as const) {
    const [{ nexus }, stream] = await begin(keys);
    stream.feed(scsiCommand(FIRST_CMD_SN, TAG, flags, length));
    await settle();
    assert.deepEqual([stream.destroyed, nexus.submitted.length], [true, 0]);
    assert.equal(stream.take()[0]![0], 0x3f, 'Reject');
  }
});

test('an answer to an R2T that is too short fails its command alone', async () => {
  const [{ nexus }, stream] = await begin(SOLICITED);
  for (const [i, length] of [0, 512].entries()) {
    stream.feed(scsiCommand(FIRST_CMD_SN + i, TAG, WRITE | FINAL, 1024));
    const [tag] = await tagsOf(stream);
    stream.feed(dataOutPdu(TAG, tag!, 0, 0, new Uint8Array(length), true));
    await settle();
  }
  assert.deepEqual(
    nexus.failed.map(({ reason }) => reason),
    ['notEnoughUnsolicitedData', 'notEnoughUnsolicitedData'],
  );
  assert.deepEqual(await tagsOf(stream), [], 'no further R2T');
  assert.equal(stream.destroyed, false);
});

test('a sequence that is never ended ends the session in time, whatever is sent of it', async () => {
  for (const [keys, flags] of [
    [SOLICITED, WRITE | FINAL],
    [UNSOLICITED, WRITE],
  ] as const) {
    const [world, stream] = await begin(keys);
    const { nexus } = world;
    stream.feed(scsiCommand(FIRST_CMD_SN, TAG, flags, 512));
    const [tag = NONE] = await tagsOf(stream);
    stream.feed(dataOutPdu(TAG, tag, 0, 0, bytes(512), false));
    for (let sn = 1, waitedMs = 0; waitedMs <= DATA_OUT_TIMEOUT_MS; sn++, waitedMs += 2000) {
      assert.equal(stream.destroyed, false, `after ${waitedMs} ms`);
      stream.feed(dataOutPdu(TAG, tag, sn, 512, NOTHING, false));
      stream.feed(signOfLife(FIRST_CMD_SN + 1));
      await world.clock.advance(2000);
    }
    assert.deepEqual([stream.destroyed, nexus.arrived.length, nexus.closes], [true, 0, 1]);
  }
});
