// Several resizes of a volume at one time: each begins from what the one before it left, so that
// the image is as long as the volume and nothing that was cut off comes up again. And a store says
// how full its file system is.

import assert from 'node:assert/strict';
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { systemClock } from '../../../../src/host/system-clock.ts';
import { systemRandom } from '../../../../src/host/system-random.ts';
import { openLocalVolumeStore } from '../../../../src/volume/local/local-store.ts';

const MIB = 1024 * 1024;

test('resizes at one time leave the image as long as its volume', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'allpath-local-store-'));
  const options = { directory, clock: systemClock, random: systemRandom };
  const stores = await Promise.all([1, 2, 3].map(() => openLocalVolumeStore(options)));
  context.after(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await rm(directory, { recursive: true });
  });
  await stores[0]!.create('disk', 4 * MIB);
  const sizes = [8 * MIB, 1 * MIB, 6 * MIB];
  for (let round = 0; round < 5; round++) {
    const options = { mayShrink: true };
    await Promise.all(
      stores.map((store, i) => store.resize('disk', sizes[(i + round) % 3]!, options)),
    );
    const [disk] = await stores[0]!.list();
    assert.equal((await stat(join(directory, 'disk.image'))).size, disk?.sizeBytes);
    assert.ok(sizes.includes(disk?.sizeBytes ?? 0));
  }
});

test('a store says how full its file system is', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'allpath-local-store-'));
  const folder = join(directory, 'volumes');
  const options = { directory: folder, clock: systemClock, random: systemRandom };
  const store = await openLocalVolumeStore(options);
  context.after(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });
  const [place, ...more] = await store.places();
  const { bsize, blocks } = await statfs(directory);
  assert.equal(place?.place, `file system of ${directory}`);
  // Some of it may be reserved for root.
  const total = place.usedBytes + place.availableBytes;
  assert.ok(total > 0 && total <= blocks * bsize);
  assert.deepEqual(more, []);
});
