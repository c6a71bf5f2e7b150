// Proves how long a session may owe the data of a write: nothing that its initiator does meanwhile,
// and nothing that it leaves, keeps the room for that data beyond the bounds.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DATA_OUT_MAX_MS, DATA_OUT_TIMEOUT_MS, TURN_MAX_MS } from '../../../src/iscsi/limits.ts';
import type { Task } from '../../../src/scsi/task.ts';
import { pdu } from '../../support/iscsi-peer.ts';
import {
  dataOutPdu,
  FINAL,
  FIRST_CMD_SN,
  IscsiWorld,
  scsiCommand,
  WRITE,
} from '../../support/iscsi-world.ts';
import { settle, TurnClock } from '../../support/virtual-clock.ts';

function asksFor(task: Task): void {
  task.transferLength = task.dataOutExpected;
  task.requestDataOut(task.dataOutExpected);
}

/** A session that was asked for the data of so many writes of 4 KiB, with the tags of the R2Ts. */
async function writing(world: IscsiWorld, writes = 1) {
  const stream = await world.logIn(['InitialR2T=Yes', 'ImmediateData=No']);
  world.nexus.onSubmit = asksFor;
  for (let tag = 1; tag <= writes; tag++) {
    stream.feed(scsiCommand(FIRST_CMD_SN + tag - 1, tag, WRITE | FINAL, 4096));
  }
  await settle();
  const r2ts = stream.take().filter((each) => each[0] === 0x31);
  return { stream, tags: r2ts.map((each) => each.readUInt32BE(20)) };
}

test('Data-Outs without data do not put the deadline off', async () => {
  const world = new IscsiWorld();
  const { stream, tags } = await writing(world);
  for (let sn = 0, waitedMs = 0; waitedMs <= DATA_OUT_TIMEOUT_MS + 1000; sn++, waitedMs += 2000) {
    assert.equal(stream.destroyed, false, `after ${waitedMs} ms`);
    stream.feed(dataOutPdu(1, tags[0]!, sn, 0, new Uint8Array(0), false));
    await world.clock.advance(2000);
  }
  assert.ok(stream.destroyed);
});

test('data that comes byte by byte does not keep the room of a command for ever', async () => {
  const world = new IscsiWorld();
  const { stream, tags } = await writing(world);
  for (let sn = 0, waitedMs = 0; waitedMs <= DATA_OUT_MAX_MS + 1000; sn++, waitedMs += 2000) {
    const isLate = waitedMs > DATA_OUT_MAX_MS;
    assert.equal(stream.destroyed, isLate, `after ${waitedMs} ms`);
    stream.feed(dataOutPdu(1, tags[0]!, sn, sn, new Uint8Array(1), false));
    await world.clock.advance(2000);
  }
  assert.ok(stream.destroyed);
});

test('an initiator that takes no answers gains no time for its data', async () => {
  const world = new IscsiWorld();
  const { stream } = await writing(world);
  const ping = pdu({ opcode: 0x40, tag: 9, words: { 20: 0xffff_ffff }, data: Buffer.alloc(8192) });
  for (let waitedMs = 0; waitedMs <= DATA_OUT_MAX_MS + 1000; waitedMs += 5000) {
    assert.equal(stream.destroyed, false, `after ${waitedMs} ms`);
    stream.draining = false;
    while (!stream.paused) stream.feed(ping);
    await world.clock.advance(5000);
    stream.release();
    await settle();
    stream.take();
  }
  assert.ok(stream.destroyed);
});

test('a flood that its turns do not suffice for does not put deadlines off', async () => {
  const clock = new TurnClock();
  const world = new IscsiWorld({ clock });
  const stream = await world.logIn(['InitialR2T=Yes', 'ImmediateData=No']);
  await clock.endTurn();
  let cmdSn = FIRST_CMD_SN;
  world.nexus.onSubmit = asksFor;
  stream.feed(scsiCommand(cmdSn++, 1, WRITE | FINAL, 4096));
  world.nexus.onSubmit = (task) => {
    clock.skip(TURN_MAX_MS / 4);
    task.end(0, 0, undefined);
  };
  for (let waitedMs = 0; waitedMs <= DATA_OUT_TIMEOUT_MS; waitedMs += 500) {
    assert.equal(stream.destroyed, false, `after ${waitedMs} ms`);
    const flood = Array.from({ length: 16 }, () => scsiCommand(cmdSn++, 2, FINAL, 0));
    stream.feed(Buffer.concat(flood));
    assert.ok(stream.paused, 'its turn is over');
    await clock.advance(500);
    while (stream.paused && !stream.destroyed) await clock.endTurn();
  }
  assert.ok(stream.destroyed);
});

test('what waits on a slow link behind the data of another write is not overdue', async () => {
  const world = new IscsiWorld();
  const { stream, tags } = await writing(world, 2);
  for (let sn = 0; sn < 8; sn++) {
    await world.clock.advance(2000);
    stream.feed(dataOutPdu(1, tags[0]!, sn, sn * 512, Buffer.alloc(512), sn === 7));
  }
  await world.clock.advance(2000);
  stream.feed(dataOutPdu(2, tags[1]!, 0, 0, Buffer.alloc(4096), true));
  await settle();
  assert.deepEqual([world.nexus.arrived.length, stream.destroyed], [2, false]);
});
