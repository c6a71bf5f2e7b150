// Proves that the end of each command is counted once, under its disk, its name and its status, as
// the device server tells it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandMetrics } from '../../../src/gateway/command-metrics.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import type { Series } from '../../../src/metrics/series.ts';
import { ScsiBench } from '../../support/scsi-bench.ts';
import { settle, VirtualClock } from '../../support/virtual-clock.ts';

const READ_10 = [0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0];
const READ_16 = [0x88, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];
const WRITE_10 = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const READ_BEHIND_THE_END = [0x28, 0, 0xff, 0, 0, 0, 0, 0, 1, 0];
const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const NOT_SERVED = [0xff, 0, 0, 0, 0, 0];

async function counted(): Promise<{ readonly bench: ScsiBench; readonly metrics: Metrics }> {
  const metrics = new Metrics();
  const clock = new VirtualClock();
  const bench = await ScsiBench.open({ probe: new CommandMetrics(metrics, clock), clock });
  // What opens a nexus takes its unit attention off.
  metrics.keep('disk', new Set());
  for (const [, counter] of metrics.commands) counter.value = 0;
  return { bench, metrics };
}

function values(series: Series<{ readonly value: number } | { readonly count: number }>) {
  return Object.fromEntries(
    [...series].map(([labels, it]) => [labels.join(' '), 'value' in it ? it.value : it.count]),
  );
}

test('commands are counted by what they do, with the data that they moved', async () => {
  const { bench, metrics } = await counted();
  await bench.perform(READ_10, { dataInExpected: 1024 });
  await bench.perform(READ_16, { dataInExpected: 512 });
  await bench.perform(WRITE_10, { data: new Uint8Array(512) });
  await bench.perform(TEST_UNIT_READY);
  assert.deepEqual(values(metrics.commands), { other: 1, read: 2, write: 1 });
  assert.deepEqual(values(metrics.commandBytes), { read: 1536, write: 512 });
  assert.deepEqual(values(metrics.diskCommands), {
    'disk read': 2,
    'disk write': 1,
    'disk test_unit_ready': 1,
  });
  assert.deepEqual(values(metrics.diskErrors), {});
});

test('a command that is refused, before or after its admission, is an error of its own', async () => {
  const { bench, metrics } = await counted();
  await bench.perform(READ_BEHIND_THE_END, { dataInExpected: 512 });
  await bench.perform(NOT_SERVED);
  await bench.perform(TEST_UNIT_READY, { lun: 9 });
  assert.deepEqual(values(metrics.diskErrors), {
    'disk read check_condition': 1,
    'disk unknown check_condition': 1,
    ' test_unit_ready check_condition': 1,
  });
  assert.deepEqual(values(metrics.commandBytes), { read: 0 });
});

test('an aborted command is counted when it is over, and takes the time that it took', async () => {
  const { bench, metrics } = await counted();
  bench.volume.shut = true;
  const write = bench.send(WRITE_10, { data: new Uint8Array(512), tag: 7 });
  const request = { function: 'abortTask', lun: write.lun, referencedTag: 7 } as const;
  const aborted = bench.nexus.manage(request);
  await bench.clock.advance(100);
  assert.deepEqual(values(metrics.commandsAborted), { '': 0 });
  bench.volume.releaseAll();
  await aborted;
  assert.deepEqual(values(metrics.commandsAborted), { '': 1 });
  assert.deepEqual(values(metrics.commands), { read: 0 });
});

test('the time of a command is that from its arrival to its status', async () => {
  const { bench, metrics } = await counted();
  bench.volume.shut = true;
  const write = bench.send(WRITE_10, { data: new Uint8Array(512) });
  await bench.clock.advance(30);
  bench.volume.releaseAll();
  await settle();
  assert.deepEqual(write.ends, [0]);
  assert.equal(metrics.diskSeconds.of('disk', 'write').sumMs, 30);
});
