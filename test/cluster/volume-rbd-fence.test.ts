// Client instances of a real cluster: one that is blocklisted, by itself or by others, is replaced
// without its volumes' users seeing more than what was in flight; what it had in flight never lands
// later; a stopped OSD holds up only what touches it; counting by compare-and-write loses nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import { dataObject } from '../../src/volume/rbd/data-object.ts';
import type { RbdVolume } from '../../src/volume/rbd/rbd-volume.ts';
import type { RbdVolumeStore } from '../../src/volume/rbd/rbd-volume-store.ts';
import type { Volume } from '../../src/volume/volume.ts';
import { bytes, content, done } from '../contract/volume-bytes.ts';
import { cephOfFile } from '../support/ceph.ts';
import { RbdWorld } from '../support/rbd-world.ts';
import { waitFor } from '../support/wait-for.ts';

const MIB = 2 ** 20;
/** An OSD that was stopped may have been marked down, and comes back in a time of its own. */
const LIMIT_MS = 120_000;
const ceph = await cephOfFile({ osds: 3 });
await createPool(ceph, 'rbd');
await createPool(ceph, 'single', { size: 1 });

async function within(
  options: { readonly pool: string; readonly instances?: number },
  body: (store: RbdVolumeStore, world: RbdWorld) => Promise<void>,
): Promise<void> {
  const world = new RbdWorld(ceph.conf);
  try {
    await body(world.open(options), world);
  } finally {
    await world.dispose({ pool: options.pool });
  }
}

/** Makes and opens volumes of 64 MiB. */
async function volumes(store: RbdVolumeStore, ...names: readonly string[]): Promise<RbdVolume[]> {
  for (const name of names) await store.create(name, 64 * MIB);
  return await Promise.all(names.map((name) => store.open(name)));
}

test('volumes go to the instance with the fewest, and stay registered while it lives', () =>
  within({ pool: 'rbd', instances: 2 }, async (store, world) => {
    const [a, b, c] = await volumes(store, 'a', 'b', 'c');
    assert.equal(store.instances.instances.length, 2);
    assert.deepEqual(store.instances.instances.map(({ users }) => users.size).sort(), [1, 2]);
    const addresses = store.instances.instances.map((instance) => instance.addresses);
    assert.deepEqual([...world.registered].sort(), addresses.sort());
    for (const volume of [a!, b!, c!]) done(await volume.write(0, [bytes(512, 1)]));
    await store.close();
    assert.deepEqual([...world.registered], []);
  }));

test('a volume fences its instance: others on it go on, it goes on when it is opened again', () =>
  within({ pool: 'rbd' }, async (store, world) => {
    const [self, neighbour] = await volumes(store, 'self', 'neighbour');
    const [first] = store.instances.instances;
    done(await neighbour!.write(0, [bytes(4096, 1)]));
    // Without anything in flight that changes it there would be nothing to fence.
    const writing = self!.write(8192, [bytes(4096, 9)]);
    done(await self!.fence());
    assert.match((await writing).status, /^(done|fenced)$/);
    assert.notEqual(first!.state, 'open');
    assert.equal((await self!.read(0, [bytes(512, 0)])).status, 'fenced');
    assert.deepEqual(await content(neighbour!, 0, 4096), bytes(4096, 1));
    done(await neighbour!.write(0, [bytes(4096, 2)]));
    done(await self!.reopen());
    done(await self!.write(0, [bytes(512, 3)]));
    assert.deepEqual(await content(self!, 0, 512), bytes(512, 3));
    const addresses = store.instances.instances.map((instance) => instance.addresses);
    assert.deepEqual([...world.registered], addresses);
    assert.notEqual(addresses[0], first!.addresses);
    // The size signal comes by the new instance.
    const other = world.open({ pool: 'rbd' });
    await other.resize('neighbour', 32 * MIB, { mayShrink: true });
    await waitFor('the new size', () => neighbour!.sizeBytes === 32 * MIB, LIMIT_MS);
  }));

test('an instance that others blocklist is replaced: reads go on, writes end done or fenced', () =>
  within({ pool: 'rbd' }, async (store, world) => {
    const [volume] = await volumes(store, 'victim');
    done(await volume!.write(0, [bytes(MIB, 1)]));
    for (let round = 0; round < 3; round++) {
      const instance = await store.instances.any();
      await world.blocklist(instance.addresses);
      // Each OSD learns of it at its own time.
      const ends = new Set<string>();
      while (instance.state === 'open') {
        const reads = Array.from({ length: 20 }, (_, i) => content(volume!, i * 4096, 4096));
        const writes = Array.from({ length: 20 }, (_, i) =>
          volume!.write(2 * MIB + i * 4096, [bytes(4096, round)]),
        );
        for (const read of await Promise.all(reads)) assert.deepEqual(read, bytes(4096, 1));
        for (const { status } of await Promise.all(writes)) ends.add(status);
      }
      // Writes that came after the loss of the header's watch have waited for the next instance.
      for (const status of ends) assert.ok(['done', 'fenced'].includes(status), status);
      done(await volume!.write(4 * MIB, [bytes(512, round)]));
      assert.equal(store.instances.instances.includes(instance), false);
    }
  }));

test('what is held waits in order, what comes beyond the bound is told busy', () =>
  within({ pool: 'rbd' }, async (store) => {
    const [volume] = await volumes(store, 'held');
    store.instances.hold();
    let landed = 0;
    const writes = Array.from({ length: 10 }, (_, i) =>
      Promise.resolve(volume!.write(0, [bytes(4096, i)])).then((result) => {
        done(result);
        landed++;
      }),
    );
    await store.instances.passBarrier();
    assert.equal(landed, 0);
    store.instances.release();
    await Promise.all(writes);
    assert.deepEqual(await content(volume!, 0, 4096), bytes(4096, 9));
  }));

for (const length of [512, 4096, 65_536]) {
  test(`two clients count in a block of ${length} bytes, and no count is lost`, () =>
    within({ pool: 'rbd', instances: 2 }, async (store) => {
      await store.create('counter', 64 * MIB);
      const clients = await Promise.all([store.open('counter'), store.open('counter')]);
      assert.equal(store.instances.instances.length, 2);
      const at = 4 * MIB - length;
      const rounds = 60;
      await Promise.all(clients.map((client) => count(client, at, length, rounds)));
      const last = await content(clients[0]!, at, length);
      assert.deepEqual(last, numbered(length, clients.length * rounds));
    }));
}

/** Adds one, `rounds` times; the whole block carries the number, so a torn one would show. */
async function count(volume: Volume, at: number, length: number, rounds: number): Promise<void> {
  for (let won = 0; won < rounds; ) {
    const before = await content(volume, at, length);
    const value = new DataView(before.buffer).getUint32(0);
    assert.deepEqual(before, numbered(length, value), 'of one write');
    const after = numbered(length, value + 1);
    const result = await volume.compareAndWrite(at, [before], [after]);
    if (result.status === 'done') won++;
    else assert.equal(result.status, 'miscompare');
  }
}

function numbered(length: number, value: number): Uint8Array {
  const block = new DataView(new ArrayBuffer(length));
  for (let at = 0; at < length; at += 4) block.setUint32(at, value);
  return new Uint8Array(block.buffer);
}

test('a stopped OSD holds up what touches it alone, and a fence what is in flight there', () =>
  within({ pool: 'single', instances: 2 }, async (store) => {
    const [slow, other] = await volumes(store, 'slow', 'other');
    // Of each volume, an offset on the OSD that will be stopped, and one on another.
    const stopped = await osdOf(slow!, 0);
    let elsewhere = -1;
    for (let at = 0; at < 64 * MIB; at += 4 * MIB) {
      if ((await osdOf(other!, at)) !== stopped) elsewhere = at;
    }
    assert.ok(elsewhere >= 0);
    done(await slow!.write(0, [bytes(4096, 1)]));
    done(await other!.write(elsewhere, [bytes(4096, 1)]));
    await ceph.osds[stopped]!.pause();
    try {
      const stuck = slow!.write(0, [bytes(4096, 2)]);
      const stuckRead = slow!.read(0, [bytes(4096, 0)]);
      for (let i = 0; i < 50; i++) done(await other!.write(elsewhere, [bytes(4096, i)]));
      assert.equal(await isPending(stuck), true);
      done(await slow!.fence());
      assert.equal((await stuck).status, 'fenced');
      assert.equal(await isPending(stuckRead), true);
      done(await other!.write(elsewhere, [bytes(4096, 3)]));
    } finally {
      ceph.osds[stopped]!.resume();
    }
    done(await slow!.reopen());
    // One that has the map touches the object: what was queued there lands never, or has landed.
    const before = await content(slow!, 0, 4096);
    done(await slow!.write(4 * MIB, [bytes(512, 1)]));
    assert.deepEqual(await content(slow!, 0, 4096), before);
  }));

test('an instance with a COMPARE AND WRITE at a stopped OSD stays registered when it closes', () =>
  within({ pool: 'single' }, async (store, world) => {
    const [volume] = await volumes(store, 'leaver');
    // librbd closes an image whose header answers.
    const { name } = dataObject(volume!.layout, 0);
    const closing = await osdOfObject(`rbd_header.${name.split('.')[1]}`);
    let at = 0;
    while ((await osdOf(volume!, at)) === closing) at += 4 * MIB;
    const osd = ceph.osds[await osdOf(volume!, at)]!;
    done(await volume!.write(at, [bytes(512, 1)]));
    await osd.pause();
    try {
      const stuck = volume!.compareAndWrite(at, [bytes(512, 1)], [bytes(512, 2)]);
      await store.close();
      assert.equal(await isPending(stuck), true);
      assert.equal(world.registered.size, 1, 'who is left has something to fence');
    } finally {
      osd.resume();
    }
    await waitFor('the end of its instance', () => world.registered.size === 0, LIMIT_MS);
  }));

/** The OSD that has what lies there of a volume in the pool `single`. */
function osdOf(volume: RbdVolume, at: number): Promise<number> {
  return osdOfObject(dataObject(volume.layout, at).name);
}

async function osdOfObject(object: string): Promise<number> {
  const where = { prefix: 'osd map', pool: 'single', object, format: 'json' };
  const { acting } = (await ceph.askJson(where)) as { acting: readonly number[] };
  return acting[0]!;
}

async function isPending(result: unknown): Promise<boolean> {
  const mark = {};
  return (await Promise.race([result, Promise.resolve(mark)])) === mark;
}
