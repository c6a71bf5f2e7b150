// Proves the bound on what a medium has at a time: beyond it commands wait, nexuses take turns, an
// aborted command that waits is over at once, what is stuck keeps nobody away for long, and a
// medium that answers at once leaves the event loop to others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter } from '../../../../src/base/bytes/byte-writer.ts';
import {
  MEDIUM_BYTES_MAX,
  MEDIUM_COMMANDS_MAX,
  MEDIUM_SLOW_MS,
  MEDIUM_TURN_BYTES,
  STEP_COST_MIN_BYTES,
  TRANSFER_LENGTH_MAX_BYTES,
} from '../../../../src/scsi/limits.ts';
import { Status } from '../../../../src/scsi/status.ts';
import { ScsiBench } from '../../../support/scsi-bench.ts';
import { setModes } from '../../../support/set-modes.ts';
import { settle, TurnClock } from '../../../support/virtual-clock.ts';

const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 9, 0, 0, 1, 0];
const block = { data: new Uint8Array(512) };
const DEPTH = 1024;
const TURN_COMMANDS = MEDIUM_TURN_BYTES / STEP_COST_MIN_BYTES;

async function shutBench(blocks = 2048): Promise<ScsiBench> {
  const bench = await ScsiBench.open({ blocks, taskSetDepthMax: DEPTH });
  bench.volume.shut = true;
  return bench;
}

test('nexuses take turns at a medium that is full', async () => {
  const bench = await shutBench();
  const other = bench.openNexus();
  for (let i = 0; i < DEPTH / 2; i++) bench.send(WRITE, block);
  assert.equal(bench.volume.held, MEDIUM_COMMANDS_MAX);
  const late = bench.send(WRITE, block, other);
  for (let freed = 0; freed < 2; freed++) {
    bench.volume.release();
    await bench.clock.advance(0);
  }
  // Of the next two, one is the other nexus's, though hundreds came before it.
  assert.equal(bench.volume.held, MEDIUM_COMMANDS_MAX);
  for (let freed = 0; freed < MEDIUM_COMMANDS_MAX; freed++) bench.volume.release();
  await bench.clock.advance(0);
  assert.equal(late.status, Status.good);
  bench.volume.releaseAll();
  await bench.clock.advance(0);
  assert.deepEqual([bench.nexus.outstanding, other.outstanding], [0, 0]);
});

test('long transfers are bounded by their bytes', async () => {
  const bench = await shutBench((2 * TRANSFER_LENGTH_MAX_BYTES) / 512);
  const blocks = TRANSFER_LENGTH_MAX_BYTES / 512;
  const cdb = [...new ByteWriter().u8(0x8a).u8(0).u64(0).u32(blocks).zeros(2).finish()];
  const data = new Uint8Array(TRANSFER_LENGTH_MAX_BYTES);
  for (let i = 0; i < 8; i++) bench.send(cdb, { data });
  assert.equal(bench.volume.held, MEDIUM_BYTES_MAX / TRANSFER_LENGTH_MAX_BYTES);
  bench.volume.releaseAll();
  await bench.clock.advance(0);
  assert.equal(bench.nexus.outstanding, 0);
});

test('an aborted command that waits is over at once and is never submitted', async () => {
  const bench = await shutBench();
  for (let i = 0; i < MEDIUM_COMMANDS_MAX; i++) bench.send(READ, { dataInExpected: 512 });
  const waiting = Array.from({ length: 8 }, (_, i) =>
    bench.send(WRITE, { ...block, tag: 5000 + i }),
  );
  const request = { function: 'abortTask', lun: waiting[0]!.lun, referencedTag: 5003 } as const;
  assert.deepEqual(await bench.nexus.manage(request), { response: 'functionComplete' });
  assert.deepEqual(waiting[3]!.ends, ['discarded']);
  waiting[4]!.owner?.fail('dataPhaseError');
  assert.equal(waiting[4]!.status, Status.checkCondition);
  bench.volume.releaseAll();
  await settle();
  const writes = bench.volume.log.filter((line) => line.startsWith('write'));
  assert.deepEqual([writes.length, bench.nexus.outstanding], [6, 0]);
});

test('a command is checked against the state again when its turn comes', async () => {
  const bench = await shutBench();
  for (let i = 0; i < MEDIUM_COMMANDS_MAX; i++) bench.send(READ, { dataInExpected: 512 });
  const late = bench.send(WRITE, block);
  setModes(bench.logicalUnit, { swp: true });
  bench.volume.releaseAll();
  await settle();
  assert.equal(late.condition, '7/2700');
  assert.equal(bench.nexus.outstanding, 0);
});

test('commands at which the medium is slow do not block others', async () => {
  const bench = await shutBench();
  const other = bench.openNexus();
  for (let i = 0; i < 2 * MEDIUM_COMMANDS_MAX; i++) bench.send(READ, { dataInExpected: 512 });
  const late = bench.send(WRITE, block, other);
  bench.volume.shut = false;
  bench.nexus.age(MEDIUM_SLOW_MS - 1);
  await bench.clock.advance(0);
  assert.equal(late.status, undefined);
  bench.nexus.age(1);
  await bench.clock.advance(0);
  assert.equal(late.status, Status.good);
  assert.equal(bench.nexus.outstanding, MEDIUM_COMMANDS_MAX);
  bench.volume.releaseAll();
  await bench.clock.advance(0);
  assert.equal(bench.nexus.outstanding, 0);
});

test('a medium that answers at once does not keep the turn of the event loop', async () => {
  const clock = new TurnClock();
  const bench = await ScsiBench.open({ taskSetDepthMax: DEPTH, clock });
  bench.volume.shut = true;
  const waiting = 4 * TURN_COMMANDS;
  for (let i = 0; i < MEDIUM_COMMANDS_MAX + waiting; i++) bench.send(WRITE, block);
  // The medium is done with what it had, and from now on with what it gets at once.
  bench.volume.shut = false;
  bench.volume.releaseAll();
  await settle();
  for (let left = waiting - TURN_COMMANDS; left > 0; left -= TURN_COMMANDS) {
    assert.equal(bench.nexus.outstanding, left);
    await clock.endTurn();
  }
  assert.equal(bench.nexus.outstanding, 0);
});

test('within a turn nexuses take turns, and a late one waits for one round at most', async () => {
  const clock = new TurnClock();
  const bench = await ScsiBench.open({ taskSetDepthMax: DEPTH, clock });
  bench.volume.shut = true;
  const other = bench.openNexus();
  for (let i = 0; i < DEPTH; i++) bench.send(WRITE, block);
  bench.volume.shut = false;
  bench.volume.releaseAll();
  await settle();
  const late = bench.send(WRITE, block, other);
  assert.deepEqual(late.ends, []);
  await clock.endTurn();
  assert.equal(late.status, Status.good);
  assert.ok(bench.nexus.outstanding > TURN_COMMANDS);
});
