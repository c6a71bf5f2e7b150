// A local volume and a volume in memory cannot be told apart by any sequence of operations.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../src/host/system-clock.ts';
import { systemRandom } from '../../src/host/system-random.ts';
import { openLocalVolumeStore } from '../../src/volume/local/local-store.ts';
import type { Volume, VolumeResult } from '../../src/volume/volume.ts';
import { MemoryStore } from '../doubles/memory-volumes.ts';
import { bytes, content } from './volume-bytes.ts';

const BLOCKS = 64;
const SIZE = BLOCKS * 512;

const operation = fc.record({
  kind: fc.constantFrom('write', 'same', 'unmap', 'zero', 'caw', 'miscompare', 'flush'),
  block: fc.nat(BLOCKS),
  blocks: fc.integer({ min: 1, max: 20 }),
  value: fc.integer({ min: 0, max: 255 }),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

async function apply(volume: Volume, { kind, block, blocks, value }: Operation) {
  const at = block * 512;
  const length = blocks * 512;
  const data = bytes(length, value);
  switch (kind) {
    case 'write':
      return volume.write(at, [data.subarray(0, 100), data.subarray(100)]);
    case 'same':
      return volume.writeSame(at, length, bytes(512, value));
    case 'unmap':
      return volume.unmap(at, length);
    case 'zero':
      return volume.writeZeroes(at, length);
    case 'flush':
      return volume.flush();
    default:
      return compareAndWrite(volume, at, value, kind === 'caw');
  }
}

async function compareAndWrite(
  volume: Volume,
  at: number,
  value: number,
  isEqual: boolean,
): Promise<VolumeResult> {
  if (at >= SIZE) return volume.compareAndWrite(at, [bytes(512, 0)], [bytes(512, 0)]);
  const present = await content(volume, at, 512);
  if (!isEqual) present[value] = present[value]! ^ 1;
  return volume.compareAndWrite(at, [present], [bytes(512, value)]);
}

test('local behaves as memory does', { timeout: 60_000 }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'allpath-volume-'));
  const local = await openLocalVolumeStore({
    directory,
    clock: systemClock,
    random: systemRandom,
  });
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
        const name = `disk${run++}`;
        const memory = new MemoryStore();
        await memory.create(name, SIZE);
        await local.create(name, SIZE);
        const [model, real] = [await memory.open(name), await local.open(name)];
        for (const each of operations) {
          assert.deepEqual(await apply(real, each), await apply(model, each));
        }
        assert.deepEqual(await content(real, 0, SIZE), await content(model, 0, SIZE));
        await real.close();
        await local.delete(name);
      }),
      { numRuns: 60 },
    );
  } finally {
    await local.close();
    await rm(directory, { recursive: true });
  }
});
