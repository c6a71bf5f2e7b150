// The part of the contract of volumes that says what a snapshot and a clone are, of drivers that
// have them. Two stores are open at a time, as in two gateways.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Volume, VolumeDisk, VolumeSnapshots, VolumeStore } from '../../src/volume/volume.ts';
import { bytes, content, done } from './volume-bytes.ts';

const MIB = 2 ** 20;
const REGION = MIB;
const BLOCK = 512;
const SNAPSHOTS = 6;

interface TwoStores {
  readonly store: VolumeStore;
  readonly other: VolumeStore;
  readonly dispose: () => Promise<void>;
}

/** `of`: the driver. */
export function snapshotContract(of: string, open: () => Promise<TwoStores>): void {
  const on = (what: string, body: (stores: Required<TwoStores>, s: VolumeSnapshots) => unknown) =>
    test(`${of}: ${what}`, async () => {
      const stores = await open();
      try {
        await body(stores, stores.store.snapshots!);
      } finally {
        await stores.dispose();
      }
    });

  on('of writers at two stores, a snapshot has no write without those before it', async (it, s) => {
    await it.store.create('disk', 4 * REGION);
    const volumes = [await it.store.open('disk'), await it.other.open('disk')];
    const sessions = [0, 1, 2, 3].map((region) => new Session(volumes[region % 2]!, region));
    const running = sessions.map((session) => session.run());
    const bounds: { least: number[]; most: number[] }[] = [];
    for (let i = 0; i < SNAPSHOTS; i++) {
      const written = sessions.map(({ ends }) => ends.length + 5);
      for (const [k, session] of sessions.entries()) await session.reached(written[k]!);
      const least = sessions.map(({ ends }) => ends.length);
      await s.create('disk', `s${i}`);
      bounds.push({ least, most: sessions.map(({ begins }) => begins.length) });
    }
    for (const session of sessions) session.stop();
    await Promise.all(running);
    for (const [i, { least, most }] of bounds.entries()) {
      await s.clone({ volume: 'disk', snapshot: `s${i}` }, `clone${i}`, diskOf(i));
      const clone = await it.other.open(`clone${i}`);
      const counts: number[] = [];
      for (const session of sessions) counts.push(await session.countIn(clone));
      for (const [k, count] of counts.entries()) {
        assert.ok(count >= least[k]!, `session ${k}: ${count} of ${least[k]} that were answered`);
        assert.ok(count <= most[k]!, `session ${k}: ${count}, of ${most[k]} that had begun`);
      }
      const newest = Math.max(...sessions.map(({ begins }, k) => begins[counts[k]! - 1] ?? 0));
      for (const [k, { ends }] of sessions.entries()) {
        const missing = ends[counts[k]!];
        assert.ok(missing === undefined || missing > newest, `session ${k} lacks an older write`);
      }
      await clone.close();
    }
  });

  on('a snapshot and its clone keep what they had, and the clone takes writes', async (it, s) => {
    await it.store.create('disk', MIB);
    const volume = await it.store.open('disk');
    done(await volume.write(0, [bytes(8192, 1)]));
    await s.create('disk', 'first');
    done(await volume.write(0, [bytes(4096, 2)]));
    await s.clone({ volume: 'disk', snapshot: 'first' }, 'clone', diskOf(1));
    const clone = await it.other.open('clone');
    assert.deepEqual(await content(clone, 0, 8192), bytes(8192, 1));
    assert.equal(clone.sizeBytes, MIB);
    done(await clone.write(0, [bytes(512, 3)]));
    await s.clone({ volume: 'disk', snapshot: 'first' }, 'second', diskOf(2));
    const second = await it.store.open('second');
    assert.deepEqual(await content(second, 0, 8192), bytes(8192, 1));
    assert.deepEqual(await content(volume, 0, 4096), bytes(4096, 2));
  });

  on('a clone of the volume has what it has now, and clones are cloned', async (it, s) => {
    await it.store.create('disk', MIB);
    const volume = await it.store.open('disk');
    done(await volume.write(4096, [bytes(4096, 7)]));
    await s.clone({ volume: 'disk' }, 'clone', diskOf(1));
    assert.deepEqual(await s.list('disk'), []);
    await s.clone({ volume: 'clone' }, 'again', diskOf(2));
    done(await volume.write(4096, [bytes(4096, 8)]));
    const again = await it.other.open('again');
    assert.deepEqual(await content(again, 4096, 4096), bytes(4096, 7));
    const listed = await it.store.list();
    assert.deepEqual(
      listed.map(({ name, disk }) => [name, disk?.uuid]),
      [
        ['again', diskOf(2).uuid],
        ['clone', diskOf(1).uuid],
        ['disk', undefined],
      ],
    );
  });

  on('snapshots are listed and deleted; their clones keep the data', async (it, s) => {
    await it.store.create('disk', MIB);
    const volume = await it.store.open('disk');
    done(await volume.write(0, [bytes(4096, 4)]));
    await s.create('disk', 'b');
    await s.create('disk', 'a');
    await s.clone({ volume: 'disk', snapshot: 'a' }, 'clone', diskOf(1));
    const listed = await s.list('disk');
    assert.deepEqual(
      listed.map(({ name, sizeBytes }) => [name, sizeBytes]),
      [
        ['a', MIB],
        ['b', MIB],
      ],
    );
    for (const { madeAtMs } of listed) assert.ok(Math.abs(madeAtMs - Date.now()) < 600_000);
    await volume.close();
    await assert.rejects(it.store.delete('disk'), { code: 'volumeInUse' });
    await s.delete('disk', 'a');
    assert.deepEqual(
      (await s.list('disk')).map(({ name }) => name),
      ['b'],
    );
    const clone = await it.other.open('clone');
    assert.deepEqual(await content(clone, 0, 4096), bytes(4096, 4));
  });

  on('names that are taken, and those that are not there, are refused', async (it, s) => {
    await it.store.create('disk', MIB);
    await it.store.create('other', MIB);
    await s.create('disk', 'a');
    const from = { volume: 'disk', snapshot: 'a' };
    await assert.rejects(s.create('disk', 'a'), { code: 'snapshotExists' });
    await assert.rejects(s.create('none', 'a'), { code: 'volumeNotFound' });
    await assert.rejects(s.list('none'), { code: 'volumeNotFound' });
    await assert.rejects(s.delete('disk', 'b'), { code: 'snapshotNotFound' });
    await assert.rejects(s.clone(from, 'other', diskOf(1)), { code: 'volumeExists' });
    const absent = { volume: 'disk', snapshot: 'b' };
    await assert.rejects(s.clone(absent, 'clone', diskOf(1)), { code: 'snapshotNotFound' });
    assert.deepEqual(
      (await it.store.list()).map(({ name }) => name),
      ['disk', 'other'],
    );
  });
}

/** Moments of this process, one after the other. */
let moment = 0;

/** Writes block after block of its region, each when the one before it was answered. */
class Session {
  /** The moments at which each write began, and was answered. */
  readonly begins: number[] = [];
  readonly ends: number[] = [];
  readonly #volume: Volume;
  readonly #offset: number;
  #isStopped = false;
  #reached: { readonly count: number; readonly resolve: () => void } | undefined;

  constructor(volume: Volume, region: number) {
    this.#volume = volume;
    this.#offset = region * REGION;
  }

  async run(): Promise<void> {
    while (!this.#isStopped && this.begins.length < REGION / BLOCK) {
      const at = this.#offset + this.begins.length * BLOCK;
      this.begins.push(++moment);
      done(await this.#volume.write(at, [bytes(BLOCK, 1)]));
      this.ends.push(++moment);
      if (this.#reached !== undefined && this.ends.length >= this.#reached.count) {
        this.#reached.resolve();
      }
    }
    this.#reached?.resolve();
  }

  /** Resolves when that many writes were answered, or there is no room for more. */
  reached(count: number): Promise<void> {
    if (this.ends.length >= Math.min(count, REGION / BLOCK)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#reached = { count, resolve };
    });
  }

  stop(): void {
    this.#isStopped = true;
  }

  /** How many of its writes a volume has: the first ones, and no others. */
  async countIn(volume: Volume): Promise<number> {
    const region = await content(volume, this.#offset, REGION);
    const end = region.indexOf(0);
    const length = end === -1 ? REGION : end;
    assert.equal(length % BLOCK, 0, 'a block is written whole');
    assert.ok(
      region.subarray(length).every((byte) => byte === 0),
      'no write without the last',
    );
    return length / BLOCK;
  }
}

function diskOf(number: number): VolumeDisk {
  return { uuid: `uuid-${number}`, wwn: `naa.3${number}`, serial: String(number) };
}
