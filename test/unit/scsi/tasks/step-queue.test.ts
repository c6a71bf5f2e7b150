// Proves the queue of steps: what is done in a turn and what the medium has at a time are bounded,
// however much was asked for; nexuses take turns; aborted commands leave at once; only commands
// that the medium has grow old.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter } from '../../../../src/base/bytes/byte-writer.ts';
import {
  DRAIN_MAX_MS,
  MEDIUM_COMMANDS_MAX,
  MEDIUM_SLOW_MS,
  STEPS_AT_ONCE_MAX,
  STEPS_OF_UNIT_MAX,
  STEPS_SLOW_MAX,
  STEPS_TURN_BYTES,
  VERIFY_STEP_BYTES,
} from '../../../../src/scsi/limits.ts';
import type { LunMap } from '../../../../src/scsi/nexus.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';
import { settle, TurnClock } from '../../../support/virtual-clock.ts';

const DISK_BLOCKS = 65_536;
const LONG_BLOCKS = 32_768;
const STEPS_OF_TURN = STEPS_TURN_BYTES / VERIFY_STEP_BYTES;

/** VERIFY (16) without data: 48 bytes of PDU for up to 16 MiB of reading. */
function verify(blocks: number): number[] {
  const cdb = new ByteWriter().u8(0x8f).u8(0).u64(0).u32(blocks).zeros(2).finish();
  return [...cdb];
}

function unmap(ranges: number): { readonly cdb: number[]; readonly data: Uint8Array } {
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
  return { cdb: [0x42, 0, 0, 0, 0, 0, 0, data.length >> 8, data.length & 255, 0], data };
}

async function turnBench(): Promise<{ bench: ScsiBench; clock: TurnClock }> {
  const clock = new TurnClock();
  const bench = await ScsiBench.open({ blocks: DISK_BLOCKS, clock, taskSetDepthMax: 256 });
  bench.volume.log.length = 0;
  return { bench, clock };
}

test('a turn does a bounded part of what many VERIFYs ask for', async () => {
  const { bench, clock } = await turnBench();
  const tasks = Array.from({ length: 256 }, () => bench.send(verify(LONG_BLOCKS)));
  await settle();
  assert.equal(bench.volume.log.length, STEPS_OF_TURN);
  await clock.endTurn();
  assert.equal(bench.volume.log.length, 2 * STEPS_OF_TURN);
  // The older command goes first, to its end.
  const stepsOfOne = (LONG_BLOCKS * 512) / VERIFY_STEP_BYTES;
  for (let turn = 2; turn < stepsOfOne / STEPS_OF_TURN; turn++) await clock.endTurn();
  assert.deepEqual(
    tasks.slice(0, 3).map(({ status }) => status),
    [Status.good, undefined, undefined],
  );
});

test('short commands count too, so a turn has a bounded number of them', async () => {
  const { bench, clock } = await turnBench();
  for (let i = 0; i < 256; i++) bench.send(verify(1));
  const inFirst = bench.volume.log.length;
  assert.ok(inFirst > 1 && inFirst < 256, `${inFirst} steps`);
  for (let turn = 0; turn < 8; turn++) await clock.endTurn();
  assert.equal(bench.volume.log.length, 256);
});

test('a long READ goes in steps too, and puts the pieces together', async () => {
  const { bench, clock } = await turnBench();
  const blocks = 3 * 2048;
  const data = new Uint8Array(blocks * 512).map((_, i) => i >> 9);
  const cdb = (code: number) => [
    ...new ByteWriter().u8(code).u8(0).u64(8).u32(blocks).zeros(2).finish(),
  ];
  bench.send(cdb(0x8a), { data });
  bench.volume.log.length = 0;
  const tasks = [data.length, data.length - 100].map((dataInExpected) =>
    bench.send(cdb(0x88), { dataInExpected }),
  );
  assert.equal(bench.volume.log.length, 1);
  for (let turn = 1; turn < 6; turn++) await clock.endTurn();
  assert.equal(bench.volume.log.length, 6);
  for (const { status, dataIn } of tasks) {
    assert.equal(status, Status.good);
    assert.deepEqual(dataIn, data.subarray(0, dataIn.length));
  }
});

test('nexuses take turns, however much each asked for', async () => {
  const { bench, clock } = await turnBench();
  const other = bench.openNexus();
  for (let i = 0; i < 200; i++) bench.send(verify(LONG_BLOCKS));
  const task = bench.send(verify(VERIFY_STEP_BYTES / 512), {}, other);
  await clock.endTurn();
  assert.equal(task.status, Status.good);
});

test('the medium has a bounded number of steps of a unit, and another unit has room', async () => {
  const sick = await ScsiBench.open({ blocks: DISK_BLOCKS, taskSetDepthMax: 256 });
  const sound = await ScsiBench.open({ blocks: DISK_BLOCKS });
  const luns: LunMap = new Map([
    [0, sick.logicalUnit],
    [1, sound.logicalUnit],
  ]);
  const nexus = sick.openNexus(luns);
  sick.volume.shut = true;
  for (let i = 0; i < 100; i++) sick.send(verify(LONG_BLOCKS), {}, nexus);
  assert.equal(sick.volume.held, STEPS_OF_UNIT_MAX);
  const task = await sick.perform(verify(LONG_BLOCKS), { lun: 1 }, nexus);
  assert.equal(task.status, Status.good);
});

test('the media have a bounded number of steps in all', async () => {
  const first = await ScsiBench.open({ blocks: DISK_BLOCKS, taskSetDepthMax: 4096 });
  const benches = [first];
  while (benches.length <= STEPS_AT_ONCE_MAX / STEPS_OF_UNIT_MAX) {
    benches.push(await ScsiBench.open({ blocks: DISK_BLOCKS }));
  }
  const luns: LunMap = new Map(benches.map(({ logicalUnit }, lun) => [lun, logicalUnit]));
  const nexus = first.openNexus(luns);
  for (const bench of benches) bench.volume.shut = true;
  for (const lun of luns.keys()) {
    for (let i = 0; i < 20; i++) first.send(verify(LONG_BLOCKS), { lun }, nexus);
  }
  const held = () => benches.reduce((sum, { volume }) => sum + volume.held, 0);
  assert.equal(held(), STEPS_AT_ONCE_MAX);
  for (const bench of benches) bench.volume.releaseAll();
  while (nexus.outstanding > 0) await first.clock.advance(1);
  assert.equal(held(), 0);
});

test('an aborted command that waits ends at once and submits nothing', async () => {
  const { bench, clock } = await turnBench();
  const tasks = Array.from({ length: 8 }, (_, tag) => bench.send(verify(LONG_BLOCKS), { tag }));
  const lun = tasks[0]!.lun;
  const request = { function: 'abortTask', lun, referencedTag: 7 } as const;
  const answer = await bench.nexus.manage(request);
  assert.deepEqual(answer, { response: 'functionComplete' });
  assert.deepEqual(tasks[7]!.ends, ['discarded']);
  await bench.nexus.manage({ function: 'abortTaskSet', lun, referencedTag: 0 });
  const submitted = bench.volume.log.length;
  for (let turn = 0; turn < 4; turn++) await clock.endTurn();
  assert.equal(bench.volume.log.length, submitted);
  assert.ok(tasks.every(({ ends }) => ends[0] === 'discarded'));
});

test('the end of a nexus drops what waits; the drain is for what the medium has', async () => {
  const bench = await ScsiBench.open({ blocks: DISK_BLOCKS });
  bench.volume.shut = true;
  const { cdb, data } = unmap(20);
  for (let i = 0; i < 10; i++) bench.send(cdb, { data });
  assert.equal(bench.volume.held, STEPS_OF_UNIT_MAX);
  let isClosed = false;
  void bench.nexus.close().then(() => {
    isClosed = true;
  });
  await settle();
  assert.deepEqual([isClosed, bench.nexus.outstanding], [false, 1]);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual([isClosed, bench.nexus.outstanding], [true, 0]);
  await bench.clock.advance(DRAIN_MAX_MS);
  const unmaps = bench.volume.log.filter((line) => line.startsWith('unmap'));
  assert.deepEqual([unmaps.length, bench.volume.fences], [STEPS_OF_UNIT_MAX, 0]);
});

test('a command grows old only while the medium has it, from its last step on', async () => {
  const bench = await ScsiBench.open({ blocks: DISK_BLOCKS });
  bench.volume.shut = true;
  const { cdb, data } = unmap(20);
  bench.send(cdb, { data });
  bench.send(cdb, { data });
  assert.deepEqual(bench.nexus.age(10_000), {
    runningMs: 10_000,
    changingMs: 10_000,
    agreeingMs: 0,
  });
  for (let range = 0; range < 12; range++) {
    bench.volume.release();
    await settle();
  }
  // Twenty ranges take far longer than any one of them: each that is done is progress.
  assert.deepEqual(bench.nexus.age(3000), { runningMs: 3000, changingMs: 3000, agreeingMs: 0 });
  for (let range = 0; range < 8; range++) {
    bench.volume.release();
    await settle();
  }
  // The second has waited for all that time, and begins to grow old now.
  assert.deepEqual(bench.nexus.age(1000), { runningMs: 1000, changingMs: 1000, agreeingMs: 0 });
});

test('a command that waits is stuck when those before it are', async () => {
  const bench = await ScsiBench.open({ blocks: DISK_BLOCKS });
  const other = bench.openNexus();
  bench.volume.shut = true;
  const { cdb, data } = unmap(20);
  bench.send(cdb, { data });
  bench.send(cdb, { data }, other);
  assert.deepEqual(other.age(500), { runningMs: 500, changingMs: 0, agreeingMs: 0 });
  bench.volume.release();
  await settle();
  // A step was done, so that its turn is nearer, and not yet there.
  assert.deepEqual(other.age(500), { runningMs: 0, changingMs: 0, agreeingMs: 0 });
  assert.deepEqual(other.age(500), { runningMs: 500, changingMs: 0, agreeingMs: 0 });
  bench.volume.release();
  await settle();
  // The medium has it from now on.
  assert.deepEqual(other.age(500), { runningMs: 500, changingMs: 500, agreeingMs: 0 });
});

test('slow steps let others pass, up to a bound', async () => {
  const bench = await ScsiBench.open({ blocks: DISK_BLOCKS, taskSetDepthMax: 4096 });
  const other = bench.openNexus();
  bench.volume.shut = true;
  for (let i = 0; i < 1000; i++) bench.send(verify(LONG_BLOCKS));
  const late = bench.send(verify(1), {}, other);
  assert.equal(bench.volume.held, STEPS_OF_UNIT_MAX);
  bench.volume.shut = false;
  bench.nexus.age(MEDIUM_SLOW_MS);
  await bench.clock.advance(1);
  assert.equal(late.status, Status.good);
  bench.volume.shut = true;
  for (let round = 0; round < 100; round++) {
    bench.nexus.age(MEDIUM_SLOW_MS);
    await settle();
  }
  assert.ok(bench.volume.held <= STEPS_SLOW_MAX + STEPS_OF_UNIT_MAX, `${bench.volume.held} held`);
});

test('steps of a lost nexus at the medium take no places', async () => {
  const bench = await ScsiBench.open({ blocks: DISK_BLOCKS, taskSetDepthMax: 1024 });
  const other = bench.openNexus();
  bench.volume.shut = true;
  for (let i = 0; i < 20; i++) bench.send(verify(LONG_BLOCKS));
  const read = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
  for (let i = 0; i < MEDIUM_COMMANDS_MAX; i++) bench.send(read, { dataInExpected: 512 });
  void bench.nexus.close();
  await bench.clock.advance(DRAIN_MAX_MS);
  bench.volume.shut = false;
  assert.equal((await bench.perform(verify(1), {}, other)).status, Status.good);
  assert.equal((await bench.perform(read, { dataInExpected: 512 }, other)).status, Status.good);
});
