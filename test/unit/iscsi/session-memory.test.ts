// Proves what an initiator that has logged in can make a gateway hold: nothing it sends, withholds
// or leaves unread takes more than the named bounds, and a login takes no large buffer at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  PEER_INVITED_BYTES_MAX,
  SEND_QUEUE_BYTES_MAX,
  SESSION_DATA_BYTES_MAX,
  SESSION_OWN_DATA_BYTES,
  SESSION_OWN_INVITED_BYTES,
  SLAB_BYTES,
  SOLICITED_BURSTS_MAX,
} from '../../../src/iscsi/limits.ts';
import type { Task } from '../../../src/scsi/task.ts';
import {
  loginRequest,
  type MemoryStream,
  pdu,
  type ScriptedNexus,
} from '../../support/iscsi-peer.ts';
import {
  dataOutPdu,
  FINAL,
  FIRST_CMD_SN,
  IscsiWorld,
  NAMES,
  openWindow,
  READ,
  scsiCommand,
  signOfLife,
  WRITE,
} from '../../support/iscsi-world.ts';
import { settle } from '../../support/virtual-clock.ts';

const MIB = 2 ** 20;
/** One session may hold this: its own and its share, one slab begun, and one more to read into. */
const SESSION_BYTES_MAX = SESSION_OWN_DATA_BYTES + SESSION_DATA_BYTES_MAX + 2 * SLAB_BYTES;
/** Keeps a receive buffer from being used for anything else. */
const FILLER = pdu({ opcode: 0x40, tag: 0xffff_ffff, data: Buffer.alloc(231 * 1024) });

function asksFor(task: Task): void {
  task.transferLength = task.dataOutExpected;
  task.requestDataOut(task.dataOutExpected);
}

/** What commands keep from being used: slabs, and buffers of data beside them. */
function pinnedBytes(world: IscsiWorld, tasks: readonly Task[]): number {
  const buffers = new Set(tasks.flatMap(({ dataOut }) => dataOut.map(({ buffer }) => buffer)));
  let bytes = world.pool.held * SLAB_BYTES;
  for (const { byteLength } of buffers) if (byteLength !== SLAB_BYTES) bytes += byteLength;
  return bytes;
}

/** Commands that read get their room before they run, as the device server does it. */
function readsWhenGranted(nexus: ScriptedNexus, started: Task[]): void {
  const run = (task: Task): void => {
    started.push(task);
    const length = Math.min(task.dataInExpected, 16 * MIB);
    task.transferLength = length;
    task.allocateDataIn(length);
  };
  nexus.onSubmit = (task) => {
    if (task.requestDataIn(Math.min(task.dataInExpected, 16 * MIB))) run(task);
  };
  nexus.onGranted = run;
}

async function r2tsOf(stream: MemoryStream): Promise<Buffer[]> {
  await settle();
  return stream.take().filter((each) => each[0] === 0x31);
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

test('data-out in long and short pieces pins no more than its session may hold', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['InitialR2T=Yes', 'ImmediateData=No']);
  world.nexus.onSubmit = asksFor;
  stream.feed(scsiCommand(FIRST_CMD_SN, 1, WRITE | FINAL, 16 * MIB));
  const long = Buffer.alloc(32 * 1024, 1);
  const short = Buffer.alloc(1, 2);
  for (let r2ts = await r2tsOf(stream); r2ts.length > 0; r2ts = await r2tsOf(stream)) {
    for (const r2t of r2ts) {
      const tag = r2t.readUInt32BE(20);
      const start = r2t.readUInt32BE(40);
      const length = r2t.readUInt32BE(44);
      for (let at = 0, sn = 0; at < length; sn++) {
        const piece = (sn % 2 === 0 ? long : short).subarray(0, length - at);
        at += piece.length;
        const offset = start + at - piece.length;
        stream.feed(dataOutPdu(1, tag, sn, offset, piece, at === length));
        stream.feed(FILLER);
      }
    }
  }
  const [task] = world.nexus.arrived;
  const pinned = pinnedBytes(world, [task!]);
  assert.ok(pinned <= SESSION_BYTES_MAX, `${pinned / MIB} MiB`);
  const whole = Buffer.concat(task!.dataOut);
  assert.equal(whole.length, 16 * MIB);
  for (let at = 0; at + 32 * 1024 < 262_144; at += 32 * 1024 + 1) {
    assert.deepEqual([whole[at], whole[at + 32 * 1024 - 1], whole[at + 32 * 1024]], [1, 1, 2]);
  }
});

test('short writes that may not start yet pin their data, not what came around it', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['FirstBurstLength=4096']);
  const commands = 250;
  const cmdSn = await openWindow(world, stream, commands);
  const { nexus } = world;
  nexus.onSubmit = (task) => {
    task.retainDataOut();
  };
  for (let i = 0; i < commands; i++) {
    stream.feed(scsiCommand(cmdSn + i, i, WRITE | FINAL, 512, Buffer.alloc(512, i)));
    stream.feed(FILLER);
  }
  assert.equal(nexus.submitted.length, commands);
  const pinned = pinnedBytes(world, nexus.submitted);
  assert.ok(pinned <= MIB, `${pinned / MIB} MiB`);
  for (const [i, { dataOut }] of nexus.submitted.entries()) {
    assert.ok(Buffer.concat(dataOut).equals(Buffer.alloc(512, i)));
  }
});

test('writes under way on a slow medium pin no more than their session may hold', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['FirstBurstLength=4096']);
  const cmdSn = await openWindow(world, stream, 250);
  const { nexus } = world;
  nexus.onSubmit = asksFor;
  for (let i = 0; i < 250; i++) {
    stream.feed(scsiCommand(cmdSn + i, i, WRITE | FINAL, 512, Buffer.alloc(512)));
    stream.feed(FILLER);
  }
  assert.equal(nexus.submitted.length, 250);
  const pinned = pinnedBytes(world, nexus.submitted);
  assert.ok(pinned <= SESSION_BYTES_MAX, `${pinned / MIB} MiB`);
});

test('writes that withhold their last data are asked for no more than the bound', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['InitialR2T=Yes', 'ImmediateData=No', 'MaxBurstLength=65536']);
  world.nexus.onSubmit = asksFor;
  const size = 4 * MIB;
  for (let i = 0; i < 20; i++) stream.feed(scsiCommand(FIRST_CMD_SN + i, i, WRITE | FINAL, size));
  let asked = 0;
  const data = Buffer.alloc(65_536);
  for (let r2ts = await r2tsOf(stream); r2ts.length > 0; r2ts = await r2tsOf(stream)) {
    for (const r2t of r2ts) {
      const offset = r2t.readUInt32BE(40);
      asked += data.length;
      if (offset + data.length === size) continue;
      const tag = r2t.readUInt32BE(16);
      stream.feed(dataOutPdu(tag, r2t.readUInt32BE(20), 0, offset, data, true));
    }
  }
  assert.ok(asked <= SESSION_DATA_BYTES_MAX + SESSION_OWN_DATA_BYTES, `${asked} bytes`);
  assert.ok(asked >= SESSION_DATA_BYTES_MAX / 2, `${asked} bytes`);
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
    await world.clock.advance(0);
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

for (const state of ['dormant', 'enabled'] as const) {
  test(`data of ${state} commands that wait does not keep the one before from its room`, async () => {
    const world = new IscsiWorld();
    const stream = await world.logIn(['FirstBurstLength=65536']);
    let cmdSn = await openWindow(world, stream, 16);
    const { nexus } = world;
    nexus.onSubmit = asksFor;
    const send = (length: number, data?: Uint8Array): void =>
      stream.feed(scsiCommand(cmdSn, cmdSn++, WRITE | FINAL, length, data));
    send(16 * MIB);
    send(16 * MIB);
    nexus.onSubmit = (task) => {
      if (state === 'dormant') task.retainDataOut();
      else asksFor(task);
    };
    for (let i = 0; i < 12; i++) {
      send(MIB, Buffer.alloc(65_536));
      stream.feed(FILLER);
    }
    await r2tsOf(stream);
    const [first, second] = nexus.submitted;
    first!.end(0, 0, undefined);
    const tags = (await r2tsOf(stream)).map((each) => each.readUInt32BE(16));
    assert.ok(tags.includes(second!.tag), 'it is asked for its data');
  });
}

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

test('commands that end before their unsolicited data comes leave nothing behind', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['InitialR2T=No']);
  const { nexus } = world;
  nexus.onSubmit = (task) => task.end(0x02, 0, new Uint8Array(18));
  for (let i = 0; i < 1000; i++) {
    stream.feed(scsiCommand(FIRST_CMD_SN + i, i, WRITE, 4096));
    if (i % 10 === 0) await settle();
  }
  assert.equal(nexus.submitted.length, 1000);
  assert.equal(world.server.sessions[0]!.dataOut.owed.size, 0);
  stream.feed(dataOutPdu(7, 0xffff_ffff, 0, 0, Buffer.alloc(4096), true));
  await settle();
  assert.equal(stream.destroyed, false, 'what still comes is dropped');
});

test('a window invites no more unsolicited data than there is memory for, and takes all of it', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['InitialR2T=No', 'FirstBurstLength=262144']);
  let cmdSn = await openWindow(world, stream, 64);
  const { nexus } = world;
  nexus.onSubmit = asksFor;
  const { window } = world.server.sessions[0]!;
  const { maxCmdSn } = window;
  const open = maxCmdSn - cmdSn + 1;
  while (cmdSn <= maxCmdSn) stream.feed(scsiCommand(cmdSn, cmdSn++, WRITE, 262_144));
  await settle();
  assert.equal(nexus.submitted.length, open, 'none was refused');
  assert.deepEqual(stream.take(), []);
  const bound = SESSION_OWN_INVITED_BYTES + PEER_INVITED_BYTES_MAX / 2;
  assert.ok(open * 262_144 <= bound, `${open} commands`);
});

test('sessions of one network that withhold their data leave room to other networks', async () => {
  const world = new IscsiWorld();
  const keys = ['InitialR2T=Yes', 'ImmediateData=No'];
  const isid = (i: number) => ({ bytes: { 8: 0x40, 12: i >> 8, 13: i & 0xff } });
  const write = (stream: MemoryStream, cmdSn: number) =>
    stream.feed(scsiCommand(cmdSn, cmdSn, WRITE | FINAL, MIB));
  for (let i = 0; i < 60; i++) {
    const stream = await world.logIn(keys, isid(i));
    world.nexus.onSubmit = asksFor;
    for (let n = 0; n < 20; n++) write(stream, FIRST_CMD_SN + n);
  }
  const same = await world.logIn(keys, isid(1000));
  world.nexus.onSubmit = asksFor;
  write(same, FIRST_CMD_SN);
  assert.equal((await r2tsOf(same)).length, 0, 'its network has what it may have');
  const other = await world.logIn(keys, isid(1001), '198.51.100.1');
  world.nexus.onSubmit = asksFor;
  for (let n = 0; n < 4; n++) write(other, FIRST_CMD_SN + n);
  assert.equal((await r2tsOf(other)).length, 4);
});

test('reads wait for room, and all of them get it', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['MaxRecvDataSegmentLength=262144', 'FirstBurstLength=4096']);
  const { nexus } = world;
  const started: Task[] = [];
  readsWhenGranted(nexus, started);
  const reads = 20;
  for (let i = 0; i < reads; i++) {
    stream.feed(scsiCommand(FIRST_CMD_SN + i, i, READ | FINAL, 16 * MIB));
  }
  for (let ended = 0; ended < reads; ended++) {
    await settle();
    await world.clock.advance(0);
    assert.equal(started.length, ended + 1, 'one at a time: each is as long as the share');
    assert.deepEqual(stream.take().filter((each) => each[0] === 0x21).length, 0);
    assert.ok(world.pool.held * SLAB_BYTES <= SESSION_BYTES_MAX + 3 * SLAB_BYTES);
    started[ended]!.end(0, 16 * MIB, undefined);
    await settle();
    stream.take();
  }
});

test('an aborted read that waited for room takes none', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['MaxRecvDataSegmentLength=262144', 'FirstBurstLength=4096']);
  const { nexus } = world;
  const started: Task[] = [];
  readsWhenGranted(nexus, started);
  for (let i = 0; i < 3; i++) {
    stream.feed(scsiCommand(FIRST_CMD_SN + i, i, READ | FINAL, 16 * MIB));
  }
  await settle();
  nexus.submitted[1]!.discard();
  started[0]!.end(0, 0, undefined);
  await settle();
  await world.clock.advance(0);
  assert.deepEqual(
    started.map(({ tag }) => tag),
    [0, 2],
  );
});

test('held reads do not all start when the gap before them closes', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['MaxRecvDataSegmentLength=262144', 'FirstBurstLength=4096']);
  stream.draining = false;
  const started: Task[] = [];
  readsWhenGranted(world.nexus, started);
  const held = 12;
  for (let i = held; i >= 0; i--) {
    stream.feed(scsiCommand(FIRST_CMD_SN + i, i, READ | FINAL, 4 * MIB));
  }
  const atOnce = started.length;
  assert.ok(atOnce <= SESSION_DATA_BYTES_MAX / (4 * MIB), `${atOnce} started`);
  assert.ok(world.pool.held * SLAB_BYTES <= SESSION_BYTES_MAX);
  for (let ended = 0; ended <= held; ended++) {
    started[ended]!.end(0, 4 * MIB, undefined);
    await settle();
    stream.release();
    await settle();
    await world.clock.advance(0);
    stream.take();
  }
  assert.equal(started.length, held + 1);
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
