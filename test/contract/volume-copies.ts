// The part of the contract of volumes that says what a copy is.

import assert from 'node:assert/strict';
import type { Volume, VolumeLayout, VolumeStore } from '../../src/volume/volume.ts';
import { bytes, content, counting, done } from './volume-bytes.ts';

const SIZE = 1024 * 1024;

/** Runs a test with the volume `disk` of a new store. */
type On = (
  what: string,
  body: (volume: Volume, stores: { readonly store: VolumeStore }) => Promise<void>,
) => void;

/** What a copy from another volume, or another place of this one, does. */
export function copies(on: On, layout: VolumeLayout): void {
  on('a copy is exact, and touches nothing beside it, or is not supported', async (volume, it) => {
    await it.store.create('source', SIZE, { layout });
    const other = await it.store.open('source');
    for (const source of [other, volume]) {
      const data = counting(128 * 1024);
      done(await volume.write(0, [bytes(SIZE, 9)]));
      done(await source.write(4096, [data]));
      const offset = 512 * 1024 + 512;
      const result = await volume.copyFrom(source, 4096, offset, data.length);
      if (result.status === 'unsupported') continue;
      done(result);
      assert.deepEqual(await content(volume, offset, data.length), data);
      assert.deepEqual(await content(volume, offset - 512, 512), bytes(512, 9));
      assert.deepEqual(await content(volume, offset + data.length, 512), bytes(512, 9));
    }
  });

  on('a copy from or to a range that leaves its volume touches nothing', async (volume, it) => {
    await it.store.create('source', SIZE, { layout });
    const source = await it.store.open('source');
    done(await source.write(0, [bytes(SIZE, 1)]));
    for (const [from, to] of [
      [SIZE - 4096, 0],
      [0, SIZE - 4096],
    ] as const) {
      const { status } = await volume.copyFrom(source, from, to, 8192);
      assert.ok(status === 'outOfRange' || status === 'unsupported');
    }
    assert.deepEqual(await content(volume, 0, SIZE), bytes(SIZE, 0));
  });

  on('while its source is written, a copy has each block old or new', async (volume, it) => {
    await it.store.create('source', SIZE, { layout });
    const source = await it.store.open('source');
    const length = 64 * 1024;
    for (let round = 1; round < 20; round++) {
      done(await source.write(0, [bytes(length, round)]));
      const writing = source.write(0, [bytes(length, round + 1)]);
      const result = await volume.copyFrom(source, 0, 0, length);
      done(await writing);
      if (result.status === 'unsupported') continue;
      done(result);
      const copied = await content(volume, 0, length);
      for (let at = 0; at < length; at += 4096) {
        const block = copied.subarray(at, at + 4096);
        assert.ok(block[0] === round || block[0] === round + 1);
        assert.deepEqual(block, bytes(4096, block[0]!));
      }
    }
  });
}
