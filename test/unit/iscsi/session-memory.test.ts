// Proves what an initiator that has logged in can make a gateway hold: nothing it sends, withholds
// or leaves unread takes more than the named bounds, and a login takes no large buffer at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  GATHERED_BYTES_MAX,
  PROMISED_BYTES_MAX,
  SEND_QUEUE_BYTES_MAX,
  SLAB_BYTES,
  SOLICITED_BURSTS_MAX,
  SOLICITED_BYTES_MAX,
} from '../../../src/iscsi/limits.ts';
import type { Task } from '../../../src/scsi/task.ts';
import { loginRequest, pdu } from '../../support/iscsi-peer.ts';
import {
  dataOutPdu,
  FINAL,
  FIRST_CMD_SN,
  IscsiWorld,
  NAMES,
  READ,
  scsiCommand,
  signOfLife,
  WRITE,
} from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const TASK_SET_FULL = 0x28;
const MIB = 2 ** 20;
const DEPTH = 256;

function asksFor(task: Task): void {
  task.transferLength = task.dataOutExpected;
  task.requestDataOut(task.dataOutExpected);
}

test('a login, refused or silent, takes no buffer of the sessions', async () => {
  const world = new IscsiWorld();
  const texts = [['InitiatorName=iqn.x:i', 'TargetName=iqn.x:unknown'], NAMES, []];
  for (const text of texts) {
    const stream = world.connect();
    stream.draining = false;
    if (text === NAMES) stream.feed(loginRequest(text, { flags: 0x04 }));
    else if (text.length > 0) stream.feed(loginRequest(text));
  }
  await settle();
  assert.equal(world.pool.held, 0);
});

test('connections that never log in use the buffers of those that ended before them', async () => {
  const pendingLoginsMax = 8;
  const world = new IscsiWorld({ pendingLoginsMax });
  const part = loginRequest(NAMES).subarray(0, 60);
  const buffers = new Set<ArrayBufferLike>();
  for (let i = 0; i < 100 * pendingLoginsMax; i++) {
    const stream = world.connect();
    stream.feed(part);
    buffers.add(stream.reader!.buffer().buffer);
  }
  await settle();
  assert.equal(buffers.size, pendingLoginsMax);
});

test('crumbs of data-out between large PDUs keep no receive buffers', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['InitialR2T=No', 'FirstBurstLength=65536']);
  world.nexus.onSubmit = asksFor;
  const filler = pdu({ opcode: 0x40, tag: 0xffffffff, data: Buffer.alloc(262_144) });
  stream.feed(scsiCommand(FIRST_CMD_SN, 1, WRITE, 65_536, Buffer.of(0, 1, 2, 3)));
  for (let i = 1; i < 100; i++) {
    const data = Buffer.of(4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3);
    stream.feed(dataOutPdu(1, 0xffff_ffff, i - 1, 4 * i, data, false));
    stream.feed(filler);
  }
  assert.ok(world.pool.held <= 3, `${world.pool.held} slabs`);
  stream.feed(dataOutPdu(1, 0xffff_ffff, 99, 400, Buffer.alloc(65_136), true));
  const [task] = world.nexus.arrived;
  const whole = Buffer.concat(task!.dataOut);
  assert.equal(whole.length, 65_536);
  assert.ok(whole.subarray(0, 400).every((byte, i) => byte === (i & 0xff)));
});

test('writes that withhold their last data are asked for no more than the bound', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['InitialR2T=Yes', 'ImmediateData=No', 'MaxBurstLength=65536']);
  world.nexus.onSubmit = asksFor;
  const size = 4 * MIB;
  for (let i = 0; i < DEPTH; i++)
    stream.feed(scsiCommand(FIRST_CMD_SN + i, i, WRITE | FINAL, size));
  let asked = 0;
  const data = Buffer.alloc(65_536);
  for (;;) {
    await settle();
    const r2ts = stream.take().filter((each) => each[0] === 0x31);
    if (r2ts.length === 0) break;
    for (const r2t of r2ts) {
      const offset = r2t.readUInt32BE(40);
      asked += data.length;
      if (offset + data.length === size) continue;
      const tag = r2t.readUInt32BE(16);
      stream.feed(dataOutPdu(tag, r2t.readUInt32BE(20), 0, offset, data, true));
    }
  }
  assert.ok(asked <= SOLICITED_BYTES_MAX + size + data.length, `${asked} bytes were asked for`);
  assert.ok(asked >= SOLICITED_BYTES_MAX);
});

test('large writes all get their data, the oldest first, however many wait', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['InitialR2T=Yes', 'ImmediateData=No']);
  world.nexus.onSubmit = asksFor;
  const size = 3 * MIB;
  for (let i = 0; i < 20; i++) stream.feed(scsiCommand(FIRST_CMD_SN + i, i, WRITE | FINAL, size));
  const data = Buffer.alloc(MIB);
  let ended = 0;
  for (;;) {
    await settle();
    const r2ts = stream.take().filter((each) => each[0] === 0x31);
    if (r2ts.length === 0) break;
    for (const r2t of r2ts) {
      const length = r2t.readUInt32BE(44);
      for (let at = 0, sn = 0; at < length; at += 262_144, sn++) {
        const end = Math.min(length, at + 262_144);
        const transferTag = r2t.readUInt32BE(20);
        const piece = data.subarray(at, end);
        const offset = r2t.readUInt32BE(40) + at;
        stream.feed(
          dataOutPdu(r2t.readUInt32BE(16), transferTag, sn, offset, piece, end === length),
        );
      }
      while (ended < world.nexus.arrived.length) {
        world.nexus.arrived[ended++]!.end(0, 0, undefined);
      }
    }
  }
  assert.equal(ended, 20);
});

test('R2Ts without an answer are bounded in number, those of aborted writes too', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['InitialR2T=Yes', 'ImmediateData=No', 'MaxBurstLength=512']);
  const { nexus } = world;
  nexus.onSubmit = asksFor;
  let r2ts = 0;
  for (let i = 0; i < 5000; i++) {
    stream.feed(scsiCommand(FIRST_CMD_SN + i, i, WRITE | FINAL, 1));
    for (const task of nexus.submitted.splice(0)) task.discard();
    if (i % 100 > 0) continue;
    await settle();
    r2ts += stream.take().filter((each) => each[0] === 0x31).length;
  }
  await settle();
  r2ts += stream.take().filter((each) => each[0] === 0x31).length;
  assert.equal(r2ts, SOLICITED_BURSTS_MAX);
});

test('unsolicited data that is promised and not sent is bounded: TASK SET FULL', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['InitialR2T=No', 'FirstBurstLength=262144']);
  world.nexus.onSubmit = asksFor;
  for (let i = 0; i < DEPTH; i++) stream.feed(scsiCommand(FIRST_CMD_SN + i, i, WRITE, 262_144));
  await settle();
  const taken = GATHERED_BYTES_MAX / 262_144;
  assert.equal(world.nexus.submitted.length, taken);
  const answers = stream.take();
  assert.equal(answers.length, DEPTH - taken);
  assert.ok(answers.every((each) => each[0] === 0x21 && each[3] === TASK_SET_FULL));
  // What was refused may still send its data; it is dropped.
  stream.feed(dataOutPdu(DEPTH - 1, 0xffff_ffff, 0, 0, Buffer.alloc(512), true));
  assert.equal(stream.destroyed, false);
});

test('reads that ask for room later are bounded by what they may ask for', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['MaxRecvDataSegmentLength=262144']);
  const { nexus } = world;
  for (let i = 0; i < 20; i++) {
    stream.feed(scsiCommand(FIRST_CMD_SN + i, i, READ | FINAL, 16 * MIB));
  }
  await settle();
  assert.equal(nexus.submitted.length, PROMISED_BYTES_MAX / (16 * MIB));
  assert.ok(stream.take().every((each) => each[3] === TASK_SET_FULL));
  for (const task of nexus.submitted.splice(0)) {
    task.transferLength = 16 * MIB;
    task.allocateDataIn(16 * MIB);
    task.end(0, 16 * MIB, undefined);
  }
  await settle();
  stream.take();
  stream.feed(scsiCommand(FIRST_CMD_SN + 20, 1, READ | FINAL, 0xffff_ffff));
  assert.equal(nexus.submitted.length, 1, 'a single one may expect whatever it likes');
});

test('held reads do not all start when the gap before them closes', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['MaxRecvDataSegmentLength=262144']);
  stream.draining = false;
  let started = 0;
  world.nexus.onSubmit = (task) => {
    started++;
    task.transferLength = 4 * MIB;
    task.allocateDataIn(4 * MIB);
    task.end(0, 4 * MIB, undefined);
  };
  const held = 12;
  for (let i = held; i >= 0; i--) {
    stream.feed(scsiCommand(FIRST_CMD_SN + i, i, READ | FINAL, 4 * MIB));
  }
  assert.ok(started <= 2, `${started} started`);
  assert.ok(world.pool.held * SLAB_BYTES < 2 * SEND_QUEUE_BYTES_MAX);
  for (let i = 0; i < 2 * held; i++) {
    stream.release();
    await settle();
    stream.take();
  }
  assert.equal(started, held + 1);
});

test('an initiator that reads nothing and sends on is held to the send queue', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['MaxRecvDataSegmentLength=262144']);
  stream.draining = false;
  const ping = pdu({
    opcode: 0x40,
    tag: 5,
    words: { 20: 0xffff_ffff },
    data: Buffer.alloc(262_144),
  });
  const text = pdu({
    opcode: 0x44,
    tag: 6,
    words: { 20: 0xffff_ffff },
    data: Buffer.from('A=1\0'),
  });
  const reset = pdu({ opcode: 0x42, flags: 0x85, tag: 7, words: { 24: FIRST_CMD_SN } });
  // The stream takes no more while it is paused; some more may come.
  for (let i = 0; i < 40 && !stream.paused; i++) {
    for (const each of [ping, text, reset, signOfLife(FIRST_CMD_SN)]) stream.feed(each);
  }
  assert.ok(stream.paused);
  assert.ok(world.pool.held * SLAB_BYTES <= SEND_QUEUE_BYTES_MAX + 8 * SLAB_BYTES);
});
