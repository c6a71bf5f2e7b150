// Proves that rates are those of the last second, also when a sample came late.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LiveFigures } from '../../../src/gateway/live-figures.ts';
import { Traffic } from '../../../src/iscsi/traffic.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

test('counts since the start, rates over the last second', async () => {
  const clock = new VirtualClock();
  const traffic = new Traffic();
  const figures = new LiveFigures(traffic, clock);
  assert.equal(figures.status.readsPerSecond, 0);
  traffic.reads += 10;
  traffic.bytesRead += 40_960;
  traffic.otherCommands += 3;
  await clock.advance(1_000);
  assert.equal(figures.status.readsPerSecond, 10);
  assert.equal(figures.status.bytesReadPerSecond, 40_960);
  traffic.writes += 5;
  traffic.bytesWritten += 2_560;
  await clock.advance(1_000);
  const { reads, readsPerSecond, writes, writesPerSecond, bytesWrittenPerSecond, otherCommands } =
    figures.status;
  assert.deepEqual([reads, readsPerSecond, otherCommands], [10, 0, 3]);
  assert.deepEqual([writes, writesPerSecond, bytesWrittenPerSecond], [5, 5, 2_560]);
  figures.close();
  assert.equal(clock.pending, 0);
});
