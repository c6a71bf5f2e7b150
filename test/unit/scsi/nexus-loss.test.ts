// Proves what a lost nexus leaves behind: nothing of it can change the medium once its close has
// resolved; and how old its commands are told to be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DRAIN_MAX_MS } from '../../../src/scsi/limits.ts';
import type { CommandAges } from '../../../src/scsi/nexus.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { settle } from '../../support/virtual-clock.ts';

const READ = [0x28, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const block = { data: new Uint8Array(512) };

async function stuckBench(): Promise<ScsiBench> {
  const bench = await ScsiBench.open();
  bench.volume.shut = true;
  bench.volume.holdFences = true;
  return bench;
}

function close(bench: ScsiBench): { isOver: boolean } {
  const seen = { isOver: false };
  void bench.nexus.close().then(() => {
    seen.isOver = true;
  });
  return seen;
}

test('close waits for the writes of the nexus, and fences those that do not end', async () => {
  const bench = await stuckBench();
  const task = bench.send(WRITE, block);
  const closed = close(bench);
  await bench.clock.advance(DRAIN_MAX_MS - 1);
  assert.deepEqual([closed.isOver, bench.volume.fences], [false, 0]);
  await bench.clock.advance(1);
  assert.deepEqual([closed.isOver, bench.volume.fences], [false, 1]);
  bench.volume.endFence(true);
  await settle();
  assert.equal(closed.isOver, true);
  assert.deepEqual(task.ends, ['discarded']);
  assert.equal(bench.logicalUnit.nexuses.size, 0);
});

test('writes that end in time cause no fence', async () => {
  const bench = await stuckBench();
  bench.send(WRITE, block);
  const closed = close(bench);
  await bench.clock.advance(DRAIN_MAX_MS - 1);
  bench.volume.releaseAll();
  await settle();
  assert.equal(closed.isOver, true);
  await bench.clock.advance(DRAIN_MAX_MS);
  assert.equal(bench.volume.fences, 0);
  assert.equal(bench.clock.pending, 0);
});

test('reads of a lost nexus cause no fence and delay nothing', async () => {
  const bench = await stuckBench();
  const task = bench.send(READ, { dataInExpected: 512 });
  const closed = close(bench);
  await bench.clock.advance(DRAIN_MAX_MS);
  assert.deepEqual([closed.isOver, bench.volume.fences], [true, 0]);
  assert.deepEqual(task.ends, []);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(task.ends, ['discarded']);
});

test('one fence serves all that need it; commands of other nexuses end ABORTED COMMAND', async () => {
  const bench = await stuckBench();
  bench.volume.shut = false;
  const second = bench.openNexus();
  const third = bench.openNexus();
  bench.volume.shut = true;
  bench.send(WRITE, block);
  bench.send(WRITE, block, second);
  const bystander = bench.send(WRITE, block, third);
  const closed = close(bench);
  const closedToo = second.close();
  await bench.clock.advance(DRAIN_MAX_MS);
  bench.volume.endFence(true);
  await closedToo;
  assert.deepEqual([closed.isOver, bench.volume.fences], [true, 1]);
  assert.equal(bystander.condition, 'b/0000');
});

test('if the fence fails, close waits until stuck commands end', async () => {
  const bench = await stuckBench();
  bench.send(WRITE, block);
  const closed = close(bench);
  await bench.clock.advance(DRAIN_MAX_MS);
  bench.volume.endFence(false);
  await settle();
  assert.deepEqual([closed.isOver, bench.unfenced], [false, 1]);
  bench.volume.releaseAll();
  await settle();
  assert.equal(closed.isOver, true);
});

function agesOf({ runningMs, changingMs }: CommandAges) {
  return [runningMs, changingMs];
}

test('commands age from when they began or last made a step', async () => {
  const bench = await ScsiBench.open({ blocks: 65_536 });
  const { nexus, volume } = bench;
  const ages = (ms: number) => agesOf(nexus.age(ms));
  assert.deepEqual(ages(500), [0, 0]);
  volume.shut = true;
  bench.send(READ, { dataInExpected: 512 });
  assert.deepEqual(ages(500), [500, 0]);
  const writeSame = [0x93, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0];
  bench.send(writeSame, { data: new Uint8Array(512).fill(5) });
  assert.deepEqual(ages(500), [1000, 500]);
  volume.release();
  await settle();
  assert.deepEqual(ages(500), [1000, 1000]);
  volume.release();
  await bench.clock.advance(0);
  assert.deepEqual(ages(500), [500, 500], 'a step is progress');
  volume.releaseAll();
  while (nexus.outstanding > 0) await bench.clock.advance(1);
  assert.deepEqual(ages(500), [0, 0]);
});

test('a write that waits for its data is not with the medium', async () => {
  const bench = await ScsiBench.open();
  const task = bench.send(WRITE, { ...block, immediate: false });
  bench.nexus.age(5000);
  bench.volume.shut = true;
  task.deliver();
  assert.deepEqual(agesOf(bench.nexus.age(500)), [500, 500]);
});
