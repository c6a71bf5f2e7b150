// Proves that rates are those of the last second, also when a sample came late.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveFigures } from '../../../src/gateway/live-figures.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

test('counts since the start, rates over the last second', async () => {
  const clock = new VirtualClock();
  const metrics = new Metrics();
  const { commands, commandBytes } = metrics;
  const figures = new LiveFigures(metrics, clock);
  assert.equal(figures.status.readsPerSecond, 0);
  commands.of('read').value += 10;
  commandBytes.of('read').value += 40_960;
  commands.of('other').value += 3;
  await clock.advance(1_000);
  assert.equal(figures.status.readsPerSecond, 10);
  assert.equal(figures.status.bytesReadPerSecond, 40_960);
  commands.of('write').value += 5;
  commandBytes.of('write').value += 2_560;
  await clock.advance(1_000);
  const { reads, readsPerSecond, writes, writesPerSecond, bytesWrittenPerSecond, otherCommands } =
    figures.status;
  assert.deepEqual([reads, readsPerSecond, otherCommands], [10, 0, 3]);
  assert.deepEqual([writes, writesPerSecond, bytesWrittenPerSecond], [5, 5, 2_560]);
  figures.close();
  assert.equal(clock.pending, 0);
});
