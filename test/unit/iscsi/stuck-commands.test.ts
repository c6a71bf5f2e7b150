// Proves what becomes of a session whose commands do not end, on virtual time: it ends in the bound
// and no other does, it answers NOPs meanwhile, a silent initiator with writes under way is given
// up early, and a login that takes its place is answered in time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter } from '../../../src/base/bytes/byte-writer.ts';
import {
  COMMAND_MAX_MS,
  NOP_INTERVAL_MS,
  NOP_TIMEOUT_MS,
  REINSTATEMENT_MAX_MS,
  SLOW_SILENCE_MAX_MS,
  WATCH_INTERVAL_MS,
} from '../../../src/iscsi/limits.ts';
import { DRAIN_MAX_MS } from '../../../src/scsi/limits.ts';
import { loginRequest, type MemoryStream, pdu } from '../../support/iscsi-peer.ts';
import {
  FINAL,
  FIRST_CMD_SN,
  IscsiWorld,
  NAMES,
  READ,
  scsiCommand,
  signOfLife,
  WRITE,
} from '../../support/iscsi-world.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const OTHER = { words: { 24: FIRST_CMD_SN }, bytes: { 8: 0x40, 13: 2 } };
/** With the initiator settings that the demo prints, no initiator goes to another path sooner. */
const FAILOVER_MS = 8_000;
/** With the monitors' default `paxos_propose_interval`, and a heartbeat of every member. */
const FENCE_MS = 2_500;
const NOP_IN = 0x20;
const SCSI_RESPONSE = 0x21;
const R2T = 0x31;

/** What runs in the nexus began now, and changes the medium if that is said. */
function stuckSince(world: IscsiWorld, changes: boolean): void {
  const { nexus } = world;
  let runningMs = 0;
  nexus.age = (byMs) => {
    runningMs += byMs;
    return { runningMs, changingMs: changes ? runningMs : 0, agreeingMs: 0 };
  };
}

/** Writes with immediate data until the window takes no more; returns the next CmdSN. */
async function fillWithWrites(
  world: IscsiWorld,
  stream: MemoryStream,
  data: Uint8Array,
): Promise<number> {
  const { window } = world.server.sessions[0]!;
  let cmdSn = FIRST_CMD_SN;
  while (cmdSn <= window.maxCmdSn) {
    stream.feed(scsiCommand(cmdSn, cmdSn, WRITE | FINAL, data.length, data));
    cmdSn++;
  }
  await settle();
  return cmdSn;
}

async function pass(world: IscsiWorld, ms: number, ...alive: MemoryStream[]): Promise<void> {
  for (let waited = 0; waited < ms; waited += WATCH_INTERVAL_MS) {
    await world.clock.advance(WATCH_INTERVAL_MS);
    for (const each of alive) each.feed(signOfLife(FIRST_CMD_SN));
  }
}

test('a command that does not end takes its session with it, and no other', async () => {
  const world = new IscsiWorld();
  const other = await world.logIn([], OTHER);
  const stream = await world.logIn();
  stuckSince(world, false);
  await pass(world, COMMAND_MAX_MS - WATCH_INTERVAL_MS, stream, other);
  assert.equal(stream.destroyed, false);
  await pass(world, WATCH_INTERVAL_MS, stream, other);
  assert.deepEqual([stream.destroyed, other.destroyed], [true, false]);
  assert.equal(world.server.sessions.length, 1);
});

test('time in which the gateway stood still is not held against commands or initiators', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn();
  stuckSince(world, true);
  await pass(world, 5_000, stream);
  world.clock.skip(COMMAND_MAX_MS);
  await world.clock.advance(0);
  await pass(world, 5_000, stream);
  assert.equal(stream.destroyed, false);
});

test('a silent initiator with a slow write is given up early, one without is not', async () => {
  for (const changes of [true, false]) {
    const world = new IscsiWorld();
    const stream = await world.logIn();
    stuckSince(world, changes);
    stream.feed(scsiCommand(FIRST_CMD_SN, 1, FINAL, 0));
    await pass(world, 2_000, stream);
    stream.take();
    const early = SLOW_SILENCE_MAX_MS + WATCH_INTERVAL_MS;
    await world.clock.advance(early);
    assert.equal(stream.destroyed, changes);
    assert.equal(stream.take()[0]?.[0], NOP_IN, 'it was asked');
    await world.clock.advance(NOP_INTERVAL_MS + NOP_TIMEOUT_MS + WATCH_INTERVAL_MS - early);
    assert.equal(stream.destroyed, true);
  }
});

test('NOPs are answered and commands taken while slow writes hold all they may', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['InitialR2T=Yes', 'ImmediateData=Yes']);
  const { nexus } = world;
  nexus.onSubmit = (task) => {
    task.transferLength = task.dataOutExpected;
    if (task.dataInExpected > 0) task.requestDataIn(task.dataInExpected);
    else if (task.dataOutExpected > 0) task.requestDataOut(task.dataOutExpected);
  };
  stuckSince(world, true);
  const data = Buffer.alloc(65_536);
  const cmdSn = await fillWithWrites(world, stream, data);
  await world.clock.advance(2_000);
  assert.equal(stream.paused, false);
  stream.take();
  stream.feed(pdu({ opcode: 0x40, tag: 77, words: { 20: 0xffff_ffff, 24: cmdSn } }));
  await settle();
  assert.deepEqual(
    stream.take().map((each) => each[0]),
    [NOP_IN],
  );
  assert.equal(stream.paused, false);
});

test('what the window lets in while writes are slow is taken, and waits: none is refused', async () => {
  const world = new IscsiWorld();
  const stream = await world.logIn(['InitialR2T=Yes', 'ImmediateData=No']);
  const { nexus } = world;
  nexus.onSubmit = (task) => {
    task.transferLength = task.dataOutExpected;
    if (task.dataInExpected > 0) task.requestDataIn(task.dataInExpected);
    else task.requestDataOut(task.dataOutExpected);
  };
  stuckSince(world, true);
  for (let i = 0; i < 8; i++) {
    const cmdSn = FIRST_CMD_SN + 2 * i;
    stream.feed(scsiCommand(cmdSn, cmdSn, WRITE | FINAL, 4 * 2 ** 20));
    stream.feed(scsiCommand(cmdSn + 1, cmdSn + 1, READ | FINAL, 2 ** 20));
  }
  await settle();
  assert.equal(nexus.submitted.length, 16);
  const answers = stream.take();
  assert.ok(answers.length > 0 && answers.every((each) => each[0] === R2T), 'R2Ts alone');
});

test('a login whose predecessor does not end in time is refused, to be tried again', async () => {
  const world = new IscsiWorld();
  await world.logIn();
  const drained = Promise.withResolvers<void>();
  world.nexus.onClose = () => drained.promise;
  const early = world.connect();
  early.feed(loginRequest(NAMES));
  await world.clock.advance(REINSTATEMENT_MAX_MS - 1);
  assert.deepEqual(early.take(), []);
  await world.clock.advance(1);
  assert.equal(early.take()[0]?.readUInt16BE(36), 0x0301);
  assert.equal(world.nexuses.length, 1, 'no nexus was opened');
  drained.resolve();
  await settle();
  await world.logIn();
  assert.equal(world.server.sessions.length, 1);
});

test('silence, drain and fence together are over before an initiator may have failed over', () => {
  const lostMs = SLOW_SILENCE_MAX_MS + WATCH_INTERVAL_MS;
  assert.ok(lostMs + DRAIN_MAX_MS + FENCE_MS <= FAILOVER_MS);
});

test('an UNMAP that goes on keeps its session, however long it takes', async () => {
  const clock = new VirtualClock();
  const bench = await ScsiBench.open({ clock });
  const world = new IscsiWorld({ clock, openNexus: () => bench.nexus });
  const stream = await world.logIn();
  const ranges = 100;
  const writer = new ByteWriter()
    .u16(6 + 16 * ranges)
    .u16(16 * ranges)
    .zeros(4);
  for (let i = 0; i < ranges; i++)
    writer
      .u64(2 * i)
      .u32(1)
      .zeros(4);
  const data = writer.finish();
  bench.volume.shut = true;
  stream.feed(
    pdu({
      opcode: 0x01,
      flags: FINAL | WRITE | 1,
      tag: 5,
      words: { 20: data.length, 24: FIRST_CMD_SN },
      bytes: { 32: 0x42, 39: data.length >> 8, 40: data.length & 255 },
      data,
    }),
  );
  for (let range = 0; range < ranges; range++) {
    await pass(world, 1000, stream);
    bench.volume.release();
  }
  await settle();
  assert.equal(stream.destroyed, false);
  const answer = stream.take().find((each) => each[0] === SCSI_RESPONSE);
  assert.equal(answer?.[3], 0);
  assert.ok(ranges * 1000 > COMMAND_MAX_MS);
});
