// Proves that what is asked of a store's volumes is counted by volume, and that the store knows its
// volume again when it is asked how full it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { measuredVolumes } from '../../../src/gateway/measured-volumes.ts';
import { Metrics } from '../../../src/metrics/metrics.ts';
import type { Volume } from '../../../src/volume/volume.ts';
import { MemoryStore } from '../../doubles/memory-volumes.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const space = { usedBytes: 1, availableBytes: 2 };

test('operations are counted by volume, also after what was counted is dropped', async () => {
  const metrics = new Metrics();
  const store = new MemoryStore();
  await store.create('disk', 65_536);
  const opened = await store.open('disk');
  const volumes = measuredVolumes(
    {
      openVolume: async () => opened,
      volumes: Object.assign(store, { space: async () => spaceOf }),
    },
    metrics,
    new VirtualClock(),
  );
  function spaceOf(volume: Volume) {
    return volume === opened ? space : undefined;
  }
  const volume = await volumes.openVolume('disk', { writethrough: false });
  await volume.write(0, [new Uint8Array(512)]);
  await volume.flush();
  assert.equal(metrics.volumeBytes.of('disk', 'write').value, 512);
  assert.equal(metrics.volumeSeconds.of('disk', 'flush').count, 1);
  metrics.keep('volume', new Set());
  await volume.write(0, [new Uint8Array(1024)]);
  assert.equal(metrics.volumeOperations.of('disk', 'write').value, 1);
  assert.equal(metrics.volumeBytes.of('disk', 'write').value, 1024);
  assert.equal((await volumes.space!())(volume), space);
});

test('a store that does not know how full it is is not asked', () => {
  const volumes = measuredVolumes(
    { openVolume: () => Promise.reject(new Error('none')), volumes: new MemoryStore() },
    new Metrics(),
    new VirtualClock(),
  );
  assert.equal(volumes.space, undefined);
});
