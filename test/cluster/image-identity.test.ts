// A disk is one image, whatever the image is called: not what has its name later, neither when a
// gateway starts nor when a fence opens images again under live sessions.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPool } from '../../lab/ceph/throwaway-pools.ts';
import type { Failure } from '../../src/base/failure.ts';
import type { RbdVolumeStore } from '../../src/volume/rbd/rbd-volume-store.ts';
import type { Volume } from '../../src/volume/volume.ts';
import { bytes, content, done } from '../contract/volume-bytes.ts';
import { read16, testUnitReady, write16 } from '../initiator/cdb.ts';
import { Initiator } from '../initiator/initiator.ts';
import { cephOfFile } from '../support/ceph.ts';
import { CephGateways } from '../support/ceph-gateways.ts';
import { RbdWorld } from '../support/rbd-world.ts';

const ceph = await cephOfFile({ backend: 'memstore' });
for (const pool of ['rbd', 'gateways']) await createPool(ceph, pool);
const SIZE = 16 * 2 ** 20;
const layering = ['--image-feature', 'layering'];

async function within(body: (store: RbdVolumeStore, world: RbdWorld) => Promise<void>) {
  const world = new RbdWorld(ceph.conf);
  try {
    await body(world.open({ pool: 'rbd' }), world);
  } finally {
    await world.dispose();
  }
}

/** Puts another image under the name of one that is open: a new one with other data. */
async function takeName(spec: string, away: readonly string[]): Promise<void> {
  await ceph.rbd(...away);
  await ceph.rbd('create', spec, '--size', '16M', ...layering);
}

/** Has others fence the client that serves it; resolves when it is served by the next one. */
async function fence(volume: Volume, store: RbdVolumeStore, world: RbdWorld): Promise<void> {
  const instance = await store.instances.any();
  await world.blocklist(instance.addresses);
  while (instance.state === 'open') {
    const { status } = await volume.write(8192, [bytes(512, 3)]);
    assert.match(status, /^(done|fenced)$/);
  }
  done(await volume.write(8192, [bytes(512, 4)]));
}

const moves: readonly (readonly [what: string, words: (name: string) => readonly string[]])[] = [
  ['renamed', (name) => ['mv', `rbd/${name}`, `rbd/${name}-away`]],
  ['moved to the trash', (name) => ['trash', 'mv', `rbd/${name}`]],
];

for (const [what, words] of moves) {
  test(`an image that is ${what} while it is served stays the image that is served`, () =>
    within(async (store, world) => {
      const name = `served-${words('x')[0]}`;
      const id = await store.create(name, SIZE);
      const volume = await store.open(name);
      done(await volume.write(0, [bytes(512, 7)]));
      await takeName(`rbd/${name}`, words(name));
      await fence(volume, store, world);
      assert.deepEqual(await content(volume, 0, 512), bytes(512, 7));
      // What goes past librbd goes to the objects of that image as well.
      done(await volume.compareAndWrite(0, [bytes(512, 7)], [bytes(512, 8)]));
      const again = await world.open({ pool: 'rbd' }).open(name, { id });
      assert.deepEqual(await content(again, 0, 512), bytes(512, 8));
      const other = await world.open({ pool: 'rbd' }).open(name);
      assert.deepEqual(await content(other, 0, 512), bytes(512, 0));
      // By its id nothing of the other is changed or deleted.
      await store.resize(name, 2 * SIZE, { id });
      assert.deepEqual([volume.sizeBytes, other.sizeBytes], [2 * SIZE, SIZE]);
      if (what === 'renamed') return;
      await assert.rejects(store.delete(name, { id }), { code: 'volumeNotFound' });
    }));
}

test('an image that is gone is not replaced by another of its name, which is said', () =>
  within(async (store) => {
    const id = await store.create('gone', SIZE);
    await ceph.rbd('rm', 'rbd/gone');
    await assert.rejects(store.open('gone', { id }), { code: 'volumeNotFound' });
    await ceph.rbd('create', 'rbd/gone', '--size', '16M', ...layering);
    await assert.rejects(store.open('gone', { id }), (error: Failure) => {
      assert.match(
        error.message,
        /rbd\/gone with the id \w+ is not there; the image that now has this name/,
      );
      return error.code === 'volumeOfOtherDisk';
    });
    const ofOtherPool = id.replace(/^\d+/, '99');
    await assert.rejects(store.open('gone', { id: ofOtherPool }), { code: 'volumeOfOtherDisk' });
    await assert.rejects(store.delete('gone', { id }), { code: 'volumeNotFound' });
    assert.ok((await store.list()).some(({ name }) => name === 'gone'));
  }));

test('a clone does not take the identity of its parent along', () =>
  within(async (store) => {
    const disk = { uuid: '00000000-0000-4000-8000-000000000001', wwn: 'naa.31', serial: '1' };
    await store.create('parent', SIZE, { disk });
    await ceph.rbd('snap', 'create', 'rbd/parent@s');
    await ceph.rbd('snap', 'protect', 'rbd/parent@s');
    await ceph.rbd('clone', 'rbd/parent@s', 'rbd/child', ...layering);
    const uuids = new Map((await store.list()).map((entry) => [entry.name, entry.disk?.uuid]));
    assert.deepEqual([uuids.get('child'), uuids.get('parent')], [undefined, disk.uuid]);
  }));

test('a gateway that starts serves the image that it served, and takes another when told', async () => {
  const targetName = 'iqn.2026-11.com.example:t';
  const parts = {
    settings: { drainSeconds: 0 },
    disks: [{ name: 'd', size: '16M' }],
    targets: [{ iqn: targetName, luns: { 0: 'd' }, access: 'any' }],
  };
  const place = { conf: ceph.conf, pool: 'gateways', namespace: '', user: 'admin' };
  await using cluster = await CephGateways.start({ place, gateways: 1, parts });
  const [gateway] = cluster.gateways;
  const connect = async () => {
    const initiatorName = 'iqn.1994-05.com.example:host1';
    const initiator = await Initiator.connect({ ...gateway!.address, targetName, initiatorName });
    // What a new nexus is told first.
    for (let i = 0; i < 4; i++) await initiator.execute({ cdb: testUnitReady() });
    return initiator;
  };
  const firstBlock = async (initiator: Initiator) => {
    const { status, dataIn } = await initiator.execute({ cdb: read16(0, 1), dataInLength: 512 });
    return status === 0 ? dataIn : undefined;
  };
  const data = Buffer.alloc(512, 7);
  await (await connect()).execute({ cdb: write16(0, 1), dataOut: data });
  await takeName('gateways/d', ['mv', 'gateways/d', 'gateways/kept']);
  await gateway!.terminate();
  await gateway!.start();
  assert.deepEqual(await firstBlock(await connect()), data);
  const status = async () => await cluster.allpath('status');
  const renamed = await status();
  const [{ disk, name }] = JSON.parse(renamed.stdout).renamed;
  assert.deepEqual([renamed.code, disk, name], [0, 'd', 'kept']);
  const early = await cluster.allpath('disk', 'import', 'd', '--replace');
  assert.match(early.stderr, /disk d is served by g0: remove it from its LUN maps/);
  await ceph.rbd('trash', 'mv', 'gateways/kept');
  await gateway!.terminate();
  const [trashed] = JSON.parse(await ceph.rbd('trash', 'ls', 'gateways', '--format', 'json'));
  await ceph.rbd('trash', 'rm', `gateways/${(trashed as { id: string }).id}`);
  await gateway!.start();
  assert.equal(await firstBlock(await connect()), undefined);
  assert.match(gateway!.errors, /other data. It is not served instead/);
  const broken = await status();
  assert.deepEqual([broken.code, JSON.parse(broken.stdout).unserved[0].disks[0].disk], [1, 'd']);
  await cluster.mustRun('disk', 'import', 'd', '--replace');
  assert.deepEqual(await firstBlock(await connect()), Buffer.alloc(512));
});
