// The contract of a volume as tests: each names a sentence of `src/volume/volume.ts`.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '../../src/base/failure.ts';
import type { Volume, VolumeLayout, VolumeResult, VolumeStore } from '../../src/volume/volume.ts';

import { bytes, content, counting, done } from './volume-bytes.ts';
import { copies } from './volume-copies.ts';
import { identities } from './volume-identities.ts';

/** A store that is empty, and a second opening of it where several may have it open. */
export interface ContractStore {
  readonly store: VolumeStore;
  /** Another process's view of the same volumes, or the store itself. */
  readonly other: VolumeStore;
  /** Has the next change of the first block sleep before it lands. Absent where none can. */
  readonly sleep?: (volume: Volume) => Promise<Sleep>;
  dispose(): Promise<void>;
}

export interface Sleep {
  /** The change goes on; once is enough. */
  wake(): Promise<void>;
  /** A fenced volume does not open again before that. */
  readonly keepsClosed: boolean;
}

const SIZE = 1024 * 1024;

/** `layout`: of the volumes that are tried; one that the store takes. */
export function volumeContract(
  name: string,
  openStore: () => Promise<ContractStore>,
  layout: VolumeLayout = {},
): void {
  const on: On = (what, body) => {
    test(what, async () => {
      const stores = await openStore();
      try {
        await stores.store.create('disk', SIZE, { layout });
        await body(await stores.store.open('disk'), stores);
      } finally {
        await stores.dispose();
      }
    });
  };
  describe(`volume contract: ${name}`, () => {
    transfers(on);
    ranges(on);
    compareAndWrites(on);
    zeros(on);
    copies(on, layout);
    fences(on);
    ends(on);
    stores(on);
    identities(on);
    layouts(on, layout);
  });
}

type On = (what: string, body: (volume: Volume, stores: ContractStore) => Promise<void>) => void;

function transfers(on: On): void {
  on('what was never written reads as zeros', async (volume) => {
    const into = bytes(4096, 0xff);
    done(await volume.read(8192, [into]));
    assert.deepEqual(into, bytes(4096, 0));
  });

  on('a write is read back through the same and another opening', async (volume, { other }) => {
    const data = counting(3 * 512);
    done(await volume.write(512, [data]));
    assert.deepEqual(await content(volume, 512, 1536), data);
    assert.deepEqual(await content(await other.open('disk'), 512, 1536), data);
  });

  on('lists are gathered and scattered in order, however they are split', async (volume) => {
    const data = counting(8192);
    done(await volume.write(4096, split(data, [1, 511, 0, 3000, 1])));
    const into = split(bytes(8192, 0), [7, 4089, 0, 5]);
    done(await volume.read(4096, into));
    assert.deepEqual(joined(into), data);
  });

  on('a list of more buffers than the kernel takes at once', async (volume) => {
    const data = counting(SIZE / 2);
    const cuts = Array.from({ length: 3000 }, () => 100);
    done(await volume.write(0, split(data, cuts)));
    const into = split(bytes(SIZE / 2, 0), cuts);
    done(await volume.read(0, into));
    assert.deepEqual(joined(into), data);
  });

  on('of overlapping writes at a time each block is of one', async (volume) => {
    const results = await Promise.all(
      Array.from({ length: 200 }, (_, i) => volume.write((i % 50) * 4096, [bytes(4096, i)])),
    );
    for (const result of results) done(result);
    for (let i = 0; i < 50; i++) {
      const block = await content(volume, i * 4096, 4096);
      assert.equal(block[0]! % 50, i);
      assert.deepEqual(block, bytes(4096, block[0]!));
    }
  });

  on('writeSame repeats its pattern over exactly the range', async (volume) => {
    done(await volume.write(0, [bytes(SIZE, 9)]));
    const pattern = counting(512);
    done(await volume.writeSame(512, 300 * 1024, pattern));
    const all = await content(volume, 0, SIZE);
    assert.deepEqual(all.subarray(0, 512), bytes(512, 9));
    for (let at = 512; at < 512 + 300 * 1024; at += 512) {
      assert.deepEqual(all.subarray(at, at + 512), pattern);
    }
    assert.deepEqual(all.subarray(512 + 300 * 1024), bytes(SIZE - 512 - 300 * 1024, 9));
  });

  on('a pattern that does not divide the range is refused', async (volume) => {
    assert.equal((await volume.writeSame(0, 1024, bytes(1536, 1))).status, 'refused');
  });

  on('fua and flush end done', async (volume) => {
    done(await volume.write(0, [bytes(512, 1)], { fua: true }));
    done(await volume.writeSame(0, 512, bytes(512, 2), { fua: true }));
    done(await volume.writeZeroes(0, 512, { fua: true }));
    const flushes = await Promise.all([1, 2, 3].map(() => volume.flush()));
    for (const result of flushes) done(result);
  });
}

function ranges(on: On): void {
  on('a range that leaves the volume ends outOfRange and touches nothing', async (volume) => {
    done(await volume.write(SIZE - 512, [bytes(512, 5)]));
    const two = bytes(1024, 1);
    const at = SIZE - 512;
    const results = [
      await volume.read(at, [bytes(1024, 0)]),
      await volume.write(at, [two]),
      await volume.compareAndWrite(at, [two], [two]),
      await volume.writeSame(at, 1024, bytes(512, 1)),
      await volume.unmap(at, 1024),
      await volume.writeZeroes(at, 1024),
      (await volume.allocation(at, 1024, 8)).result,
      await volume.read(SIZE * 4, [bytes(512, 0)]),
    ];
    assert.deepEqual(
      results.map(({ status }) => status),
      results.map(() => 'outOfRange'),
    );
    assert.deepEqual(await content(volume, at, 512), bytes(512, 5));
    assert.equal(volume.sizeBytes, SIZE);
  });

  on('nothing at the very end is in range', async (volume) => {
    done(await volume.read(SIZE, []));
    done(await volume.write(SIZE, []));
    done(await volume.unmap(SIZE, 0));
  });
}

function compareAndWrites(on: On): void {
  on('compareAndWrite writes what compares', async (volume) => {
    done(await volume.write(4096, [counting(512)]));
    done(await volume.compareAndWrite(4096, split(counting(512), [3]), [bytes(512, 7)]));
    assert.deepEqual(await content(volume, 4096, 512), bytes(512, 7));
  });

  on('a miscompare gives the first differing byte and writes nothing', async (volume) => {
    done(await volume.write(0, [counting(1024)]));
    for (const index of [0, 511, 700, 1023]) {
      const compare = counting(1024);
      compare[index] = compare[index]! ^ 1;
      const result = await volume.compareAndWrite(0, split(compare, [600]), [bytes(1024, 0)]);
      assert.deepEqual(result, { status: 'miscompare', offset: index });
    }
    assert.deepEqual(await content(volume, 0, 1024), counting(1024));
  });

  on('as long as it may be, it compares and writes the whole', async (volume) => {
    const { compareAndWriteMaxBytes, atomicBoundaryBytes } = volume.limits;
    const length = Math.min(compareAndWriteMaxBytes, atomicBoundaryBytes, SIZE);
    assert.ok(length >= 4096, 'the longest logical block fits');
    const offset = Math.floor((SIZE - length) / atomicBoundaryBytes) * atomicBoundaryBytes;
    const data = counting(length);
    done(await volume.compareAndWrite(offset, split(bytes(length, 0), [512]), [data]));
    const last = data.slice();
    last[length - 1] = 0;
    const result = await volume.compareAndWrite(offset, [last], [bytes(length, 0)]);
    assert.deepEqual(result, { status: 'miscompare', offset: length - 1 });
    assert.deepEqual(await content(volume, offset, length), data);
  });

  on('a block that a write changes meanwhile is compared before or after it, whole', async (it) => {
    done(await it.write(0, [bytes(4096, 1)]));
    for (let round = 0; round < 10; round++) {
      const [written, compared] = await Promise.all([
        it.write(0, [bytes(4096, 2)]),
        it.compareAndWrite(0, [bytes(4096, 1)], [bytes(4096, 3)]),
      ]);
      done(written);
      // Compared first, the write came over it; compared last, it found the write.
      assert.ok(compared.status === 'done' || compared.status === 'miscompare');
      assert.deepEqual(await content(it, 0, 4096), bytes(4096, 2), compared.status);
      done(await it.write(0, [bytes(4096, 1)]));
    }
  });

  on('beyond its length or boundary it is refused', async (volume) => {
    const { compareAndWriteMaxBytes: max, atomicBoundaryBytes: boundary } = volume.limits;
    const attempts = [[0, max + 512]];
    if (boundary < SIZE) attempts.push([boundary - 512, 1024]);
    for (const [offset = 0, length = 0] of attempts) {
      const zeros = bytes(length, 0);
      const result = await volume.compareAndWrite(offset, [zeros], [zeros]);
      assert.equal(result.status, 'refused');
    }
    const uneven = await volume.compareAndWrite(0, [bytes(512, 0)], [bytes(1024, 0)]);
    assert.equal(uneven.status, 'refused');
  });

  on('no update is lost between two openings that count in one block', async (volume, stores) => {
    const counters = [volume, await stores.other.open('disk')];
    const rounds = 25;
    await Promise.all(
      counters.map(async (counter) => {
        for (let i = 0; i < rounds; i++) await increment(counter);
      }),
    );
    assert.equal(countOf(await content(volume, 0, 512)), counters.length * rounds);
  });
}

async function increment(volume: Volume): Promise<void> {
  for (;;) {
    const before = await content(volume, 0, 512);
    const next = before.slice();
    new DataView(next.buffer).setUint32(0, countOf(before) + 1);
    const result = await volume.compareAndWrite(0, [before], [next]);
    if (result.status === 'done') return;
    assert.equal(result.status, 'miscompare');
  }
}

function countOf(block: Uint8Array): number {
  return new DataView(block.buffer, block.byteOffset).getUint32(0);
}

function zeros(on: On): void {
  for (const method of ['unmap', 'writeZeroes'] as const) {
    on(`${method} zeros exactly the range, at odd edges too`, async (volume) => {
      done(await volume.write(0, [bytes(SIZE, 1)]));
      for (const [offset, length] of [
        [512, 512],
        [3584, 8704],
        [65024, 131072],
        [SIZE - 4608, 4608],
      ] as const) {
        done(await volume[method](offset, length));
        const around = Math.max(0, offset - 512);
        const all = await content(volume, around, Math.min(SIZE - around, length + 1024));
        const expected = bytes(all.length, 1).fill(0, offset - around, offset - around + length);
        assert.deepEqual(all, expected);
        done(await volume.write(0, [bytes(SIZE, 1)]));
      }
    });
  }

  on('allocation is in order, without gaps, within its limits', async (volume) => {
    done(await volume.write(65536, [bytes(65536, 1)]));
    const { result, extents } = await volume.allocation(512, SIZE - 512, 100);
    done(result);
    let at = 512;
    for (const extent of extents) {
      assert.equal(extent.offset, at);
      assert.ok(extent.length > 0);
      at += extent.length;
    }
    assert.equal(at, SIZE);
    const inData = extents.find((extent) => extent.offset + extent.length > 65536);
    assert.equal(inData?.allocated, true);
    // What lies before it may be told as allocated too: a driver may round out.
    assert.equal(extents.at(-1)?.allocated, false);
    assert.equal((await volume.allocation(0, SIZE, 1)).extents.length, 1);
    assert.deepEqual((await volume.allocation(4096, 0, 5)).extents, []);
  });
}

/** Every operation that changes a volume, on its first block; its outcome depends on `value`. */
const CHANGES: Readonly<
  Record<string, (volume: Volume, value: number) => VolumeResult | Promise<VolumeResult>>
> = {
  write: (volume, value) => volume.write(0, [bytes(512, value)]),
  'write with FUA': (volume, value) => volume.write(0, [bytes(512, value)], { fua: true }),
  // It compares with what is written after the fence: landing late, it would find it.
  compareAndWrite: (volume, value) =>
    volume.compareAndWrite(0, [bytes(512, 3)], [bytes(512, value)]),
  writeSame: (volume, value) => volume.writeSame(0, 512, bytes(512, value)),
  unmap: (volume) => volume.unmap(0, 512),
  writeZeroes: (volume) => volume.writeZeroes(0, 512),
};

function fences(on: On): void {
  on(
    'a change that sleeps across a fence never lands, and does not end done',
    async (it, stores) => {
      for (const [kind, change] of Object.entries(CHANGES)) {
        done(await it.write(0, [bytes(512, 1)]));
        const sleep = await stores.sleep?.(it);
        const late = change(it, 2);
        done(await it.fence());
        if (sleep?.keepsClosed === true) await sleep.wake();
        done(await it.reopen());
        done(await it.write(0, [bytes(512, 3)]));
        await sleep?.wake();
        const { status } = await late;
        if (sleep === undefined) assert.ok(['done', 'miscompare', 'fenced'].includes(status), kind);
        else assert.equal(status, 'fenced', kind);
        await it.drain();
        assert.deepEqual(await content(it, 0, 512), bytes(512, 3), `${kind}: it landed late`);
      }
    },
  );

  on('of what is in flight at a fence nothing lands later', async (volume) => {
    const count = 64;
    const late = Array.from({ length: count }, (_, i) => volume.write(i * 4096, [bytes(512, 2)]));
    done(await volume.fence());
    done(await volume.reopen());
    for (let i = 0; i < count; i++) done(await volume.write(i * 4096, [bytes(512, 3)]));
    for (const { status } of await Promise.all(late))
      assert.ok(['done', 'fenced'].includes(status));
    await volume.drain();
    for (let i = 0; i < count; i++) {
      assert.deepEqual(await content(volume, i * 4096, 512), bytes(512, 3), `write ${i}`);
    }
  });
}

function ends(on: On): void {
  on('drain waits for what was submitted before it', async (volume) => {
    let written = 0;
    const writes = Array.from({ length: 40 }, async (_, i) => {
      done(await volume.write(i * 4096, [bytes(4096, 1)]));
      written++;
    });
    await volume.drain();
    await Promise.resolve();
    assert.equal(written, 40);
    await Promise.all(writes);
  });

  on('after a fence every call ends fenced', async (volume) => {
    const before = volume.write(0, [bytes(512, 3)]);
    done(await volume.fence());
    assert.ok(['done', 'fenced'].includes((await before).status));
    for (const status of await everyCall(volume)) assert.equal(status, 'fenced');
  });

  on('a volume that was fenced can be opened again, and keeps its bytes', async (volume) => {
    done(await volume.reopen());
    for (let round = 1; round <= 2; round++) {
      done(await volume.write(4096, [bytes(512, round)]));
      done(await volume.fence());
      done(await volume.reopen());
      assert.deepEqual(await content(volume, 4096, 512), bytes(512, round));
      for (const status of await everyCall(volume)) {
        assert.ok(['done', 'miscompare'].includes(status), status);
      }
    }
    await volume.close();
    assert.equal((await volume.reopen()).status, 'closed');
  });

  on('after a close every call ends closed', async (volume) => {
    const before = volume.write(0, [bytes(512, 3)]);
    await volume.close();
    assert.ok(['done', 'closed'].includes((await before).status));
    for (const status of await everyCall(volume)) assert.equal(status, 'closed');
    await volume.close();
  });
}

async function everyCall(volume: Volume): Promise<readonly string[]> {
  const one = bytes(512, 0);
  const results: readonly VolumeResult[] = [
    await volume.read(0, [one]),
    await volume.write(0, [one]),
    await volume.compareAndWrite(0, [one], [one]),
    await volume.writeSame(0, 512, one),
    await volume.unmap(0, 512),
    await volume.writeZeroes(0, 512),
    await volume.flush(),
    (await volume.allocation(0, 512, 1)).result,
  ];
  return results.map(({ status }) => status);
}

function stores(on: On): void {
  on('a resize is told to every opening, in both directions', async (volume, stores) => {
    const openings = [volume, await stores.other.open('disk')];
    for (const sizeBytes of [2 * SIZE, SIZE / 2]) {
      const told = openings.map(
        (opening) =>
          new Promise<number>((resolve) => {
            const undo = opening.onResize((size) => {
              undo();
              resolve(size);
            });
          }),
      );
      await stores.other.resize('disk', sizeBytes, { mayShrink: true });
      assert.deepEqual(await Promise.all(told), [sizeBytes, sizeBytes]);
      assert.deepEqual(
        openings.map((opening) => opening.sizeBytes),
        [sizeBytes, sizeBytes],
      );
    }
  });

  on('what a smaller size cut off reads as zeros in a larger one', async (volume, stores) => {
    done(await volume.write(SIZE - 512, [bytes(512, 1)]));
    await stores.store.resize('disk', SIZE / 2, { mayShrink: true });
    await stores.store.resize('disk', SIZE);
    assert.deepEqual(await content(volume, SIZE - 512, 512), bytes(512, 0));
  });

  on('a store lists, refuses a name twice, deletes what nobody has open', async (volume, it) => {
    await it.store.create('another', 512);
    const found = (await it.other.list()).map(({ name, sizeBytes }) => ({ name, sizeBytes }));
    assert.deepEqual(found, [
      { name: 'another', sizeBytes: 512 },
      { name: 'disk', sizeBytes: SIZE },
    ]);
    await assert.rejects(it.other.create('disk', 512), failsWith('volumeExists'));
    await assert.rejects(it.other.delete('disk'), failsWith('volumeInUse'));
    await volume.close();
    await it.other.delete('disk');
    await assert.rejects(it.store.open('disk'), failsWith('volumeNotFound'));
    await it.store.create('disk', 1024);
    assert.equal((await it.other.open('disk')).sizeBytes, 1024);
  });
}

function layouts(on: On, layout: VolumeLayout): void {
  on('a layout that is taken is listed; one that is not leaves nothing behind', async (_, it) => {
    const found = (await it.other.list()).find(({ name }) => name === 'disk');
    assert.deepEqual({ ...found?.layout, ...layout }, found?.layout ?? {});
    const wanted: VolumeLayout = { objectSizeBytes: 8192 };
    if (it.store.layoutRefusal !== undefined) {
      assert.equal(await it.store.layoutRefusal(wanted), undefined);
      await it.store.create('wanted', SIZE, { layout: wanted });
      const made = (await it.other.list()).find(({ name }) => name === 'wanted');
      assert.equal(made?.layout?.objectSizeBytes, 8192);
    }
    for (const bad of [{ objectSizeBytes: 8191 }, { dataPool: 'there-is-none' }]) {
      assert.equal(typeof ((await it.store.layoutRefusal?.(bad)) ?? ''), 'string');
      await assert.rejects(
        it.store.create('bad', SIZE, { layout: bad }),
        failsWith('layoutRefused'),
      );
    }
    assert.ok((await it.other.list()).every(({ name }) => name !== 'bad'));
  });
}

function failsWith(code: string): (error: unknown) => boolean {
  return (error) => error instanceof Failure && error.code === code;
}

function split(data: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const cut of cuts) {
    parts.push(data.subarray(at, at + cut));
    at += cut;
  }
  return [...parts, data.subarray(at)];
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
