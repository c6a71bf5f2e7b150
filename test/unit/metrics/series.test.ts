// Proves that a series is made once for each combination of label values, and dropped with its
// disk.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogue } from '../../../src/metrics/catalogue.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import { newCounter, Series } from '../../../src/metrics/series.ts';

test('each combination of label values has a series of its own', () => {
  const series = new Series(catalogue.volumeBytes, newCounter);
  series.of('a', 'read').value += 3;
  series.of('a', 'write').value += 4;
  series.of('a', 'read').value += 5;
  assert.deepEqual(
    [...series],
    [
      [['a', 'read'], { value: 8 }],
      [['a', 'write'], { value: 4 }],
    ],
  );
  assert.throws(() => series.of('a'), /a value each label/);
});

test('what was counted for a disk or a volume goes with it, and the sums stay', () => {
  const metrics = new Metrics();
  metrics.commands.of('read').value = 7;
  metrics.diskErrors.of('a', 'read', 'busy').value = 1;
  metrics.volumeBytes.of('a', 'read').value = 1;
  metrics.volumeBytes.of('b', 'read').value = 2;
  const { generation } = metrics;
  metrics.keep('disk', new Set(['b']));
  metrics.keep('volume', new Set(['b']));
  assert.notEqual(metrics.generation, generation);
  assert.deepEqual([...metrics.diskErrors], []);
  assert.deepEqual([...metrics.volumeBytes], [[['b', 'read'], { value: 2 }]]);
  assert.equal(metrics.commands.of('read').value, 7);
});
